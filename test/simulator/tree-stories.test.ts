// RandTree's known bugs as stories: ours keeps what they promise, the published protocol breaks it where it is known to.
import { describe, expect, test } from "vitest";
import { randTree } from "../../src-shared/overlay/rand-tree.ts";
import type { TreeFrame } from "../../src-shared/overlay/tree-frames.ts";
import { BrokenPromise } from "../../src-shared/simulator/broken-promise.ts";
import { classicFrameBytes } from "../../src-shared/simulator/classic-frames.ts";
import { classicRandTree } from "../../src-shared/simulator/classic-rand-tree.ts";
import { Stage, type Performer } from "../../src-shared/simulator/story-stage.ts";
import { treeFrameBytes } from "../../src-shared/simulator/tree-frame-judge.ts";
import { STORIES, type Story } from "../../src-shared/simulator/tree-stories.ts";

const SEEDS = [1, 2, 3, 4, 5];
const OURS = { topology: randTree, bytesOf: treeFrameBytes };
const CLASSIC = { topology: classicRandTree, bytesOf: classicFrameBytes };

/** What was broken, by seed; other errors are thrown. */
function brokenIn<Frame>(story: Story, performer: Performer<Frame>): string[] {
  return SEEDS.flatMap((seed) => {
    try {
      story.play(performer, seed);
      return [];
    } catch (error) {
      if (error instanceof BrokenPromise) return [`seed ${seed}: ${error.message}`];
      throw error;
    }
  });
}

describe("RandTree's known bugs", () => {
  test.each(STORIES)("ours: $name", (story) => {
    expect(brokenIn(story, OURS)).toEqual([]);
  });

  test.each(STORIES.filter(({ classic }) => classic === "breaks"))("classic breaks it: $name", (story) => {
    expect(brokenIn(story, CLASSIC)).not.toEqual([]);
  });

  test.each(STORIES.filter(({ classic }) => classic === "keeps"))("classic keeps it: $name", (story) => {
    expect(brokenIn(story, CLASSIC)).toEqual([]);
  });
});

const stamp = { epoch: 9, beacon: 9 };
const path = [{ rank: 0, address: "" }];
const seal = new Uint8Array(64);
const chain = new Uint8Array(16);

/** What only a parent, or nobody, may say. */
const FROM_A_CHILD: readonly TreeFrame[] = [
  { t: "beacon", stamp, path, stable: 1000, last: 1000, chain, seal, alternatives: [], siblings: [] },
  { t: "accept", stamp, path, stable: 1000, last: 1000, chain, seal },
  { t: "redirect", to: [] },
  { t: "refuse", why: "unknown", backoffMs: 0 },
  { t: "detached" },
  { t: "resync" },
  { t: "command", epoch: 1, sequence: 1, targets: [0, 100], payload: seal, before: chain, seal },
  { t: "received", progress: [{ upTo: 1000, ranks: [1, 4], tags: seal }] },
  { t: "expel", rank: 1, epoch: 1, seal },
  { t: "farewell", rank: 1, epoch: 1, seal },
];

describe("the sender is checked, and nobody is brought down by a frame (D7 to D9)", () => {
  test.each(FROM_A_CHILD)("$t from a child", (frame) => {
    const stage = new Stage(OURS, 14, 3, 1);
    const relay = stage.relay();
    const before = [relay.core.parent, ...relay.core.path];
    const [child] = stage.childrenOf(relay);
    const link = child === undefined ? undefined : stage.parentLink(child);
    expect(link).toBeDefined();
    link!.send(link!.sideOf(child!), frame, { bytes: 0, at: stage.world.time.now, bulk: false });
    stage.run(100);
    expect([relay.core.parent, ...relay.core.path]).toEqual(before);
    expect([...stage.delivered.values()]).toEqual([]);
    stage.until(5000, "after a frame that nobody may send");
  });
});
