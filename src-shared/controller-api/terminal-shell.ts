// A person's shell on a host: a pseudo-terminal there, its bytes here.
import type { OpenFailure } from "./host-files.ts";

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

export interface TerminalListener {
  data(bytes: Uint8Array): void;
  /** Nothing comes any more. `isLost`: the way to the host is gone, which is no end of the shell's own. */
  closed(reason: string, isLost: boolean): void;
}

export interface TerminalShell {
  /** Once; what has come before is told first. */
  listen(listener: TerminalListener): void;
  write(bytes: Uint8Array): void;
  resize(size: TerminalSize): void;
  /** The host's words wait, there if need be, until `resume`. */
  pause(): void;
  resume(): void;
  close(): void;
}

export type TerminalResult = { readonly kind: "opened"; readonly shell: TerminalShell } | OpenFailure;

/** A login shell on a host of the directory: by SSH, or on this computer in an embedded host's folder. */
export type OpenTerminal = (host: string, size: TerminalSize) => Promise<TerminalResult>;
