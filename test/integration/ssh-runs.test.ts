// The table of run tests on hosts behind a real sshd.
import { describe, test } from "vitest";
import { describeRuns } from "./run-table.ts";
import { farmHindrance } from "./ssh-farm.ts";
import { sshWorld } from "./ssh-world.ts";

const which = process.env["NEBULA_ALL_RUNS"] === "1" ? "all" : "hosts";

if (farmHindrance() === undefined) describeRuns(sshWorld, which);
else describe.skip("runs on ssh hosts", () => test("all of them"));
