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

/**
 * `hosts` leaves out what is the same code on every host, however it was reached: commands, results, variables,
 * policies, hostile programs, and the time that standing hosts take. Two whole tables would take longer than the budget of
 * their part of `npm test`; `npm run test:ssh-all` runs the whole one on ssh hosts.
 */
export function describeRuns(world: RunWorld, which: "all" | "hosts" = "all"): void {
  describe.concurrent(`runs on ${world.name} hosts`, () => {
    exampleRuns(world);
    installRuns(world);
    failureRuns(world);
    controllerRuns(world);
    interruptRuns(world);
    if (which === "hosts") return;
    execRuns(world);
    resultRuns(world);
    variableRuns(world);
    policyRuns(world);
    hostileRuns(world);
  });
  if (which === "hosts") return;
  // Alone: they measure time.
  describe(`times on ${world.name} hosts`, () => {
    standingHostRuns(world);
  });
}
