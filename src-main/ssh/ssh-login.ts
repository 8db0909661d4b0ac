// Proves who we are, by one method after the other and never by "none" first; remembers what was tried.
import type { AnyAuthMethod, AuthenticationType, NextAuthHandler, Prompt } from "ssh2";
import type { SshHop } from "./ssh-config.ts";
import { BE_ASKED, refused, USE_SYSTEM_SSH, wordsOf } from "./ssh-failures.ts";
import { asksForPassword, plainWords } from "./plain-words.ts";
import type { LoginPasswords, SharedPasswords } from "./shared-passwords.ts";
import { IS_CERTIFICATE, NOBODY_UNLOCKS, type Asking, type UserKeys } from "./user-keys.ts";
import type { SshFailure, SshQuestions } from "./ssh.ts";

/** A server that asks for more than this in one login wants something else. */
const INTERACTIVE_ROUNDS_MAX = 16;

export interface LoginParts {
  readonly questions: SshQuestions;
  readonly userKeys: UserKeys;
  readonly passwords: SharedPasswords;
}

/** One login, from the first method to the last. */
export class Login {
  readonly #parts: LoginParts;
  readonly #hop: SshHop;
  readonly #asking: Asking;
  readonly #account: string;
  readonly #passwords: LoginPasswords;
  readonly #tried: string[] = [];
  readonly #usedUp = new Set<string>();
  #offered: readonly string[] | undefined;
  #passwordsForbidden = false;
  /** A password was wanted, and nobody has given one. */
  #unanswered = false;
  #passwordTries = 0;
  #interactiveTries = 0;
  #lastPassword: string | undefined;

  constructor(parts: LoginParts, hop: SshHop, asking: Asking) {
    this.#parts = parts;
    this.#hop = hop;
    this.#asking = asking;
    this.#account = `${hop.user}@${hop.hostName}:${String(hop.port)}`;
    this.#passwords = parts.passwords.login(asking.signal);
  }

  /** What was tried so far, in words. */
  get tried(): string {
    return this.#tried.length === 0 ? "there was nothing to try" : `tried ${this.#tried.join(", ")}`;
  }

