// Makes the pipes that processes write to. Node's own are sockets, and `echo x > /dev/stderr` fails on a socket.
import { execFile } from "node:child_process";
import { closeSync, constants, openSync, readSync, rmSync } from "node:fs";
import { rm } from "node:fs/promises";
import { Socket } from "node:net";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { promisify } from "node:util";

/** One output of a process, to be read here: by looks as long as it is short, then as a stream. */
export interface OutputSource {
  /** Not there where the system's pipe is a socket of Node's. Not after `stream`. */
  readonly look?: () => OutputLook;
  /** All that no look has found. Once. */
  stream(): Readable;
  close(): void;
}

/** What is in the pipe now; "nothing" while somebody may still write to it. */
export type OutputLook = Uint8Array | "nothing" | "end";

export interface OutputPipe {
  readonly source: OutputSource;
  /** For the process; close it here once the process has it, or the reader never ends. */
  readonly writeEnd: number;
}

export interface OutputPipes {
  /** Undefined where there are no named pipes (not Linux, odd file systems): take Node's own. */
  make(): Promise<OutputPipe | undefined>;
  close(): Promise<void>;
}

/**
 * One `mkfifo` makes this many at once: starting it costs 3 ms of processor time, each pipe 20 µs, and up to 1 ms where
 * a hundred clients do so on one busy ext4. They are used again, so there are as many as were ever needed at once.
 */
const PIPES_PER_BATCH = 16;
/** As much as a pipe holds on Linux. */
const LOOK_BYTES = 64 * 1024;
/** Enough for two processes at once. */
const PIPES_AT_FIRST = 4;

/** `directory` exists and belongs to the client. Elsewhere /dev/stderr works on sockets, so only Linux needs it. */
export function createOutputPipes(settings: { readonly directory: string }): OutputPipes {
  const ready: string[] = [];
  const buffer = Buffer.allocUnsafeSlow(LOOK_BYTES);
  let made = 0;
  let works = process.platform === "linux";
  let making: Promise<void> | undefined;
  /** Whoever has read to the end knows that nobody can write to it any more. */
  const usedUp = (name: string, wasRead: boolean): void => {
    if (wasRead && works) ready.push(name);
    else rmSync(name, { force: true });
  };
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
      return works && name !== undefined ? openPipe(name, buffer, usedUp) : undefined;
    },
    close: async () => {
      works = false;
      await making;
      await Promise.all(ready.splice(0).map((name) => rm(name, { force: true })));
    },
  };
}

type UsedUp = (name: string, wasRead: boolean) => void;

/** The read end first and without waiting; then the write end finds a reader and opens at once, too. */
function openPipe(name: string, buffer: Buffer, usedUp: UsedUp): OutputPipe {
  const readEnd = openSync(name, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const writeEnd = openSync(name, constants.O_WRONLY);
    return {
      source: new PipeSource(readEnd, buffer, (wasRead) => {
        usedUp(name, wasRead);
      }),
      writeEnd,
    };
  } catch (error) {
    closeSync(readEnd);
    throw error;
  }
}

/** Two reads find all of a short output; a stream for them would cost ten times as much. */
class PipeSource implements OutputSource {
  readonly #buffer: Buffer;
  readonly #usedUp: (wasRead: boolean) => void;
  /** Until a stream has it, or it is closed. */
  #file: number | undefined;
  #stream: Socket | undefined;

  constructor(file: number, buffer: Buffer, usedUp: (wasRead: boolean) => void) {
    this.#file = file;
    this.#buffer = buffer;
    this.#usedUp = usedUp;
  }

  look(): OutputLook {
    if (this.#file === undefined) return "end";
    try {
      const length = readSync(this.#file, this.#buffer);
      if (length > 0) return Buffer.from(this.#buffer.subarray(0, length));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EAGAIN") return "nothing";
      throw error;
    }
    this.#close(true);
    return "end";
  }

  stream(): Readable {
    if (this.#file === undefined) throw new Error("this output is closed, or read already");
    const stream = new Socket({ fd: this.#file, readable: true, writable: false });
    stream.once("close", () => {
      this.#usedUp(stream.readableEnded);
    });
    this.#stream = stream;
    this.#file = undefined;
    return stream;
  }

  close(): void {
    this.#close(false);
    this.#stream?.destroy();
  }

  #close(wasRead: boolean): void {
    if (this.#file === undefined) return;
    closeSync(this.#file);
    this.#file = undefined;
    this.#usedUp(wasRead);
  }
}
