// Which exit code a run gets where several apply.
import { describe, expect, test } from "vitest";
import { hostIdOf } from "../../../src-shared/base/ids.ts";
import { judgeRun, type Troubles } from "../../../src-main/controller/verdict.ts";

const NONE: Troubles = {
  ended: undefined,
  timedOut: undefined,
  fatal: undefined,
  aborted: false,
  failedHosts: new Map(),
  failedMembers: [],
};
const failure = (unreachable: boolean) => ({ step: "run", reason: "r", unreachable });
const INTERRUPT: Partial<Troubles> = { ended: { cause: "interrupt", reason: "Ctrl-C" } };
const TIME: Partial<Troubles> = { timedOut: "late" };
const UNREACHABLE = { failedHosts: new Map([[hostIdOf("h1"), failure(true)]]) };
const FAILED_HOST = { failedHosts: new Map([[hostIdOf("h2"), failure(false)]]) };
const FAILED = { failedMembers: [hostIdOf("h3")] };
const ABORT: Partial<Troubles> = { ended: { cause: "abort", reason: "enough" } };
const FATAL: Partial<Troubles> = { fatal: { reason: "no hosts", isComplete: false } };

describe("precedence", () => {
  test.each<readonly [number, string, Partial<Troubles>]>([
    [0, "finished", {}],
    [0, "finished", { ended: { cause: "stop", reason: "stopped" } }],
    [1, "failed", FATAL],
    [1, "aborted", ABORT],
    [1, "aborted", { ...FATAL, aborted: true }],
    [3, "failed", FAILED],
    [3, "failed", FAILED_HOST],
    [3, "aborted", { ...FAILED, ...ABORT }],
    [3, "failed", { ...FAILED, ...FATAL }],
    [4, "failed", UNREACHABLE],
    [4, "failed", { ...UNREACHABLE, ...FAILED, ...FATAL }],
    [5, "failed", TIME],
    [5, "failed", { ...TIME, ...UNREACHABLE, ...FAILED, ...ABORT }],
    [130, "aborted", INTERRUPT],
    [130, "aborted", { ...TIME, ...UNREACHABLE, ...FAILED, ...INTERRUPT }],
  ])("%i, %s", (exitCode, end, troubles) => {
    const judged = judgeRun({ ...NONE, ...troubles });
    expect([judged.verdict.exitCode, judged.end]).toEqual([exitCode, end]);
  });
});

test("the reason names what was fatal and where", () => {
  const { verdict } = judgeRun({ ...NONE, ...UNREACHABLE, ...FAILED, ...FATAL });
  expect(verdict.reason).toBe("no hosts; failed on h3; unreachable: h1");
  const complete = judgeRun({ ...NONE, ...FAILED, fatal: { reason: "no hosts", isComplete: true } });
  expect(complete.verdict.reason).toBe("no hosts");
});
