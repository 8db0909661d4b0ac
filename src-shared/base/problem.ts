// A problem found in something a person wrote: where it is, what it is and what to do about it.

/** Errors stop a run; warnings are shown and do not. */
export type ProblemSeverity = "error" | "warning";

/** Lines and columns count from 1; `offset` is the index into the text (UTF-16 units). */
export interface Problem {
  readonly severity: ProblemSeverity;
  readonly line: number;
  readonly column: number;
  readonly offset: number;
  /** What is wrong, naming the element or value. */
  readonly message: string;
  /** What to do about it, one sentence. */
  readonly remedy: string;
}

export function hasErrors(problems: readonly Problem[]): boolean {
  return problems.some((problem) => problem.severity === "error");
}
