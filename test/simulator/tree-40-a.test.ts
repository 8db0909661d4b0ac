// Trees of 40 hosts under every fault, one half of the seeds (the other half keeps another processor busy).
import { test } from "vitest";
import { liveAll, livesOf, partsOf } from "./tree-lives.ts";

const SEEDS = { from: 100001, count: 400 };

test.each(partsOf(SEEDS, 50))("trees of 40 hosts keep their promises, seeds from $from", (part) => {
  liveAll(livesOf(part, () => 40));
});
