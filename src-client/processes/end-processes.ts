// Ends process groups and whatever carries our mark: asks, waits the grace, insists, and says what is left.
import { execFile } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { isAlive } from "#shared/node/is-alive.ts";
import { isMarked } from "./process-marker.ts";
import type { FoundProcess, MarkedProcess, ProcessTable } from "./process-table.ts";

/** A process that could not be ended, and why. */
export interface Leftover {
  readonly pid: number;
  readonly name: string;
  readonly reason: string;
}

/** How soon the end of a group is seen (nothing announces it: its members are not our children), first and at most. */
const POLL_MS = 10;
const POLL_MS_MAX = 200;
/** Every so many polls, the first after 70 ms, see whether only zombies are left: some containers never reap them. */
const POLLS_PER_LOOK = 4;
/** After KILL a process goes at once, unless it waits for a disk. */
const KILL_WAIT_MS = 2000;
/** Marked processes may fork while we look; each round catches what the last one's victims have started. */
const KILL_ROUNDS_MAX = 10;
const KILL_ROUND_MS = 50;
/** Daemons get at least this long to end themselves, also when the grace was used up by their parents. */
const DAEMON_GRACE_MS_MIN = 100;

export interface EndProcesses {
  /** TERM, grace, KILL; returns when the group is gone or will not go. */
  endGroup(group: number, graceMs: number): Promise<void>;
  /** The same for all whose marks begin with one of these; scans the process table. */
  endMarked(marks: readonly string[], graceMs: number): Promise<Leftover[]>;
  /** Whether `endMarked` would find any. */
  anyMarked(marks: readonly string[]): Promise<boolean>;
  groupLives(group: number): boolean;
  /** A process with a mark that begins with this was started: if it is the first, older ones need no look. */
  started(mark: string, pid: number): void;
  /** `endMarked` will not be asked for this beginning again. */
  forget(mark: string): void;
}

export function createEndProcesses(table: ProcessTable): EndProcesses {
  if (process.platform === "win32") return createEndTrees();
  const scans = createSharedScans(table);
  return {
    groupLives,
    started: (mark, pid) => table.nothingBefore(mark, pid),
    forget: (mark) => table.forget(mark),
    endGroup: async (group, graceMs) => {
      askGroup(group);
      if (await groupGone(table, group, graceMs)) return;
      signalGroup(group, "SIGKILL");
      await groupGone(table, group, KILL_WAIT_MS);
    },
    endMarked: (marks, graceMs) => endMarked(scans, marks, graceMs),
    anyMarked: async (marks) => (await scans(marks)).length > 0,
  };
}

/** A stopped process (SIGSTOP) only sees TERM when it goes on. */
function askGroup(group: number): void {
  signalGroup(group, "SIGTERM");
  signalGroup(group, "SIGCONT");
}

/** "" or why the signal did not get there; a group that is gone is what we want. */
function signalGroup(group: number, signal: NodeJS.Signals): string {
  return signalPid(-group, signal);
}

function signalPid(pid: number, signal: NodeJS.Signals): string {
  try {
    process.kill(pid, signal);
    return "";
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "";
    return code === "ESRCH" ? "" : code === "EPERM" ? "it belongs to another user" : code;
  }
}

