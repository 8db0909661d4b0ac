// Up to which number each rank has all commands: only grows, so that merging it twice, in any order, changes nothing.
// Each number is proved by its own rank, so that nobody on the way can make it higher.
import { isSameBytes } from "./command-order.ts";
import { tagsOf, taggedRanksOf } from "./tagged-ranks.ts";
import type { Rank } from "./topology.ts";
import type { ProgressGroup } from "./tree-frames.ts";

interface Proved {
  readonly upTo: number;
  readonly tag: Uint8Array;
}

/** The highest number known of each rank, and which of them have changed since they were last told. */
export class Progress {
  readonly #known = new Map<Rank, Proved>();
  readonly #untold = new Set<Rank>();

  get(rank: Rank): number | undefined {
    return this.#known.get(rank)?.upTo;
  }

  get hasNews(): boolean {
    return this.#untold.size > 0;
  }

  /** Also the same number with another proof: whoever was deceived about commands has mended its own. */
  isNews(rank: Rank, upTo: number, tag: Uint8Array): boolean {
    const known = this.#known.get(rank);
    if (known === undefined || upTo > known.upTo) return true;
    return upTo === known.upTo && !isSameBytes(tag, known.tag);
  }

  raise(rank: Rank, upTo: number, tag: Uint8Array): void {
    if (!this.isNews(rank, upTo, tag)) return;
    this.#known.set(rank, { upTo, tag });
    this.#untold.add(rank);
  }

  forget(rank: Rank): void {
    this.#known.delete(rank);
    this.#untold.delete(rank);
  }

  /** What has changed since the last time. */
  takeNews(): ProgressGroup[] {
    const news = groupsOf(this.#untold, this.#known);
    this.#untold.clear();
    return news;
  }

  /** All of it; nothing is news afterwards. */
  takeAll(): ProgressGroup[] {
    this.#untold.clear();
    return groupsOf(this.#known.keys(), this.#known);
  }
}

function groupsOf(ranks: Iterable<Rank>, known: ReadonlyMap<Rank, Proved>): ProgressGroup[] {
  const groups = new ProgressGroups();
  for (const rank of ranks) {
    const proved = known.get(rank);
    if (proved !== undefined) groups.add(rank, proved.upTo, proved.tag);
  }
  return groups.all();
}

/** Ranks with equal numbers are one group. */
export class ProgressGroups {
  readonly #byNumber = new Map<number, Map<Rank, Uint8Array>>();

  add(rank: Rank, upTo: number, tag: Uint8Array): void {
    const group = this.#byNumber.get(upTo) ?? new Map<Rank, Uint8Array>();
    group.set(rank, tag);
    this.#byNumber.set(upTo, group);
  }

  all(): ProgressGroup[] {
    return [...this.#byNumber].map(([upTo, tags]) => ({ upTo, ...taggedRanksOf(tags) }));
  }
}

/** Splits groups by where their ranks are: `placeOf` says which place leads to a rank. */
export function splitProgress<Place>(
  groups: readonly ProgressGroup[],
  placeOf: (rank: Rank) => Place | undefined,
): Map<Place, ProgressGroup[]> {
  const byPlace = new Map<Place, ProgressGroups>();
  for (const group of groups) {
    for (const [rank, tag] of tagsOf(group)) {
      const place = placeOf(rank);
      if (place === undefined) continue;
      const there = byPlace.get(place) ?? new ProgressGroups();
      there.add(rank, group.upTo, tag);
      byPlace.set(place, there);
    }
  }
  return new Map([...byPlace].map(([place, there]) => [place, there.all()]));
}
