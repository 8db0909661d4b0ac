// Starts a run, passes its events to whoever presents them, and ends it when it is interrupted or nobody listens.
import { DEFAULTS } from "#shared/application/application-limits.ts";
import type { ControllerApi, EndCause, StartResult } from "#shared/controller-api/controller-api.ts";
import type { RunEvent, RunStateEvent, RunVerdict } from "#shared/controller-api/run-events.ts";
import { EXIT } from "./exit-codes.ts";
import { durationText } from "./table.ts";
import type { CommandLineClock, Output, World } from "./world.ts";

/** How often presenters are told the time: status lines and what is held back for grouping. */
const TICK_MS = 100;

/** Shows a run in one form: text, jsonl, json, or the shell's. */
export interface RunPresenter {
  event(event: RunEvent): void;
  tick(): void;
  /** After the last event; resolves when all is written. */
  end(result: RunResult): Promise<void>;
  /** A word from the command line itself, in between; the last one when the program ends at once. */
  message(text: string, isLast?: boolean): void;
}

export type RunResult =
  | { readonly kind: "ended"; readonly run: string; readonly verdict: RunVerdict; readonly results: string }
  | { readonly kind: "refused"; readonly refusal: Extract<StartResult, { kind: "refused" }> };

export interface FollowParts {
  readonly api: ControllerApi;
  readonly world: Pick<World, "onSignal" | "leave" | "clock" | "stdout" | "stderr">;
  readonly presenter: RunPresenter;
  readonly start: () => Promise<StartResult>;
  /** Called once it runs: standard input, timers. Returns what stops that. */
  readonly whileRunning?: (run: string) => () => void;
  /** Stop gracefully this long after the processes began. */
  readonly stopAfterMs?: number | undefined;
}

export async function followRun(parts: FollowParts): Promise<number> {
  const { api, world, presenter } = parts;
  const ender = createEnder(parts);
  const seen = createRunFilter(parts.api);
  const unsubscribe = api.subscribe((event) => {
    if (!seen.accepts(event)) return;
    presenter.event(event);
    if (event.event === "run") ender.runEvent(event);
  });
  const stopTicking = repeat(world.clock, TICK_MS, () => presenter.tick());
  const stopListening = world.onSignal(ender.signalled);
  const stopWatching = whenBroken(world.stdout, () =>
    ender.end("interrupt", "nobody reads the output any more"),
  );
  let stopWhile: (() => void) | undefined;
  try {
    const started = await parts.start();
    if (started.kind === "refused") {
      await presenter.end({ kind: "refused", refusal: started });
      return ender.wasInterrupted() ? EXIT.interrupted : started.exitCode;
    }
    seen.only(started.run);
    ender.started(started.run);
    stopWhile = parts.whileRunning?.(started.run);
    const verdict = await api.ended(started.run);
    await presenter.end({ kind: "ended", run: started.run, verdict, results: started.results });
    return verdict.exitCode;
  } finally {
    stopWhile?.();
    stopTicking();
    ender.stop();
    stopListening();
    stopWatching();
    unsubscribe();
  }
}

/** Which events are this run's: until its id is known, those of runs that were not there before. */
function createRunFilter(api: ControllerApi): { accepts(event: RunEvent): boolean; only(run: string): void } {
  const before = new Set(api.runs().map((run) => run.run));
  let only: string | undefined;
  return {
    accepts: (event) => (only === undefined ? !before.has(event.run) : event.run === only),
    only(run) {
      only = run;
    },
  };
}

interface Ender {
  started(run: string): void;
  runEvent(event: RunStateEvent): void;
  signalled(this: void, signal: string): void;
  end(cause: EndCause, reason: string): boolean;
  wasInterrupted(): boolean;
  stop(): void;
}

/** The first signal stops and cleans up; the second leaves at once. Either may come before the run has its id. */
function createEnder({ api, world, presenter, stopAfterMs }: FollowParts): Ender {
  let run: string | undefined;
  let wanted: { readonly cause: EndCause; readonly reason: string } | undefined;
  let signals = 0;
  let cancelTimer: (() => void) | undefined;
  let absenceMs: number = DEFAULTS.controllerAbsenceMs;

  /** False: it has ended by itself a moment ago, and only its results are still being written. */
  const end = (cause: EndCause, reason: string): boolean => {
    wanted ??= { cause, reason };
    return run === undefined || api.endRun(run, cause, reason).kind === "done";
  };

  return {
    end,
    started(id) {
      run = id;
      if (wanted !== undefined) end(wanted.cause, wanted.reason);
    },
    runEvent({ state, controllerAbsenceMs }) {
      absenceMs = controllerAbsenceMs ?? absenceMs;
      if (state !== "running" || stopAfterMs === undefined || cancelTimer !== undefined) return;
      cancelTimer = world.clock.after(stopAfterMs, () => end("stop", "stopped after the time of --for"));
    },
    signalled(signal) {
      signals += 1;
      if (signals > 1) {
        presenter.message(leftText(absenceMs), true);
        world.leave(EXIT.interrupted);
        return;
      }
      const what = end("interrupt", `interrupted (${signal})`)
        ? `interrupted (${signal}): stopping the processes and cleaning up`
        : "the run has ended already, and its results are being written";
      presenter.message(`plush: ${what}; once more leaves at once`);
    },
    wasInterrupted: () => signals > 0,
    stop: () => cancelTimer?.(),
  };
}

/** The last word of somebody who does not wait until all is cleaned up. */
export function leftText(controllerAbsenceMs: number): string {
  return `plush: left at once; the clients stop and clean up by themselves within ${durationText(controllerAbsenceMs)} (controller_absence)`;
}

/** EPIPE: `plush run … | head` has read enough. The terminal may also be gone (EIO after SIGHUP). */
function whenBroken(output: Output, action: () => void): () => void {
  output.once("error", action);
  return () => output.off("error", action);
}

function repeat(clock: CommandLineClock, everyMs: number, action: () => void): () => void {
  let cancel = clock.after(everyMs, again);
  function again(): void {
    action();
    cancel = clock.after(everyMs, again);
  }
  return () => cancel();
}