/** Also true for a group of zombies. EPERM: of another user (or, on macOS, only zombies are left). */
function groupLives(group: number): boolean {
  try {
    return process.kill(-group, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM" && process.platform !== "darwin";
  }
}

async function groupGone(table: ProcessTable, group: number, withinMs: number): Promise<boolean> {
  const until = performance.now() + withinMs;
  let pollMs = POLL_MS;
  for (let polls = 1; groupLives(group); polls += 1) {
    const leftMs = until - performance.now();
    if (polls % POLLS_PER_LOOK === 0 && (await table.inGroup(group)).length === 0) return true;
    if (leftMs <= 0) return (await table.inGroup(group)).length === 0;
    await pause(Math.min(pollMs, leftMs));
    pollMs = Math.min(pollMs * 2, POLL_MS_MAX);
  }
  return true;
}

type Scan = (marks: readonly string[]) => Promise<FoundProcess[]>;

async function endMarked(scan: Scan, marks: readonly string[], graceMs: number): Promise<Leftover[]> {
  let found = await scan(marks);
  if (found.length === 0) return [];
  signalFound(found, "SIGTERM");
  signalFound(found, "SIGCONT");
  await pidsGone(found, Math.max(graceMs, DAEMON_GRACE_MS_MIN));
  const reasons = new Map<number, string>();
  for (let round = 0; round < KILL_ROUNDS_MAX; round += 1) {
    found = await scan(marks);
    if (found.length === 0) return [];
    for (const [pid, refused] of signalFound(found, "SIGKILL")) reasons.set(pid, refused);
    await pidsGone(found, KILL_ROUND_MS);
  }
  return (await scan(marks)).map((left) => ({
    pid: left.pid,
    name: left.name,
    reason: reasonOf(left, reasons),
  }));
}

/**
 * Their groups, too: every process we start leads a session of its own, so whoever is in a group with a marked process
 * descends from one, even if it has cleared its environment. By pid: why the signal did not get there, or "".
 */
function signalFound(found: readonly FoundProcess[], signal: NodeJS.Signals): Map<number, string> {
  for (const group of new Set(found.map((one) => one.group))) signalGroup(group, signal);
  return new Map(found.map(({ pid }) => [pid, signalPid(pid, signal)]));
}

function reasonOf(left: FoundProcess, reasons: ReadonlyMap<number, string>): string {
  const refused = reasons.get(left.pid);
  if (refused !== undefined && refused !== "") return refused;
  return left.state === "D"
    ? "it waits for a disk and reacts to no signal"
    : "it started anew as often as it was ended";
}

/** Pids are only watched here, never signalled: one that was taken by another process in between costs waiting time. */
async function pidsGone(found: readonly FoundProcess[], withinMs: number): Promise<void> {
  const until = performance.now() + withinMs;
  let pollMs = POLL_MS;
  while (found.some(({ pid }) => isAlive(pid))) {
    const leftMs = until - performance.now();
    if (leftMs <= 0) return;
    await pause(Math.min(pollMs, leftMs));
    pollMs = Math.min(pollMs * 2, POLL_MS_MAX);
  }
}

/** Scans asked for while one is under way share the next one: stopping 50 processes reads /proc twice, not 50 times. */
function createSharedScans(table: ProcessTable): Scan {
  let running: Promise<unknown> = Promise.resolve();
  let next: { readonly marks: Set<string>; readonly result: Promise<MarkedProcess[]> } | undefined;
  const schedule = (): { readonly marks: Set<string>; readonly result: Promise<MarkedProcess[]> } => {
    const marks = new Set<string>();
    const result = running.then(() => {
      next = undefined;
      return table.marked([...marks]);
    });
    // Whoever asked hears of a scan that failed; those after it only wait for its end.
    running = result.catch(() => []);
    return { marks, result };
  };
  return async (marks) => {
    next ??= schedule();
    for (const scope of marks) next.marks.add(scope);
    const found = await next.result;
    return found.filter((process) => isMarked(process.mark, marks));
  };
}

/** Windows: `taskkill /T` ends the tree that still hangs together; less strict, as there are no groups and no marks. */
function createEndTrees(): EndProcesses {
  const run = promisify(execFile);
  const taskkill = async (pid: number, ...options: readonly string[]): Promise<void> => {
    try {
      await run("taskkill", ["/PID", String(pid), "/T", ...options], { windowsHide: true });
    } catch {
      // It says "not found" for a process that has ended, which is what we want.
    }
  };
  return {
    groupLives: isAlive,
    started: () => undefined,
    forget: () => undefined,
    endGroup: async (group, graceMs) => {
      await taskkill(group);
      const found = [{ pid: group, group, name: "", state: "" }];
      await pidsGone(found, graceMs);
      await taskkill(group, "/F");
      await pidsGone(found, KILL_WAIT_MS);
    },
    endMarked: async () => [],
    anyMarked: async () => false,
  };
}
