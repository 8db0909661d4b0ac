// What answers of hosts under test mean; what is wrong in one place hides nothing else.
import { describe, expect, test } from "vitest";
import {
  judgeClock,
  judgePorts,
  judgeProbeSteps,
  judgeSudo,
  sudoWish,
} from "../../../src-main/deploy/judge-host-test.ts";
import type { Answer } from "../../../src-main/deploy/remote-shell.ts";

describe("the probe", () => {
  test("a host that is well", () => {
    const lines = linesOf(
      "system Linux x86_64\nlibc glibc 2.36\nnode v22.1.0 /n\nbase /b\nfree 2097152\nseen 10.0.0.1 5 10.0.0.2 22",
    );
    const { checks, node, seen } = judgeProbeSteps(lines, true);
    expect(checks.map(({ step, outcome, detail }) => [step, outcome, detail])).toEqual([
      ["system", "ok", "Linux x86_64"],
      ["disk", "ok", "/b, 2.0 GB free"],
      ["node", "ok", "v22.1.0 /n"],
    ]);
    expect({ node, seen }).toEqual({ node: "/n", seen: "10.0.0.1" });
  });

  test("everything wrong: each for itself", () => {
    const { checks, node } = judgeProbeSteps(linesOf("system AIX 7\nunfit /a: full"), false);
    expect(checks.map(({ step, outcome }) => [step, outcome])).toEqual([
      ["system", "failed"],
      ["disk", "failed"],
      ["node", "failed"],
    ]);
    expect(checks.every(({ remedy }) => remedy !== "")).toBe(true);
    expect(node).toBeUndefined();
  });

  test("a second directory is a warning, and so is a Node that is brought", () => {
    const lines = linesOf("system Linux x86_64\nlibc glibc 2.36\nunfit /a: noexec\nbase /b");
    expect(judgeProbeSteps(lines, true).checks.slice(1)).toMatchObject([
      { outcome: "warning", detail: "/b is used, because others cannot be: /a: noexec" },
      { outcome: "warning", detail: "node: not found; Nebula brings one" },
    ]);
  });
});

test.each([
  [1000, "ok", ""],
  [1003, "ok", ""],
  [1013, "warning", "12 s ahead"],
  [990, "warning", "9 s behind"],
  [1000 - 600, "warning", "10 min behind"],
  [1000 - 23 * 3600, "warning", "23 h behind"],
  [1000 - 25 * 3600, "failed", "25 h behind"],
  [1000 + 600, "warning", "10 min ahead"],
  [1000 + 26 * 3600, "failed", "26 h ahead"],
])("a clock that shows %d at about 1000: %s", (seconds, outcome, detail) => {
  const checks = judgeClock(linesOf(`clock ${String(seconds)}`), 1_000_000, 1_001_000);
  expect(checks).toMatchObject([{ step: "clock", outcome, detail }]);
});

test("a host that does not say the time is not judged", () => {
  expect(judgeClock(linesOf("system Linux"), 0, 0)).toEqual([]);
});

test("sudo", () => {
  const wrong = done("account a\nsudo Sorry, try again. sudo: no password was provided");
  expect(sudoWish(wrong)).toEqual({ account: "a", wrong: true });
  expect(sudoWish(done("account a\nsudo sudo: a password is required"))).toEqual({
    account: "a",
    wrong: false,
  });
  expect(sudoWish(done("account a\nsudo a is not in the sudoers file."))).toBeUndefined();
  expect(judgeSudo("u", wrong)).toMatchObject({ outcome: "failed", detail: "u: sudo: incorrect password" });
  expect(judgeSudo("u", done("sudo ok"))).toMatchObject({ outcome: "ok" });
  expect(judgeSudo("u", done("sudo sudo: a password is required"))).toMatchObject({
    outcome: "failed",
    detail: "u: sudo: a password is required, and nobody has given one",
  });
  expect(judgeSudo("u", done("sudo sudo: unknown user u"))).toMatchObject({
    detail: "u: sudo: unknown user u",
  });
  expect(judgeSudo("u", { kind: "failed", reason: "no answer" })).toMatchObject({ outcome: "failed" });
});

test("ports: the way back by any address, and the one that the client listens on", () => {
  expect(judgePorts(undefined, done("listen free\ndial reached 10.0.0.1:4000"))).toMatchObject([
    { step: "way back", outcome: "ok" },
  ]);
  const both = judgePorts(
    80,
    done("listen EACCES\ndial failed 10.0.0.1:4000 ECONNREFUSED, ::1:4000 no answer"),
  );
  expect(both).toMatchObject([
    {
      step: "way back",
      outcome: "warning",
      detail: expect.stringContaining("(10.0.0.1 ECONNREFUSED, ::1 no answer)") as string,
    },
    {
      step: "client port",
      outcome: "warning",
      detail: "80 may not be used by this user; the next free one is taken",
    },
  ]);
  expect(judgePorts(80, done("listen EADDRINUSE"))).toMatchObject([
    { detail: expect.stringContaining("in use") as string },
  ]);
});

function done(text: string): Answer {
  return { kind: "done", lines: linesOf(text) };
}

function linesOf(text: string): { key: string; text: string }[] {
  return text.split("\n").map((line) => {
    const [key = "", ...words] = line.split(" ");
    return { key, text: words.join(" ") };
  });
}
