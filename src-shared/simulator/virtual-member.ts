// A simulated client: the real member of the star, an outbox of numbers, and links that the world makes for it.
import { FIRST_CHAIN } from "../overlay/command-order.ts";
import type { HostId } from "../base/ids.ts";
import { OVERLAY_TIMES } from "../overlay/overlay.ts";
import type { LinkId } from "../overlay/overlay.ts";
import { star } from "../overlay/star.ts";
import type { StarFrame } from "../overlay/star-frames.ts";
import { ROOT_RANK } from "../overlay/topology.ts";
import type {
  MemberCore,
  MemberEffect as MemberEffectOf,
  MemberEvent as MemberEventOf,
  Rank,
} from "../overlay/topology.ts";
import { NO_SEALS, SIMULATED_LIMITS, SIMULATED_PROTOCOL } from "./simulated-star.ts";
import type { MemberWorld, SimulatedClient } from "./simulated-star.ts";
import { writeSimulatedReport } from "./star-judge.ts";
import type { VirtualLink } from "./virtual-network.ts";
import { VirtualProcess } from "./virtual-process.ts";

type MemberEvent = MemberEventOf<StarFrame>;
type MemberEffect = MemberEffectOf<StarFrame>;

/** The outbox of a simulated client drops its oldest reports above this. */
const REPORTS_KEPT = 60;
/** Longer than any silence in the scenarios: being abandoned is tested by itself. */
const CONTROLLER_ABSENCE_MS = 10 * 60 * 1000;

export class VirtualMember {
  readonly host: HostId;
  readonly incarnation: number;
  readonly rank: Rank;
  readonly core: MemberCore<StarFrame>;
  readonly process: VirtualProcess<MemberEvent>;
  readonly links = new Map<LinkId, VirtualLink>();
  readonly #world: MemberWorld;
  /** How it ended by itself. */
  ended: "left" | "abandoned" | undefined;
  lastReport = 0;
  #forgotten = 0;
  #dropped = 0;
  #lastOffer = 0;

  constructor(world: MemberWorld, { host, incarnation, rank }: SimulatedClient) {
    this.#world = world;
    this.host = host;
    this.incarnation = incarnation;
    this.rank = rank;
    this.core = star.createMember({
      protocol: SIMULATED_PROTOCOL,
      rank,
      start: 0,
      startChain: FIRST_CHAIN,
      candidates: ["first", "second"].map((address) => ({ rank: ROOT_RANK, address })),
      degree: 0,
      controllerAbsenceMs: CONTROLLER_ABSENCE_MS,
      lastReport: 0,
      times: OVERLAY_TIMES,
      limits: SIMULATED_LIMITS,
      seals: NO_SEALS,
    });
    this.process = new VirtualProcess<MemberEvent>({
      time: world.time,
      handle: (event) => this.#step(event),
      lagged: (ms) => ({ kind: "lagged", ms }),
      timer: (name) => ({ kind: "timer", name }),
    });
  }

  start(): void {
    this.process.give({ kind: "start" });
  }

  /** The root has come by itself, over a link of its own. */
  offer(): void {
    this.#lastOffer += 2;
    const link = this.#lastOffer;
    const made = this.#world.connect(link);
    if (made === undefined) return;
    this.links.set(link, made);
    this.process.give({ kind: "linkUp", link, peer: ROOT_RANK, dialled: false });
  }

  report(): void {
    if (this.ended !== undefined) return;
    this.lastReport += 1;
    this.#dropped = Math.max(this.#dropped, this.lastReport - REPORTS_KEPT);
    this.process.give({ kind: "reported", sequence: this.lastReport });
  }

  kill(): void {
    this.process.kill();
    for (const link of this.links.values()) link.close("member", "killed");
  }

  #step(event: MemberEvent): void {
    const { time, random } = this.#world;
    for (const effect of this.core.step(event, { now: time.now, random })) this.#perform(effect);
  }

  #perform(effect: MemberEffect): void {
    switch (effect.kind) {
      case "dial":
        return this.#dial(effect.link);
      case "send":
        this.links.get(effect.link)?.send("member", effect.frame);
        return;
      case "close":
        this.links.get(effect.link)?.close("member", effect.reason);
        this.links.delete(effect.link);
        return;
      case "sendReports":
        return this.#sendReports(effect);
      case "forgetReports":
        this.#forgotten = Math.max(this.#forgotten, effect.upTo);
        return;
      case "setTimer":
        return this.process.setTimer(effect.name, effect.delayMs);
      case "clearTimer":
        return this.process.clearTimer(effect.name);
      case "deliver":
        this.#world.trace.note(`${this.#world.time.now} ${this.host} command ${effect.sequence}`);
        return this.#world.judge.delivered(this.host, this.incarnation, effect);
      case "left":
      case "abandoned":
        this.ended = effect.kind;
        return this.process.kill();
      case "deliverBulk":
      case "attached":
      case "orphaned":
      case "distrusted":
      case "problem":
        return;
    }
  }

  #dial(link: LinkId): void {
    const { time, random } = this.#world;
    time.after(this.#world.latencyMs(), () => {
      if (this.process.isDead) return;
      const made = this.#world.connect(link);
      if (made !== undefined) {
        this.links.set(link, made);
        return this.process.give({ kind: "linkUp", link, peer: ROOT_RANK, dialled: true });
      }
      // Half of the failures are told, half are silence.
      if (random() < 0.5) this.process.give({ kind: "linkDown", link, reason: "refused" });
    });
  }

  #sendReports(effect: { readonly link: LinkId; readonly from: number; readonly to: number }): void {
    const link = this.links.get(effect.link);
    this.#world.judge.letOut(effect.to - this.#forgotten);
    let from = effect.from;
    const gapEnd = Math.min(this.#dropped, effect.to);
    if (gapEnd >= from) {
      const payload = writeSimulatedReport(this.incarnation, gapEnd, gapEnd - from + 1);
      link?.send("member", { t: "report", sequence: gapEnd, skips: gapEnd - from, payload });
      from = gapEnd + 1;
    }
    for (let sequence = from; sequence <= effect.to; sequence += 1) {
      const payload = writeSimulatedReport(this.incarnation, sequence, 0);
      link?.send("member", { t: "report", sequence, skips: 0, payload });
    }
  }
}
