// What a simulated root and a simulated member have in common: a processor, connections, and ways to die.
import type { LinkId, Surroundings } from "../overlay/overlay.ts";
import type { Rank, Topology } from "../overlay/topology.ts";
import { BrokenPromise } from "./broken-promise.ts";
import { FRAME_BYTES } from "./simulated-costs.ts";
import type { SimulatedCosts } from "./simulated-costs.ts";
import type { TraceHash } from "./trace-hash.ts";
import type { ConnectedProgram, Ether, VirtualConnection } from "./virtual-connection.ts";
import { VirtualNode } from "./virtual-node.ts";
import type { VirtualProcessors } from "./virtual-processors.ts";

/** What a program needs of the world around it. */
export interface ProgramWorld<Frame> {
  readonly topology: Topology<Frame>;
  readonly ether: Ether<Frame>;
  readonly costs: SimulatedCosts;
  readonly trace: TraceHash;
  /** All programs share these; undefined: each has one of its own. */
  readonly processors: VirtualProcessors | undefined;
  bytesOf(frame: Frame): number;
  /** Sees each frame as its sender meant it. */
  sent(from: VirtualProgram<Frame>, connection: VirtualConnection<Frame>, frame: Frame): void;
}

/** Every so many frames the door looks at one: it must let through whatever a core says. */
const DOOR_EVERY = 13;

export abstract class VirtualProgram<Frame> implements ConnectedProgram<Frame> {
  readonly place: number;
  readonly rank: Rank;
  readonly node: VirtualNode;
  readonly links = new Map<LinkId, VirtualConnection<Frame>>();
  /** A forger changes what it passes on; undefined: it is dropped. */
  tamper: ((frame: Frame, to: Rank) => Frame | undefined) | undefined;
  framesOut = 0;
  bytesOut = 0;
  protected readonly programWorld: ProgramWorld<Frame>;
  readonly #surroundings: { now: number; readonly random: () => number };
  /** Clocks of different hosts have nothing to do with each other. */
  readonly #clockMs: number;

  constructor(world: ProgramWorld<Frame>, place: number, rank: Rank) {
    this.programWorld = world;
    this.place = place;
    this.rank = rank;
    const { time, random } = world.ether;
    this.#clockMs = Math.floor(random() * 1e6);
    this.#surroundings = { now: 0, random };
    this.node = new VirtualNode({
      time,
      costs: world.costs,
      processors: world.processors,
      onTimer: (name) => this.stepTimer(name),
      onLag: (ms) => this.stepLag(ms),
    });
  }

  protected abstract stepFrame(link: LinkId, frame: Frame): void;
  protected abstract stepLinkUp(link: LinkId, peer: Rank, dialled: boolean): void;
  protected abstract stepLinkDown(link: LinkId, reason: string): void;
  protected abstract stepTimer(name: string): void;
  protected abstract stepLag(ms: number): void;
  /** The number of a link that somebody else has dialled. */
  abstract newLink(): LinkId;

  get surroundings(): Surroundings {
    this.#surroundings.now = this.programWorld.ether.time.now + this.#clockMs;
    return this.#surroundings;
  }

  linkMade(connection: VirtualConnection<Frame>, link: LinkId, dialled: boolean): void {
    const peer = connection.program(dialled ? 1 : 0).rank;
    this.links.set(link, connection);
    this.programWorld.trace.mix(this.rank, 1);
    this.stepLinkUp(link, peer, dialled);
  }

  frameArrived(link: LinkId, frame: Frame, bytes: number): void {
    const { costs } = this.programWorld;
    this.node.give(costs.frameInMs + (bytes / 1024) * costs.kilobyteMs, () => {
      if (!this.links.has(link)) return;
      this.programWorld.trace.mix(this.rank, link);
      this.stepFrame(link, this.#throughDoor(frame));
    });
  }

  linkLost(link: LinkId, reason: string): void {
    this.node.give(this.programWorld.costs.timerMs, () => {
      if (!this.links.delete(link)) return;
      this.programWorld.trace.mix(this.rank, -link);
      this.stepLinkDown(link, reason);
    });
  }

  protected send(link: LinkId, frame: Frame): void {
    const connection = this.links.get(link);
    if (connection === undefined) return;
    const world = this.programWorld;
    world.sent(this, connection, frame);
    const side = connection.sideOf(this);
    const sent =
      this.tamper === undefined ? frame : this.tamper(frame, connection.program(side === 0 ? 1 : 0).rank);
    if (sent === undefined) return;
    const bytes = FRAME_BYTES + world.bytesOf(sent);
    this.node.spend(world.costs.frameOutMs + (bytes / 1024) * world.costs.kilobyteMs);
    this.framesOut += 1;
    this.bytesOut += bytes;
    connection.send(side, sent, { bytes, at: this.node.cursor, bulk: world.topology.isBulk(sent) });
  }

  protected closeLink(link: LinkId, reason: string): void {
    const connection = this.links.get(link);
    if (connection === undefined) return;
    this.links.delete(link);
    connection.close(connection.sideOf(this), reason, this.node.cursor);
  }

  /** The program ends; its host's kernel closes its connections. */
  crash(): void {
    this.node.kill();
    const { now } = this.programWorld.ether.time;
    for (const connection of this.links.values()) connection.close(connection.sideOf(this), "reset", now);
  }

  /** The host is gone without a word. */
  vanish(): void {
    this.node.kill();
    for (const connection of this.links.values()) {
      connection.swallow(0);
      connection.swallow(1);
    }
  }

  /** The host that has vanished is back, without this program: what still comes for it is answered by a reset. */
  forgetConnections(): void {
    for (const connection of this.links.values()) connection.forget(connection.sideOf(this));
  }

  #throughDoor(frame: Frame): Frame {
    this.#looks += 1;
    if (this.#looks % DOOR_EVERY !== 0) return frame;
    const checked = this.programWorld.topology.checkFrame(frame as Readonly<Record<string, unknown>>);
    if (checked === undefined) throw new BrokenPromise(`the door refuses ${JSON.stringify(frame)}`);
    return checked;
  }

  #looks = 0;
}
