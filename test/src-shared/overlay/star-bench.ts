// A root or a member of the star on the bench: gives it events at chosen times, keeps its timers, shows its effects.
import { hostIdOf } from "../../../src-shared/base/ids.ts";
import { OVERLAY_LIMITS, OVERLAY_TIMES } from "../../../src-shared/overlay/overlay.ts";
import type {
  LinkId,
  MemberEffect,
  MemberEvent,
  OverlayFrame,
  OverlayLimits,
  RootEffect,
  RootEvent,
  Surroundings,
} from "../../../src-shared/overlay/overlay.ts";
import { createStarMember } from "../../../src-shared/overlay/star-member.ts";
import { createStarRoot } from "../../../src-shared/overlay/star-root.ts";

export const PROTOCOL = 7;
export const HOST = hostIdOf("node1");
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

  constructor(lastReport = 0, limits: Partial<OverlayLimits> = {}, candidates = 2) {
    const core = createStarMember({
      protocol: PROTOCOL,
      incarnation: 3,
      candidates,
      controllerAbsenceMs: 60_000,
      lastReport,
      times: OVERLAY_TIMES,
      limits: { ...OVERLAY_LIMITS, ...limits },
    });
    super(
      (event, surroundings) => core.step(event, surroundings),
      (name) => ({ kind: "timer", name }),
    );
    this.core = core;
  }

  hear(link: LinkId, frame: OverlayFrame): MemberEffect[] {
    return this.step({ kind: "frame", link, frame });
  }

  /** Started, dialled and accepted over link 1. */
  attach(reportsHave = 0): MemberEffect[] {
    this.step({ kind: "start" });
    this.step({ kind: "linkUp", link: 1 });
    return this.hear(1, { t: "accept", epoch: 1, reportsHave, path: ["controller", "node1"] });
  }
}

export class RootBench extends Bench<RootEvent, RootEffect> {
  readonly core;

  constructor(limits: Partial<OverlayLimits> = {}) {
    const core = createStarRoot({
      protocol: PROTOCOL,
      epoch: 1,
      times: OVERLAY_TIMES,
      limits: { ...OVERLAY_LIMITS, ...limits },
    });
    super(
      (event, surroundings) => core.step(event, surroundings),
      (name) => ({ kind: "timer", name }),
    );
    this.core = core;
  }

  hear(link: LinkId, frame: OverlayFrame): RootEffect[] {
    return this.step({ kind: "frame", link, frame });
  }

  join(
    link: LinkId,
    fields: { incarnation?: number; attempt?: number; have?: number; protocol?: number } = {},
  ): RootEffect[] {
    const up = this.step({ kind: "linkUp", link, host: HOST });
    const join = { protocol: PROTOCOL, incarnation: 3, attempt: link, have: 0, ...fields };
    return [...up, ...this.hear(link, { t: "join", ...join })];
  }

  /** Invited and joined over link 1. */
  attach(): RootEffect[] {
    this.step({ kind: "invite", host: HOST, incarnation: 3 });
    return this.join(1);
  }
}

/** The frames sent, as `t` and numbers: short to compare. */
export function framesOf(effects: readonly Effect[]): OverlayFrame[] {
  return effects.flatMap((effect) => (effect.kind === "send" ? [effect.frame] : []));
}

export function closedBy(effects: readonly Effect[]): string[] {
  return effects.flatMap((effect) => (effect.kind === "close" ? [`${effect.link}: ${effect.reason}`] : []));
}
