// Trees of 200 hosts under every fault, one half of the seeds (the other half keeps another processor busy).
import { test } from "vitest";
import { liveAll, livesOf } from "./tree-lives.ts";

const SEEDS = { from: 210001, count: 195 };

test(`trees of 200 hosts keep their promises in ${SEEDS.count} lives`, () => {
  liveAll(livesOf(SEEDS, () => 200));
});
