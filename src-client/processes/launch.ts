// Starts one program: directly, through a shell that sets its limits first, or through sudo as another user.
import { spawn, type ChildProcess, type SpawnOptions, type StdioOptions } from "node:child_process";
import { once } from "node:events";
import { closeSync } from "node:fs";
import { chown } from "node:fs/promises";
import { delimiter, dirname, isAbsolute, resolve } from "node:path";
import { text } from "node:stream/consumers";
import type { Readable, Writable } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import type { ResourceLimits } from "#shared/application/application.ts";
import { limitsScript } from "./limits-script.ts";
import type { OutputPipe, OutputPipes, OutputSource } from "./output-pipes.ts";
import { withoutShell } from "./plain-command.ts";
import type { RunAs } from "./run-as.ts";
import { sudoCommand, type SudoWay } from "./sudo-command.ts";
import {
  checkProgram,
  explainSpawnError,
  findProgram,
  makeCwd,
  type ProgramPlace,
  type StartFailure,
} from "./start-failure.ts";

export interface LaunchRequest {
  readonly path: string;
  readonly args: readonly string[];
  /** Absolute; made when it is not there and lies below the work directory. */
  readonly cwd: string;
  /** Of the run, absolute. */
  readonly workDirectory: string;
  /** Complete but for the marks: nothing is inherited from the client. */
  readonly environment: Readonly<Record<string, string>>;
  readonly user: string | undefined;
  readonly limits: ResourceLimits;
  readonly wantsInput: boolean;
}

export interface Launched {
  readonly exited: Promise<Exit>;
  /** Leader of a session and of a process group of its own; the number of both. */
  readonly pid: number;
  readonly stdin: Writable | undefined;
  readonly stdout: OutputSource;
  readonly stderr: OutputSource;
  /** As whom it runs when that is by sudo: only sudo can end it. */
  readonly sudo: SudoWay | undefined;
}

export interface Exit {
  readonly status: number | undefined;
  readonly signal: string | undefined;
}

/** `isCancelled` is asked right before the program would start. */
export type Launch = (request: LaunchRequest, isCancelled: () => boolean) => Promise<Launched | StartFailure>;

/** A program that was just installed may still be open for writing in a process that is being forked. */
const TEXT_BUSY_TRIES = 5;
const TEXT_BUSY_MS = 20;
const SHELL = "/bin/sh";
const SHELL_PLACES = [SHELL, "/usr/bin/sh"];
/** Programs that are remembered as fit; an application has a few. */
const PROGRAMS_MAX = 100;
/** Where the shell that sets limits says what went wrong, apart from the program's own standard error. */
const COMPLAINT_FD = 3;

export interface LaunchParts {
  readonly pipes: OutputPipes;
  readonly findRunAs: (user: string | undefined) => Promise<RunAs | StartFailure>;
}

export function createLaunch(parts: LaunchParts): Launch {
  const checked = new Set<string>();
  let usualPath: string | undefined;
  /** Not one that somebody has put in front of the system's. */
  const isUsualShell = (request: LaunchRequest): boolean => {
    const lasting = withoutWorkDirectory(request);
    if (lasting === undefined) return false;
    const searched = lasting.environment["PATH"] ?? "";
    if (request.path.includes("/") || searched === usualPath) return true;
    const found = findProgram(lasting);
    if (!("file" in found) || !SHELL_PLACES.includes(found.file)) return false;
    usualPath = searched;
    return true;
  };
  /** Once is enough for what is started again and again: when the system refuses after all, it says so itself. */
  const check = (request: LaunchRequest): StartFailure | undefined => {
    const lasting = withoutWorkDirectory(request);
    if (lasting === undefined) return checkProgram(request);
    const key = JSON.stringify([lasting.path, lasting.environment["PATH"]]);
    if (checked.has(key)) return undefined;
    if (checkProgram(lasting) !== undefined) return checkProgram(request);
    if (checked.size < PROGRAMS_MAX) checked.add(key);
    return undefined;
  };
  return async (request, isCancelled) => {
    const runAs = await parts.findRunAs(request.user);
    if ("step" in runAs) return runAs;
    const cwd = await makeCwd(request.cwd, request.workDirectory);
    if ("step" in cwd) return cwd;
    if (runAs.kind === "ids" && cwd.made !== undefined) await giveTo(runAs, cwd.made, request.cwd);
    const unfit = runAs.kind === "self" ? check(request) : undefined;
    if (unfit !== undefined) return unfit;
    const start = async (what: LaunchRequest): Promise<Launched | StartFailure> => {
      const plan = planSpawn(what, runAs);
      if ("step" in plan) return plan;
      if (isCancelled())
        return { step: "start", reason: `${request.path}: it was stopped before it was started` };
      return startPlanned(parts.pipes, what, plan, runAs);
    };
    // Two processes less, a millisecond. Whatever is wrong with the program is said by the shell, in its own words.
    const direct = runAs.kind === "self" && isUsualShell(request) ? withoutShell(request) : undefined;
    if (direct === undefined || check(direct) !== undefined) return start(request);
    const launched = await start(direct);
    return "step" in launched ? start(request) : launched;
  };
}

