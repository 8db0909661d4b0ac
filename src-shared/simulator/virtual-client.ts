// A client of a simulated world: the real member core of a topology, an outbox, and what it does by itself.
import type { HostId } from "../base/ids.ts";
import type { LinkId, Payload } from "../overlay/overlay.ts";
import { latestProof } from "../overlay/tree-proofs.ts";
import type {
  Candidate,
  MemberCore,
  MemberEffect,
  MemberEvent,
  MemberSeals,
  MemberSettings,
  Rank,
} from "../overlay/topology.ts";
import { VirtualProgram } from "./virtual-program.ts";
import type { ProgramWorld } from "./virtual-program.ts";

/** One of so many hosts says its newest with each report. */
const LATEST_EVERY = 3;

export interface ClientWorld<Frame> extends ProgramWorld<Frame> {
  dial(client: VirtualClient<Frame>, link: LinkId, to: Candidate): void;
  listens(client: VirtualClient<Frame>): void;
  /** Before its effects are performed. */
  clientStepped(
    client: VirtualClient<Frame>,
    event: MemberEvent<Frame>,
    effects: readonly MemberEffect<Frame>[],
  ): void;
}

export interface ClientIdentity {
  readonly place: number;
  readonly host: HostId;
  readonly incarnation: number;
  readonly rank: Rank;
  /** Where others can dial it; "" where nobody can. */
  readonly address: string;
  /** Reports that the outbox keeps; above it the oldest are dropped. */
  readonly reportsKept: number;
}

export class VirtualClient<Frame> extends VirtualProgram<Frame> {
  readonly host: HostId;
  readonly incarnation: number;
  address: string;
  readonly core: MemberCore<Frame>;
  /** How it ended by itself. */
  ended: "left" | "abandoned" | undefined;
  reason = "";
  leaving = false;
  /** From its wish to leave until it was gone; 0 until then. */
  leaveTookMs = 0;
  #leaveAt = 0;
  /** Dialled and neither connected nor given up. */
  readonly dials = new Set<LinkId>();
  dialCount = 0;
  /** No dial has succeeded yet. */
  isNew = true;
  /** By number, from 1. */
  readonly reports: Payload[] = [];
  dropped = 0;
  /** Bulk that has not arrived yet. */
  readonly bulkSaid = new Set<string>();
  /** The number of its latest value. */
  latest = 0;
  readonly #world: ClientWorld<Frame>;
  readonly #seals: MemberSeals;
  readonly #reportsKept: number;
  #lastLink = 0;
  #forgotten = 0;

  constructor(world: ClientWorld<Frame>, identity: ClientIdentity, settings: MemberSettings) {
    super(world, identity.place, identity.rank);
    this.#world = world;
    this.host = identity.host;
    this.incarnation = identity.incarnation;
    this.address = identity.address;
    this.#reportsKept = identity.reportsKept;
    this.#seals = settings.seals;
    this.core = world.topology.createMember(settings);
  }

  get isRunning(): boolean {
    return !this.node.isDead;
  }

  newLink(): LinkId {
    this.#lastLink += 2;
    return this.#lastLink;
  }

  /** Some shells listen before they start, some after. */
  start(listenFirst: boolean): void {
    const listen = (): void => {
      this.#world.listens(this);
      this.step({ kind: "listening", address: this.address });
    };
    if (listenFirst) this.node.give(0, listen);
    this.node.give(0, () => this.step({ kind: "start" }));
    if (!listenFirst) this.node.give(0, listen);
  }

  moved(address: string): void {
    this.address = address;
    this.node.give(0, () => {
      this.#world.listens(this);
      this.step({ kind: "listening", address });
    });
  }

