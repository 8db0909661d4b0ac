// One terminal's way to its host: opened, lost, tried again with pauses that grow, and never open twice.
import type { ChangedHostKey } from "#shared/controller-api/changed-host-key.ts";
import type { OpenedTerminal } from "#shared/controller-api/window-messages.ts";

export type LinkState =
  | { readonly kind: "opening"; readonly isAgain: boolean }
  | { readonly kind: "open" }
  /** The way to the host is gone; it is tried again at that time (milliseconds since 1970), or when a key is pressed. */
  | { readonly kind: "waiting"; readonly reason: string; readonly retryAtMs: number }
  | {
      readonly kind: "closed";
      readonly reason: string;
      readonly remedy: string;
      readonly changedKey?: ChangedHostKey;
    };

export interface LinkListener {
  data(bytes: Uint8Array): void;
  closed(reason: string, isLost: boolean): void;
}

export interface TerminalLinkParts {
  /** Rejects when the controller is gone. */
  open(): Promise<OpenedTerminal>;
  close(terminal: number): void;
  write(terminal: number, bytes: Uint8Array): void;
  follow(terminal: number, listener: LinkListener): () => void;
  readonly onData: (terminal: number, bytes: Uint8Array) => void;
  readonly onState: (state: LinkState, terminal: number | undefined) => void;
  now(): number;
  /** Returns what takes it back. */
  after(delayMs: number, action: () => void): () => void;
}

export const RETRY_MS_FIRST = 1_000;
export const RETRY_MS_MAX = 30_000;
/** Half an hour, most of it at the longest pause: a laptop that sleeps longer wants a word of its owner's. */
export const TRIES_MAX = 64;
/** What is lost sooner counts as not having been there: a host that hangs up on everybody is not asked every second. */
const STANDS_AFTER_MS = 10_000;

export class TerminalLink {
  readonly #parts: TerminalLinkParts;
  #state: LinkState = { kind: "opening", isAgain: false };
  #terminal: number | undefined;
  #unfollow: () => void = () => undefined;
  #stopWaiting: () => void = () => undefined;
  /** Of the attempt that counts: the answer to an older one is let go. */
  #attempt = 0;
  #tries = 0;
  #openedAtMs = 0;
  #wasOpen = false;
  #isOver = false;

  constructor(parts: TerminalLinkParts) {
    this.#parts = parts;
  }

  /** Also now, instead of after the pause; nothing while it is open, or being opened. */
  connect(): void {
    if (this.#isOver || this.#terminal !== undefined || this.#isOpening) return;
    if (this.#state.kind === "closed") this.#tries = 0;
    this.#open();
  }

  /** What comes back with the controller; one that has ended by itself stays so. */
  connectIfLost(): void {
    if (this.#state.kind === "waiting") this.connect();
  }

  get isWaiting(): boolean {
    return this.#state.kind === "waiting";
  }

  /** False: it goes nowhere. */
  send(bytes: Uint8Array): boolean {
    if (this.#terminal === undefined) return false;
    this.#parts.write(this.#terminal, bytes);
    return true;
  }

  close(): void {
    this.#isOver = true;
    this.#stopWaiting();
    this.#unfollow();
    if (this.#terminal !== undefined) this.#parts.close(this.#terminal);
    this.#terminal = undefined;
  }

  get #isOpening(): boolean {
    return this.#attempt > 0 && this.#state.kind === "opening";
  }

  #open(): void {
    this.#stopWaiting();
    this.#attempt += 1;
    const attempt = this.#attempt;
    this.#tell({ kind: "opening", isAgain: this.#wasOpen });
    this.#parts.open().then(
      (opened) => this.#opened(opened, attempt),
      (error: unknown) => {
        if (attempt !== this.#attempt || this.#isOver) return;
        this.#gone(error instanceof Error ? error.message : String(error), this.#wasOpen, "");
      },
    );
  }

  #opened(opened: OpenedTerminal, attempt: number): void {
    if (opened.kind === "refused") {
      if (attempt !== this.#attempt || this.#isOver) return;
      // At first it says at once that nobody is there; later that is what the way's being gone looks like.
      const { reason, mayRetry, remedy, changedKey } = opened;
      if (changedKey === undefined) this.#gone(reason, this.#wasOpen && mayRetry, remedy);
      else this.#tell({ kind: "closed", reason, remedy, changedKey });
      return;
    }
    const { terminal } = opened;
    if (attempt !== this.#attempt || this.#isOver) {
      this.#parts.close(terminal);
      return;
    }
    this.#terminal = terminal;
    this.#wasOpen = true;
    this.#openedAtMs = this.#parts.now();
    this.#unfollow = this.#parts.follow(terminal, {
      data: (bytes) => this.#parts.onData(terminal, bytes),
      closed: (reason, isLost) => {
        if (this.#terminal !== terminal) return;
        this.#unfollow();
        this.#terminal = undefined;
        if (this.#parts.now() - this.#openedAtMs >= STANDS_AFTER_MS) this.#tries = 0;
        this.#gone(reason, isLost, "");
      },
    });
    this.#tell({ kind: "open" });
  }

  #gone(reason: string, mayRetry: boolean, remedy: string): void {
    if (!mayRetry || this.#tries >= TRIES_MAX) {
      const tried = mayRetry ? ` (tried ${String(this.#tries)} times)` : "";
      this.#tell({ kind: "closed", reason: `${reason}${tried}`, remedy });
      return;
    }
    const delayMs = Math.min(RETRY_MS_FIRST * 2 ** this.#tries, RETRY_MS_MAX);
    this.#tries += 1;
    this.#tell({ kind: "waiting", reason, retryAtMs: this.#parts.now() + delayMs });
    this.#stopWaiting = this.#parts.after(delayMs, () => this.connect());
  }

  #tell(state: LinkState): void {
    this.#state = state;
    this.#parts.onState(state, this.#terminal);
  }
}