/**
 * What the next run finds, too: its work directory is another one, and PATH has it in its last place. Undefined for what
 * is named by a place below the work directory: another program in each run.
 */
function withoutWorkDirectory(request: LaunchRequest): ProgramPlace | undefined {
  const { path, cwd, environment, workDirectory } = request;
  if (path.includes("/")) return isAbsolute(path) ? { path, cwd, environment: {} } : undefined;
  const folders = environment["PATH"]?.split(delimiter);
  if (folders === undefined) return { path, cwd, environment: {} };
  const lasting = folders.filter((folder) => folder !== workDirectory);
  // An empty or relative one is a place below the work directory as well.
  if (lasting.length === 0 || !lasting.every((folder) => isAbsolute(folder))) return undefined;
  return { path, cwd, environment: { PATH: lasting.join(delimiter) } };
}

/** All folders from the first that was made down to the work directory are new. */
async function giveTo(owner: { uid: number; gid: number }, first: string, last: string): Promise<void> {
  for (let folder = resolve(last); folder.startsWith(first); folder = dirname(folder)) {
    await chown(folder, owner.uid, owner.gid);
  }
}

/** Runs since now; the end may come at any moment. */
interface Running {
  readonly child: ChildProcess;
  readonly exited: Promise<Exit>;
}

interface SpawnPlan {
  readonly file: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Sent ahead of the input. */
  readonly preamble: string;
  readonly complains: boolean;
}

function planSpawn(request: LaunchRequest, runAs: RunAs): SpawnPlan | StartFailure {
  const limits = limitsScript(request.limits);
  if (runAs.kind === "sudo") return planSudo(request, runAs, limits);
  const { path, args, environment } = request;
  if (limits === "") return { file: path, args, environment, preamble: "", complains: false };
  const fd = String(COMPLAINT_FD);
  const script = `exec 9>&2 2>&${fd}\n${limits}exec 2>&9 9>&- ${fd}>&-\nexec "$@"`;
  return {
    file: SHELL,
    args: ["-c", script, "sh", path, ...args],
    environment,
    preamble: "",
    complains: true,
  };
}

/**
 * sudo clears the environment and closes all but the three standard streams, and arguments can be read by anybody: the
 * environment goes ahead of the input as shell text, between two lines that only hold a mark. Before the first one
 * stands the password, which is still there if sudo did not want it, and is passed over.
 */
function planSudo(request: LaunchRequest, way: SudoWay, limits: string): SpawnPlan | StartFailure {
  const { user } = way;
  const names = Object.keys(request.environment);
  const odd = names.find((name) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name));
  if (odd !== undefined)
    return { step: "user", reason: `${user}: sudo cannot pass on the variable "${odd}"` };
  const begin = "plush-environment-begins";
  const end = "plush-environment-ends";
  const quoted = (value: string): string => `'${value.replaceAll("'", `'\\''`)}'`;
  const exports = Object.entries(request.environment).map(
    ([name, value]) => `export ${name}=${quoted(value)}\n`,
  );
  const script = `plush=
