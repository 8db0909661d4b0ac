// Everything that can happen to two or three members within a few steps; `npm run sim -- --exhaustive` goes deeper.
import { expect, test } from "vitest";
import { randTree } from "../../src-shared/overlay/rand-tree.ts";
import { searchExhaustively } from "../../src-shared/simulator/exhaustive-search.ts";

/** A degree of 1 makes a chain, where everybody has somebody below who must not adopt him. */
const SEARCHES = [
  { members: 2, degree: 1, built: false, steps: 8, faults: 1, statesMin: 10_000 },
  { members: 3, degree: 1, built: true, steps: 6, faults: 2, statesMin: 10_000 },
  { members: 3, degree: 2, built: false, steps: 5, faults: 2, statesMin: 5000 },
];

test.each(SEARCHES)(
  "$members members of degree $degree, built: $built, $steps steps, $faults faults",
  ({ statesMin, ...search }) => {
    const { states } = searchExhaustively({ topology: randTree, ...search });
    expect(states).toBeGreaterThan(statesMin);
  },
);
