// A simulated world for any topology: a controller, hosts in a network in which all can dial all, and every fault that
// happens between them. It knows nothing of frames; a judge watches.
import { hostIdOf } from "../base/ids.ts";
import type { HostId } from "../base/ids.ts";
import { createRandom } from "../base/random.ts";
import type { Random } from "../base/random.ts";
import type { LinkId, OverlayLimits, OverlayTimes, Payload } from "../overlay/overlay.ts";
import { ROOT_RANK } from "../overlay/topology.ts";
import type {
  Candidate,
  MemberEffect,
  MemberEvent,
  Rank,
  RootEffect,
  RootEvent,
  RootRecord,
  Topology,
} from "../overlay/topology.ts";
import type { NetworkModel } from "./network-model.ts";
import type { SimulatedCosts } from "./simulated-costs.ts";
import { createMemberSeals, createRootSeals } from "./simulated-seals.ts";
import { TraceHash } from "./trace-hash.ts";
import { dialThrough } from "./virtual-dial.ts";
import type { VirtualConnection } from "./virtual-connection.ts";
import { VirtualClient } from "./virtual-client.ts";
import type { ClientWorld } from "./virtual-client.ts";
import { VirtualController } from "./virtual-controller.ts";
import type { ControllerWorld } from "./virtual-controller.ts";
import type { VirtualProgram } from "./virtual-program.ts";
import { VirtualProcessors } from "./virtual-processors.ts";
import { VirtualTime } from "./virtual-time.ts";

/** Sees all that happens, and throws BrokenPromise. */
export interface WorldWatch<Frame> {
  clientStarted(client: VirtualClient<Frame>): void;
  clientStepped(
    client: VirtualClient<Frame>,
    event: MemberEvent<Frame>,
    effects: readonly MemberEffect<Frame>[],
  ): void;
  clientGone(client: VirtualClient<Frame>): void;
  rootStepping(event: RootEvent<Frame>): void;
  rootPerforming(effect: RootEffect<Frame>): void;
  rootStepped(event: RootEvent<Frame>): void;
  rootCrashed(): void;
  rootStarted(): void;
  sent(from: VirtualProgram<Frame>, connection: VirtualConnection<Frame>, frame: Frame): void;
}

export interface WorldSettings<Frame> {
  readonly seed: number;
  readonly topology: Topology<Frame>;
  readonly network: NetworkModel;
  readonly costs: SimulatedCosts;
  readonly times: OverlayTimes;
  readonly limits: OverlayLimits;
  readonly degree: number;
  readonly rootDegree: number;
  readonly controllerAbsenceMs: number;
  readonly reportsKept: number;
  /** From the invitation to the start of the client: what deploying takes at most. */
  readonly deployMs: number;
  /** So many that all hosts share; default: each has one of its own. */
  readonly processors?: number;
  bytesOf(frame: Frame): number;
}

/** Part of the world that is cut off from the rest. */
export interface Partition {
  /** Whether a place is inside. */
  readonly inside: (place: number) => boolean;
  /** Frames from the inside to the outside are lost; the other way; both. */
  readonly outward: boolean;
  readonly inward: boolean;
}

const SIMULATED_PROTOCOL = 1;
const ROOT_ADDRESS = "controller";

interface Listener<Frame> {
  readonly place: number;
  program: VirtualProgram<Frame> | undefined;
}

export class TreeWorld<Frame> implements ClientWorld<Frame>, ControllerWorld<Frame> {
  readonly settings: WorldSettings<Frame>;
  readonly topology: Topology<Frame>;
  readonly costs: SimulatedCosts;
  readonly time = new VirtualTime();
  readonly trace = new TraceHash();
  readonly processors: VirtualProcessors | undefined;
  readonly random: Random;
  readonly network: NetworkModel;
  readonly ether = this;
  /** Every client that was ever started, by rank. */
  readonly clients = new Map<Rank, VirtualClient<Frame>>();
  /** The newest client of each host. */
  readonly current = new Map<HostId, VirtualClient<Frame>>();
  readonly journal: RootRecord[] = [];
  controller: VirtualController<Frame>;
  /** Places of which the whole host is off. */
  readonly dark = new Set<number>();
  /** Nobody can dial them, although they say an address. */
  readonly walled = new Set<number>();
  /** They can dial nobody. */
  readonly caged = new Set<number>();
  handshakes = 0;
  readonly #watch: WorldWatch<Frame>;
  readonly #listeners = new Map<string, Listener<Frame>>();
  readonly #partitions = new Set<Partition>();
  readonly #slow = new Map<number, number>();
  #held = new Set<VirtualConnection<Frame>>();
  #lastRank = 0;
  #epoch = 0;
  #addresses = 0;
  readonly #incarnations = new Map<number, number>();

