// Lives of the rooted tree by the hundred: the first that breaks a promise is made as small as it gets, and printed.
import { randTree } from "../../src-shared/overlay/rand-tree.ts";
import { describeLife, lifeOfSeed } from "../../src-shared/simulator/life-of-seed.ts";
import { Sightings } from "../../src-shared/simulator/sightings.ts";
import { minimise, playTreeLife } from "../../src-shared/simulator/tree-scenario.ts";
import type { Life, LifeStory } from "../../src-shared/simulator/tree-scenario.ts";

export function liveAll(lives: Iterable<Life>): Sightings {
  const seen = new Sightings();
  for (const life of lives) seen.add(live(life).sightings);
  return seen;
}

function live(life: Life): LifeStory {
  try {
    return playTreeLife(life);
  } catch (error) {
    const smallest = minimise(life);
    throw new Error(
      `npm run sim -- ${describeLife(life)}\n${messageOf(error)}\n` +
        `smaller: npm run sim -- ${describeLife(smallest.life)}\n${smallest.reason}`,
      { cause: error },
    );
  }
}

/** Several tests instead of a long one, so that a slow machine does not look like one that hangs. */
export function partsOf(
  seeds: { readonly from: number; readonly count: number },
  size: number,
): { readonly from: number; readonly count: number }[] {
  const parts = Math.ceil(seeds.count / size);
  return Array.from({ length: parts }, (_, part) => {
    const done = part * size;
    return { from: seeds.from + done, count: Math.min(size, seeds.count - done) };
  });
}

export function livesOf(
  seeds: { readonly from: number; readonly count: number },
  hosts: (seed: number) => number,
): Life[] {
  return Array.from({ length: seeds.count }, (_, at) =>
    lifeOfSeed(seeds.from + at, hosts(seeds.from + at), randTree),
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
