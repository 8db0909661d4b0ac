// The table of run tests, written against RunWorld: whoever has a new way to get hosts runs all of it.
import { describe } from "vitest";
import { controllerRuns } from "./controller-runs.ts";
import { exampleRuns } from "./example-runs.ts";
import { execRuns } from "./exec-runs.ts";
import { failureRuns } from "./failure-runs.ts";
import { hostileRuns } from "./hostile-runs.ts";
import { installRuns } from "./install-runs.ts";
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

/** What depends on how hosts are reached, started on, and left. */
const HOST_TESTS = [
  ...CONNECTION_TESTS,
  "example load-test brings its results home",
  "fixture A, round robin",
  "software of every kind, from the web and from here",
  "--keep leaves software, and the next plush finds it there",
  "kill -9 of a client without a spare host: unreachable, with the reason",
  "a client ended by TERM says goodbye and leaves nothing, its processes neither",
  "a host whose client was killed can be connected again at once",
  "a host is who the directory says it is, and two names on one machine are two hosts",
  "two controllers on the same hosts do not meet",
  "kill -9 of the controller: processes go on for the absence that is allowed, then all is gone",
  "kill -9 of the controller while a script installs",
  "kill -9 of the controller while it collects",
  "a controller that was asleep goes on, and nothing is lost",
  "Ctrl-C while it runs",
  "Ctrl-C while it collects",
  "Ctrl-C while a script installs",
  "a second Ctrl-C leaves at once, and the clients end by themselves",
];

const TESTS_OF = { hosts: HOST_TESTS, connections: CONNECTION_TESTS };

/**
 * `hosts` leaves out what is the same code on every host, however it was reached; `connections` are a few for another
 * transport to the same hosts. Several whole tables would take longer than everybody waits before each change;
 * `npm run test:ssh-all` runs the whole one on ssh hosts.
 */
export function describeRuns(given: RunWorld, which: "all" | "hosts" | "connections" = "all"): void {
  const only = which === "all" ? undefined : new Set(TESTS_OF[which]);
  const world = only === undefined ? given : { ...given, only };
  describe.concurrent(`runs on ${world.name} hosts`, () => {
    exampleRuns(world);
    installRuns(world);
    failureRuns(world);
    controllerRuns(world);
    interruptRuns(world);
    execRuns(world);
    resultRuns(world);
    variableRuns(world);
    policyRuns(world);
    hostileRuns(world);
    if (only !== undefined && only.size > 0) throw new Error(`no test: ${[...only].join(", ")}`);
  });
}
