// The terminals of one window: opened, fed at the pace at which the window shows, ended with it.
import type { OpenTerminal, TerminalShell } from "#shared/controller-api/terminal-shell.ts";
import type { OpenedTerminal, WindowUpdate } from "#shared/controller-api/window-messages.ts";

/** Unseen by the window at most, before the host is made to wait: a screenful many times over. */
const UNSEEN_BYTES_MAX = 512 * 1024;
/** One window's; each is a process and a connection on some host. */
const TERMINALS_MAX = 256;

interface Terminal {
  readonly shell: TerminalShell;
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
    const terminal: Terminal = { shell, unseen: 0, isPaused: false };
    this.#terminals.set(id, terminal);
    // Later, so that the window knows the number when the first words come.
    setImmediate(() => this.#follow(id, terminal));
    return { kind: "opened", terminal: id };
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

  #follow(id: number, terminal: Terminal): void {
    const { shell } = terminal;
    shell.listen({
      data: (bytes) => {
        if (!this.#terminals.has(id)) return;
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
    });
  }
}
