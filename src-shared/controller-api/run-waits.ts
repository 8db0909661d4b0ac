// What a run waits for at the moment, for whom, since when, and what happens if it does not come: the controller's own reasons.

export interface RunWait {
  readonly kind: "connect" | "prepare" | "link" | "barrier" | "block" | "end" | "run";
  /** `hosts to connect`, `barrier 'go'`. */
  readonly what: string;
  /** Of a barrier or block, what `force` takes; else "". */
  readonly name: string;
  /** Those that are missing; a folded node set. */
  readonly hosts: string;
  readonly count: number;
  /** What they do meanwhile, where that is not what is waited for: equal words once, with their hosts. */
  readonly doing: readonly { readonly words: string; readonly hosts: string; readonly count: number }[];
  /** Hosts that stand still because of it; a folded node set, may be "". */
  readonly waiting: string;
  readonly waitingCount: number;
  /** Blocks and barriers that begin after it. */
  readonly blocked: readonly string[];
  readonly sinceMs: number;
  /** Until then; null where only the run's own deadline bounds it. */
  readonly deadlineMs: number | null;
  /** What happens at the deadline, or when it will not come; "" when nothing does by itself. */
  readonly then: string;
}
