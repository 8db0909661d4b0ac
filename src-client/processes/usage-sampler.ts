// Looks now and then at how much processor time and memory the running processes have used.
import type { ProcessUsage } from "#shared/protocol/reports.ts";
import { readUsage } from "./process-table.ts";

/** What a sample is worth: two small reads per process; at 300 clients on one computer still below 1 % of a core. */
const SAMPLE_MS = 2000;
/** The first look, so that a process of half a second already shows something. */
const FIRST_SAMPLE_MS = 200;

export interface UsageSampler {
  /** From the start of a process; call what it gives back at its end. */
  watch(pid: number): () => ProcessUsage;
  close(): void;
}

interface Watched {
  readonly pid: number;
  readonly startedMs: number;
  cpuMs: number | undefined;
  memoryBytesMax: number | undefined;
}

/**
 * Of the process itself and the children it has waited for, as of the last sample: what it used in its last two seconds
 * is missing, what lives shorter than the first sample has none (undefined), children still running are not counted,
 * and memory is the peak of the process alone. Exact numbers would need wait4, which Node does not give. Linux only.
 */
export function createUsageSampler(): UsageSampler {
  const watched = new Set<Watched>();
  let timer: NodeJS.Timeout | undefined;
  const sample = (one: Watched): void => {
    const usage = readUsage(one.pid);
    one.cpuMs = usage?.cpuMs ?? one.cpuMs;
    one.memoryBytesMax = usage?.memoryBytesMax ?? one.memoryBytesMax;
  };
  const stopTimer = (): void => {
    clearInterval(timer);
    timer = undefined;
  };
  return {
    watch: (pid) => {
      const one: Watched = { pid, startedMs: performance.now(), cpuMs: undefined, memoryBytesMax: undefined };
      watched.add(one);
      const first = setTimeout(sample, FIRST_SAMPLE_MS, one).unref();
      timer ??= setInterval(() => watched.forEach(sample), SAMPLE_MS).unref();
      return () => {
        clearTimeout(first);
        watched.delete(one);
        if (watched.size === 0) stopTimer();
        const { cpuMs, memoryBytesMax } = one;
        return { wallMs: Math.round(performance.now() - one.startedMs), cpuMs, memoryBytesMax };
      };
    },
    close: () => {
      watched.clear();
      stopTimer();
    },
  };
}
