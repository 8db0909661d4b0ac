// Starts, watches, feeds and ends the processes of all runs on this host, down to their last descendant.
import { join } from "node:path";
import { DEFAULTS } from "#shared/application/application-limits.ts";
import type { StreamName } from "#shared/protocol/bulk.ts";
import type { ProcessUsage } from "#shared/protocol/reports.ts";
import type { Redactor } from "../core/redact.ts";
import { captureOutput } from "./capture-output.ts";
import type { EndProcesses, Leftover } from "./end-processes.ts";
import { endsWithin } from "./ends-within.ts";
import { SWEEP_AS_USER_SCRIPT } from "./keeper.ts";
import type { Exit, Launch, Launched, LaunchRequest } from "./launch.ts";
import { createProcessInput, type InputAnswer, type ProcessInput } from "./process-input.ts";
import { markOf, PROCESS_VARIABLE, RUN_VARIABLE } from "./process-marker.ts";
import { createRingFile, type RingFile, type RingReader } from "./ring-file.ts";
import type { StartFailure } from "./start-failure.ts";
import { runSudo, type SudoWay } from "./sudo-command.ts";
import type { UsageSampler } from "./usage-sampler.ts";

export interface StartRequest extends LaunchRequest {
  /** Never used before: one start of one process. */
  readonly id: string;
  readonly run: string;
  /** Masked in the output before it reaches the disk. */
  readonly secrets: readonly string[];
}

export type ProcessEvent =
  | { readonly kind: "started"; readonly id: string; readonly pid: number }
  | ({ readonly kind: "notStarted"; readonly id: string } & StartFailure)
  /** `oldest`: the first byte that can still be read. */
  | {
      readonly kind: "output";
      readonly id: string;
      readonly stream: StreamName;
      readonly produced: number;
      readonly oldest: number;
    }
  /** After "full": there is room again, or the process takes no more. */
  | { readonly kind: "inputReady"; readonly id: string }
  | ExitedEvent
  /** Bytes of its output are missing because they could not be written; told once per stream. */
  | { readonly kind: "problem"; readonly id: string; readonly reason: string };

export interface ExitedEvent {
  readonly kind: "exited";
  readonly id: string;
  readonly exit: Exit;
  readonly usage: ProcessUsage;
  /** Bytes in all, after masking. */
  readonly outputEnd: { readonly stdout: number; readonly stderr: number };
  /** A descendant still holds its output open; what that one writes from now on is dropped. */
  readonly outputHeld: boolean;
}

export interface Processes {
  /** Answered by `started` or `notStarted`; after `started` there is exactly one `exited`. */
  start(request: StartRequest): void;
  /** TERM to the group, the grace, KILL, then the same for all that carries its mark. Resolves after its `exited`. */
  stop(id: string, graceMs: number): Promise<readonly Leftover[]>;
  /** The same for all processes of a run, and for what processes that ended by themselves have left. */
  stopAll(run: string, graceMs: number): Promise<readonly Leftover[]>;
  /** No process of the run runs, and none has left anything that runs; false also where that cannot be seen (sudo). */
  isClear(run: string): Promise<boolean>;
  input(id: string, bytes: Uint8Array, end: boolean): InputAnswer;
  /** Until it is forgotten. */
  output(id: string, stream: StreamName): RingReader | undefined;
  /** Removes the rings of a run's ended processes. */
  forgetRun(run: string): Promise<void>;
  forget(id: string): Promise<void>;
  /** What goes into the environment of whatever else is started on behalf of a process (its probes). */
  marksOf(id: string): Readonly<Record<string, string>>;
}

export interface ProcessesParts {
  readonly listener: (event: ProcessEvent) => void;
  readonly launch: Launch;
  readonly endProcesses: EndProcesses;
  readonly usage: UsageSampler;
  readonly createRedactor: (secrets: readonly string[]) => Redactor;
  /** Before anything runs by sudo: the keeper has to know. */
  readonly onSudo: (way: SudoWay) => void;
}

export interface ProcessesSettings {
  /** See createClientToken. */
  readonly token: string;
  /** Exists; for the rings. */
  readonly outputDirectory: string;
  readonly ringBytes: number;
  /** Members of its group that a process leaves when it ends by itself may live on until the end of the run. */
  readonly leaveChildren: boolean;
}

/** What a process that ended by itself has left in its group gets this long between TERM and KILL. */
const LEFTOVER_GRACE_MS = 1000;
/** After the exit the pipes are normally empty within a millisecond; a daemon that kept them open holds up no more. */
const OUTPUT_WAIT_MS = 2000;
/** After KILL a process exits at once, unless it waits for a disk: then it is a leftover. */
const EXIT_WAIT_MS = 3000;

interface Entry {
  readonly request: StartRequest;
  readonly mark: string;
  readonly rings: Readonly<Record<StreamName, RingFile>>;
  phase: "starting" | "running" | "ended";
  /** Stopped before it was started: it never will be. */
  cancelled: boolean;
  launched: Launched | undefined;
  input: ProcessInput | undefined;
  /** Under way: its group is being ended. */
  ending: Promise<void> | undefined;
  /** After `notStarted` or `exited`. */
  readonly over: Promise<void>;
}

