// The passwords that sudo wants on hosts: asked for once for each account, handed to the clients, kept in memory only.
import type { HostId, RunId } from "#shared/base/ids.ts";
import type { Command } from "#shared/protocol/commands.ts";
import type { Report } from "#shared/protocol/reports.ts";
import type { Questions } from "./questions-shell.ts";

export interface SudoPasswordsParts {
  readonly questions: Pick<Questions, "ask">;
  readonly command: (host: HostId, command: Command) => void;
  /** Resolves when the run is over: nobody needs an answer any more. */
  readonly ended: (run: RunId) => Promise<unknown>;
}

interface Asked {
  readonly answer: Promise<string | undefined>;
  /** Hosts that have been given it. */
  readonly hosts: Set<HostId>;
}

export class SudoPasswords {
  readonly #parts: SudoPasswordsParts;
  readonly #byAccount = new Map<string, Asked>();

  constructor(parts: SudoPasswordsParts) {
    this.#parts = parts;
  }

  /** A host that found the last one wrong gets a newer one, if others have asked for it meanwhile. */
  async wanted(
    host: HostId,
    { run, account, wrong }: Extract<Report, { kind: "passwordWanted" }>,
  ): Promise<void> {
    const over = new AbortController();
    void this.#parts.ended(run).then(() => {
      over.abort();
    });
    const password = await this.ask(host, account, wrong, over.signal);
    this.#parts.command(host, { kind: "password", password });
  }

  /** The same for whoever tests a host. `signal`: nobody needs it any more. */
  async ask(host: HostId, account: string, wrong: boolean, signal: AbortSignal): Promise<string | undefined> {
    const known = this.#byAccount.get(account);
    const isStale = known === undefined || (wrong && known.hosts.has(host));
    const asked = isStale ? this.#ask(host, account, wrong, signal) : known;
    asked.hosts.add(host);
    const password = await asked.answer;
    // Another run may be luckier.
    if (password === undefined && this.#byAccount.get(account) === asked) this.#byAccount.delete(account);
    return password;
  }

  #ask(host: HostId, account: string, wrong: boolean, signal: AbortSignal): Asked {
    const lead = wrong ? `That was wrong on ${host}. ` : "";
    const text = `${lead}Password of ${account} for sudo on these hosts (${host} wants it): `;
    const answer = this.#parts.questions.ask({ kind: "secret", text, signal });
    const asked = { answer, hosts: new Set<HostId>() };
    this.#byAccount.set(account, asked);
    return asked;
  }
}
