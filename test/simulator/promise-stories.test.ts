// Promises that random lives do not tell apart, each as a story with a few seeds.
import { describe, test } from "vitest";
import { randTree } from "../../src-shared/overlay/rand-tree.ts";
import { PROMISE_STORIES } from "../../src-shared/simulator/promise-stories.ts";
import { HEADER_STORIES } from "../../src-shared/simulator/header-stories.ts";
import { treeFrameBytes } from "../../src-shared/simulator/tree-frame-judge.ts";

const SEEDS = [1, 2, 3, 4];

describe("the rooted tree", () => {
  test.each(PROMISE_STORIES)("$name", (story) => {
    for (const seed of SEEDS) story.play({ topology: randTree, bytesOf: treeFrameBytes }, seed);
  });

  test.each(HEADER_STORIES)("$name", (story) => {
    for (const seed of SEEDS) story.play({ topology: randTree, bytesOf: treeFrameBytes }, seed);
  });
});
