// Answers what the program ssh asks in the middle of a login, as ssh2's logins are answered: the same questions, shared alike.
import { execFile } from "node:child_process";
import type { AskpassWish } from "./askpass-door.ts";
import { marksHostsWords, parseAskpassPrompt, type AskpassPrompt } from "./askpass-prompts.ts";
import { asksForPassword, plainWords } from "./plain-words.ts";
import { SharedAnswers } from "./shared-answer.ts";
import { SharedPassphrases, type GivePassphrase } from "./shared-passphrases.ts";
import { SharedPasswords, type LoginPasswords } from "./shared-passwords.ts";
import type { SshHop } from "./ssh-config.ts";
import { BE_ASKED, refused } from "./ssh-failures.ts";
import type { SshFailure, SshQuestions, SshSettings } from "./ssh.ts";
import { NOBODY_UNLOCKS } from "./user-keys.ts";

/** It only prints a line. */
const VERSION_MS = 5_000;

/** How one login stands with those who are asked. */
export interface LoginQuestions {
  answer(wish: AskpassWish): Promise<string | undefined>;
  succeeded(): void;
  /** What it has come to because nobody has answered. */
  readonly failure: SshFailure | undefined;
  /** Of keys that could not be used, and why. */
  readonly notes: readonly string[];
  /** Somebody was asked: the host may have waited too long. */
  readonly asked: boolean;
  /** The host's key was shown, and nobody has accepted it. */
  readonly keyDeclined: boolean;
}

interface LoginParts {
  readonly questions: SshQuestions;
  readonly passwords: LoginPasswords;
  readonly passphrase: GivePassphrase;
  readonly hostKeys: SharedAnswers<boolean>;
  readonly marksWords: () => Promise<boolean>;
  readonly warn: (text: string) => void;
}

/** Between the logins of one transport. */
export class SystemSshQuestions {
  readonly #questions: SshQuestions;
  readonly #settings: SshSettings;
  readonly #warn: (text: string) => void;
  readonly #passwords: SharedPasswords;
  readonly #passphrases: SharedPassphrases;
  readonly #hostKeys = new SharedAnswers<boolean>();
  #marksWords: Promise<boolean> | undefined;

  constructor(questions: SshQuestions, settings: SshSettings, warn: (text: string) => void) {
    this.#questions = questions;
    this.#settings = settings;
    this.#warn = warn;
    this.#passwords = new SharedPasswords(questions);
    this.#passphrases = new SharedPassphrases(questions);
  }

  /** `signal`: the login is over. */
  login(hop: SshHop, signal: AbortSignal): LoginQuestions {
    const parts = {
      questions: this.#questions,
      passwords: this.#passwords.login(signal),
      passphrase: this.#passphrases.login(signal),
      hostKeys: this.#hostKeys,
      marksWords: () => (this.#marksWords ??= askVersion(this.#settings).then(marksHostsWords)),
      warn: this.#warn,
    };
    return new SystemSshLogin(parts, hop, signal);
  }
}

function askVersion(settings: SshSettings): Promise<string> {
  return new Promise((resolve) => {
    execFile("ssh", ["-V"], { env: settings.environment, timeout: VERSION_MS }, (error, _stdout, stderr) => {
      resolve(error === null ? stderr : "");
    });
  });
}

class SystemSshLogin implements LoginQuestions {
  readonly #parts: LoginParts;
  readonly #hop: SshHop;
  readonly #signal: AbortSignal;
  readonly notes: string[] = [];
  asked = false;
  keyDeclined = false;
  failure: SshFailure | undefined;

  constructor(parts: LoginParts, hop: SshHop, signal: AbortSignal) {
    this.#parts = parts;
    this.#hop = hop;
    this.#signal = signal;
  }

  succeeded(): void {
    this.#parts.passwords.succeeded();
  }

