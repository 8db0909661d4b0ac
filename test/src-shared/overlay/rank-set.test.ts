// Sets of ranks: what they hold, their one spelling, and their union.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RANK_MAX } from "../../../src-shared/overlay/frame-fields.ts";
import {
  countRanks,
  hasRank,
  isRankSet,
  rankSetOf,
  ranksIn,
  uniteRanks,
} from "../../../src-shared/overlay/rank-set.ts";

const someRanks = fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 40 });

describe("sets of ranks", () => {
  test("a row of ranks is one range", () => {
    expect(rankSetOf([3, 1, 2, 2, 7])).toEqual([1, 3, 7, 7]);
  });

  test("hold what they were made of, and nothing else", () => {
    fc.assert(
      fc.property(someRanks, (ranks) => {
        const set = rankSetOf(ranks);
        expect([...ranksIn(set)]).toEqual([...new Set(ranks)].sort((a, b) => a - b));
        expect(countRanks(set)).toBe(new Set(ranks).size);
        expect(isRankSet(set)).toBe(true);
        for (let rank = 0; rank <= 61; rank += 1) expect(hasRank(set, rank)).toBe(ranks.includes(rank));
      }),
    );
  });

  test("unite to what both hold, spelt as if made at once", () => {
    fc.assert(
      fc.property(someRanks, someRanks, (one, other) => {
        expect(uniteRanks(rankSetOf(one), rankSetOf(other))).toEqual(rankSetOf([...one, ...other]));
      }),
    );
  });

  test.each([
    [[1]],
    [[2, 1]],
    [[1, 2, 3, 4]],
    [[5, 6, 1, 2]],
    [[1, 3, 2, 4]],
    [[-1, 2]],
    [[0.5, 2]],
    [[0, RANK_MAX + 1]],
    [[Number.NaN, 1]],
    [["1", "2"]],
  ])("%j is none", (numbers: unknown[]) => {
    expect(isRankSet(numbers)).toBe(false);
  });
});
