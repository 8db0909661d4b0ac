// The forms in which a run is shown: text for people, one event a line, one object at the end.
import { RUN_EVENTS_VERSION, type RunEvent } from "#shared/controller-api/run-events.ts";
import type { OutputFormat } from "../documents/preferences.ts";
import type { RunPresenter, RunResult } from "./follow-run.ts";
import { neutraliseOutput } from "#shared/output-text/neutralise-output.ts";
import { problemObject, renderProblems } from "./render-problems.ts";
import type { OutputEvent } from "./render-output.ts";
import { createRunText, type RunText } from "./render-run.ts";
import { renderStatus } from "./render-status.ts";
import { summaryObject } from "./render-summary.ts";
import { applyRunEvent, createRunModel } from "./run-model.ts";
import { createLiveScreen, createPlainScreen, type Screen } from "./screen.ts";
import type { Style } from "./style.ts";
import type { TerminalTurn } from "./terminal-turn.ts";
import type { Output, World } from "./world.ts";

export interface PresentOptions {
  readonly output: OutputFormat;
  readonly style: Style;
  readonly errorStyle: Style;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly fold: boolean;
  /** Nothing is written while it is taken. */
  readonly turn?: TerminalTurn;
  /** The document whose places the problems of a refused start have. */
  readonly document?: SourceDocument | undefined;
}

export interface SourceDocument {
  readonly shown: string;
  readonly text: string;
}

type PresentWorld = Pick<World, "stdout" | "stderr" | "clock" | "environment">;

export function presentRun(world: PresentWorld, options: PresentOptions): RunPresenter {
  switch (options.output) {
    case "text":
      return presentText(world, options);
    case "jsonl":
      return presentLines(world);
    case "json":
      return presentObject(world);
  }
}

/** Lines can be redrawn on a terminal that is wide enough to hold a few words. */
export function isLive(output: Output, environment: World["environment"]): boolean {
  return output.isTTY === true && environment["TERM"] !== "dumb" && (output.columns ?? 80) >= 20;
}

function presentText(world: PresentWorld, options: PresentOptions): RunPresenter {
  const { stdout, clock } = world;
  const live = isLive(stdout, world.environment) && !options.quiet;
  const columns = (): number | undefined => (stdout.isTTY === true ? stdout.columns : undefined);
  const screen = live
    ? createLiveScreen(stdout, clock, options.turn)
    : createPlainScreen(stdout, options.turn);
  const text = createRunText({ ...options, columns, live });
  const refreshStatus = (): void => {
    if (live)
      screen.status(renderStatus(text.model, clock.now(), columns() ?? 80, stdout.rows ?? 24, options.style));
  };
  return {
    event(event) {
      print(screen, text.event(event, clock.now()));
      refreshStatus();
    },
    tick() {
      print(screen, text.tick(clock.now()));
      refreshStatus();
    },
    message(message, isLast = false) {
      messageBeside(world, live ? screen : undefined, message);
      if (isLast) screen.leave();
    },
    async end(result) {
      await endText(screen, text, result, world, options);
    },
  };
}

async function endText(
  screen: Screen,
  text: RunText,
  result: RunResult,
  world: PresentWorld,
  options: PresentOptions,
): Promise<void> {
  if (result.kind === "ended") print(screen, text.end());
  await screen.close();
  if (result.kind === "refused") world.stderr.write(`${refusalLines(result, options).join("\n")}\n`);
}

export function refusalLines(
  result: Extract<RunResult, { kind: "refused" }>,
  { errorStyle, document }: PresentOptions,
): readonly string[] {
  const { reason, problems, remedy } = result.refusal;
  return [
    ...renderProblems(
      [{ path: document?.shown ?? "plush", text: document?.text ?? "", problems }],
      errorStyle,
    ),
    `${errorStyle.red("plush:")} not started: ${neutraliseOutput(reason)}`,
    ...(remedy === undefined ? [] : [`  ${errorStyle.cyan("help:")} ${neutraliseOutput(remedy)}`]),
  ];
}

