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

/** What depends on the connection to a host, from its making to its sudden end. */
const CONNECTION_TESTS = [
  "example hello",
  "kill -9 of a client: its processes go, and a spare host takes over",
  "kill -9 of the controller while it connects",
  "a controller that quits while it connects leaves nothing",
  "Ctrl-C while it connects",
];

/**
 * `hosts` leaves out what is the same code on every host, however it was reached: commands, results, variables,
 * policies, hostile programs, and the time that standing hosts take. Two whole tables would take longer than the budget of
 * their part of `npm test`; `npm run test:ssh-all` runs the whole one on ssh hosts. `connections` are a few for another
 * transport to the same hosts.
 */
export function describeRuns(given: RunWorld, which: "all" | "hosts" | "connections" = "all"): void {
  const only = new Set(CONNECTION_TESTS);
  const world = which === "connections" ? { ...given, only } : given;
  describe.concurrent(`runs on ${world.name} hosts`, () => {
    exampleRuns(world);
    installRuns(world);
    failureRuns(world);
    controllerRuns(world);
    interruptRuns(world);
    if (which === "connections" && only.size > 0) throw new Error(`no test: ${[...only].join(", ")}`);
    if (which !== "all") return;
    execRuns(world);
    resultRuns(world);
    variableRuns(world);
    policyRuns(world);
    hostileRuns(world);
  });
  if (which !== "all") return;
  // Alone: they measure time.
  describe(`times on ${world.name} hosts`, () => {
    standingHostRuns(world);
  });
}
