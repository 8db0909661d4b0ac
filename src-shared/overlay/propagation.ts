// How long a command takes: from when the root gives it until the last of those whom it is for has acknowledged it.
import { hasRank, ranksIn, type RankSet } from "./rank-set.ts";
import type { Propagated, Rank } from "./topology.ts";

/** Of several commands at once it follows the last one, which arrives last. */
export class Propagation {
  #last: Propagated | undefined;
  #sequence = 0;
  #targets: RankSet = [];
  #givenAt = 0;
  #hosts = 0;
  readonly #missing = new Set<Rank>();

  get last(): Propagated | undefined {
    return this.#last;
  }

  given(sequence: number, targets: RankSet, now: number): void {
    this.#sequence = sequence;
    this.#targets = targets;
    this.#givenAt = now;
    this.#missing.clear();
    for (const rank of ranksIn(targets)) this.#missing.add(rank);
    this.#hosts = this.#missing.size;
  }

  acknowledged(rank: Rank, upTo: number, now: number): void {
    if (upTo < this.#sequence || !this.#missing.delete(rank) || this.#missing.size > 0) return;
    this.#last = { ms: Math.round(now - this.#givenAt), hosts: this.#hosts };
  }

  /** It will never have it: then this command is measured no more. */
  gone(rank: Rank): void {
    if (hasRank(this.#targets, rank)) this.#missing.clear();
  }
}
