// Reads what the host says of itself: /proc on Linux, elsewhere what Node knows. What it does not know is undefined.
import { openSync, readSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { cpus, freemem, loadavg, totalmem } from "node:os";
import type { HostLook } from "../core/metrics-core.ts";

type Seen = Omit<HostLook, "rttMs" | "diskBytes" | "diskFreeBytes">;

/** Above what is read of each: its first lines. */
const BUFFER_BYTES = 4096;
const KIBIBYTE = 1024;

export function createLookAtHost(platform: NodeJS.Platform): () => Seen {
  return platform === "linux" ? lookAtLinux() : () => lookElsewhere(platform);
}

/** Files of /proc stay open and are read from their beginning: one call of the system each. */
function lookAtLinux(): () => Seen {
  const buffer = Buffer.alloc(BUFFER_BYTES);
  const readerOf = (path: string): (() => string) => {
    let file: number | undefined;
    return () => {
      try {
        file ??= openSync(path, "r");
        return buffer.toString("latin1", 0, readSync(file, buffer, 0, BUFFER_BYTES, 0));
      } catch {
        // A host that hides it (hidepid, a container): then there is nothing to tell.
        return "";
      }
    };
  };
  const load = readerOf("/proc/loadavg");
  const stat = readerOf("/proc/stat");
  const memory = readerOf("/proc/meminfo");
  const cores = cpus().length;
  return () => {
    const meminfo = memory();
    return {
      load: numberAt(/^(\d+\.\d+)/.exec(load())),
      cpuTime: cpuTimeOf(stat()),
      cores: cores > 0 ? cores : undefined,
      memoryBytes: bytesOf(meminfo, "MemTotal"),
      memoryFreeBytes: bytesOf(meminfo, "MemAvailable"),
    };
  };
}

function numberAt(match: RegExpExecArray | null): number | undefined {
  return match?.[1] === undefined ? undefined : Number(match[1]);
}

function bytesOf(meminfo: string, name: string): number | undefined {
  const kibibytes = numberAt(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(meminfo));
  return kibibytes === undefined ? undefined : kibibytes * KIBIBYTE;
}

/** `cpu user nice system idle iowait irq softirq steal …`, proc(5); time of guests is within that of users. */
export function cpuTimeOf(stat: string): HostLook["cpuTime"] {
  const fields = /^cpu +([\d ]+)/.exec(stat)?.[1]?.trim().split(" ").slice(0, 8).map(Number);
  if (fields === undefined || fields.length < 4) return undefined;
  const all = fields.reduce((sum, ticks) => sum + ticks, 0);
  return { all, busy: all - (fields[3] ?? 0) - (fields[4] ?? 0) };
}

function lookElsewhere(platform: NodeJS.Platform): Seen {
  const processors = cpus();
  let all = 0;
  let idle = 0;
  for (const { times } of processors) {
    all += times.user + times.nice + times.sys + times.irq + times.idle;
    idle += times.idle;
  }
  return {
    // Windows has no such thing, and Node says 0.
    load: platform === "win32" ? undefined : loadavg()[0],
    cpuTime: processors.length > 0 ? { all, busy: all - idle } : undefined,
    cores: processors.length > 0 ? processors.length : undefined,
    memoryBytes: totalmem(),
    memoryFreeBytes: freemem(),
  };
}

type Room = Pick<HostLook, "diskBytes" | "diskFreeBytes">;

/** The room of the file system on which a folder is: as it was said last, since asking may wait for a file server. */
export class DiskRoom {
  readonly #directory: string;
  #asking = false;
  #known: Room = { diskBytes: undefined, diskFreeBytes: undefined };

  constructor(directory: string) {
    this.#directory = directory;
  }

  get known(): Room {
    return this.#known;
  }

  async ask(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    try {
      const { bsize, blocks, bavail } = await statfs(this.#directory);
      this.#known = { diskBytes: blocks * bsize, diskFreeBytes: bavail * bsize };
    } catch {
      // The folder is gone, or its file system does not say.
      this.#known = { diskBytes: undefined, diskFreeBytes: undefined };
    } finally {
      this.#asking = false;
    }
  }
}
