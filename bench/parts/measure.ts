// One measurement: wall time up to the last answer, processor time of both ends, and which hosts have not answered.
import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import type { CpuMeter } from "./cpu-meter.ts";

/** Far above what anything here takes: whoever reaches it is named with what it has not done. */
const PATIENCE_MS = 120_000;

export interface Measured {
  readonly wallMs: number;
  /** Of the command and all it starts on this computer. */
  readonly hereMs: number;
  /** Of sshd and all it starts. */
  readonly hostsMs: number;
  readonly missing: readonly string[];
}

/** `work` resolves with the hosts that have answered, when the last answer is there. */
export async function measure(
  meter: CpuMeter,
  hosts: readonly string[],
  work: () => Promise<ReadonlySet<string>>,
): Promise<Measured> {
  await meter.settle();
  const [here, there] = [meter.here.usedMs(), meter.hosts.usedMs()];
  const began = performance.now();
  const answered = await work();
  const wallMs = performance.now() - began;
  await meter.settle();
  return {
    wallMs,
    hereMs: meter.here.usedMs() - here,
    hostsMs: meter.hosts.usedMs() - there,
    missing: hosts.filter((host) => !answered.has(host)),
  };
}

/** Runs to its end; the lines that `hostOf` knows are answers, the others are shown when an answer is missing. */
export async function answersOf(
  child: ChildProcess,
  hosts: number,
  hostOf: (line: string) => string | undefined,
): Promise<ReadonlySet<string>> {
  const answered = new Set<string>();
  const others: string[] = [];
  const timer = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
  const ended = new Promise((resolve) => child.once("close", resolve));
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream }).on("line", (line) => {
      const host = hostOf(line);
      if (host === undefined) others.push(line);
      else answered.add(host);
    });
  }
  await ended;
  clearTimeout(timer);
  if (answered.size < hosts) console.error(others.slice(0, 5).join("\n"));
  return answered;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return Number.isInteger(middle)
    ? ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2
    : (sorted[Math.floor(middle)] ?? 0);
}