  constructor(settings: WorldSettings<Frame>, watch: (world: TreeWorld<Frame>) => WorldWatch<Frame>) {
    this.settings = settings;
    this.topology = settings.topology;
    this.costs = settings.costs;
    this.network = settings.network;
    this.random = createRandom(settings.seed);
    const { processors } = settings;
    this.processors = processors === undefined ? undefined : new VirtualProcessors(this.time, processors);
    this.#watch = watch(this);
    this.controller = this.startController();
  }

  /** Also after a crash: what the earlier one has kept is there, and the epoch is one higher. */
  startController(): VirtualController<Frame> {
    const { degree: _, rootDegree, times, limits, seed } = this.settings;
    this.#epoch += 1;
    this.controller = new VirtualController<Frame>(
      this,
      {
        protocol: SIMULATED_PROTOCOL,
        epoch: this.#epoch,
        degree: rootDegree,
        times,
        limits,
        seals: createRootSeals(seed),
        records: this.journal,
      },
      this.journal,
    );
    this.#listeners.set(ROOT_ADDRESS, { place: 0, program: this.controller });
    this.#watch.rootStarted();
    return this.controller;
  }

  crashController(): void {
    if (this.controller.node.isDead) return;
    this.controller.crash();
    this.rootCrashed();
  }

  /** Invites a client on this place and starts it a little later; says how through `started`. */
  startClient(
    place: number,
    options: {
      readonly hidden?: boolean;
      readonly protocol?: number;
      readonly started?: (client: VirtualClient<Frame>) => void;
    } = {},
  ): void {
    const { controller } = this;
    controller.node.give(this.costs.timerMs, () => {
      const host = hostIdOf(`node${place}`);
      const incarnation = (this.#incarnations.get(place) ?? 0) + 1;
      this.#incarnations.set(place, incarnation);
      this.#lastRank += 1;
      const rank = this.#lastRank;
      controller.step({ kind: "invite", host, incarnation, rank });
      if (controller.node.isDead) return;
      const candidates = controller.core.plan(rank, controller.surroundings);
      const sequence = controller.core.lastCommand;
      const start = { sequence, chain: controller.core.chainAt(sequence) };
      this.time.after(this.random() * this.settings.deployMs, () => {
        if (this.dark.has(place)) return;
        const address = options.hidden === true ? "" : `node${place}:${rank}`;
        const { protocol = SIMULATED_PROTOCOL } = options;
        const client = this.#createClient(
          { place, host, incarnation, rank, address, protocol },
          start,
          candidates,
        );
        options.started?.(client);
      });
    });
  }

