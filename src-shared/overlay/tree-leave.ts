// How a member of the tree leaves: it says goodbye, is let go, and stays a moment for those below it.
import type { OverlayTimes } from "./overlay.ts";

/** Whoever stays for others, as long as their goodbyes come, ends after so many times that. */
const LINGERS_MAX = 3;

export type LeaveTimer = "leave" | "linger";

interface LeaveDeadlines {
  arm(name: LeaveTimer, delayMs: number): void;
  has(name: LeaveTimer): boolean;
}

/** Either of its timers ends the member. */
export class TreeLeave {
  readonly #deadlines: LeaveDeadlines;
  readonly #times: OverlayTimes;
  #wanted = false;

  constructor(deadlines: LeaveDeadlines, times: OverlayTimes) {
    this.#deadlines = deadlines;
    this.#times = times;
  }

  /** On its way out: nobody is adopted any more. */
  get isWanted(): boolean {
    return this.#wanted;
  }

  /** Let go, and there for others only. */
  get isOver(): boolean {
    return this.#deadlines.has("linger");
  }

  /** Wanted, and not let go yet. */
  get isAsking(): boolean {
    return this.#wanted && !this.isOver;
  }

  begin(): void {
    this.#wanted = true;
    this.#deadlines.arm("leave", this.#times.leaveMs);
  }

  /** At the end of a run those below leave as well: without this they would have to look for another way first. */
  letGo(): void {
    if (this.isOver) return;
    this.#wanted = true;
    const { lingerMs } = this.#times;
    this.#deadlines.arm("linger", lingerMs);
    this.#deadlines.arm("leave", LINGERS_MAX * lingerMs);
  }

  goodbyeFromBelow(): void {
    if (this.isOver) this.#deadlines.arm("linger", this.#times.lingerMs);
  }
}
