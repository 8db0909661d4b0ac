// A command on a host, whatever carries it: run to its end, or used as a stream.
import { Duplex, type Readable, type Writable } from "node:stream";
import { createBoundedOutput } from "./bounded-output.ts";
import { startDeadline } from "./deadline.ts";
import { failed, interrupted, refused, unreachable, wordsOf } from "./ssh-failures.ts";
import type { SshOutput, SshResult, SshRunOptions } from "./ssh.ts";

/**
 * A command that has ended may have left children that hold its output open (a program that detaches itself badly).
 * Once its status is known and nothing has come for this time, nothing more is waited for.
 */
const QUIET_AFTER_EXIT_MS = 2_000;
/** What of standard error explains why a stream has ended. */
const LAST_WORDS_BYTES = 4_096;

export interface CommandExit {
  readonly status: number | undefined;
  readonly signal: string | undefined;
  /** The connection went away first, and why. */
  readonly lost: string | undefined;
}

/** A command that was started. */
export interface SshCommand {
  readonly input: Writable;
  readonly output: Readable;
  readonly errors: Readable;
  /** Its status is known, or never will be. */
  readonly exited: Promise<CommandExit>;
  /** Its outputs have been read to the end, too. */
  readonly closed: Promise<CommandExit>;
  /** Ends it, as far as that can be done from here. */
  stop(): void;
}

/** Writes everything, as fast as it is taken; stops when the command does not read any more. */
async function feed(
  command: SshCommand,
  source: Uint8Array | AsyncIterable<Uint8Array> | undefined,
): Promise<void> {
  const { input } = command;
  let over = false;
  void command.closed.then(() => {
    over = true;
  });
  const drained = (): Promise<void> =>
    new Promise((resolve) => {
      input.once("drain", resolve);
      void command.closed.then(() => {
        input.off("drain", resolve);
        resolve();
      });
    });
  if (source instanceof Uint8Array) input.write(source);
  else if (source !== undefined) {
    for await (const chunk of source) {
      if (over) return;
      if (!input.write(chunk)) await drained();
    }
  }
  if (!over) input.end();
}

/** Resolves when the outputs are closed, or when an ended command has been quiet for long enough. */
function finished(command: SshCommand): Promise<CommandExit> {
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout | undefined;
    let exit: CommandExit | undefined;
    const settle = (result: CommandExit): void => {
      clearTimeout(timer);
      command.output.off("data", wait);
      command.errors.off("data", wait);
      resolve(result);
    };
    const wait = (): void => {
      if (exit === undefined) return;
      const known = exit;
      clearTimeout(timer);
      timer = setTimeout(() => {
        settle(known);
        command.stop();
      }, QUIET_AFTER_EXIT_MS);
    };
    command.output.on("data", wait);
    command.errors.on("data", wait);
    void command.exited.then((result) => {
      exit = result;
      wait();
    });
    void command.closed.then(settle);
  });
}

/** Runs a command to its end and keeps the beginning and the end of what it prints. */
export async function runToEnd(command: SshCommand, options: SshRunOptions): Promise<SshResult<SshOutput>> {
  const stdout = createBoundedOutput();
  const stderr = createBoundedOutput();
  const deadline = startDeadline(options.deadlineMs, options.signal);
  command.output.on("data", (chunk: Uint8Array) => {
    stdout.add(chunk);
  });
  command.errors.on("data", (chunk: Uint8Array) => {
    stderr.add(chunk);
  });
  const outcome = new Promise<SshResult<SshOutput>>((resolve) => {
    feed(command, options.stdin).catch((error: unknown) => {
      resolve(failed(refused("upload", wordsOf(error), "Look at what was to be sent.")));
    });
    void finished(command).then(({ status, signal, lost }) => {
      if (lost === undefined) {
        resolve({ kind: "ok", value: { status, signal, stdout: stdout.bytes(), stderr: stderr.bytes() } });
      } else
        resolve(failed(unreachable("command", `connection lost: ${lost}`, "Check the host; try again.")));
    });
    const onAbort = (): void => {
      const seconds = String(options.deadlineMs / 1000);
      const late = refused("command", `has not ended within ${seconds} s`, "Look at what it does there.");
      resolve(deadline.expired ? failed(late) : interrupted("command"));
    };
    deadline.signal.addEventListener("abort", onAbort, { once: true });
    if (deadline.signal.aborted) onAbort();
  });
  const result = await outcome;
  deadline.stop();
  if (result.kind === "failed") command.stop();
  return result;
}

/** Standard input and output as one well-behaved stream, which fails with the command's last words. */
class CommandStream extends Duplex {
  readonly #command: SshCommand;
  #over = false;
  #lastWords = "";

  constructor(command: SshCommand) {
    super({ allowHalfOpen: true });
    this.#command = command;
    command.output.on("data", (chunk: Uint8Array) => {
      if (!this.push(chunk)) command.output.pause();
    });
    command.errors.on("data", (chunk: Buffer) => {
      this.#lastWords = (this.#lastWords + chunk.toString()).slice(-LAST_WORDS_BYTES);
    });
    void command.closed.then((exit) => {
      this.#onClosed(exit);
    });
  }

  #onClosed({ status, signal, lost }: CommandExit): void {
    this.#over = true;
    if (this.destroyed) return;
    const words = this.#lastWords.trim();
    if (lost !== undefined) this.destroy(new Error(`connection lost: ${lost}`));
    else if (status !== 0) {
      const how = signal ?? (status === undefined ? "no status" : `exit code ${String(status)}`);
      this.destroy(new Error(`the command has ended (${how})${words === "" ? "" : `: ${words}`}`));
    } else {
      this.push(null);
      this.end();
    }
  }

  override _read(): void {
    this.#command.output.resume();
  }

  override _write(chunk: Buffer, encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (this.#over) done(new Error("the command has ended"));
    // One that reads no more has mostly said why: its end is the failure, not this.
    else this.#command.input.write(chunk, encoding, () => done());
  }

  override _final(done: (error?: Error | null) => void): void {
    if (!this.#over) this.#command.input.end();
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (!this.#over) this.#command.stop();
    // What still comes is read and dropped, or the channel would never close.
    this.#command.output.removeAllListeners("data");
    this.#command.output.resume();
    done(error);
  }
}

export function streamOf(command: SshCommand): Duplex {
  return new CommandStream(command);
}
