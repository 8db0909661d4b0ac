// Sets of ranks with a tag for each of them, in order of the ranks: what each has proved, or what is proved to each.
import { rankSetOf, ranksIn } from "./rank-set.ts";
import { TAG_BYTES, type Rank } from "./topology.ts";

export interface TaggedRanks {
  /** As in rank-set.ts: [from, to, from, to, …], both included. */
  readonly ranks: readonly number[];
  /** TAG_BYTES for each rank. */
  readonly tags: Uint8Array;
}

export function taggedRanksOf(tags: ReadonlyMap<Rank, Uint8Array>): TaggedRanks {
  const ranks = rankSetOf(tags.keys());
  const all = new Uint8Array(tags.size * TAG_BYTES);
  let at = 0;
  for (const rank of ranksIn(ranks)) {
    all.set(tags.get(rank) ?? [], at);
    at += TAG_BYTES;
  }
  return { ranks, tags: all };
}

/** Each rank with its own tag. */
export function tagsOf({ ranks, tags }: TaggedRanks): readonly (readonly [Rank, Uint8Array])[] {
  const all: (readonly [Rank, Uint8Array])[] = [];
  for (const rank of ranksIn(ranks)) {
    const at = all.length * TAG_BYTES;
    all.push([rank, tags.subarray(at, at + TAG_BYTES)]);
  }
  return all;
}
