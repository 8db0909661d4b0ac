// Thousands of runs of random applications in a world full of trouble: every one ends, cleanly, with the right code.
import { describe, expect, test } from "vitest";
import { RunWorld } from "./run-world.ts";

const SEEDS = 10_000;
/** Each was a bug once. */
const FIXED: readonly (readonly [string, number])[] = [];

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
