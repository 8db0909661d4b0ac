// Who has what up to where, as a state that only grows: merging it twice, in any order, changes nothing.
import { rankSetOf, ranksIn } from "./rank-set.ts";
import type { Rank } from "./topology.ts";
import type { ProgressGroup } from "./tree-frames.ts";

/** The highest number known of each rank, and which of them have changed since they were last told. */
export class Progress {
  readonly #upTo = new Map<Rank, number>();
  readonly #untold = new Set<Rank>();

  get(rank: Rank): number | undefined {
    return this.#upTo.get(rank);
  }

  get hasNews(): boolean {
    return this.#untold.size > 0;
  }

  /** False when nothing is new. */
  raise(rank: Rank, upTo: number): boolean {
    const known = this.#upTo.get(rank);
    if (known !== undefined && known >= upTo) return false;
    this.#upTo.set(rank, upTo);
    this.#untold.add(rank);
    return true;
  }

  forget(rank: Rank): void {
    this.#upTo.delete(rank);
    this.#untold.delete(rank);
  }

  /** What has changed since the last time. */
  takeNews(): ProgressGroup[] {
    const news = groupsOf(this.#untold, this.#upTo);
    this.#untold.clear();
    return news;
  }

  /** All of it; nothing is news afterwards. */
  takeAll(): ProgressGroup[] {
    this.#untold.clear();
    return groupsOf(this.#upTo.keys(), this.#upTo);
  }
}

function groupsOf(ranks: Iterable<Rank>, upTo: ReadonlyMap<Rank, number>): ProgressGroup[] {
  const byNumber = new Map<number, Rank[]>();
  for (const rank of ranks) {
    const number = upTo.get(rank) ?? 0;
    const group = byNumber.get(number);
    if (group === undefined) byNumber.set(number, [rank]);
    else group.push(rank);
  }
  return [...byNumber].map(([number, group]) => ({ upTo: number, ranks: rankSetOf(group) }));
}

/** Splits groups by where their ranks are: `placeOf` says which place leads to a rank. */
export function splitProgress<Place>(
  groups: readonly ProgressGroup[],
  placeOf: (rank: Rank) => Place | undefined,
): Map<Place, ProgressGroup[]> {
  const byPlace = new Map<Place, ProgressGroup[]>();
  for (const { upTo, ranks } of groups) {
    for (const [place, there] of splitRanks(ranks, placeOf)) {
      const known = byPlace.get(place) ?? [];
      known.push({ upTo, ranks: there });
      byPlace.set(place, known);
    }
  }
  return byPlace;
}

export function splitRanks<Place>(
  ranks: readonly number[],
  placeOf: (rank: Rank) => Place | undefined,
): Map<Place, readonly number[]> {
  const byPlace = new Map<Place, Rank[]>();
  for (const rank of ranksIn(ranks)) {
    const place = placeOf(rank);
    if (place === undefined) continue;
    const known = byPlace.get(place);
    if (known === undefined) byPlace.set(place, [rank]);
    else known.push(rank);
  }
  return new Map([...byPlace].map(([place, list]) => [place, rankSetOf(list)]));
}
