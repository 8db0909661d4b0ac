// Trees of 40 hosts under every fault, one half of the seeds (the other half keeps another processor busy).
import { test } from "vitest";
import { liveAll, livesOf } from "./tree-lives.ts";

const SEEDS = { from: 110001, count: 400 };

test(`trees of 40 hosts keep their promises in ${SEEDS.count} lives`, () => {
  liveAll(livesOf(SEEDS, () => 40));
});
