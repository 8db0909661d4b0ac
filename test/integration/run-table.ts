// The table of run tests, written against RunWorld: whoever has a new way to get hosts runs all of it.
import { describe } from "vitest";
import { controllerRuns } from "./controller-runs.ts";
import { exampleRuns } from "./example-runs.ts";
import { execRuns } from "./exec-runs.ts";
import { failureRuns } from "./failure-runs.ts";
import { hostileRuns } from "./hostile-runs.ts";
import { installRuns, standingHostRuns } from "./install-runs.ts";
import { interruptRuns } from "./interrupt-runs.ts";
import { policyRuns } from "./policy-runs.ts";
import { resultRuns } from "./result-runs.ts";
import type { RunWorld } from "./run-world.ts";
import { variableRuns } from "./variable-runs.ts";

export function describeRuns(world: RunWorld): void {
  describe.concurrent(`runs on ${world.name} hosts`, () => {
    exampleRuns(world);
    resultRuns(world);
    installRuns(world);
    variableRuns(world);
    policyRuns(world);
    failureRuns(world);
    controllerRuns(world);
    interruptRuns(world);
    hostileRuns(world);
    execRuns(world);
  });
  // Alone: they measure time.
  describe(`times on ${world.name} hosts`, () => {
    standingHostRuns(world);
  });
}
