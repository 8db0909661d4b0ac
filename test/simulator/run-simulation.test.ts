// Thousands of runs of random applications in a world full of trouble: every one ends, cleanly, with the right code.
import { describe, expect, test } from "vitest";
import { RunWorld } from "./run-world.ts";

const SEEDS = 3000;
/** Each was a bug once. */
const FIXED: readonly (readonly [string, number])[] = [
  ["after a host was lost for good, two hosts had the same index", 166],
  ["timers of hosts that were prepared or given up stayed set after the run", 3],
  ["interrupted before its start, it started all the same", 23],
  ["a release went to a host that was not connected yet", 40],
  ["a repeated report made a host finish twice", 348],
  ["Ctrl-C after another end did not count as an interrupt", 517],
  ["a run that had not stopped in time was cleaned up under its running processes", 689],
];

function play(seed: number): RunWorld {
  const world = new RunWorld(seed);
  try {
    world.play();
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    throw new Error(`seed ${String(seed)}: ${what}\n${world.application.text}`, { cause: error });
  }
  return world;
}

describe("random applications with random faults", () => {
  test(`${String(SEEDS)} seeds`, () => {
    const codes = new Map<number, number>();
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const code = play(seed).ended?.verdict.exitCode ?? -1;
      codes.set(code, (codes.get(code) ?? 0) + 1);
    }
    // All kinds of ends have been seen: the world is neither too kind nor too cruel.
    for (const code of [0, 1, 3, 4, 5, 130])
      expect(codes.get(code) ?? 0, `exit code ${String(code)}`).toBeGreaterThan(20);
  });

  test("the same seed is the same story", () => {
    for (let seed = 1; seed <= 50; seed += 1)
      expect(play(seed).hash, `seed ${String(seed)}`).toBe(play(seed).hash);
  });

  test.each(FIXED)("%s (seed %i)", (_name, seed) => {
    play(seed);
  });
});