while IFS= read -r plush_line && [ "$plush_line" != ${begin} ]; do :; done
while IFS= read -r plush_line && [ "$plush_line" != ${end} ]; do plush="$plush$plush_line
"; done
eval "$plush"; unset plush plush_line
${limits}exec "$@"`;
  const command = [SHELL, "-c", script, "sh", request.path, ...request.args];
  const { args, input } = sudoCommand(way, command);
  return {
    file: "sudo",
    args,
    environment: { PATH: request.environment["PATH"] ?? process.env["PATH"] ?? "" },
    preamble: `${input}${begin}\n${exports.join("")}${end}\n`,
    complains: false,
  };
}

async function startPlanned(
  pipes: OutputPipes,
  request: LaunchRequest,
  plan: SpawnPlan,
  runAs: RunAs,
): Promise<Launched | StartFailure> {
  const own = [await pipes.make(), await pipes.make()] as const;
  const needsInput = request.wantsInput || plan.preamble !== "";
  const stdio: StdioOptions = [
    needsInput ? "pipe" : "ignore",
    own[0]?.writeEnd ?? "pipe",
    own[1]?.writeEnd ?? "pipe",
  ];
  if (plan.complains) stdio.push("pipe");
  const options: SpawnOptions = {
    cwd: request.cwd,
    env: plan.environment,
    // A session of its own; on Windows that would open a window.
    detached: process.platform !== "win32",
    stdio,
    windowsHide: true,
    ...(runAs.kind === "ids" ? { uid: runAs.uid, gid: runAs.gid } : {}),
  };
  try {
    const running = await spawnPatiently(plan, options);
    closeEnds(own);
    const failure = plan.complains ? await complaintOf(running.child) : undefined;
    const launched = wire(running, own, request, plan, runAs);
    if (failure === undefined) return launched;
    launched.stdout.close();
    launched.stderr.close();
    return failure;
  } catch (error) {
    closeEnds(own);
    for (const pipe of own) pipe?.source.close();
    return explainSpawnError(error, request, request.args, runAs.kind === "self");
  }
}

/** Resolves once the program runs: the system has accepted it. */
async function spawnPatiently(plan: SpawnPlan, options: SpawnOptions): Promise<Running> {
  for (let tries = 1; ; tries += 1) {
    try {
      const child = spawn(plan.file, plan.args, options);
      const exited = new Promise<Exit>((tell) => {
        child.once("exit", (status, signal) => {
          tell({ status: status ?? undefined, signal: signal ?? undefined });
        });
      });
      await once(child, "spawn");
      return { child, exited };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ETXTBSY" || tries >= TEXT_BUSY_TRIES) throw error;
      await pause(TEXT_BUSY_MS);
    }
  }
}

function closeEnds(own: readonly (OutputPipe | undefined)[]): void {
  for (const pipe of own) if (pipe !== undefined) closeSync(pipe.writeEnd);
}

/** The pipe closes without a word when the limits are set. */
async function complaintOf(child: ChildProcess): Promise<StartFailure | undefined> {
  const pipe = child.stdio[COMPLAINT_FD];
  const said = pipe === undefined || pipe === null ? "" : (await text(pipe as Readable)).trim();
  return said === "" ? undefined : { step: "limits", reason: said };
}

function wire(
  { child, exited }: Running,
  own: readonly [OutputPipe | undefined, OutputPipe | undefined],
  request: LaunchRequest,
  plan: SpawnPlan,
  runAs: RunAs,
): Launched {
  const stdout = own[0]?.source ?? sourceOf(child.stdout);
  const stderr = own[1]?.source ?? sourceOf(child.stderr);
  if (child.pid === undefined || stdout === undefined || stderr === undefined)
    throw new Error("a started process has pid and pipes");
  // A process that has closed its input, or is gone, shows by its exit; writing on is no error of ours.
  child.stdin?.on("error", () => child.stdin?.destroy());
  if (plan.preamble !== "") child.stdin?.write(plan.preamble);
  if (!request.wantsInput) child.stdin?.end();
  return {
    exited,
    pid: child.pid,
    stdin: request.wantsInput ? (child.stdin ?? undefined) : undefined,
    stdout,
    stderr,
    sudo: runAs.kind === "sudo" ? runAs : undefined,
  };
}

function sourceOf(stream: Readable | null): OutputSource | undefined {
  return stream === null ? undefined : { stream: () => stream, close: () => void stream.destroy() };
}
