// What a process of a simulated host does: stated by its environment, read from a simple command, or drawn. Pure.
import type { Random } from "#shared/base/random.ts";
import type { StreamName } from "#shared/protocol/bulk.ts";
import type { ProcessRequest } from "../core/client-events.ts";
import { simpleCommands } from "./simple-commands.ts";

export interface SimulatedProgram {
  readonly prints: readonly {
    readonly atMs: number;
    readonly stream: StreamName;
    readonly text: string;
  }[];
  readonly durationMs: number;
  readonly status: number;
}

export type SimulationOutcome =
  | { readonly kind: "program"; readonly program: SimulatedProgram }
  | { readonly kind: "wrong"; readonly reason: string };

type Asked = Pick<ProcessRequest, "path" | "args" | "environment">;

/** Programs that nothing is known of take between these, shorter ones more often. */
const UNKNOWN_MS_MIN = 500;
const UNKNOWN_MS_MAX = 5000;
const LINES_MAX = 1000;
const STATUS_MAX = 255;
/** Of a command line, where a program that is not simulated is named. */
const NAME_CHARACTERS_MAX = 80;
const SECOND = 1000;
const UNITS: Readonly<Record<string, number>> = {
  "": SECOND,
  s: SECOND,
  m: 60 * SECOND,
  h: 3600 * SECOND,
  d: 86_400 * SECOND,
};
const SHELL = /(?:^|\/)(?:sh|bash|dash|ksh|zsh)$/u;
const STATED = ["SIMULATED_SECONDS", "SIMULATED_LINES", "SIMULATED_STATUS", "SIMULATED_FAILS"];

export function simulateProgram(asked: Asked, host: string, random: Random): SimulationOutcome {
  if (STATED.some((name) => asked.environment[name] !== undefined)) return stated(asked.environment, random);
  const { path, args } = asked;
  const script = SHELL.test(path) && args[0] === "-c" ? args[1] : undefined;
  const commands = script === undefined ? undefined : simpleCommands(script);
  const run = new ProgramRun(host, random);
  if (commands === undefined) run.perform([path, ...args]);
  else {
    for (const { words, when } of commands) {
      if (
        run.hasExited ||
        (when === "success" && run.status !== 0) ||
        (when === "failure" && run.status === 0)
      )
        continue;
      run.perform(words);
    }
  }
  return { kind: "program", program: run.program };
}

/** One process while it is thought through. */
class ProgramRun {
  readonly #host: string;
  readonly #random: Random;
  readonly #prints: SimulatedProgram["prints"][number][] = [];
  #atMs = 0;
  status = 0;
  hasExited = false;

  constructor(host: string, random: Random) {
    this.#host = host;
    this.#random = random;
  }

  get program(): SimulatedProgram {
    return { prints: this.#prints, durationMs: this.#atMs, status: this.status };
  }

  perform([path = "", ...args]: readonly string[]): void {
    this.status = 0;
    switch (path.slice(path.lastIndexOf("/") + 1)) {
      case "true":
      case ":":
        return;
      case "false":
        this.status = 1;
        return;
      case "exit":
        this.status = Number(args[0] ?? 0) & STATUS_MAX;
        this.hasExited = true;
        return;
      case "hostname":
        return this.#print("stdout", `${this.#host}\n`);
      case "echo":
        return this.#echo(args);
      case "sleep":
        return this.#sleep(args);
      default:
        return this.#unknown([path, ...args].join(" "));
    }
  }

  #echo(args: readonly string[]): void {
    const isBare = args[0] === "-n";
    this.#print("stdout", `${(isBare ? args.slice(1) : args).join(" ")}${isBare ? "" : "\n"}`);
  }

  #sleep(args: readonly string[]): void {
    const times = args.map(durationOf);
    const wrong = args.find((_, place) => times[place] === undefined);
    if (args.length > 0 && wrong === undefined) {
      for (const time of times) this.#atMs += time ?? 0;
      return;
    }
    this.status = 1;
    const reason = wrong === undefined ? "missing operand" : `invalid time interval '${wrong}'`;
    this.#print("stderr", `sleep: ${reason}\n`);
  }

  #unknown(command: string): void {
    const shown =
      command.length > NAME_CHARACTERS_MAX ? `${command.slice(0, NAME_CHARACTERS_MAX)}…` : command;
    this.#print("stdout", `simulated: ${shown}\n`);
    this.#atMs += drawnMs(UNKNOWN_MS_MIN, UNKNOWN_MS_MAX, this.#random);
  }

  #print(stream: StreamName, text: string): void {
    this.#prints.push({ atMs: this.#atMs, stream, text });
  }
}

function stated(environment: Asked["environment"], random: Random): SimulationOutcome {
  const { SIMULATED_SECONDS: seconds, SIMULATED_LINES: lines, SIMULATED_FAILS: fails } = environment;
  const { SIMULATED_STATUS: status = "0" } = environment;
  const range = /^(\d{1,6}(?:\.\d{1,3})?)(?:-(\d{1,6}(?:\.\d{1,3})?))?$/u.exec(seconds ?? "0.5-5");
  if (range === null) return wrong("SIMULATED_SECONDS", seconds, "seconds, such as 3, or 2-10");
  const least = Number(range[1]) * SECOND;
  const most = range[2] === undefined ? least : Number(range[2]) * SECOND;
  const count = Number(lines ?? 1);
  if (!Number.isInteger(count) || count < 0 || count > LINES_MAX)
    return wrong("SIMULATED_LINES", lines, `a whole number up to ${String(LINES_MAX)}`);
  const share = Number(fails ?? 0);
  if (!(share >= 0 && share <= 1))
    return wrong("SIMULATED_FAILS", fails, "a share from 0 to 1, such as 0.05");
  const ends = Number(status);
  if (!Number.isInteger(ends) || ends < 0 || ends > STATUS_MAX)
    return wrong("SIMULATED_STATUS", status, `an exit status up to ${String(STATUS_MAX)}`);
  const durationMs = drawnMs(least, Math.max(least, most), random);
  const prints = Array.from({ length: count }, (_, place) => ({
    atMs: (durationMs * place) / count,
    stream: "stdout" as const,
    text: `simulated: line ${String(place + 1)} of ${String(count)}\n`,
  }));
  if (random() >= share) return { kind: "program", program: { prints, durationMs, status: ends } };
  const last = { atMs: durationMs, stream: "stderr" as const, text: "simulated: it was drawn to fail\n" };
  return { kind: "program", program: { prints: [...prints, last], durationMs, status: 1 } };
}

function wrong(name: string, value: string | undefined, expected: string): SimulationOutcome {
  return { kind: "wrong", reason: `${name} is '${value ?? ""}', not ${expected}` };
}

/** Between the two, in proportion to their logarithms. */
function drawnMs(least: number, most: number, random: Random): number {
  if (least >= most) return least;
  const from = Math.max(1, least);
  return Math.round(from * (most / from) ** random());
}

function durationOf(text: string): number | undefined {
  const [, number, unit = ""] = /^(\d{1,9}(?:\.\d{1,9})?)([smhd]?)$/u.exec(text) ?? [];
  return number === undefined ? undefined : Number(number) * (UNITS[unit] ?? SECOND);
}
