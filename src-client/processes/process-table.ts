// Looks through the host's processes for those that carry our mark, or that belong to a process group.
import { execFile } from "node:child_process";
import { closeSync, existsSync, openSync, readdirSync, readSync } from "node:fs";
import { setImmediate as nextTurn, setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { isMarked, PROCESS_VARIABLE } from "./process-marker.ts";

export interface FoundProcess {
  readonly pid: number;
  readonly group: number;
  /** As the system shows it: the first 15 characters of the program's name on Linux. */
  readonly name: string;
  /** "D" waits for a disk and does not react to any signal. */
  readonly state: string;
}

export interface MarkedProcess extends FoundProcess {
  readonly mark: string;
}

/**
 * What can be found, and what cannot:
 * - Linux: every descendant that still has the mark in the environment it was started with, however often it has
 *   forked, whatever session it is in. Not: descendants started with a cleared environment (`env -i`, `su -`, `sudo`)
 *   that have also left the process group; processes of other users, unless the client is root; processes that hide
 *   their environment (programs with set-user-id bits or capabilities, PR_SET_DUMPABLE; /proc mounted with hidepid).
 * - macOS: the same by `ps -E`, less strict: the system hides the environment of its own programs.
 * - Windows: nothing; `taskkill /T` ends the tree that still hangs together.
 */
export interface ProcessTable {
  /** All whose mark begins with one of these, but zombies. */
  marked(marks: readonly string[]): Promise<MarkedProcess[]>;
  /** All of a process group, but zombies. */
  inGroup(group: number): Promise<FoundProcess[]>;
  /** No process whose mark begins with this is older than this one: `marked` need not look at those. */
  nothingBefore(mark: string, pid: number): void;
  /** Nobody asks for this mark any more. */
  forget(mark: string): void;
}

/** Read without a pause: some 4 ms of /proc, so that a beacon is never late. */
const PIDS_PER_TURN = 200;
/** Asking for one costs 3 µs, listing all 1 to 2 µs for each that runs, and most computers run some hundreds. */
const NUMBERS_TRIED_MAX = 64;
/** `ps` of a computer with thousands of processes and long environments. */
const PS_OUTPUT_BYTES_MAX = 64 * 1024 * 1024;
/** An environment, as a rule; what Node takes from its pool. */
const READ_BYTES = 4000;
/** How often and how soon to look again at a process that may be in the middle of an exec: it takes about 1 ms. */
const LOOKS_DURING_EXEC = 4;
const EXEC_MS = 5;
/** PF_KTHREAD among the flags of proc(5). */
const KERNEL_THREAD = 0x0020_0000;
const VARIABLE_START = `${PROCESS_VARIABLE}=`;
const ZOMBIES = new Set(["Z", "X"]);

export function createProcessTable(platform: NodeJS.Platform = process.platform): ProcessTable {
  if (platform === "linux" || platform === "android") return createProcTable();
  if (platform === "win32")
    return { marked: async () => [], inGroup: async () => [], nothingBefore: nothing, forget: nothing };
  return createPsTable();
}

const nothing = (): void => undefined;

function createProcTable(): ProcessTable {
  const firsts = new Map<string, FirstProcess>();
  return {
    nothingBefore: (mark, pid) => {
      const known = firsts.get(mark);
      // Two that are started together need not be told of in the order of their numbers.
      if (known === undefined) firsts.set(mark, { pid, forks: forksSoFar() });
      else if (pid < known.pid) firsts.set(mark, { ...known, pid });
    },
    forget: (mark) => {
      firsts.delete(mark);
    },
    marked: async (marks) => {
      const unsure: string[] = [];
      const pids = youngerThan(oldestOf(firsts, marks));
      const found = await select(pids, (pid) => markedAt(pid, marks, unsure));
      for (let looks = 0; unsure.length > 0 && looks < LOOKS_DURING_EXEC; looks += 1) {
        await pause(EXEC_MS);
        const again = unsure.splice(0).filter(mayBeStarting);
        found.push(...(await select(again, (pid) => markedAt(pid, marks, unsure))));
      }
      return found;
    },
    inGroup: async (group) =>
      select(allPids(), (pid) => {
        const status = statusOf(pid);
        return status?.group === group ? status : undefined;
      }),
  };
}

/** The first process of ours, and how many the system had started by then. */
interface FirstProcess {
  readonly pid: number;
  readonly forks: number;
}

/** Undefined when of one of them nothing is known. */
function oldestOf(
  firsts: ReadonlyMap<string, FirstProcess>,
  marks: readonly string[],
): FirstProcess | undefined {
  let oldest: FirstProcess | undefined;
  for (const mark of marks) {
    const first = [...firsts].find(([beginning]) => mark.startsWith(beginning))?.[1];
    if (first === undefined) return undefined;
    if (oldest === undefined || first.forks < oldest.forks) oldest = first;
  }
  return oldest;
}

/**
 * Numbers are given out in rising order until they start again from the bottom: as long as that has not happened since,
 * smaller numbers are older processes. On a computer with 300 clients this saves each of them 600 looks; and with few
 * numbers since, asking for each of them saves the list of all.
 */
function youngerThan(first: FirstProcess | undefined): readonly string[] {
  if (first === undefined) return allPids();
  const forked = forksSoFar() - first.forks;
  const newest = Number(readIfThere("", "loadavg")?.toString("latin1").trim().split(" ").at(-1));
  const most = Number(readIfThere("", "sys/kernel/pid_max")?.toString("latin1"));
  // Anything unclear (a number missing makes these false), and everything is looked at.
  const isRising = newest >= first.pid && forked >= 0 && forked < most / 2;
  if (!isRising) return allPids();
  if (newest - first.pid >= NUMBERS_TRIED_MAX) return allPids().filter((pid) => Number(pid) >= first.pid);
  const numbers = Array.from({ length: newest - first.pid + 1 }, (_, index) => String(first.pid + index));
  return numbers.filter((pid) => existsSync(`/proc/${pid}`));
}

/** Threads are in no list, but they are there when asked for by number. */
function isThread(pid: string): boolean {
  const status = readIfThere(pid, "status")?.toString("latin1") ?? "";
  return /^Tgid:\s*(\d+)$/m.exec(status)?.[1] !== pid;
}

/** Processes and threads since the computer's start. */
function forksSoFar(): number {
  const text = readIfThere("", "stat")?.toString("latin1") ?? "";
  return Number(/^processes (\d+)$/m.exec(text)?.[1]);
}

/** Who shows no environment at all is noted as unsure. */
function markedAt(pid: string, marks: readonly string[], unsure: string[]): MarkedProcess | undefined {
  const environment = readIfThere(pid, "environ");
  if (environment?.length === 0) unsure.push(pid);
  const mark = environment === undefined ? undefined : markIn(environment, marks);
  const status = mark === undefined || isThread(pid) ? undefined : statusOf(pid);
  return mark === undefined || status === undefined ? undefined : { ...status, mark };
}

/** In the middle of an exec the environment is empty for a moment; for zombies and kernel threads it always is. */
function mayBeStarting(pid: string): boolean {
  const text = readIfThere(pid, "stat")?.toString("latin1") ?? "";
  const [state = "Z", , , , , , flags = "0"] = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return text !== "" && !ZOMBIES.has(state) && (Number(flags) & KERNEL_THREAD) === 0;
}

function allPids(): string[] {
  return readdirSync("/proc").filter((name) => /^[0-9]+$/.test(name));
}

/** Synchronous reads: /proc never waits for a disk, and a trip through the thread pool costs ten times the read. */
async function select<Found extends FoundProcess>(
  pids: readonly string[],
  find: (pid: string) => Found | undefined,
): Promise<Found[]> {
  const found: Found[] = [];
  for (const [index, pid] of pids.entries()) {
    if (index % PIDS_PER_TURN === PIDS_PER_TURN - 1) await nextTurn();
    const status = find(pid);
    if (status !== undefined && !ZOMBIES.has(status.state)) found.push(status);
  }
  return found;
}

/** The value of our variable, if it begins with one of these; `environ` separates variables by zero bytes. */
function markIn(environment: Buffer, marks: readonly string[]): string | undefined {
  // Nearly all processes have none: one look at the bytes before any text is made of them.
  if (!environment.includes(VARIABLE_START)) return undefined;
  const variable = environment
    .toString("utf8")
    .split("\0")
    .find((text) => text.startsWith(VARIABLE_START));
  const value = variable?.slice(VARIABLE_START.length);
  return value !== undefined && isMarked(value, marks) ? value : undefined;
}

/**
 * Undefined when the process is gone or not ours to read; pid "" is the system's own files. Opened, read and closed: what
 * Node's own way does beside that would be half of a scan.
 */
function readIfThere(pid: string, file: string): Buffer | undefined {
  let handle: number | undefined;
  try {
    handle = openSync(`/proc/${pid}/${file}`, "r");
    return readToEnd(handle);
  } catch {
    // Gone in between, or of another user: either way not one that we can find.
    return undefined;
  } finally {
    if (handle !== undefined) closeSync(handle);
  }
}

/** Read at once as a rule: fewer bytes than asked for are the last ones in /proc, or there is an empty read to come. */
function readToEnd(handle: number): Buffer {
  let bytes = Buffer.allocUnsafe(READ_BYTES);
  let length = readSync(handle, bytes, 0, bytes.length, 0);
  while (length === bytes.length) {
    const more = Buffer.allocUnsafe(bytes.length * 2);
    bytes.copy(more);
    length += readSync(handle, more, length, more.length - length, length);
    bytes = more;
  }
  return bytes.subarray(0, length);
}

/** proc(5): `pid (name) state parent group …`; the name may hold anything, also ")". */
function statusOf(pid: string): FoundProcess | undefined {
  const text = readIfThere(pid, "stat")?.toString("utf8") ?? "";
  const nameEnd = text.lastIndexOf(")");
  if (nameEnd < 0) return undefined;
  const [state = "", , group = "0"] = text.slice(nameEnd + 2).split(" ");
  return { pid: Number(pid), group: Number(group), name: text.slice(text.indexOf("(") + 1, nameEnd), state };
}

function createPsTable(): ProcessTable {
  return {
    nothingBefore: nothing,
    forget: nothing,
    marked: async (marks) => {
      const all = await listByPs(["-axEww"]);
      return all.flatMap(({ found, rest }) => {
        const mark = rest.split(` ${VARIABLE_START}`, 2)[1]?.split(" ", 1)[0];
        return mark !== undefined && isMarked(mark, marks) ? [{ ...found, mark }] : [];
      });
    },
    inGroup: async (group) => {
      const all = await listByPs(["-axww"]);
      return all.flatMap(({ found }) => (found.group === group ? [found] : []));
    },
  };
}

/** `rest` is the command line and, with -E, the environment after it. */
async function listByPs(options: readonly string[]): Promise<{ found: FoundProcess; rest: string }[]> {
  const { stdout } = await promisify(execFile)("ps", [...options, "-o", "pid=,pgid=,state=,command="], {
    maxBuffer: PS_OUTPUT_BYTES_MAX,
  });
  return stdout.split("\n").flatMap((line) => {
    const [, pid, group, state = "", rest = ""] = /^\s*(\d+)\s+(\d+)\s+(\S)\S*\s+(.*)$/.exec(line) ?? [];
    if (pid === undefined || ZOMBIES.has(state)) return [];
    return [
      { found: { pid: Number(pid), group: Number(group), name: rest.split(" ", 1)[0] ?? "", state }, rest },
    ];
  });
}

/** Cumulated processor time and peak memory of a live process; undefined where the system does not say (not Linux). */
export function readUsage(
  pid: number,
): { readonly cpuMs: number; readonly memoryBytesMax: number } | undefined {
  if (process.platform !== "linux") return undefined;
  const stat = readIfThere(String(pid), "stat")?.toString("utf8") ?? "";
  const status = readIfThere(String(pid), "status")?.toString("utf8") ?? "";
  const peak = /^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1];
  if (peak === undefined) return undefined;
  // Fields 14 to 17 of proc(5): user and system time, its own and of the children it has waited for.
  const ticks = stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .slice(11, 15);
  const cpuTicks = ticks.reduce((sum, field) => sum + Number(field), 0);
  return { cpuMs: cpuTicks * MS_PER_TICK, memoryBytesMax: Number(peak) * 1024 };
}

/** Linux shows times in 1/100 s on every architecture that Node runs on (USER_HZ). */
const MS_PER_TICK = 10;