interface World {
  readonly parts: ProcessesParts;
  readonly settings: ProcessesSettings;
  readonly entries: Map<string, Entry>;
  readonly runNumbers: Map<string, number>;
  started: number;
}

export function createProcesses(parts: ProcessesParts, settings: ProcessesSettings): Processes {
  const world: World = { parts, settings, entries: new Map(), runNumbers: new Map(), started: 0 };
  return {
    start: (request) => {
      if (world.entries.has(request.id)) throw new Error(`process ${request.id} was started before`);
      world.entries.set(request.id, createEntry(world, request));
    },
    stop: (id, graceMs) => stop(world, id, graceMs),
    stopAll: (run, graceMs) => stopAll(world, run, graceMs),
    isClear: (run) => isClear(world, run),
    input: (id, bytes, end) => {
      const entry = world.entries.get(id);
      if (entry === undefined || entry.phase === "ended") return "closed";
      // `started` is followed by `inputReady`.
      return entry.input?.write(bytes, end) ?? "full";
    },
    output: (id, stream) => world.entries.get(id)?.rings[stream],
    forget: (id) => forget(world, id),
    forgetRun: async (run) => {
      const ids = entriesOf(world, run).map((entry) => entry.request.id);
      await Promise.all(ids.map((id) => forget(world, id)));
      if (world.runNumbers.has(run)) world.parts.endProcesses.forget(runMarkOf(world, run));
    },
    marksOf: (id) => {
      const entry = world.entries.get(id);
      return entry === undefined ? {} : marksFor(entry.request.run, entry.mark);
    },
  };
}

function marksFor(run: string, mark: string): Record<string, string> {
  return { [RUN_VARIABLE]: run, [PROCESS_VARIABLE]: mark };
}

function runNumberOf(world: World, run: string): number {
  const known = world.runNumbers.get(run) ?? world.runNumbers.size + 1;
  world.runNumbers.set(run, known);
  return known;
}

function runMarkOf(world: World, run: string): string {
  return markOf(world.settings.token, runNumberOf(world, run));
}

function createEntry(world: World, request: StartRequest): Entry {
  world.started += 1;
  const { token, outputDirectory, ringBytes } = world.settings;
  const processNumber = world.started;
  const runNumber = runNumberOf(world, request.run);
  const ring = (stream: StreamName): RingFile =>
    createRingFile(
      {
        onProblem: (reason) => {
          world.parts.listener({ kind: "problem", id: request.id, reason: `${stream}: ${reason}` });
        },
      },
      {
        path: join(outputDirectory, `${String(processNumber)}-${stream}`),
        headBytes: request.limits.outputBytes ?? DEFAULTS.outputBytes,
        capacityBytes: ringBytes,
      },
    );
  let tellOver = (): void => undefined;
  const over = new Promise<void>((resolve) => {
    tellOver = resolve;
  });
  const entry: Entry = {
    request,
    mark: markOf(token, runNumber, processNumber),
    rings: { stdout: ring("stdout"), stderr: ring("stderr") },
    phase: "starting",
    cancelled: false,
    launched: undefined,
    input: undefined,
    ending: undefined,
    over,
  };
  void live(world, entry).finally(tellOver);
  return entry;
}

/** One process from its start to its end. */
async function live(world: World, entry: Entry): Promise<void> {
  const { id } = entry.request;
  const launched = await launchMarked(world, entry);
  if ("step" in launched) {
    entry.phase = "ended";
    world.parts.listener({ kind: "notStarted", id, step: launched.step, reason: launched.reason });
    return;
  }
  entry.launched = launched;
  entry.phase = "running";
  world.parts.endProcesses.started(runMarkOf(world, entry.request.run), launched.pid);
  const readUsage = world.parts.usage.watch(launched.pid);
  if (launched.sudo !== undefined) world.parts.onSudo(launched.sudo);
  entry.input = createProcessInput(launched.stdin, () => {
    world.parts.listener({ kind: "inputReady", id });
  });
  world.parts.listener({ kind: "started", id, pid: launched.pid });
  if (entry.request.wantsInput) world.parts.listener({ kind: "inputReady", id });
  const outputs = Promise.all([capture(world, entry, "stdout"), capture(world, entry, "stderr")]);
  // A stop that came while it was being started.
  if (entry.cancelled) void endGroup(world, entry, LEFTOVER_GRACE_MS);
  const exit = await launched.exited;
  const usage = readUsage();
  await endLeftInGroup(world, entry);
  const outputHeld = !(await endsWithin(outputs, OUTPUT_WAIT_MS));
  const { stdout, stderr } = entry.rings;
  await Promise.all([stdout.close(), stderr.close()]);
  entry.phase = "ended";
  const outputEnd = { stdout: stdout.produced, stderr: stderr.produced };
  world.parts.listener({ kind: "exited", id, exit, usage, outputEnd, outputHeld });
}