  /** ssh2's authHandler. */
  next(methodsLeft: readonly string[] | null, partial: boolean | null, go: NextAuthHandler): void {
    if (methodsLeft !== null) this.#offered = methodsLeft;
    // One of several proofs was taken: each method may be asked for once more.
    if (partial === true) this.#usedUp.clear();
    this.#choose().then(
      (method) => {
        // The types do not know that false ends the login.
        go(method as AnyAuthMethod);
      },
      (error: unknown) => {
        this.note(wordsOf(error));
        go(false as unknown as AuthenticationType);
      },
    );
  }

  /** A key could not be used, and why. */
  note(words: string): void {
    this.#tried.push(words);
  }

  /** A host key for which nobody vouches: no password may go to it. */
  forbidPasswords(): void {
    this.#passwordsForbidden = true;
  }

  succeeded(): void {
    this.#passwords.succeeded();
  }

  /** The host takes none of what we have. */
  denied(): SshFailure {
    const offered = this.#offered ?? [];
    const reason = `Permission denied (${offered.join(",")}); ${this.tried}`;
    return refused("login", reason, this.#remedy(offered));
  }

  async #choose(): Promise<AnyAuthMethod | false> {
    for (const method of this.#hop.authentications) {
      const wanted = this.#offered === undefined || this.#offered.includes(method);
      if (!wanted || this.#usedUp.has(method)) continue;
      const chosen = await this.#attempt(method);
      if (chosen !== undefined) return chosen;
    }
    // Only where there is nothing to offer: the answer says what the host would have taken.
    return this.#offered === undefined ? { type: "none", username: this.#hop.user } : false;
  }

  async #attempt(method: string): Promise<AnyAuthMethod | undefined> {
    if (method === "publickey") return this.#publicKeys();
    if (!this.#passwordsForbidden && method === "password") return this.#password();
    if (!this.#passwordsForbidden && method === "keyboard-interactive") return this.#interactive();
    this.#usedUp.add(method);
    return undefined;
  }

  async #publicKeys(): Promise<AnyAuthMethod | undefined> {
    this.#usedUp.add("publickey");
    const ring = await this.#parts.userKeys.ringFor(this.#hop, this.#asking);
    this.#tried.push(...ring.tried);
    return ring.size === 0 ? undefined : { type: "agent", username: this.#hop.user, agent: ring };
  }

  async #password(): Promise<AnyAuthMethod | undefined> {
    this.#passwordTries += 1;
    if (this.#passwordTries >= this.#hop.passwordPrompts) this.#usedUp.add("password");
    const given = await this.#askPassword(`${this.#hop.user}@${this.#hop.name}'s password: `);
    // Who gives the same answer again is a program, or has no other.
    if (given === undefined || given === this.#lastPassword) {
      this.#usedUp.add("password");
      return undefined;
    }
    if (this.#passwordTries === 1) this.#tried.push("a password");
    this.#lastPassword = given;
    return { type: "password", username: this.#hop.user, password: given };
  }

  #interactive(): AnyAuthMethod {
    let rounds = 0;
    this.#interactiveTries += 1;
    if (this.#interactiveTries >= this.#hop.passwordPrompts) this.#usedUp.add("keyboard-interactive");
    return {
      type: "keyboard-interactive",
      username: this.#hop.user,
      prompt: (_name, instructions, _language, prompts, finish) => {
        rounds += 1;
        const asked = rounds > INTERACTIVE_ROUNDS_MAX ? [] : prompts;
        this.#answer(instructions, asked).then(finish, (_nobody: unknown) => {
          this.#usedUp.add("keyboard-interactive");
          finish([]);
        });
      },
    };
  }

  async #answer(instructions: string, prompts: readonly Prompt[]): Promise<string[]> {
    const answers: string[] = [];
    for (const { prompt, echo } of prompts) {
      const who = `(${this.#hop.user}@${this.#hop.name}) `;
      const lead = instructions.trim() === "" ? "" : `${who}${plainWords(instructions)}\n`;
      const text = `${lead}${who}${plainWords(prompt)}`;
      const given = asksForPassword(prompt, echo === true)
        ? await this.#askPassword(text)
        : await this.#ask(text, echo !== true);
      if (given === undefined) {
        this.#usedUp.add("keyboard-interactive");
        return [];
      }
      if (answers.length === 0 && this.#interactiveTries === 1) this.#tried.push("answers to its questions");
      answers.push(given);
    }
    return answers;
  }

  #ask(prompt: string, secret: boolean): Promise<string | undefined> {
    const { signal } = this.#asking;
    return this.#answered(this.#parts.questions.ask(prompt, { secret, signal }));
  }

  /** Of this host, or of several. */
  #askPassword(prompt: string): Promise<string | undefined> {
    const { user, name } = this.#hop;
    return this.#answered(this.#passwords.get({ user, name, account: this.#account, prompt }));
  }

  async #answered(asked: Promise<string | undefined>): Promise<string | undefined> {
    const given = await this.#asking.hold(asked);
    if (given === undefined) this.#unanswered = true;
    return given;
  }

  #remedy(offered: readonly string[]): string {
    const locked = this.#tried.some((words) => words.endsWith(NOBODY_UNLOCKS));
    if (locked) return `Put the key into an agent (ssh-add), or ${BE_ASKED}.`;
    if (this.#unanswered) return `Set up a key for ${this.#hop.user}, or ${BE_ASKED}.`;
    return remedyOf(this.#hop, offered, this.#tried);
  }
}

function remedyOf(hop: SshHop, offered: readonly string[], tried: readonly string[]): string {
  const fido = tried.some((words) => words.endsWith("(a FIDO key)"));
  const kerberos = offered.length > 0 && offered.every((method) => method.startsWith("gssapi"));
  const certified = tried.some((words) => words.endsWith(IS_CERTIFICATE));
  if (certified || hop.certificateFiles.length > 0) return `ssh2 knows no certificates: ${USE_SYSTEM_SSH}.`;
  if (fido) return `ssh2 knows no FIDO keys: ${USE_SYSTEM_SSH}.`;
  if (kerberos) return `ssh2 knows no Kerberos: ${USE_SYSTEM_SSH}.`;
  if (offered.includes("publickey")) {
    return `Add your public key to the authorized_keys of ${hop.user}, or correct the user, the key (IdentityFile) or the agent.`;
  }
  return `Check that ${hop.user} may log in, and the password.`;
}
