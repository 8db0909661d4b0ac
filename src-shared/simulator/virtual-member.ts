// A simulated client: the real member of the star, an outbox of numbers, and links that the world makes for it.
import type { HostId } from "../base/ids.ts";
import { OVERLAY_TIMES } from "../overlay/overlay.ts";
import type { LinkId, MemberEffect, MemberEvent, OverlayMember } from "../overlay/overlay.ts";
import { createStarMember } from "../overlay/star-member.ts";
import { SIMULATED_LIMITS, SIMULATED_PROTOCOL } from "./simulated-star.ts";
import type { MemberWorld } from "./simulated-star.ts";
import { writeSimulatedReport } from "./star-judge.ts";
import type { VirtualLink } from "./virtual-network.ts";
import { VirtualProcess } from "./virtual-process.ts";

/** The outbox of a simulated client drops its oldest reports above this. */
const REPORTS_KEPT = 60;
/** Longer than any silence in the scenarios: being abandoned is tested by itself. */
const CONTROLLER_ABSENCE_MS = 10 * 60 * 1000;

export class VirtualMember {
  readonly host: HostId;
  readonly incarnation: number;
  readonly core: OverlayMember;
  readonly process: VirtualProcess<MemberEvent>;
  readonly links = new Map<LinkId, VirtualLink>();
  readonly #world: MemberWorld;
  /** How it ended by itself. */
  ended: "left" | "abandoned" | undefined;
  lastReport = 0;
  #forgotten = 0;
  #dropped = 0;
  #lastOffer = 0;

  constructor(world: MemberWorld, host: HostId, incarnation: number) {
    this.#world = world;
    this.host = host;
    this.incarnation = incarnation;
    this.core = createStarMember({
      protocol: SIMULATED_PROTOCOL,
      incarnation,
      candidates: 2,
      controllerAbsenceMs: CONTROLLER_ABSENCE_MS,
      lastReport: 0,
      times: OVERLAY_TIMES,
      limits: SIMULATED_LIMITS,
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

  /** The root has come by itself, over a link that stands; nothing of it is made before it is taken. */
  offer(): void {
    this.#lastOffer += 1;
    this.process.give({ kind: "offered", offer: this.#lastOffer });
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
      case "take":
        return this.#take(effect.link);
      case "decline":
        return;
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
        return this.process.give({ kind: "linkUp", link });
      }
      // Half of the failures are told, half are silence.
      if (random() < 0.5) this.process.give({ kind: "linkDown", link, reason: "refused" });
    });
  }

  #take(link: LinkId): void {
    const made = this.#world.connect(link);
    if (made === undefined) return this.process.give({ kind: "linkDown", link, reason: "gone again" });
    this.links.set(link, made);
    this.process.give({ kind: "linkUp", link });
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
