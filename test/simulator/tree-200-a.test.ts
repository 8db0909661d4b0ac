// Trees of 200 hosts under every fault, one half of the seeds (the other half keeps another processor busy).
import { test } from "vitest";
import { liveAll, livesOf, partsOf } from "./tree-lives.ts";

const SEEDS = { from: 200001, count: 30 };

test.each(partsOf(SEEDS, 15))("trees of 200 hosts keep their promises, seeds from $from", (part) => {
  liveAll(livesOf(part, () => 200));
});
