// Latest values in a tree that moves: the newest of each host arrives, none after a newer one, and nothing piles up.
import { describe, expect, test } from "vitest";
import { randTree } from "../../src-shared/overlay/rand-tree.ts";
import type { TreeFrame } from "../../src-shared/overlay/tree-frames.ts";
import { Stage, type Performer } from "../../src-shared/simulator/story-stage.ts";
import { treeFrameBytes } from "../../src-shared/simulator/tree-frame-judge.ts";

const HOSTS = 40;
const DEGREE = 3;
const BEACON_MS = 1000;
/** A value waits for a beacon at each hop: trees of 40 with 3 children each are 4 to 7 deep. */
const ARRIVED_MS = 10_000;

class LatestStage {
  frames = 0;
  values = 0;
  readonly stage: Stage<TreeFrame>;

  constructor(seed: number) {
    const performer: Performer<TreeFrame> = {
      topology: randTree,
      bytesOf: (frame) => {
        if (frame.t === "latest") {
          this.frames += 1;
          this.values += frame.values.length;
          expect(new Set(frame.values.map(({ rank }) => rank)).size).toBe(frame.values.length);
        }
        return treeFrameBytes(frame);
      },
    };
    this.stage = new Stage(performer, HOSTS, DEGREE, seed);
  }

  sayAll(): void {
    for (const client of this.stage.running()) client.sayLatest();
  }

  expectRising(): void {
    for (const numbers of this.stage.latest.values())
      expect(numbers).toEqual([...new Set(numbers)].sort((one, other) => one - other));
  }

  expectNewest(): void {
    const running = this.stage.running();
    const known = running.map(({ rank }) => this.stage.latest.get(rank)?.at(-1));
    expect(known).toEqual(running.map(({ latest }) => latest));
  }
}

describe.each([1, 2, 3])("seed %d", (seed) => {
  test("values arrive while hosts in the middle die, and none is older than one before", () => {
    const play = new LatestStage(seed);
    const { stage } = play;
    for (let round = 0; round < 6; round += 1) {
      play.sayAll();
      stage.run(700);
      stage.world.crashClient(stage.relay());
      stage.run(300);
      play.sayAll();
      stage.run(1500);
    }
    // Nobody says anything new: what died with a relay on its way must come by itself.
    stage.until(15_000, "after six relays died");
    stage.run(ARRIVED_MS);
    play.expectRising();
    play.expectNewest();
    expect(stage.running()).toHaveLength(HOSTS - 6);
  });

  test("whoever says a thousand a second is heard once a second, and holds nobody up", () => {
    const play = new LatestStage(seed);
    const { stage } = play;
    const [loud, ...others] = stage.running();
    for (let said = 0; said < 1000; said += 1) {
      loud!.sayLatest();
      stage.run(2);
    }
    for (const other of others) other.sayLatest();
    stage.run(ARRIVED_MS);
    play.expectNewest();
    play.expectRising();
    expect(stage.latest.get(loud!.rank)!.length).toBeLessThanOrEqual(4);
  });

  test("however many speak, one frame goes over each edge for each beacon", () => {
    const play = new LatestStage(seed);
    play.frames = 0;
    const seconds = 10;
    for (let second = 0; second < seconds; second += 1) {
      play.sayAll();
      play.stage.run(BEACON_MS);
    }
    expect(play.frames).toBeLessThanOrEqual(HOSTS * (seconds + 1));
    expect(play.frames).toBeGreaterThanOrEqual(HOSTS * (seconds - 2));
    play.expectRising();
  });
});

test("a root that is started anew hears the newest of everybody again", () => {
  const play = new LatestStage(4);
  const { stage } = play;
  play.sayAll();
  stage.run(ARRIVED_MS);
  play.expectNewest();
  stage.latest.clear();
  stage.world.crashController();
  stage.run(2000);
  stage.world.startController();
  stage.until(30_000, "after the root was started anew");
  stage.run(ARRIVED_MS);
  play.expectNewest();
});