  report(payload: Payload): void {
    if (this.ended !== undefined || this.leaving || !this.isRunning) return;
    this.node.give(0, () => {
      this.reports.push(payload);
      const sequence = this.reports.length;
      this.dropped = Math.max(this.dropped, sequence - this.#reportsKept, this.#forgotten);
      this.step({ kind: "reported", sequence });
      // Enough of them say something, at the price that lives take.
      if (this.rank % LATEST_EVERY === 0) this.#sayLatest();
    });
  }

  /** What it says is its number, by which it can be told. */
  sayLatest(): void {
    if (this.ended === undefined && this.isRunning) this.node.give(0, () => this.#sayLatest());
  }

  #sayLatest(): void {
    this.latest += 1;
    const number = this.latest;
    const payload = new TextEncoder().encode(`${this.rank} ${number}`);
    const tag = this.#seals.prove(latestProof(number), payload);
    this.step({ kind: "latest", value: { rank: this.rank, number, payload, tag } });
  }

  bulk(payload: Payload): void {
    if (this.ended !== undefined || !this.isRunning) return;
    this.bulkSaid.add(new TextDecoder().decode(payload));
    this.node.give(0, () => this.step({ kind: "bulk", payload, tag: this.#seals.prove("bulk", payload) }));
  }

  leave(): void {
    this.leaving = true;
    this.#leaveAt = this.#world.ether.time.now;
    this.node.give(0, () => this.step({ kind: "leave" }));
  }

  step(event: MemberEvent<Frame>): void {
    if (this.ended !== undefined) return;
    const effects = this.core.step(event, this.surroundings);
    this.#world.clientStepped(this, event, effects);
    for (const effect of effects) this.#perform(effect);
  }

  protected stepFrame(link: LinkId, frame: Frame): void {
    this.step({ kind: "frame", link, frame });
  }

  protected stepLinkUp(link: LinkId, peer: Rank, dialled: boolean): void {
    this.step({ kind: "linkUp", link, peer, dialled });
  }

  protected stepLinkDown(link: LinkId, reason: string): void {
    this.step({ kind: "linkDown", link, reason });
  }

  protected stepTimer(name: string): void {
    this.step({ kind: "timer", name });
  }

  protected stepLag(ms: number): void {
    this.step({ kind: "lagged", ms });
  }

  dialFailed(link: LinkId, reason: string): void {
    this.node.give(this.#world.costs.timerMs, () => {
      if (this.dials.delete(link)) this.step({ kind: "linkDown", link, reason });
    });
  }

  /** Within work that is under way. */
  stepFailedDial(link: LinkId, reason: string): void {
    this.step({ kind: "linkDown", link, reason });
  }

  #perform(effect: MemberEffect<Frame>): void {
    switch (effect.kind) {
      case "dial":
        this.dials.add(effect.link);
        this.dialCount += 1;
        return this.#world.dial(this, effect.link, effect.to);
      case "close":
        this.dials.delete(effect.link);
        return this.closeLink(effect.link, effect.reason);
      case "send":
        return this.send(effect.link, effect.frame);
      case "sendReports":
        return this.#sendReports(effect.link, effect.from, effect.to);
      case "forgetReports":
        this.#forgotten = Math.max(this.#forgotten, effect.upTo);
        return;
      case "setTimer":
        return this.node.setTimer(effect.name, effect.delayMs);
      case "clearTimer":
        return this.node.clearTimer(effect.name);
      case "left":
      case "abandoned":
        return this.#end(effect);
      case "deliver":
      case "deliverBulk":
      case "attached":
      case "orphaned":
      case "distrusted":
      case "problem":
        return;
    }
  }

  #end(effect: Extract<MemberEffect<Frame>, { kind: "left" | "abandoned" }>): void {
    this.ended = effect.kind;
    if (effect.kind === "left") this.leaveTookMs = this.#world.ether.time.now - this.#leaveAt;
    if (effect.kind === "abandoned") this.reason = effect.reason;
    this.crash();
  }

  #sendReports(link: LinkId, first: number, to: number): void {
    let from = first;
    // A gap is told with the first report behind it.
    const gapEnd = Math.min(this.dropped, to - 1);
    let skips = 0;
    if (gapEnd >= from) {
      skips = gapEnd - from + 1;
      from = gapEnd + 1;
    }
    for (let sequence = from; sequence <= to; sequence += 1) {
      const payload = this.reports[sequence - 1];
      if (payload === undefined) continue;
      const tag = this.#seals.prove(`report ${sequence} ${skips}`, payload);
      const report = { sequence, skips, payload };
      this.send(link, this.#world.topology.reportFrame(this.rank, report, tag));
      skips = 0;
    }
  }
}