function print(screen: Screen, lines: readonly string[]): void {
  if (lines.length > 0) screen.print(lines);
}

/** On a terminal both streams are the same screen: a message must not land in the live lines. */
function messageBeside(world: PresentWorld, screen: Screen | undefined, message: string): void {
  if (screen !== undefined && world.stderr.isTTY === true) screen.print([message]);
  else world.stderr.write(`${message}\n`);
}

/** `event` and `time` first, then `run`, then the event's own fields as the controller gave them. */
export function eventLine(event: RunEvent): string {
  const { event: name, time, run, ...rest } = event;
  return JSON.stringify({ event: name, time, run, ...rest });
}

/** JSON lines that wait for a slow reader; beyond it output events are left out, and told by `missingBytes`. */
const JSONL_WAITING_BYTES_MAX = 256 * 1024 * 1024;

function presentLines(world: PresentWorld): RunPresenter {
  const { stdout, clock } = world;
  const missing = new Map<string, number>();
  const write = (line: string): void => {
    if (!stdout.destroyed) stdout.write(`${line}\n`);
  };
  const writeOutput = (event: OutputEvent): void => {
    const key = `${event.host}\n${event.block}\n${event.attempt}\n${event.stream}`;
    const lost = (missing.get(key) ?? 0) + (event.missingBytes ?? 0);
    if (stdout.writableLength > JSONL_WAITING_BYTES_MAX) {
      missing.set(key, lost + Buffer.byteLength(event.text));
      return;
    }
    missing.delete(key);
    write(eventLine(lost > 0 ? { ...event, missingBytes: lost } : event));
  };
  return {
    event(event) {
      if (event.event === "output") writeOutput(event);
      else write(eventLine(event));
    },
    tick: () => {
      // Every event is a line of its own; nothing is held back.
    },
    message: (message) => void world.stderr.write(`${message}\n`),
    async end(result) {
      if (result.kind === "refused") {
        const time = new Date(clock.now()).toISOString();
        for (const line of refusalEvents(result, time)) write(line);
      }
      await written(stdout);
    },
  };
}

/** A reader always gets a last event of the run, also when there was none. */
function refusalEvents(result: Extract<RunResult, { kind: "refused" }>, time: string): readonly string[] {
  const { reason, exitCode, problems, remedy } = result.refusal;
  return [
    ...problems.map((problem) =>
      JSON.stringify({ event: "problem", time, run: "", hosts: "", step: "start", ...problem }),
    ),
    JSON.stringify({
      event: "run",
      time,
      run: "",
      state: "failed",
      version: RUN_EVENTS_VERSION,
      exitCode,
      reason,
      remedy,
    }),
  ];
}

function presentObject(world: PresentWorld): RunPresenter {
  const model = createRunModel();
  return {
    event: (event) => applyRunEvent(model, event),
    tick: () => {
      // All is said at the end.
    },
    message: (message) => void world.stderr.write(`${message}\n`),
    async end(result) {
      world.stdout.write(
        `${JSON.stringify(result.kind === "ended" ? summaryObject(model) : refusalObject(result), null, 2)}\n`,
      );
      await written(world.stdout);
    },
  };
}

export function refusalObject({ refusal }: Extract<RunResult, { kind: "refused" }>): Record<string, unknown> {
  return {
    version: RUN_EVENTS_VERSION,
    run: null,
    state: "failed",
    exitCode: refusal.exitCode,
    reason: refusal.reason,
    remedy: refusal.remedy,
    problems: refusal.problems.map((problem) => problemObject("", problem)),
  };
}

/** Resolves when the stream has taken all, or is gone. */
export function written(output: Output): Promise<void> {
  if (output.destroyed || output.writableLength === 0) return Promise.resolve();
  return new Promise((resolve) => {
    output.once("drain", resolve);
    output.once("error", () => resolve());
    output.write("", () => resolve());
  });
}
