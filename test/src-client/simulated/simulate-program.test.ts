// What simulated processes do: read from simple commands, stated by the environment, or drawn.
import { describe, expect, test } from "vitest";
import { createRandom } from "../../../src-shared/base/random.ts";
import { simpleCommands } from "../../../src-client/simulated/simple-commands.ts";
import { simulateProgram } from "../../../src-client/simulated/simulate-program.ts";

function shell(script: string): readonly unknown[] {
  return outcome("/bin/sh", ["-c", script]);
}

/** Duration, status, and what is printed when. */
function outcome(path: string, args: readonly string[], environment = {}): readonly unknown[] {
  const result = simulateProgram({ path, args, environment }, "h7", createRandom(1));
  if (result.kind === "wrong") return [result.reason];
  const { durationMs, status, prints } = result.program;
  return [
    durationMs,
    status,
    prints.map(({ atMs, stream, text }) => `${String(atMs)} ${stream} ${text}`).join(""),
  ];
}

describe("commands", () => {
  test.each([
    ["sleep 3", 3000, 0, ""],
    ["sleep 0.5 1m", 60_500, 0, ""],
    ["echo a  'b  c'; sleep 1; echo done", 1000, 0, "0 stdout a b  c\n1000 stdout done\n"],
    ["echo -n x", 0, 0, "0 stdout x"],
    ["hostname", 0, 0, "0 stdout h7\n"],
    ["exit 2", 0, 2, ""],
    ["false || echo no && exit 3; echo never", 0, 3, "0 stdout no\n"],
    ["true && false && echo never", 0, 1, ""],
    ["sleep soon", 0, 1, "0 stderr sleep: invalid time interval 'soon'\n"],
  ])("%s", (script, durationMs, status, printed) => {
    expect(shell(script)).toEqual([durationMs, status, printed]);
  });

  test("programs without a shell", () => {
    expect(outcome("/bin/sleep", ["2"])).toEqual([2000, 0, ""]);
    expect(outcome("echo", ["$HOME"])).toEqual([0, 0, "0 stdout $HOME\n"]);
  });

  test("what is not known takes some seconds and says that it is simulated", () => {
    const [durationMs, status, printed] = shell("for i in 1 2; do echo $i; done");
    expect(durationMs).toBeGreaterThanOrEqual(500);
    expect(durationMs).toBeLessThanOrEqual(5000);
    expect([status, printed]).toEqual([0, "0 stdout simulated: /bin/sh -c for i in 1 2; do echo $i; done\n"]);
  });

  test.each([
    "echo $x",
    "a | b",
    "a > b",
    "echo `b`",
    "(a)",
    'echo "$x"',
    "x=1 a",
    "echo 'a",
    "if a; then b; fi",
  ])("%s wants more of a shell", (script) => {
    expect(simpleCommands(script)).toBeUndefined();
  });
});

describe("stated by the environment", () => {
  const stated = (environment: Record<string, string>): readonly unknown[] => outcome("p", [], environment);

  test("duration, lines and status", () => {
    expect(stated({ SIMULATED_SECONDS: "4", SIMULATED_LINES: "2", SIMULATED_STATUS: "3" })).toEqual([
      4000,
      3,
      "0 stdout simulated: line 1 of 2\n2000 stdout simulated: line 2 of 2\n",
    ]);
    const [drawn] = stated({ SIMULATED_SECONDS: "2-10" });
    expect(drawn).toBeGreaterThanOrEqual(2000);
    expect(drawn).toBeLessThanOrEqual(10_000);
  });

  test("a share of failures", () => {
    const environment = { SIMULATED_SECONDS: "1", SIMULATED_FAILS: "0.25" };
    const random = createRandom(5);
    const statuses = Array.from({ length: 400 }, () => {
      const result = simulateProgram({ path: "p", args: [], environment }, "h", random);
      return result.kind === "program" ? result.program.status : -1;
    });
    const failed = statuses.filter((status) => status === 1).length;
    expect(failed).toBeGreaterThan(60);
    expect(failed).toBeLessThan(140);
    expect(statuses.every((status) => status === 0 || status === 1)).toBe(true);
  });

  test.each([
    [{ SIMULATED_SECONDS: "soon" }, "SIMULATED_SECONDS is 'soon', not seconds, such as 3, or 2-10"],
    [{ SIMULATED_LINES: "1001" }, "SIMULATED_LINES is '1001', not a whole number up to 1000"],
    [{ SIMULATED_FAILS: "2" }, "SIMULATED_FAILS is '2', not a share from 0 to 1, such as 0.05"],
    [{ SIMULATED_STATUS: "256" }, "SIMULATED_STATUS is '256', not an exit status up to 255"],
  ])("%o is refused", (environment, reason) => {
    expect(stated(environment)).toEqual([reason]);
  });
});
