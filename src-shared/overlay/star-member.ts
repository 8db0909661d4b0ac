// A member of the star: dials the root or takes a link on which the root comes, joins, stays attached, comes back.
//
//   idle --start--> joining --accept--> attached --link down, silence, violation--> waiting --dial timer--> joining
//                      |  \--refused, link down, too slow--> waiting
//                      \--refused for good--> ended (abandoned)
//   joining (while it dials), waiting --the root comes--> joining
//   joining, waiting --absence timer--> ended (abandoned)     any --leave heard, or its time over--> ended (left)
import { backOffMs, doubledMs } from "./back-off.ts";
import { DeliveryWindow, judgeArrival } from "./delivery.ts";
import { LatestValues } from "./latest-values.ts";
import type { LinkId, Surroundings } from "./overlay.ts";
import type { StarFrame, StarRefusal } from "./star-frames.ts";
import { ROOT_RANK } from "./topology.ts";
import type {
  Candidate,
  MemberCore,
  MemberEffect as MemberEffectOf,
  MemberEvent as MemberEventOf,
  MemberSettings,
  Rank,
} from "./topology.ts";

type MemberEvent = MemberEventOf<StarFrame>;
type MemberEffect = MemberEffectOf<StarFrame>;

type Phase = "idle" | "waiting" | "joining" | "attached" | "ended";

const TIMERS = ["dial", "join", "lease", "absence", "acknowledge", "leave"] as const;
type TimerName = (typeof TIMERS)[number];

const REFUSALS: Readonly<Record<StarRefusal, string>> = {
  unknown: "the controller does not know this client (any more)",
  older: "a newer client of this host has taken over",
  version: "the controller speaks another version of the protocol",
  busy: "the controller is busy",
};

export function createStarMember(settings: MemberSettings): MemberCore<StarFrame> {
  return new StarMember(settings);
}

class StarMember implements MemberCore<StarFrame> {
  readonly #settings: MemberSettings;
  /** Addresses of the root; without any it waits for the root to come. */
  readonly #candidates: readonly Candidate[];
  readonly #reports: DeliveryWindow;
  readonly #latest: LatestValues;
  readonly #deadlines = new Map<TimerName, number>();
  #phase: Phase = "idle";
  /** The one link that counts; frames of all others are ignored. */
  #link: LinkId | undefined;
  /** The link stands, and the join was said over it. */
  #joinSaid = false;
  #path: readonly Rank[] = [];
  #attempt = 0;
  /** Since the last beacon, so that a root which accepts and then breaks is not dialled in a tight loop. */
  #failures = 0;
  #epoch = 0;
  #beacon = 0;
  /** All commands up to here were delivered; the root has been told of those up to #haveSaid. */
  #have = 0;
  #haveSaid = 0;
  #absenceMs: number;
  #leaving = false;
  #leaveSaid = false;
  /** Of the step under way. */
  #effects: MemberEffect[] = [];
  #now = 0;
  #random: () => number = () => 0;

  constructor(settings: MemberSettings) {
    this.#settings = settings;
    this.#candidates = settings.candidates.filter(({ rank }) => rank === ROOT_RANK);
    this.#absenceMs = settings.controllerAbsenceMs;
    this.#latest = new LatestValues(settings.limits.latestFrameBytes);
    this.#reports = new DeliveryWindow(settings.limits.reportWindow, settings.lastReport);
  }

  get attached(): boolean {
    return this.#phase === "attached";
  }

  get parent(): LinkId | undefined {
    return this.attached ? this.#link : undefined;
  }

  get children(): readonly LinkId[] {
    return [];
  }

  get path(): readonly Rank[] {
    return this.#path;
  }

  get tripUs(): number | undefined {
    return this.attached ? this.#latest.tripUs : undefined;
  }

