// A computer for tests of the command line: streams that remember, a clock that is moved by hand, signals on demand.
import { dirname, join } from "node:path";
import { PassThrough, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { ControllerApi } from "#shared/controller-api/controller-api.ts";
import type { Output, World } from "../../../src-main/command-line/world.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

const HERE = dirname(fileURLToPath(import.meta.url));
/** 2026-01-01: the time at which the recorded runs begin. */
export const START_MS = Date.UTC(2026, 0, 1);

export interface CapturedOutput {
  readonly stream: Output;
  text(): string;
}

export interface TestWorld extends World {
  readonly out: CapturedOutput;
  readonly err: CapturedOutput;
  readonly input: PassThrough;
  readonly left: number[];
  /** Moves the clock, performing what is due in order. */
  advance(ms: number): void;
  signal(name: string): void;
}

export interface TestWorldOptions {
  readonly api?: ControllerApi;
  readonly environment?: Readonly<Record<string, string>>;
  readonly workingDirectory?: string;
  readonly terminal?: boolean;
  readonly columns?: number;
}

export function createTestWorld(options: TestWorldOptions = {}): TestWorld {
  const folder = options.workingDirectory ?? temporaryFolder();
  const out = captureOutput(options);
  const err = captureOutput(options);
  const input = new PassThrough();
  const listeners = new Set<(signal: string) => void>();
  const clock = createTestClock();
  const left: number[] = [];
  return {
    out,
    err,
    input,
    left,
    stdin: Object.assign(input, { isTTY: options.terminal === true }),
    stdout: out.stream,
    stderr: err.stream,
    serveWindow: () => Promise.reject(new Error("no window is served in these tests")),
    environment: options.environment ?? {},
    workingDirectory: folder,
    paths: {
      config: join(folder, "config"),
      state: join(folder, "state"),
      cache: join(folder, "cache"),
      data: join(folder, "data"),
      runtime: join(folder, "run"),
    },
    programDirectory: HERE,
    programName: "npx plush",
    version: "0.0.0-test",
    startController: () =>
      options.api === undefined
        ? Promise.reject(new Error("this test needs no controller"))
        : Promise.resolve(options.api),
    clock,
    advance: clock.advance,
    onSignal(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    signal: (name) => [...listeners].forEach((listener) => listener(name)),
    leave: (exitCode) => void left.push(exitCode),
  };
}

function captureOutput({ terminal, columns }: TestWorldOptions): CapturedOutput {
  let text = "";
  const stream = new Writable({
    decodeStrings: false,
    write(chunk: string | Buffer, _encoding, done) {
      text += typeof chunk === "string" ? chunk : chunk.toString("utf8");
      done();
    },
  });
  const size = terminal === true ? { isTTY: true, columns: columns ?? 80, rows: 24 } : {};
  return { stream: Object.assign(stream, size), text: () => text };
}

function createTestClock() {
  let nowMs = START_MS;
  let timers: { readonly atMs: number; readonly action: () => void }[] = [];
  return {
    now: () => nowMs,
    after(delayMs: number, action: () => void) {
      const timer = { atMs: nowMs + delayMs, action };
      timers.push(timer);
      return () => {
        timers = timers.filter((other) => other !== timer);
      };
    },
    advance(ms: number) {
      const endMs = nowMs + ms;
      for (;;) {
        const [next] = timers
          .filter((timer) => timer.atMs <= endMs)
          .sort((left, right) => left.atMs - right.atMs);
        if (next === undefined) break;
        timers = timers.filter((timer) => timer !== next);
        nowMs = next.atMs;
        next.action();
      }
      nowMs = endMs;
    },
  };
}