  #createClient(
    identity: {
      readonly place: number;
      readonly host: HostId;
      readonly incarnation: number;
      readonly rank: Rank;
      readonly address: string;
      readonly protocol: number;
    },
    start: { readonly sequence: number; readonly chain: Uint8Array },
    candidates: readonly Candidate[],
  ): VirtualClient<Frame> {
    const { degree, times, limits, controllerAbsenceMs, reportsKept, seed } = this.settings;
    const client = new VirtualClient<Frame>(
      this,
      { ...identity, reportsKept },
      {
        protocol: identity.protocol,
        rank: identity.rank,
        start: start.sequence,
        startChain: start.chain,
        candidates,
        degree,
        controllerAbsenceMs,
        lastReport: 0,
        times,
        limits,
        seals: createMemberSeals(seed, identity.rank),
      },
    );
    this.clients.set(identity.rank, client);
    this.current.set(identity.host, client);
    this.#watch.clientStarted(client);
    client.start(this.random() < 0.7);
    return client;
  }

  /** The program dies; its kernel says so to everybody. */
  crashClient(client: VirtualClient<Frame>): void {
    if (!client.isRunning) return;
    client.crash();
    this.#unlisten(client);
    this.#watch.clientGone(client);
  }

  /** The host falls silent. */
  darken(client: VirtualClient<Frame>): void {
    if (!client.isRunning) return;
    this.dark.add(client.place);
    client.vanish();
    this.#watch.clientGone(client);
  }

  /** The host is back, and nothing runs on it. */
  lighten(place: number): void {
    if (!this.dark.delete(place)) return;
    for (const client of this.clients.values()) {
      if (client.place !== place) continue;
      client.forgetConnections();
      this.#unlisten(client);
    }
  }

  separate(partition: Partition): () => void {
    this.#partitions.add(partition);
    return () => {
      if (!this.#partitions.delete(partition)) return;
      const held = this.#held;
      this.#held = new Set();
      for (const connection of held) connection.release();
    };
  }

  /** Everything from and to this place takes so much longer. */
  slow(place: number, ms: number): void {
    if (ms > 0) this.#slow.set(place, ms);
    else this.#slow.delete(place);
  }

  slownessMs(from: number, to: number): number {
    if (this.#slow.size === 0) return 0;
    return (this.#slow.get(from) ?? 0) + (this.#slow.get(to) ?? 0);
  }

  isBlocked(from: number, to: number): boolean {
    for (const { inside, outward, inward } of this.#partitions) {
      const isInside = inside(from);
      if (isInside !== inside(to) && (isInside ? outward : inward)) return true;
    }
    return false;
  }

  held(connection: VirtualConnection<Frame>): void {
    this.#held.add(connection);
  }

  bytesOf(frame: Frame): number {
    return this.settings.bytesOf(frame);
  }

  command(targets: readonly HostId[], payload: Payload): void {
    this.controller.command(targets, payload);
  }

  dial(client: VirtualClient<Frame>, link: LinkId, to: Candidate): void {
    // Where the root is, the shells know.
    const address = to.rank === ROOT_RANK ? ROOT_ADDRESS : to.address;
    dialThrough({ world: this, client, link, to: { rank: to.rank, address }, at: client.node.cursor });
  }

  listener(address: string): Listener<Frame> | undefined {
    return this.#listeners.get(address);
  }

  listens(client: VirtualClient<Frame>): void {
    if (client.address !== "") this.#listeners.set(client.address, { place: client.place, program: client });
  }

  /** Its host has another address from now on (DHCP). */
  readdress(client: VirtualClient<Frame>): void {
    this.#unlisten(client);
    this.#addresses += 1;
    client.moved(`${client.address}.${this.#addresses}`);
  }

  #unlisten(client: VirtualClient<Frame>): void {
    const listener = this.#listeners.get(client.address);
    if (listener !== undefined && listener.program === client) listener.program = undefined;
  }

  sent(from: VirtualProgram<Frame>, connection: VirtualConnection<Frame>, frame: Frame): void {
    this.#watch.sent(from, connection, frame);
  }

  clientStepped(
    client: VirtualClient<Frame>,
    event: MemberEvent<Frame>,
    effects: readonly MemberEffect<Frame>[],
  ): void {
    this.#watch.clientStepped(client, event, effects);
    for (const { kind } of effects) if (kind === "left" || kind === "abandoned") this.#unlisten(client);
  }

  rootStepping(event: RootEvent<Frame>): void {
    this.#watch.rootStepping(event);
  }

  rootPerforming(effect: RootEffect<Frame>): void {
    this.#watch.rootPerforming(effect);
  }

  rootStepped(event: RootEvent<Frame>): void {
    this.#watch.rootStepped(event);
  }

  rootCrashed(): void {
    this.#listeners.set(ROOT_ADDRESS, { place: 0, program: undefined });
    this.#watch.rootCrashed();
  }

  programOf(rank: Rank): VirtualProgram<Frame> | undefined {
    return rank === ROOT_RANK ? this.controller : this.clients.get(rank);
  }
}
