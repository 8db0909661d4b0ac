// A window's side of a terminal, for tests: types, reads, and waits for words.
import { expect } from "vitest";
import type { TerminalResult, TerminalShell } from "../../src-shared/controller-api/terminal-shell.ts";
import { holdsWithin } from "./process-list.ts";

export const WAIT_MS = 20_000;
/** Of what was said, for messages and patterns. */
const SAID_CHARACTERS_MAX = 100_000;

export class Person {
  readonly shell: TerminalShell;
  said = "";
  bytes = 0;
  closed: string | undefined;
  /** The way to the host is gone, which is no end of the shell's. */
  isLost = false;

  constructor(result: TerminalResult) {
    if (result.kind === "failed") throw new Error(`${result.step}: ${result.reason}`);
    this.shell = result.shell;
    this.shell.listen({
      data: (bytes) => {
        this.bytes += bytes.byteLength;
        this.said = (this.said + Buffer.from(bytes).toString("latin1")).slice(-SAID_CHARACTERS_MAX);
      },
      closed: (reason, isLost) => {
        this.closed = reason;
        this.isLost = isLost;
      },
    });
  }

  type(text: string): void {
    this.shell.write(new TextEncoder().encode(text));
  }

  /** The words, once they have been said; fails with all that was said. */
  async hears(pattern: RegExp): Promise<RegExpExecArray> {
    await holdsWithin(WAIT_MS, () => pattern.test(this.said) || this.closed !== undefined);
    const found = pattern.exec(this.said);
    if (found !== null) return found;
    expect.fail(
      `no ${String(pattern)} in ${JSON.stringify(this.said.slice(-2000))}, ${this.closed ?? "open"}`,
    );
  }

  /** Why it was closed. */
  async ends(): Promise<string> {
    await holdsWithin(WAIT_MS, () => this.closed !== undefined);
    return this.closed ?? `still open: ${this.said.slice(-2000)}`;
  }
}
