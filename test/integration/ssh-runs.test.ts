// The table of run tests on hosts behind a real sshd, reached by ssh2 and by the program ssh.
import { describe, test } from "vitest";
import { describeRuns } from "./run-table.ts";
import { farmHindrance } from "./ssh-farm.ts";
import { sshWorld, systemSshWorld } from "./ssh-world.ts";

const all = process.env["NEBULA_ALL_RUNS"] === "1";

if (farmHindrance() === undefined) {
  describeRuns(sshWorld, all ? "all" : "hosts");
  describeRuns(systemSshWorld, all ? "all" : "connections");
} else {
  describe.skip("runs on ssh hosts", () => test("all of them"));
  describe.skip("runs on system-ssh hosts", () => test("all of them"));
}
