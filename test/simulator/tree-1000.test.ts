// Trees of 1000 hosts under every fault.
import { test } from "vitest";
import { liveAll, livesOf } from "./tree-lives.ts";

const SEEDS = { from: 300_001, count: 10 };

test(`trees of 1000 hosts keep their promises in ${SEEDS.count} lives`, () => {
  liveAll(livesOf(SEEDS, () => 1000));
});
