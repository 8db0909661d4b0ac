// Makes the pipes that processes write to. Node's own are sockets, and `echo x > /dev/stderr` fails on a socket.
import { execFile } from "node:child_process";
import { closeSync, constants, openSync, unlinkSync } from "node:fs";
import { rm } from "node:fs/promises";
import { Socket } from "node:net";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { promisify } from "node:util";

export interface OutputPipe {
  readonly reader: Readable;
  /** For the process; close it here once the process has it, or the reader never ends. */
  readonly writeEnd: number;
}

export interface OutputPipes {
  /** Undefined where there are no named pipes (not Linux, odd file systems): take Node's own. */
  make(): Promise<OutputPipe | undefined>;
  close(): Promise<void>;
}

/** One `mkfifo` makes this many at once: starting it costs 3 ms of processor time, each pipe 20 µs. */
const PIPES_PER_BATCH = 64;
/** Enough for a run of four processes on a host that sees no other. */
const PIPES_AT_FIRST = 8;

/** `directory` exists and belongs to the client. Elsewhere /dev/stderr works on sockets, so only Linux needs it. */
export function createOutputPipes(settings: { readonly directory: string }): OutputPipes {
  const ready: string[] = [];
  let made = 0;
  let works = process.platform === "linux";
  let making: Promise<void> | undefined;
  const makeBatch = async (): Promise<void> => {
    const count = made === 0 ? PIPES_AT_FIRST : PIPES_PER_BATCH;
    const names = Array.from({ length: count }, (_, index) =>
      join(settings.directory, `pipe-${String(made + index)}`),
    );
    made += count;
    try {
      // Anybody may open them anew through /dev/stdout: whoever the process runs as. The folder keeps others out.
      await promisify(execFile)("mkfifo", ["-m", "666", "--", ...names]);
      ready.push(...names);
    } catch {
      // No such program, or no pipes on this file system: sockets serve nearly as well.
      works = false;
    }
  };
  return {
    make: async () => {
      while (works && ready.length === 0) {
        making ??= makeBatch().finally(() => {
          making = undefined;
        });
        await making;
      }
      const name = ready.shift();
      return works && name !== undefined ? openPipe(name) : undefined;
    },
    close: async () => {
      works = false;
      await making;
      await Promise.all(ready.splice(0).map((name) => rm(name, { force: true })));
    },
  };
}

/** The read end first and without waiting; then the write end finds a reader and opens at once, too. */
function openPipe(name: string): OutputPipe {
  const readEnd = openSync(name, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const writeEnd = openSync(name, constants.O_WRONLY);
    unlinkSync(name);
    return { reader: new Socket({ fd: readEnd, readable: true, writable: false }), writeEnd };
  } catch (error) {
    closeSync(readEnd);
    throw error;
  }
}
