// Programs on a pseudo-terminal of this computer, by node-pty: its pitfalls end here.
import type { spawn } from "@lydell/node-pty";
import { writeSync } from "node:fs";
import { constants } from "node:os";
import type { IPty } from "@lydell/node-pty";
import type { TerminalListener, TerminalSize } from "#shared/controller-api/terminal-shell.ts";
import { failed, refused, wordsOf } from "../ssh/ssh-failures.ts";
import type { SshResult } from "../ssh/ssh.ts";
import {
  INPUT_BYTES_MAX,
  INPUT_TOO_LONG,
  TERMINAL_TYPE,
  type ShellEnd,
  type StandingShell,
  type StartOnTerminal,
  type TerminalProgram,
} from "../ssh/standing-shell.ts";
import { createHangUpSession, send, type HangUpSession } from "./hang-up-session.ts";

/** Offered to the terminal at once; it takes at most 4 kB of it. */
const WRITE_BYTES_MAX = 16 * 1024;
/** Then others have their turn. */
const WRITES_MAX = 64;
/** A program that is behind with reading is asked again so soon; nothing tells when it has read. */
const RETRY_MS_MIN = 2;
const RETRY_MS_MAX = 50;
/** Time for a shell that was hung up to say goodbye; then it is ended by force. */
const HANG_UP_MS = 1_000;
/** After a program's end, what it has left in the terminal has been read when nothing came for so long. */
const QUIET_MS = 50;
/** A program's last words explain its end. */
const LAST_BYTES = 400;

/** What node-pty has on Unix beyond what its types tell. */
interface UnixPty extends IPty {
  readonly fd: number;
  readonly _socket: MasterStream;
}

interface MasterStream {
  destroy(error?: Error): unknown;
  on(event: "error" | "close", listener: () => void): unknown;
  readonly readableLength: number;
}

/**
 * Bytes on their way into the terminal. node-pty's own writing waits in the event loop until the program reads (libuv
 * makes writes to a pseudo-terminal's master blocking), and with it the whole controller.
 */
class TerminalInput {
  readonly #fd: number;
  readonly #waiting: Uint8Array[] = [];
  #bytes = 0;
  #retryMs = RETRY_MS_MIN;
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(fd: number) {
    this.#fd = fd;
  }