  step(event: MemberEvent, surroundings: Surroundings): MemberEffect[] {
    this.#effects = [];
    this.#now = surroundings.now;
    this.#random = surroundings.random;
    if (this.#phase !== "ended") this.#handle(event);
    return this.#effects;
  }

  #handle(event: MemberEvent): void {
    switch (event.kind) {
      case "start":
        if (this.#phase !== "idle") return;
        this.#arm("absence", this.#absenceMs);
        return this.#dial();
      case "linkUp":
        return event.dialled ? this.#linkUp(event.link) : this.#visited(event.link, event.peer);
      case "linkDown":
        if (event.link === this.#link) this.#unlink(event.reason);
        return;
      case "frame":
        if (event.link === this.#link) this.#frame(event.frame);
        return;
      case "timer":
        return this.#timer(event.name);
      case "listening":
        return;
      case "reported":
        this.#reports.noteLast(event.sequence);
        return this.#pump();
      case "bulk":
        return this.#send({ t: "bulk", payload: event.payload });
      case "latest":
        return this.#latest.putOwn(event.value);
      case "receiving":
        return this.#receiving(event.link);
      case "lagged":
        return this.#lagged(event.ms);
      case "absenceAllowed":
        return this.#allowAbsence(event.ms);
      case "leave":
        return this.#leave();
    }
  }

  #dial(): void {
    const to = this.#candidates[this.#failures % Math.max(1, this.#candidates.length)];
    if (to === undefined) {
      this.#phase = "waiting";
      return;
    }
    this.#effects.push({ kind: "dial", link: this.#joinOver(this.#attempt * 2 + 1), to });
  }

  /** The root has come by itself. A link that stands, or may stand in a moment, is not given up for another. */
  #visited(link: LinkId, peer: Rank): void {
    const isFree = this.#phase === "waiting" || (this.#phase === "joining" && !this.#joinSaid);
    if (peer !== ROOT_RANK || !isFree) {
      const joined = this.attached ? "attached already" : "joining already";
      const reason = peer === ROOT_RANK ? joined : "nobody hangs below a member of a star";
      this.#effects.push({ kind: "close", link, reason });
      return;
    }
    const dialled = this.#link;
    if (dialled !== undefined)
      this.#effects.push({ kind: "close", link: dialled, reason: "the root has come by itself" });
    this.#disarm("dial");
    this.#linkUp(this.#joinOver(link));
  }

  /** Dials of our own have odd numbers. */
  #joinOver(link: LinkId): LinkId {
    const { times } = this.#settings;
    this.#phase = "joining";
    this.#joinSaid = false;
    this.#attempt += 1;
    this.#link = link;
    this.#arm("join", doubledMs(this.#failures, times.joinMs, times.joinMsMax));
    return link;
  }

  #linkUp(link: LinkId): void {
    if (link !== this.#link || this.#phase !== "joining") {
      this.#effects.push({ kind: "close", link, reason: "dialled too late" });
      return;
    }
    const { protocol } = this.#settings;
    this.#joinSaid = true;
    const join: StarFrame = { t: "join", protocol, attempt: this.#attempt, have: this.#have };
    this.#effects.push({ kind: "send", link, frame: join });
  }

  #frame(frame: StarFrame): void {
    if (frame.t === "refuse") return this.#refused(frame.why, frame.backoffMs);
    if (frame.t === "leave")
      return this.#leaving ? this.#end({ kind: "left" }) : this.#violation("an answer to no goodbye");
    if (frame.t === "accept") return this.#accepted(frame);
    if (this.#phase !== "attached") return this.#violation(`${frame.t} before accept`);
    this.#arm("lease", this.#settings.times.deadIntervalMs);
    switch (frame.t) {
      case "beacon":
        return this.#beaconHeard(frame);
      case "acknowledge":
        return this.#acknowledged(frame.reportsHave);
      case "command":
        return this.#command(frame.sequence, frame.payload);
      case "bulk":
        this.#effects.push({ kind: "deliverBulk", payload: frame.payload });
        return;
      case "join":
      case "alive":
      case "report":
      case "latest":
        return this.#violation(`${frame.t} from the root`);
    }
  }