  async answer({ prompt: text, kind }: AskpassWish): Promise<string | undefined> {
    if (kind === "none") {
      // A FIDO key that waits to be touched.
      this.#parts.warn(`${this.#hop.name}: ${plainWords(text)}`);
      return "";
    }
    const prompt: AskpassPrompt = (await this.#parts.marksWords())
      ? parseAskpassPrompt(text)
      : { kind: "other" };
    this.asked = true;
    switch (prompt.kind) {
      case "passphrase":
        return this.#passphrase(prompt.file);
      case "hostKey":
        return (await this.#accepted(prompt)) ? "yes" : "no";
      case "password": {
        const { user, host } = prompt;
        const asked = this.#password(user, host, `${user}@${this.#nameOf(user, host)}'s password: `);
        return this.#needed(await asked, `${user}@${host} wants a password, and nobody has given one`);
      }
      case "interactive": {
        const { user, host, words } = prompt;
        const shown = `(${user}@${this.#nameOf(user, host)}) ${plainWords(words)}`;
        // Whether the answer may be seen, ssh does not tell us.
        const asked = asksForPassword(words, false)
          ? this.#password(user, host, shown)
          : this.#ask(shown, true);
        const wanted = `${user}@${host} asks "${plainWords(words).trim()}", and nobody has answered`;
        return this.#needed(await asked, wanted);
      }
      case "other":
        return this.#ask(`${this.#hop.name}: ${plainWords(text)}`, kind !== "confirm");
    }
  }

  async #passphrase(file: string): Promise<string | undefined> {
    const given = await this.#parts.passphrase(file);
    const note = `${file} ${NOBODY_UNLOCKS}`;
    if (given === undefined && !this.notes.includes(note)) this.notes.push(note);
    return given;
  }

  /** A key that several logins are shown (a jump's) is asked about once. */
  async #accepted({ host, keyType, fingerprint }: AskpassPrompt & { kind: "hostKey" }): Promise<boolean> {
    const { hostName, port, name } = this.#hop;
    const isTarget = host === hostName || host === `[${hostName}]:${String(port)}`;
    const shown = { name: isTarget ? name : host, host, keyType, fingerprint };
    const key = `${host} ${fingerprint}`;
    const { hostKeys, questions } = this.#parts;
    const yes = await hostKeys.get(key, this.#signal, (needed) => questions.acceptHostKey(shown, needed));
    if (yes) return true;
    hostKeys.forget(key);
    this.keyDeclined = true;
    return false;
  }

  #password(user: string, host: string, prompt: string): Promise<string | undefined> {
    const { hostName, port, proxyJump } = this.#hop;
    const account = this.#isTarget(user, host)
      ? `${user}@${hostName}:${String(port)}`
      : `${user}@${host} on the way by ${proxyJump.join(",")}`;
    return this.#parts.passwords.get({ user, name: this.#nameOf(user, host), account, prompt });
  }

  #isTarget(user: string, host: string): boolean {
    const { name, hostName, hostKeyAlias } = this.#hop;
    const names = [name, hostName, hostKeyAlias].map((each) => each?.toLowerCase());
    return user === this.#hop.user && names.includes(host.toLowerCase());
  }

  /** ssh says HostName, people know the name of the directory. */
  #nameOf(user: string, host: string): string {
    return this.#isTarget(user, host) ? this.#hop.name : host;
  }

  #ask(prompt: string, secret: boolean): Promise<string | undefined> {
    return this.#parts.questions.ask(prompt, { secret, signal: this.#signal });
  }

  /** Without an answer ssh would send an empty one, which counts as an attempt to break in. */
  #needed(given: string | undefined, wanted: string): string | undefined {
    if (given !== undefined || this.failure !== undefined) return given;
    const way =
      this.notes.length > 0 ? "Put the key into an agent (ssh-add)" : `Set up a key for ${this.#hop.user}`;
    this.failure = refused("login", [...this.notes, wanted].join("; "), `${way}, or ${BE_ASKED}.`);
    return given;
  }
}