  /** False: too much waits. */
  add(bytes: Uint8Array): boolean {
    if (this.#isOver) return true;
    if (this.#bytes + bytes.byteLength > INPUT_BYTES_MAX) return false;
    this.#bytes += bytes.byteLength;
    this.#waiting.push(bytes.slice());
    if (this.#timer === undefined) this.#pump();
    return true;
  }

  /** Before the descriptor is closed: its number may soon mean something else. */
  stop(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#waiting.length = 0;
  }

  #pump(): void {
    this.#timer = undefined;
    for (let writes = 1; this.#waiting[0] !== undefined; writes += 1) {
      const first = this.#waiting[0];
      const taken = writes > WRITES_MAX ? 0 : this.#write(first);
      if (taken === 0) {
        this.#timer = setTimeout(() => this.#pump(), this.#retryMs);
        if (writes === 1) this.#retryMs = Math.min(2 * this.#retryMs, RETRY_MS_MAX);
        return;
      }
      this.#retryMs = RETRY_MS_MIN;
      this.#bytes -= taken;
      if (taken === first.byteLength) this.#waiting.shift();
      else this.#waiting[0] = first.subarray(taken);
    }
  }

  #write(bytes: Uint8Array): number {
    try {
      return writeSync(this.#fd, bytes, 0, Math.min(bytes.byteLength, WRITE_BYTES_MAX));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EAGAIN") return 0;
      // Nobody is at the other end any more: its end is told by the terminal itself.
      return bytes.byteLength;
    }
  }
}

class PtyShell implements StandingShell {
  readonly ended: Promise<unknown>;
  readonly #pty: IPty;
  readonly #hangUp: HangUpSession;
  readonly #input: TerminalInput | undefined;
  readonly #closed: Promise<ShellEnd>;
  #listener: TerminalListener | undefined;
  #isOver = false;
  #isPaused = true;
  #ownReason: string | undefined;
  #heard = 0;
  #last: Uint8Array = new Uint8Array();

  constructor(pty: IPty, endOf: TerminalProgram["endOf"], hangUp: HangUpSession) {
    this.#pty = pty;
    this.#hangUp = hangUp;
    this.#closed = new Promise((resolve) => {
      pty.onExit(({ exitCode, signal }) => {
        this.#over();
        const own = this.#ownReason ?? exitWords(exitCode, signal ?? 0);
        const told = this.#ownReason === undefined ? endOf?.(exitCode, this.#lastWords()) : undefined;
        resolve(told ?? { reason: own, isLost: false });
      });
    });
    this.ended = this.#closed;
    // With no encoding these are bytes, whatever the types say.
    pty.onData((bytes: unknown) => {
      this.#heard += 1;
      if (endOf !== undefined) this.#last = bytes as Uint8Array;
      if (this.#ownReason === undefined) this.#listener?.data(bytes as Uint8Array);
    });
    pty.pause();
    if (process.platform === "win32") return;
    const unix = pty as UnixPty;
    this.#input = new TerminalInput(unix.fd);
    this.#holdOpen(unix._socket);
  }

  listen(listener: TerminalListener): void {
    this.#listener = listener;
    void this.#closed.then(({ reason, isLost }) => listener.closed(reason, isLost));
    this.resume();
  }

  write(bytes: Uint8Array): void {
    if (this.#isOver) return;
    // Bytes are taken, whatever the types say: a character may be in two pieces.
    if (this.#input === undefined) (this.#pty.write as (text: unknown) => void).call(this.#pty, bytes);
    else if (!this.#input.add(bytes)) this.#end(INPUT_TOO_LONG);
  }

  resize({ columns, rows }: TerminalSize): void {
    if (!this.#isOver) this.#pty.resize(columns, rows);
  }

  pause(): void {
    this.#isPaused = true;
    this.#pty.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#pty.resume();
  }

  close(): void {
    this.#end("closed from here");
  }

  #end(reason: string): void {
    if (this.#isOver || this.#ownReason !== undefined) return;
    this.#ownReason = reason;
    this.#input?.stop();
    // What still comes is read and dropped, or a program that prints would not end.
    this.resume();
    if (this.#input === undefined) {
      this.#pty.kill();
      return;
    }
    const { pid } = this.#pty;
    void this.#hangUp(pid);
    const timer = setTimeout(() => send(pid, "SIGKILL"), HANG_UP_MS);
    void this.#closed.then(() => clearTimeout(timer));
  }

  #lastWords(): string {
    return Buffer.from(this.#last.subarray(-LAST_BYTES)).toString("latin1");
  }

  #over(): void {
    this.#isOver = true;
    this.#input?.stop();
  }

  /**
   * node-pty closes the terminal 200 ms after its program has ended, and the stream by itself at its end: in both cases
   * what has not been read yet would be lost, of a listener that is paused or of a computer that is busy.
   */
  #holdOpen(socket: MasterStream): void {
    const destroy = socket.destroy.bind(socket);
    let isWaiting = false;
    const destroyWhenRead = (error: Error | undefined, heard: number): void => {
      const isRead = !this.#isPaused && socket.readableLength === 0 && heard === this.#heard;
      if (isRead) {
        this.#over();
        destroy(error);
      } else setTimeout(destroyWhenRead, QUIET_MS, error, this.#heard);
    };
    socket.destroy = (error?: Error) => {
      if (!isWaiting) destroyWhenRead(error, error === undefined ? -1 : this.#heard);
      isWaiting = true;
      return socket;
    };
    // Else node-pty would throw what it does not know where nobody can catch it.
    socket.on("error", () => undefined);
  }
}

function exitWords(status: number, signal: number): string {
  if (signal === 0) return `exit status ${String(status)}`;
  const name = Object.entries(constants.signals).find(([, number]) => number === signal)?.[0];
  return `ended by ${name ?? `signal ${String(signal)}`}`;
}

/** node-pty is loaded when the first terminal is opened: there may be no binary of it for this computer. */
export function createStartOnTerminal(load = loadNodePty): StartOnTerminal {
  const hangUp = createHangUpSession();
  return async (program, size) => {
    let nodePty: { readonly spawn: typeof spawn };
    try {
      nodePty = await load();
    } catch (error) {
      return noTerminal(error, remedyWithoutBinary());
    }
    try {
      const pty = nodePty.spawn(program.file, [...program.args], {
        name: TERMINAL_TYPE,
        cols: size.columns,
        rows: size.rows,
        cwd: program.directory,
        env: program.environment,
        encoding: null,
      });
      return { kind: "ok", value: new PtyShell(pty, program.endOf, hangUp) };
    } catch (error) {
      const remedy = "Look whether this computer has pseudo-terminals left, and processes (ulimit -u).";
      return noTerminal(error, remedy);
    }
  };
}

function loadNodePty(): Promise<{ readonly spawn: typeof spawn }> {
  return import("@lydell/node-pty");
}

function noTerminal(error: unknown, remedy: string): SshResult<never> {
  return failed(refused("terminal", wordsOf(error).split("\n")[0] ?? "", remedy));
}

function remedyWithoutBinary(): string {
  return `Terminals of this computer need @lydell/node-pty with its part for ${process.platform}-${process.arch}: run npm ci without --omit=optional. Terminals on hosts by ssh2 do not need it.`;
}