  #accepted(frame: Extract<StarFrame, { t: "accept" }>): void {
    if (this.#phase !== "joining") return this.#violation("accepted twice");
    if (frame.epoch < this.#epoch) return this.#violation("an older controller");
    const before = this.#reports.acknowledged;
    if (!this.#reports.restart(frame.reportsHave))
      return this.#violation("it has other reports than were sent");
    this.#phase = "attached";
    if (frame.epoch > this.#epoch) this.#beacon = 0;
    this.#epoch = frame.epoch;
    this.#path = frame.path.slice(0, this.#settings.limits.path);
    this.#haveSaid = this.#have;
    this.#leaveSaid = false;
    this.#latest.moved();
    this.#disarm("join");
    this.#disarm("absence");
    this.#arm("lease", this.#settings.times.deadIntervalMs);
    this.#effects.push({ kind: "attached", parent: ROOT_RANK, path: this.#path });
    if (frame.reportsHave > before) this.#effects.push({ kind: "forgetReports", upTo: frame.reportsHave });
    this.#pump();
  }

  #refused(why: StarRefusal, backoffMs: number): void {
    if (why === "busy") {
      this.#unlink(REFUSALS.busy, Math.min(backoffMs, this.#settings.times.backoffMsMax));
      return;
    }
    this.#end(this.#leaving ? { kind: "left" } : { kind: "abandoned", reason: REFUSALS[why] });
  }

  #beaconHeard({ epoch, beacon, reportsHave, trip }: Extract<StarFrame, { t: "beacon" }>): void {
    if (epoch !== this.#epoch || beacon < this.#beacon) return this.#violation("a beacon of another time");
    this.#beacon = beacon;
    this.#failures = 0;
    this.#acknowledged(reportsHave);
    if (this.#phase !== "attached") return;
    this.#latest.heard(trip);
    this.#sayAlive(beacon);
    for (const { number, payload } of this.#latest.take(beacon)) this.#send({ t: "latest", number, payload });
  }

  #acknowledged(reportsHave: number): void {
    const before = this.#reports.acknowledged;
    if (!this.#reports.acknowledge(reportsHave))
      return this.#violation("it acknowledged what was never sent");
    if (this.#reports.acknowledged > before) this.#effects.push({ kind: "forgetReports", upTo: reportsHave });
    this.#pump();
  }

  #command(sequence: number, payload: Uint8Array): void {
    const arrival = judgeArrival(this.#have, sequence, 0);
    if (arrival === "gap") return this.#violation(`command ${sequence} after ${this.#have}`);
    if (arrival === "next") {
      this.#have = sequence;
      this.#effects.push({ kind: "deliver", sequence, payload });
    }
    const { limits, times } = this.#settings;
    if (this.#have - this.#haveSaid >= limits.acknowledgeEvery) this.#sayAlive();
    else if (!this.#deadlines.has("acknowledge")) this.#arm("acknowledge", times.acknowledgeMs);
  }

  #sayAlive(to?: number): void {
    this.#disarm("acknowledge");
    this.#haveSaid = this.#have;
    this.#send({ t: "alive", have: this.#have, ...(to === undefined ? {} : { to }) });
  }

  /** Sends what the window allows; says goodbye when all of it has arrived. */
  #pump(): void {
    const link = this.parent;
    if (link === undefined) return;
    const range = this.#reports.take();
    if (range !== undefined) {
      this.#effects.push({ kind: "sendReports", link, ...range });
      // In the same piece: a message of its own later on would cost both ends as much as the report.
      if (this.#have > this.#haveSaid) this.#sayAlive();
    }
    if (!this.#leaving || this.#leaveSaid || !this.#reports.allAcknowledged) return;
    this.#sayAlive();
    this.#leaveSaid = true;
    this.#send({ t: "leave" });
  }

  #leave(): void {
    if (this.#leaving) return;
    this.#leaving = true;
    if (this.#phase === "idle") return this.#end({ kind: "left" });
    this.#arm("leave", this.#settings.times.leaveMs);
    this.#pump();
  }

  #timer(name: string): void {
    const timer = TIMERS.find((known) => known === name);
    const deadline = timer === undefined ? undefined : this.#deadlines.get(timer);
    if (timer === undefined || deadline === undefined) return;
    if (this.#now < deadline) return this.#arm(timer, deadline - this.#now);
    this.#deadlines.delete(timer);
    switch (timer) {
      case "dial":
        return this.#dial();
      case "join":
        return this.#unlink("no answer to the join");
      case "lease":
        return this.#unlink(`nothing heard for ${this.#settings.times.deadIntervalMs} ms`);
      case "absence":
        return this.#end({ kind: "abandoned", reason: `no controller for ${this.#absenceMs} ms` });
      case "acknowledge":
        return this.#sayAlive();
      case "leave":
        return this.#end({ kind: "left" });
    }
  }

  /** It is at work, and must hear that we are: no beacon gets through meanwhile, and so no answer to one. */
  #receiving(link: LinkId): void {
    if (link !== this.#link || this.#phase !== "attached") return;
    this.#arm("lease", this.#settings.times.deadIntervalMs);
    this.#sayAlive();
  }

  /** The root may have spoken while nobody was listening: its silence does not count for that long. */
  #lagged(ms: number): void {
    for (const timer of ["lease", "join", "absence"] as const) {
      const deadline = this.#deadlines.get(timer);
      if (deadline === undefined) continue;
      const fresh = Math.max(deadline + ms, this.#now + this.#settings.times.afterLagMs);
      this.#arm(timer, fresh - this.#now);
    }
  }

  #allowAbsence(ms: number): void {
    const deadline = this.#deadlines.get("absence");
    if (deadline !== undefined)
      this.#arm("absence", Math.max(0, deadline - this.#absenceMs + ms - this.#now));
    this.#absenceMs = ms;
  }

  #violation(reason: string): void {
    this.#unlink(`the root broke the protocol: ${reason}`);
  }

  /** Drops the link, if any, and waits to dial again. */
  #unlink(reason: string, leastMs = 0): void {
    const { times } = this.#settings;
    const wasAttached = this.#phase === "attached";
    if (this.#link !== undefined) this.#effects.push({ kind: "close", link: this.#link, reason });
    this.#link = undefined;
    this.#path = [];
    this.#phase = "waiting";
    for (const timer of ["join", "lease", "acknowledge"] as const) this.#disarm(timer);
    this.#arm("dial", leastMs + backOffMs(this.#failures, times.backoffMs, times.backoffMsMax, this.#random));
    this.#failures += 1;
    if (!wasAttached) return;
    this.#arm("absence", this.#absenceMs);
    this.#effects.push({ kind: "orphaned", reason });
  }

  #end(effect: MemberEffect): void {
    if (this.#link !== undefined)
      this.#effects.push({ kind: "close", link: this.#link, reason: effect.kind });
    this.#link = undefined;
    this.#path = [];
    this.#phase = "ended";
    for (const timer of TIMERS) this.#disarm(timer);
    this.#effects.push(effect);
  }

  #send(frame: StarFrame): void {
    const link = this.parent;
    if (link !== undefined) this.#effects.push({ kind: "send", link, frame });
  }

  #arm(name: TimerName, delayMs: number): void {
    this.#deadlines.set(name, this.#now + delayMs);
    this.#effects.push({ kind: "setTimer", name, delayMs });
  }

  #disarm(name: TimerName): void {
    if (this.#deadlines.delete(name)) this.#effects.push({ kind: "clearTimer", name });
  }
}
