// `plush test` as people and programs see it: one line for forty hosts with the same reason.
import { expect, test } from "vitest";
import type { HostCheck, HostTest } from "#shared/controller-api/host-tests.ts";
import { groupTests, renderTests, summariseTests } from "../../../src-main/command-line/render-test.ts";
import { PLAIN_STYLE } from "../../../src-main/command-line/style.ts";

const REFUSED = check("connect", "failed", "connection refused on port 22", "Start sshd there.", true);
const names = (first: number, last: number): string[] =>
  Array.from({ length: last - first + 1 }, (_, index) => `node${String(first + index)}`);
const TESTS: readonly HostTest[] = [
  ...names(1, 40).map((host) => ({ host, checks: [check("resolve", "ok"), REFUSED] })),
  ...names(41, 43).map((host) => ({
    host,
    checks: [
      check("resolve", "ok"),
      check("connect", "ok"),
      check("disk", "ok", `/b, ${host.slice(4)} GB free`),
    ],
  })),
  {
    host: "node44",
    checks: [check("jump gate", "failed", "login: Permission denied", "Log in there once.")],
  },
  {
    host: "node45",
    checks: [check("connect", "ok"), check("node", "warning", "node: not found; Nebula brings one")],
  },
];

test("equal outcomes are one line, in the order of the steps", () => {
  expect(renderTests(TESTS, PLAIN_STYLE, false)).toEqual([
    "resolve    ok       node[1-43]",
    "connect    ok       node[41-43,45]",
    "connect    failed   node[1-40]: connection refused on port 22",
    "  help: Start sshd there.",
    "jump gate  failed   node44: login: Permission denied",
    "  help: Log in there once.",
    "disk       ok       node[41-43]",
    "node       warning  node45: node: not found; Nebula brings one",
  ]);
});

test("quiet: only what is wrong; what hosts say is shown, never obeyed", () => {
  const evil = [{ host: "n1", checks: [check("login", "failed", "\x1b]0;x\x07no")] }];
  expect(renderTests(evil, PLAIN_STYLE, true)).toEqual(["login  failed   n1: \\x1b]0;x\\x07no"]);
  expect(renderTests([{ host: "n1", checks: [check("login", "ok")] }], PLAIN_STYLE, true)).toEqual([]);
});

test("a detail that all have is shown", () => {
  const all = names(1, 3).map((host) => ({ host, checks: [check("system", "ok", "Linux x86_64")] }));
  expect(groupTests(all)).toMatchObject([{ hosts: "node[1-3]", count: 3, detail: "Linux x86_64" }]);
});

test("the verdict", () => {
  expect(summariseTests(TESTS)).toEqual({
    exitCode: 4,
    reason: "4 of 45 hosts can be used; failed: node44; unreachable: node[1-40]",
    hosts: { usable: "node[41-43,45]", failed: "node44", unreachable: "node[1-40]" },
  });
  expect(summariseTests(TESTS.slice(40)).exitCode).toBe(3);
  expect(summariseTests(TESTS.slice(40, 43)).exitCode).toBe(0);
});

function check(
  step: string,
  outcome: HostCheck["outcome"],
  detail = "",
  remedy = "",
  unreachable = false,
): HostCheck {
  return { step, outcome, detail, remedy, unreachable };
}
