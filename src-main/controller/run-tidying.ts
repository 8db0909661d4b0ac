// Hosts that clean up by themselves say so with the end of their processes or a moment later, and are not told to. Pure.
import { cleansUp } from "./execute-command.ts";
import type { Roster } from "./roster.ts";
import type { RunOutput } from "./run-output.ts";
import type { RunPlan } from "./run-plan.ts";

export const TIDY_TIMER = "tidy";
/** It comes with the end of the processes, or in the next packet. */
const TIDY_MS = 50;

export class RunTidying {
  readonly #plan: RunPlan;
  readonly #roster: Roster;
  readonly #out: RunOutput;
  #isTimed = false;

  constructor(plan: RunPlan, roster: Roster, out: RunOutput) {
    this.#plan = plan;
    this.#roster = roster;
    this.#out = out;
  }

  /** All processes have ended: whether that is to be waited for. After TIDY_MS the timer comes, and no second one. */
  isAwaited(): boolean {
    const isAwaited = this.#roster.members.some(
      (member) =>
        member.phase === "ended" &&
        !member.stopped &&
        !member.gone &&
        cleansUp(this.#plan, this.#roster.componentOf(member).plan),
    );
    if (isAwaited && !this.#isTimed) this.#out.setTimer(TIDY_TIMER, TIDY_MS);
    this.#isTimed = true;
    return isAwaited;
  }
}
