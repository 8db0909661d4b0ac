// The terminals of one window: opened, fed at the pace at which the window shows, ended with it.
import type { OpenTerminal, TerminalListener, TerminalShell } from "#shared/controller-api/terminal-shell.ts";
import type { OpenedTerminal, WindowUpdate } from "#shared/controller-api/window-messages.ts";

/** Unseen by the window at most, before the host is made to wait: a screenful many times over. */
const UNSEEN_BYTES_MAX = 512 * 1024;
/** One window's; each is a process and a connection on some host. */
const TERMINALS_MAX = 256;

/** Of what a shell has written last, so that its screen can be drawn again in another window. */
const SHOWN_BYTES_MAX = 128 * 1024;

/** What a window has of a shell that another one is going to have. */
export interface MovedTerminal {
  readonly shell: TerminalShell;
  /** What was written last, the oldest first. */
  readonly shown: Uint8Array[];
  shownBytes: number;
  /** Whoever has it hears of it. */
  owner: TerminalListener;
  /** It has ended on the way. */
  ended: { readonly reason: string; readonly isLost: boolean } | undefined;
}

interface Terminal extends MovedTerminal {
  unseen: number;
  isPaused: boolean;
}

export class TerminalPool {
  readonly #open: OpenTerminal;
  readonly #send: (update: WindowUpdate) => void;
  readonly #terminals = new Map<number, Terminal>();
  #count = 0;
  #opening = 0;
  #closed = false;

  constructor(open: OpenTerminal, send: (update: WindowUpdate) => void) {
    this.#open = open;
    this.#send = send;
  }

  async open(wanted: {
    readonly host: string;
    readonly columns: number;
    readonly rows: number;
  }): Promise<OpenedTerminal> {
    if (this.#terminals.size + this.#opening >= TERMINALS_MAX) {
      const reason = `${String(TERMINALS_MAX)} terminals are open already`;
      return { kind: "refused", reason, remedy: "Close some of them first.", mayRetry: false };
    }
    const { host, columns, rows } = wanted;
    this.#count += 1;
    const id = this.#count;
    this.#opening += 1;
    const opened = await this.#open(host, { columns, rows }).finally(() => {
      this.#opening -= 1;
    });
    if (opened.kind === "failed") {
      const { step, reason, remedy, unreachable, changedKey } = opened;
      const words = { reason: `${step}: ${reason}`, remedy, mayRetry: unreachable };
      return { kind: "refused", ...words, ...(changedKey === undefined ? {} : { changedKey }) };
    }
    const { shell } = opened;
    if (this.#closed) {
      shell.close();
      return { kind: "refused", reason: "the window is gone", remedy: "", mayRetry: false };
    }
    const terminal: Terminal = {
      ...{ shell, shown: [], shownBytes: 0, owner: NOBODY, ended: undefined },
      ...{ unseen: 0, isPaused: false },
    };
    this.#own(id, terminal);
    // Later, so that the window knows the number when the first words come.
    setImmediate(() => follow(terminal));
    return { kind: "opened", terminal: id };
  }

  /** A shell that another window has given away, with what it showed. */
  adopt(moved: MovedTerminal, columns: number, rows: number): OpenedTerminal {
    this.#count += 1;
    const id = this.#count;
    const { shell, shown } = moved;
    // The same object: what the shell says goes to whoever owns that.
    const terminal: Terminal = Object.assign(moved, { unseen: 0, isPaused: false });
    this.#terminals.set(id, terminal);
    setImmediate(() => {
      // What it says meanwhile is remembered, so that it comes once and in its place.
      for (const bytes of shown) this.#send({ kind: "terminalData", terminal: id, bytes });
      this.#own(id, terminal);
      shell.resize({ columns, rows });
      shell.resume();
      if (terminal.ended !== undefined) terminal.owner.closed(terminal.ended.reason, terminal.ended.isLost);
    });
    return { kind: "opened", terminal: id };
  }

  /** Gives it away, still running: its words wait until somebody adopts it. */
  release(id: number): MovedTerminal | undefined {
    const terminal = this.#terminals.get(id);
    if (terminal === undefined) return undefined;
    this.#terminals.delete(id);
    terminal.shell.pause();
    terminal.owner = {
      data: (bytes) => remember(terminal, bytes),
      closed: (reason, isLost) => (terminal.ended = { reason, isLost }),
    };
    return terminal;
  }

  /** The one that was opened last. */
  get last(): number | undefined {
    return [...this.#terminals.keys()].at(-1);
  }

  write(id: number, bytes: Uint8Array): null {
    this.#terminals.get(id)?.shell.write(bytes);
    return null;
  }

  resize(id: number, columns: number, rows: number): null {
    this.#terminals.get(id)?.shell.resize({ columns, rows });
    return null;
  }

  seen(id: number, bytes: number): null {
    const terminal = this.#terminals.get(id);
    if (terminal === undefined) return null;
    terminal.unseen = Math.max(0, terminal.unseen - bytes);
    if (terminal.isPaused && terminal.unseen < UNSEEN_BYTES_MAX / 2) {
      terminal.isPaused = false;
      terminal.shell.resume();
    }
    return null;
  }

  closeOne(id: number): null {
    this.#terminals.get(id)?.shell.close();
    this.#terminals.delete(id);
    return null;
  }

  close(): void {
    this.#closed = true;
    for (const { shell } of this.#terminals.values()) shell.close();
    this.#terminals.clear();
  }

  #own(id: number, terminal: Terminal): void {
    this.#terminals.set(id, terminal);
    const { shell } = terminal;
    terminal.owner = {
      data: (bytes) => {
        if (!this.#terminals.has(id)) return;
        remember(terminal, bytes);
        terminal.unseen += bytes.byteLength;
        this.#send({ kind: "terminalData", terminal: id, bytes });
        if (!terminal.isPaused && terminal.unseen > UNSEEN_BYTES_MAX) {
          terminal.isPaused = true;
          shell.pause();
        }
      },
      closed: (reason, isLost) => {
        if (this.#terminals.delete(id)) this.#send({ kind: "terminalClosed", terminal: id, reason, isLost });
      },
    };
  }
}

const NOBODY: TerminalListener = { data: () => undefined, closed: () => undefined };

/** Shells are listened to once: who hears of it changes behind that. */
function follow(terminal: Terminal): void {
  terminal.shell.listen({
    data: (bytes) => terminal.owner.data(bytes),
    closed: (reason, isLost) => terminal.owner.closed(reason, isLost),
  });
}

function remember(terminal: Terminal, bytes: Uint8Array): void {
  terminal.shown.push(bytes);
  terminal.shownBytes += bytes.byteLength;
  // Whole pieces: half an escape sequence would be shown as words.
  while (terminal.shown.length > 1 && terminal.shownBytes > SHOWN_BYTES_MAX)
    terminal.shownBytes -= terminal.shown.shift()?.byteLength ?? 0;
}
