// Which processes belong to a test: all that carry its folder in their environment, command line or work directory.
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";

export interface SeenProcess {
  readonly pid: number;
  /** Arguments, separated by blanks; the title of those that have set one. */
  readonly commandLine: string;
  readonly workDirectory: string;
}

/** Nothing announces the end of a process that is not our child. Looks are further apart the longer it takes: they cost. */
const POLL_MS_MIN = 20;
const POLL_MS_MAX = 100;
const POLL_FACTOR = 1.3;

/** Zombies show nothing of all that, and so are not among them. */
export function processesOf(folder: string): SeenProcess[] {
  const found: SeenProcess[] = [];
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    const commandLine = read(name, "cmdline").replaceAll("\0", " ").trim();
    const workDirectory = workDirectoryOf(name);
    const belongs = [read(name, "environ"), commandLine, workDirectory].some((text) => text.includes(folder));
    if (belongs) found.push({ pid: Number(name), commandLine, workDirectory });
  }
  return found;
}

function read(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "latin1");
  } catch {
    return ""; // gone in between, or another user's: none of ours
  }
}

function workDirectoryOf(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return ""; // gone in between, or a zombie
  }
}

/** Resident memory now, in bytes; 0 when the process is gone. */
export function residentBytes(pid: number): number {
  return Number(/^VmRSS:\s*(\d+) kB$/m.exec(read(String(pid), "status"))?.[1] ?? 0) * 1024;
}

export function parentOf(pid: number): number {
  const parent = Number(/^PPid:\s*(\d+)$/m.exec(read(String(pid), "status"))?.[1] ?? 0);
  if (parent <= 1) throw new Error(`process ${String(pid)} has no parent any more`);
  return parent;
}

export function isAlive(pid: number): boolean {
  return read(String(pid), "cmdline") !== "";
}

/** Polls until it holds; false when it does not within the time. */
export async function holdsWithin(ms: number, holds: () => boolean | Promise<boolean>): Promise<boolean> {
  const until = performance.now() + ms;
  for (let pauseMs = POLL_MS_MIN; !(await holds()); pauseMs = Math.min(pauseMs * POLL_FACTOR, POLL_MS_MAX)) {
    if (performance.now() > until) return false;
    await pause(pauseMs);
  }
  return true;
}
