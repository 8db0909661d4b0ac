// People's shells on hosts: opened by the host's type, ended with the controller.
import type { TerminalResult, TerminalSize } from "#shared/controller-api/terminal-shell.ts";
import type { HostEntry } from "#shared/resource-directory/resource-directory.ts";
import { failed, interrupted, refused } from "../ssh/ssh-failures.ts";
import { targetOf } from "../ssh/ssh-target.ts";
import type { SshResult, SshTransport } from "../ssh/ssh.ts";
import type { StandingShell, StartOnTerminal } from "../ssh/standing-shell.ts";
import { localShell, type LocalShellSettings } from "./local-shell.ts";

/** What hosts say comes into reasons, and reasons may be shown in the terminal: control characters do nothing there. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

export interface TerminalsParts {
  readonly transport: (host: HostEntry) => Promise<SshTransport>;
  readonly startOnTerminal: StartOnTerminal;
}

export class Terminals {
  readonly #parts: TerminalsParts;
  readonly #settings: LocalShellSettings;
  readonly #standing = new Set<StandingShell>();
  readonly #opening = new Set<Promise<unknown>>();
  readonly #closing = new AbortController();

  constructor(parts: TerminalsParts, settings: LocalShellSettings) {
    this.#parts = parts;
    this.#settings = settings;
  }

  /** `folder`: of the embedded host's client, while there is one. */
  async open(host: HostEntry, folder: string | undefined, size: TerminalSize): Promise<TerminalResult> {
    const opening = this.#start(host, folder, size);
    this.#opening.add(opening);
    const opened = await opening.finally(() => this.#opening.delete(opening));
    if (opened.kind === "failed") {
      const { step, reason, remedy, unreachable, changedKey } = opened.failure;
      return {
        kind: "failed",
        step,
        reason: neutralised(reason),
        remedy: neutralised(remedy),
        unreachable,
        ...(changedKey === undefined ? {} : { changedKey }),
      };
    }
    return { kind: "opened", shell: shownShell(opened.value) };
  }

  /** Ends all, also those being opened; resolves when nothing of them is left. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#opening);
    const standing = [...this.#standing];
    for (const shell of standing) shell.close();
    await Promise.all(standing.map(({ ended }) => ended));
  }

  async #start(
    host: HostEntry,
    folder: string | undefined,
    size: TerminalSize,
  ): Promise<SshResult<StandingShell>> {
    if (this.#closing.signal.aborted) return interrupted("terminal");
    const started = await this.#startBy(host, folder, size);
    if (started.kind === "failed") return started;
    const shell = started.value;
    this.#standing.add(shell);
    void shell.ended.then(() => this.#standing.delete(shell));
    return started;
  }

  async #startBy(
    host: HostEntry,
    folder: string | undefined,
    size: TerminalSize,
  ): Promise<SshResult<StandingShell>> {
    switch (host.managerType) {
      case "local":
        return this.#parts.startOnTerminal(localShell(host.id, folder, this.#settings), size);
      case "ssh": {
        const transport = await this.#parts.transport(host);
        return transport.shell(targetOf(host), size, this.#closing.signal);
      }
      case "simulated": {
        const reason = `${host.id} is a simulated host: there is no machine to open a shell on`;
        return failed(refused("terminal", reason, "Open terminals on hosts of type ssh or local."));
      }
      default: {
        const reason = `hosts of type "${host.managerType}" have no shell`;
        return failed(refused("terminal", reason, "Open terminals on hosts of type ssh or local."));
      }
    }
  }
}

/** The bytes are the host's own: whoever shows them is a terminal. */
function shownShell(shell: StandingShell): StandingShell {
  return {
    ended: shell.ended,
    listen: (listener) =>
      shell.listen({
        data: (bytes) => listener.data(bytes),
        closed: (reason, isLost) => listener.closed(neutralised(reason), isLost),
      }),
    write: (bytes) => shell.write(bytes),
    resize: (size) => shell.resize(size),
    pause: () => shell.pause(),
    resume: () => shell.resume(),
    close: () => shell.close(),
  };
}

function neutralised(text: string): string {
  return text.replace(UNSAFE, "\ufffd");
}
