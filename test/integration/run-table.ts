// The table of run tests, written against RunWorld: whoever has a new way to get hosts runs all of it.
import { describe } from "vitest";
import { exampleRuns } from "./example-runs.ts";
import type { RunWorld } from "./run-world.ts";

export function describeRuns(world: RunWorld): void {
  describe.concurrent(`runs on ${world.name} hosts`, () => {
    exampleRuns(world);
  });
}
