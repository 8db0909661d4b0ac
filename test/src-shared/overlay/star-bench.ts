// A root or a member of the star on the bench: gives it events at chosen times, keeps its timers, shows its effects.
import { FIRST_CHAIN } from "#shared/overlay/command-order.ts";
import { hostIdOf } from "../../../src-shared/base/ids.ts";
import { OVERLAY_LIMITS, OVERLAY_TIMES } from "../../../src-shared/overlay/overlay.ts";
import type { LinkId, OverlayLimits, Surroundings } from "../../../src-shared/overlay/overlay.ts";
import { star } from "../../../src-shared/overlay/star.ts";
import type { StarFrame } from "../../../src-shared/overlay/star-frames.ts";
import { ROOT_RANK } from "../../../src-shared/overlay/topology.ts";
import type {
  MemberEffect as MemberEffectOf,
  MemberEvent as MemberEventOf,
  RootEffect as RootEffectOf,
  RootEvent as RootEventOf,
} from "../../../src-shared/overlay/topology.ts";
import { NO_SEALS } from "../../../src-shared/simulator/simulated-star.ts";

export type MemberEvent = MemberEventOf<StarFrame>;
export type MemberEffect = MemberEffectOf<StarFrame>;
export type RootEvent = RootEventOf<StarFrame>;
export type RootEffect = RootEffectOf<StarFrame>;

export const PROTOCOL = 7;
export const HOST = hostIdOf("node1");
/** Of the first client of HOST. */
export const RANK = 5;
/** The root's addresses. */
export const CANDIDATES = ["first", "second"].map((address) => ({ rank: ROOT_RANK, address }));
/** The middle of every jitter. */
const RANDOM = 0.5;

type Effect = MemberEffect | RootEffect;

/** Runs the timers that the core asks for, in virtual time. */
class Bench<Event, Made extends Effect> {
  now = 0;
  readonly timers = new Map<string, number>();
  readonly #step: (event: Event, surroundings: Surroundings) => Made[];
  readonly #timerEvent: (name: string) => Event;

  constructor(
    step: (event: Event, surroundings: Surroundings) => Made[],
    timerEvent: (name: string) => Event,
  ) {
    this.#step = step;
    this.#timerEvent = timerEvent;
  }

  step(event: Event): Made[] {
    const effects = this.#step(event, { now: this.now, random: () => RANDOM });
    for (const effect of effects) {
      if (effect.kind === "setTimer") this.timers.set(effect.name, this.now + effect.delayMs);
      if (effect.kind === "clearTimer") this.timers.delete(effect.name);
    }
    return effects.filter(({ kind }) => kind !== "setTimer" && kind !== "clearTimer");
  }

  /** All effects until then, timers aside. */
  pass(ms: number): Made[] {
    const end = this.now + ms;
    const effects: Made[] = [];
    for (;;) {
      const [next] = [...this.timers].sort((a, b) => a[1] - b[1]);
      if (next === undefined || next[1] > end) break;
      this.timers.delete(next[0]);
      this.now = Math.max(this.now, next[1]);
      effects.push(...this.step(this.#timerEvent(next[0])));
    }
    this.now = end;
    return effects;
  }
}

export class MemberBench extends Bench<MemberEvent, MemberEffect> {
  readonly core;

  constructor(lastReport = 0, limits: Partial<OverlayLimits> = {}, candidates = CANDIDATES) {
    const core = star.createMember({
      protocol: PROTOCOL,
      rank: RANK,
      start: 0,
      startChain: FIRST_CHAIN,
      candidates,
      degree: 0,
      controllerAbsenceMs: 60_000,
      lastReport,
      times: OVERLAY_TIMES,
      limits: { ...OVERLAY_LIMITS, ...limits },
      seals: NO_SEALS,
    });
    super(
      (event, surroundings) => core.step(event, surroundings),
      (name) => ({ kind: "timer", name }),
    );
    this.core = core;
  }

  /** It has reached the root. */
  up(link: LinkId): MemberEffect[] {
    return this.step({ kind: "linkUp", link, peer: ROOT_RANK, dialled: true });
  }

  hear(link: LinkId, frame: StarFrame): MemberEffect[] {
    return this.step({ kind: "frame", link, frame });
  }

  /** Started, dialled and accepted over link 1. */
  attach(reportsHave = 0): MemberEffect[] {
    this.step({ kind: "start" });
    this.up(1);
    return this.hear(1, { t: "accept", epoch: 1, reportsHave, path: [ROOT_RANK, RANK] });
  }
}

export class RootBench extends Bench<RootEvent, RootEffect> {
  readonly core;

  constructor(limits: Partial<OverlayLimits> = {}) {
    const core = star.createRoot({
      protocol: PROTOCOL,
      epoch: 1,
      degree: 0,
      times: OVERLAY_TIMES,
      limits: { ...OVERLAY_LIMITS, ...limits },
      seals: NO_SEALS,
      records: [],
    });
    super(
      (event, surroundings) => core.step(event, surroundings),
      (name) => ({ kind: "timer", name }),
    );
    this.core = core;
  }

  hear(link: LinkId, frame: StarFrame): RootEffect[] {
    return this.step({ kind: "frame", link, frame });
  }

  join(
    link: LinkId,
    fields: { rank?: number; attempt?: number; have?: number; protocol?: number } = {},
  ): RootEffect[] {
    const { rank: peer = RANK, ...said } = fields;
    const up = this.step({ kind: "linkUp", link, peer });
    const join = { protocol: PROTOCOL, attempt: link, have: 0, ...said };
    return [...up, ...this.hear(link, { t: "join", ...join })];
  }

  invite(incarnation = 3, rank = RANK): RootEffect[] {
    return this.step({ kind: "invite", host: HOST, incarnation, rank });
  }

  /** Invited and joined over link 1. */
  attach(): RootEffect[] {
    this.invite();
    return this.join(1);
  }
}

/** The frames sent, as `t` and numbers: short to compare. */
export function framesOf(effects: readonly Effect[]): StarFrame[] {
  return effects.flatMap((effect) => (effect.kind === "send" ? [effect.frame] : []));
}

export function closedBy(effects: readonly Effect[]): string[] {
  return effects.flatMap((effect) => (effect.kind === "close" ? [`${effect.link}: ${effect.reason}`] : []));
}
