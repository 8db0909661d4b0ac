// Passphrases of key files that several logins need: asked for once, again when one was wrong. They go to no host.
import type { SshQuestions } from "./ssh.ts";

interface Asked {
  readonly answer: Promise<string | undefined>;
  /** The login for which it is asked. */
  readonly signal: AbortSignal;
}

/** The passphrases of one login: the same file again means that the one before was wrong. */
export type GivePassphrase = (file: string) => Promise<string | undefined>;

export class SharedPassphrases {
  readonly #questions: Pick<SshQuestions, "ask">;
  readonly #asked = new Map<string, Asked>();

  constructor(questions: Pick<SshQuestions, "ask">) {
    this.#questions = questions;
  }

  login(signal: AbortSignal): GivePassphrase {
    const mine = new Map<string, Asked>();
    return async (file) => {
      for (;;) {
        const wrong = mine.get(file);
        const known = this.#asked.get(file);
        const asked = known === undefined || known === wrong ? this.#ask(file, wrong, signal) : known;
        mine.set(file, asked);
        const answer = await asked.answer;
        if (answer !== undefined) return answer;
        if (this.#asked.get(file) === asked) this.#asked.delete(file);
        // Taken back for another login's sake: this one still wants to know.
        if (signal.aborted || !asked.signal.aborted) return undefined;
        mine.delete(file);
      }
    };
  }

  #ask(file: string, wrong: Asked | undefined, signal: AbortSignal): Asked {
    const lead = wrong === undefined ? "" : "That was wrong. ";
    const answer = this.#questions.ask(`${lead}Passphrase for ${file}: `, { secret: true, signal });
    const asked = { answer, signal };
    this.#asked.set(file, asked);
    return asked;
  }
}
