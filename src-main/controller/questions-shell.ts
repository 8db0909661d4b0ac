// What people are asked: one question at a time, whoever asks; without a face that listens there is nobody to ask.
import type { ActionResult } from "#shared/controller-api/controller-api.ts";
import type { Question, QuestionChange } from "#shared/controller-api/questions.ts";

/** Hosts wait with half a login, and sshd's LoginGraceTime is two minutes. */
const ANSWER_MS = 110_000;

export interface Wish {
  readonly kind: Question["kind"];
  readonly text: string;
  /** Whoever wanted to know it does not any more. */
  readonly signal: AbortSignal;
  /** What is wrong with an answer; it may be given again. */
  readonly problemOf?: (answer: string) => string | undefined;
}

interface Open {
  readonly question: Question;
  readonly wish: Wish;
  readonly settle: (answer: string | undefined) => void;
}

export class Questions {
  readonly #listeners = new Set<(change: QuestionChange) => void>();
  #last: Promise<unknown> = Promise.resolve();
  #open: Open | undefined;
  #count = 0;

  get open(): Question | undefined {
    return this.#open?.question;
  }

  /** Undefined: nobody can be asked, or nobody has answered. */
  ask(wish: Wish): Promise<string | undefined> {
    const answer = this.#last.then(() => this.#ask(wish));
    this.#last = answer;
    return answer;
  }

  listen(listener: (change: QuestionChange) => void): () => void {
    this.#listeners.add(listener);
    if (this.#open !== undefined) listener({ kind: "asked", question: this.#open.question });
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#open?.settle(undefined);
    };
  }

  answer(id: string, answer: string | undefined): ActionResult {
    const open = this.#open;
    if (open?.question.id !== id) return { kind: "refused", message: "this is not asked any more" };
    const problem = answer === undefined ? undefined : open.wish.problemOf?.(answer);
    if (problem !== undefined) return { kind: "refused", message: problem };
    open.settle(answer);
    return { kind: "done", message: "answered" };
  }

  #ask(wish: Wish): Promise<string | undefined> {
    const { kind, text, signal } = wish;
    if (signal.aborted || this.#listeners.size === 0) return Promise.resolve(undefined);
    this.#count += 1;
    const question = { id: String(this.#count), kind, text, deadlineMs: ANSWER_MS };
    return new Promise((resolve) => {
      const settle = (answer: string | undefined): void => {
        clearTimeout(timer);
        signal.removeEventListener("abort", giveUp);
        this.#open = undefined;
        resolve(answer);
        this.#tell({ kind: "over", id: question.id });
      };
      const giveUp = (): void => {
        settle(undefined);
      };
      const timer = setTimeout(giveUp, ANSWER_MS);
      signal.addEventListener("abort", giveUp);
      this.#open = { question, wish, settle };
      this.#tell({ kind: "asked", question });
    });
  }

  #tell(change: QuestionChange): void {
    for (const listener of [...this.#listeners]) listener(change);
  }
}
