// What the processes of a browser cost, read from /proc (Linux): memory of the page's renderer, processor time of all.
import { readdirSync, readFileSync } from "node:fs";

const KILOBYTES_IN_MB = 1024;
/** Of the kernel, for times of processes. */
const TICK_MS = 10;

export interface BrowserCost {
  /** Resident, of the largest renderer. */
  readonly rendererMb: number;
  /** Since their start. */
  readonly cpuMs: number;
}

export function browserCost(browser: number): BrowserCost {
  let rendererKb = 0;
  let cpuMs = 0;
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      if (!isBelow(Number(name), browser)) continue;
      cpuMs += processorMs(name);
      const isRenderer = readFileSync(`/proc/${name}/cmdline`, "utf8").includes("--type=renderer");
      if (isRenderer) rendererKb = Math.max(rendererKb, residentKb(name));
    } catch {
      continue; // it has ended meanwhile
    }
  }
  return { rendererMb: rendererKb / KILOBYTES_IN_MB, cpuMs };
}

function isBelow(pid: number, ancestor: number): boolean {
  for (let at = pid; at > 1;) {
    if (at === ancestor) return true;
    at = Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${String(at)}/status`, "utf8"))?.[1] ?? 0);
  }
  return false;
}

function residentKb(pid: string): number {
  return Number(/^VmRSS:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
}

/** The name in brackets may hold blanks: counted from behind it. */
function processorMs(pid: string): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}