async function launchMarked(world: World, entry: Entry): Promise<Launched | StartFailure> {
  const { request } = entry;
  const environment = { ...request.environment, ...marksFor(request.run, entry.mark) };
  try {
    return await world.parts.launch({ ...request, environment }, () => entry.cancelled);
  } catch (error) {
    return {
      step: "start",
      reason: `${request.path}: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
}

function capture(world: World, entry: Entry, stream: StreamName): Promise<void> {
  const { launched } = entry;
  if (launched === undefined) throw new Error("only what was launched has output");
  const ring = entry.rings[stream];
  const { id, secrets } = entry.request;
  const onProduced = (): void => {
    if (entry.phase === "ended") return;
    world.parts.listener({ kind: "output", id, stream, produced: ring.produced, oldest: ring.oldest });
  };
  const redactor = world.parts.createRedactor(secrets);
  return captureOutput({ source: launched[stream], exited: launched.exited, ring, redactor, onProduced });
}

/** Daemons in sessions of their own live on until the end of the run: finding them takes a look at all processes. */
async function endLeftInGroup(world: World, entry: Entry): Promise<void> {
  const { launched } = entry;
  if (entry.ending !== undefined) return entry.ending;
  if (launched === undefined) return;
  // Once the group is gone its number may be given to another one: never to be signalled again.
  if (!world.parts.endProcesses.groupLives(launched.pid)) entry.ending = Promise.resolve();
  else if (!world.settings.leaveChildren) await endGroup(world, entry, LEFTOVER_GRACE_MS);
}

function endGroup(world: World, entry: Entry, graceMs: number): Promise<void> {
  const { launched } = entry;
  if (launched === undefined || entry.phase === "ended") return Promise.resolve();
  entry.ending ??=
    launched.sudo === undefined
      ? world.parts.endProcesses.endGroup(launched.pid, graceMs)
      : sweepAsUser(launched.sudo, entry.mark, graceMs);
  return entry.ending;
}

async function stop(world: World, id: string, graceMs: number): Promise<readonly Leftover[]> {
  const entry = world.entries.get(id);
  return entry === undefined ? [] : endEntries(world, [entry], entry.mark, graceMs);
}

/** One look at all processes for the whole run. */
async function stopAll(world: World, run: string, graceMs: number): Promise<readonly Leftover[]> {
  const runNumber = world.runNumbers.get(run);
  if (runNumber === undefined) return [];
  return endEntries(world, entriesOf(world, run), markOf(world.settings.token, runNumber), graceMs);
}

async function isClear(world: World, run: string): Promise<boolean> {
  const isOver = ({ phase, launched }: Entry): boolean => phase === "ended" && launched?.sudo === undefined;
  if (!entriesOf(world, run).every(isOver)) return false;
  return !(await world.parts.endProcesses.anyMarked([runMarkOf(world, run)]));
}

async function endEntries(
  world: World,
  entries: readonly Entry[],
  mark: string,
  graceMs: number,
): Promise<readonly Leftover[]> {
  const endOne = async (entry: Entry): Promise<void> => {
    entry.cancelled = true;
    if (entry.phase === "starting") await endsWithin(entry.over, graceMs + EXIT_WAIT_MS);
    await endGroup(world, entry, graceMs);
  };
  await Promise.all(entries.map(endOne));
  const ways = new Map(
    entries.flatMap(({ launched }) =>
      launched?.sudo === undefined ? [] : [[launched.sudo.user, launched.sudo]],
    ),
  );
  await Promise.all([...ways.values()].map((way) => sweepAsUser(way, mark, graceMs)));
  const leftovers = await world.parts.endProcesses.endMarked([mark], graceMs);
  await Promise.all(entries.map((entry) => endsWithin(entry.over, OUTPUT_WAIT_MS + EXIT_WAIT_MS)));
  return leftovers;
}

/** Processes of other users can only be seen and ended by themselves; what is left shows in no scan of ours. */
async function sweepAsUser(way: SudoWay, mark: string, graceMs: number): Promise<void> {
  // The script puts the last dot back.
  const order = [mark.slice(0, -1), String(Math.ceil(graceMs / 1000))];
  const words = ["/bin/sh", "-c", SWEEP_AS_USER_SCRIPT, "sh", ...order];
  try {
    await runSudo(way, words, graceMs + EXIT_WAIT_MS);
  } catch {
    // sudo is no longer allowed, or ten rounds of KILL were not enough: the keeper tries once more at the end.
  }
}

function entriesOf(world: World, run: string): Entry[] {
  return [...world.entries.values()].filter((entry) => entry.request.run === run);
}

async function forget(world: World, id: string): Promise<void> {
  const entry = world.entries.get(id);
  if (entry?.phase !== "ended") return;
  world.entries.delete(id);
  await Promise.all([entry.rings.stdout.remove(), entry.rings.stderr.remove()]);
}
