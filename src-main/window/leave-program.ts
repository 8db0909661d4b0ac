// How the program is left: asks while a run is going on, then ends what runs, cleans up, and exits, within a deadline.
import type { RunView } from "#shared/controller-api/controller-api.ts";

/** What the person decided about a run that is going on. */
export type LeaveChoice = "keep running" | "stop" | "cancel";

export interface LeaveParts {
  /** Those that have not ended. */
  readonly runs: () => readonly RunView[];
  readonly ended: (run: string) => Promise<unknown>;
  readonly ask: (runs: readonly RunView[]) => Promise<LeaveChoice>;
  /** The end takes long, and the person wants to leave again: true to leave at once. */
  readonly askAgain: () => Promise<boolean>;
  readonly closeWindows: () => void;
  /** For those who wait until it has ended. */
  readonly tell: (text: string) => void;
  /** Ends what runs, cleans up, keeps what is to be kept. */
  readonly quit: () => Promise<void>;
  readonly exit: (code: number) => void;
  readonly log: (text: string) => void;
  readonly after: (delayMs: number, action: () => void) => void;
}

/**
 * Processes that do not want to end are killed after their own deadlines, of seconds; hosts that do not answer are given
 * up. Whatever is left after this long cleans up by itself when its controller has been absent for long enough.
 */
export const END_DEADLINE_MS = 120_000;

type State = "open" | "asking" | "in the background" | "ending";

export class LeaveProgram {
  readonly #parts: LeaveParts;
  #state: State = "open";
  #isAskingAgain = false;

  constructor(parts: LeaveParts) {
    this.#parts = parts;
  }

  /** Windows may close by themselves, for it was asked already. */
  get mayClose(): boolean {
    return this.#state === "in the background" || this.#state === "ending";
  }

  /** The person wants to leave. */
  async leave(): Promise<void> {
    const { runs, ask, closeWindows } = this.#parts;
    if (this.#state === "asking") return;
    if (this.#state === "ending") return this.#leaveAgain();
    const going = runs();
    if (going.length === 0) return this.end();
    this.#state = "asking";
    const choice = await ask(going);
    if (this.#hasBegunToEnd()) return;
    switch (choice) {
      case "cancel":
        this.#state = "open";
        return;
      case "stop":
        return this.end();
      case "keep running":
        this.#state = "in the background";
        closeWindows();
        return this.#endAfterRuns();
    }
  }

  /** The person came back while a run went on without a window. */
  comeBack(): void {
    if (this.#state === "in the background") this.#state = "open";
  }

  /** Unasked: nothing runs, or a signal or the system wants it. */
  async end(): Promise<void> {
    if (this.#state === "ending") return;
    this.#state = "ending";
    const { runs, closeWindows, tell, quit, exit, log, after } = this.#parts;
    if (runs().length === 0) closeWindows();
    else tell("Nebula is stopping the processes and cleaning up on all hosts; then it closes.");
    after(END_DEADLINE_MS, () => {
      log(`left after ${String(END_DEADLINE_MS / 1000)} s: not everything has ended`);
      exit(1);
    });
    try {
      await quit();
      exit(0);
    } catch (error) {
      log(`left with an error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
      exit(1);
    }
  }

  async #endAfterRuns(): Promise<void> {
    const { runs, ended } = this.#parts;
    // Another window may have come and gone meanwhile, and left another run.
    for (let going = runs(); going.length > 0; going = runs()) {
      await Promise.all(going.map(({ run }) => ended(run)));
      if (this.#state !== "in the background") return;
    }
    await this.end();
  }

  async #leaveAgain(): Promise<void> {
    if (this.#isAskingAgain) return;
    this.#isAskingAgain = true;
    const atOnce = await this.#parts.askAgain();
    this.#isAskingAgain = false;
    if (atOnce) this.#parts.exit(1);
  }

  /** A signal may come while the person thinks. */
  #hasBegunToEnd(): boolean {
    return this.#state === "ending";
  }
}
