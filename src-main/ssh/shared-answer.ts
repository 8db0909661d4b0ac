// An answer that several logins need is asked for once, and taken back only when none of them waits for it any more.
import { onAbort } from "./deadline.ts";

interface Asked<Answer> {
  readonly answer: Promise<Answer>;
  readonly giveUp: AbortController;
  waiting: number;
  settled: boolean;
}

export class SharedAnswers<Answer> {
  readonly #asked = new Map<string, Asked<Answer>>();

  /** The answer is kept for whoever asks the same later; a failure is not. */
  get(key: string, signal: AbortSignal, ask: (signal: AbortSignal) => Promise<Answer>): Promise<Answer> {
    const asked = this.#asked.get(key) ?? this.#ask(key, ask);
    asked.waiting += 1;
    const leave = (): void => {
      asked.waiting -= 1;
      if (asked.waiting > 0 || asked.settled) return;
      this.forget(key);
      asked.giveUp.abort();
    };
    const unlisten = onAbort(signal, leave);
    if (signal.aborted) leave();
    const over = (): void => {
      unlisten();
    };
    asked.answer.then(over, over);
    return asked.answer;
  }

  forget(key: string): void {
    this.#asked.delete(key);
  }

  #ask(key: string, ask: (signal: AbortSignal) => Promise<Answer>): Asked<Answer> {
    const giveUp = new AbortController();
    const asked = { answer: ask(giveUp.signal), giveUp, waiting: 0, settled: false };
    this.#asked.set(key, asked);
    asked.answer.then(
      () => {
        asked.settled = true;
      },
      (_told: unknown) => {
        asked.settled = true;
        if (this.#asked.get(key) === asked) this.forget(key);
      },
    );
    return asked;
  }
}
