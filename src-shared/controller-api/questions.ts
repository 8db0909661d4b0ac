// What a person is asked in between: plain data, so that a terminal, a window and a program elsewhere can all answer.

export interface Question {
  /** Names it in the answer. */
  readonly id: string;
  /** `secret`: the answer must not be seen. `hostKey`: "yes", "no" or the key's fingerprint. `consent`: "yes" or "no". */
  readonly kind: "secret" | "text" | "hostKey" | "consent";
  /** For people, and from outside in part: a host's own words may be in it. */
  readonly text: string;
  /** It stays open for so long. */
  readonly deadlineMs: number;
}

export type QuestionChange =
  | { readonly kind: "asked"; readonly question: Question }
  /** Answered, taken back, or nobody has answered in time. */
  | { readonly kind: "over"; readonly id: string };
