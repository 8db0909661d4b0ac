// Sets of ranks as sorted ranges [from, to, from, to, …], both ends included: 1000 hosts in a row are two numbers.
import { isRank } from "./frame-fields.ts";
import type { Rank } from "./topology.ts";

/** Sorted, without overlaps, and without neighbours that touch: equal sets are equal lists. */
export type RankSet = readonly number[];

export function rankSetOf(ranks: Iterable<Rank>): RankSet {
  const sorted = [...ranks].sort((a, b) => a - b);
  const ranges: number[] = [];
  for (const rank of sorted) append(ranges, rank, rank);
  return ranges;
}

/** Adds a range that does not begin before the last one. */
function append(ranges: number[], from: number, to: number): void {
  const last = ranges.length - 1;
  const end = ranges[last];
  if (end !== undefined && from <= end + 1) ranges[last] = Math.max(end, to);
  else ranges.push(from, to);
}

/** Whether numbers from outside are a set. */
export function isRankSet(numbers: readonly unknown[]): numbers is number[] {
  if (numbers.length % 2 !== 0) return false;
  let end = -2;
  for (let at = 0; at < numbers.length; at += 2) {
    const from = numbers[at];
    const to = numbers[at + 1];
    if (!isRank(from) || !isRank(to) || from > to || from <= end + 1) return false;
    end = to;
  }
  return true;
}

export function hasRank(set: RankSet, rank: Rank): boolean {
  let low = 0;
  let high = set.length / 2 - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    if (rank < (set[2 * middle] ?? 0)) high = middle - 1;
    else if (rank > (set[2 * middle + 1] ?? 0)) low = middle + 1;
    else return true;
  }
  return false;
}

export function countRanks(set: RankSet): number {
  let count = 0;
  for (let at = 0; at < set.length; at += 2) count += (set[at + 1] ?? 0) - (set[at] ?? 0) + 1;
  return count;
}

export function* ranksIn(set: RankSet): Generator<Rank> {
  for (let at = 0; at < set.length; at += 2) {
    const to = set[at + 1] ?? 0;
    for (let rank = set[at] ?? 0; rank <= to; rank += 1) yield rank;
  }
}

/** Those of a set that pass. */
export function keepRanks(set: RankSet, isKept: (rank: Rank) => boolean): RankSet {
  return rankSetOf([...ranksIn(set)].filter(isKept));
}

export function doRanksMeet(one: RankSet, other: RankSet): boolean {
  let left = 0;
  let right = 0;
  while (left < one.length && right < other.length) {
    if ((one[left + 1] ?? 0) < (other[right] ?? 0)) left += 2;
    else if ((other[right + 1] ?? 0) < (one[left] ?? 0)) right += 2;
    else return true;
  }
  return false;
}

export function uniteRanks(one: RankSet, other: RankSet): RankSet {
  if (one.length === 0) return other;
  if (other.length === 0) return one;
  const ranges: number[] = [];
  let left = 0;
  let right = 0;
  while (left < one.length || right < other.length) {
    const fromLeft = one[left] ?? Infinity;
    const fromRight = other[right] ?? Infinity;
    if (fromLeft <= fromRight) {
      append(ranges, fromLeft, one[left + 1] ?? fromLeft);
      left += 2;
    } else {
      append(ranges, fromRight, other[right + 1] ?? fromRight);
      right += 2;
    }
  }
  return ranges;
}
