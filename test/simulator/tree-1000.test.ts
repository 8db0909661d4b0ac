// Trees of 1000 hosts under every fault.
import { test } from "vitest";
import { liveAll, livesOf, partsOf } from "./tree-lives.ts";

const SEEDS = { from: 300_001, count: 10 };

test.each(partsOf(SEEDS, 1))("trees of 1000 hosts keep their promises, seeds from $from", (part) => {
  liveAll(livesOf(part, () => 1000));
});
