// A person's shell that stands, whatever carries it: what transports give, and what they need for one on this computer.
import type { TerminalShell, TerminalSize } from "#shared/controller-api/terminal-shell.ts";
import type { SshResult } from "./ssh-result.ts";

/** What hosts and their programs know of the window's terminals: xterm.js behaves so. */
export const TERMINAL_TYPE = "xterm-256color";

/**
 * Typed or pasted, and not taken by a program there, at most: more than anybody pastes on purpose; what a stopped program
 * does not read must not fill our memory.
 */
export const INPUT_BYTES_MAX = 4 * 1024 * 1024;
export const INPUT_TOO_LONG = `more than ${String(INPUT_BYTES_MAX / 1024 / 1024)} MB were typed or pasted, and nothing there reads them`;

/** As a listener is told. */
export interface ShellEnd {
  readonly reason: string;
  readonly isLost: boolean;
}

export interface StandingShell extends TerminalShell {
  /** Resolves when nothing of it is left: no process, no connection. */
  readonly ended: Promise<unknown>;
}

/** A program of this computer that is to run on a pseudo-terminal. */
export interface TerminalProgram {
  readonly file: string;
  readonly args: readonly string[];
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Its end where that says more than its status; `lastWords`: the end of what it has printed. */
  readonly endOf?: (status: number, lastWords: string) => ShellEnd | undefined;
}

export type StartOnTerminal = (
  program: TerminalProgram,
  size: TerminalSize,
) => Promise<SshResult<StandingShell>>;
