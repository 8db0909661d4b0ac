// What a test of hosts looks like: every step once, its hosts folded by equal outcome. Pure.
import { HOST_TEST_STEPS, type HostCheck, type HostTest } from "#shared/controller-api/host-tests.ts";
import { foldNames } from "#shared/node-set/node-set.ts";
import { EXIT } from "./exit-codes.ts";
import { helpLines } from "./help-lines.ts";
import { neutraliseLine } from "#shared/output-text/neutralise-output.ts";
import type { Style } from "./style.ts";
import { counted } from "./table.ts";

export interface TestGroup extends Omit<HostCheck, "step"> {
  readonly step: string;
  readonly hosts: string;
  readonly count: number;
}

export interface TestSummary {
  readonly exitCode: number;
  readonly reason: string;
  readonly hosts: {
    /** Without failures. */
    readonly usable: string;
    readonly failed: string;
    readonly unreachable: string;
  };
}

const OUTCOMES: readonly HostCheck["outcome"][] = ["ok", "warning", "failed"];

/** What is well differs from host to host (free space, versions) and interests nobody: one group. */
export function groupTests(tests: readonly HostTest[]): readonly TestGroup[] {
  const groups = new Map<string, { readonly check: HostCheck; readonly hosts: Set<string> }>();
  for (const { host, checks } of tests) {
    for (const check of checks) {
      const { step, outcome, detail, remedy } = check;
      const key = JSON.stringify(outcome === "ok" ? [step] : [step, outcome, detail, remedy]);
      const group = groups.get(key) ?? { check, hosts: new Set() };
      group.hosts.add(host);
      groups.set(key, group);
    }
  }
  return [...groups.values()].map(({ check, hosts }) => groupOf(check, hosts, tests)).toSorted(inOrder);
}

function inOrder(one: TestGroup, other: TestGroup): number {
  return rank(one) - rank(other) || other.count - one.count || (one.hosts < other.hosts ? -1 : 1);
}

function groupOf(check: HostCheck, hosts: ReadonlySet<string>, tests: readonly HostTest[]): TestGroup {
  const isSame = (other: HostCheck): boolean =>
    other.step !== check.step || other.outcome !== "ok" || other.detail === check.detail;
  const hasOneDetail = check.outcome !== "ok" || tests.every(({ checks }) => checks.every(isSame));
  return {
    ...check,
    detail: hasOneDetail ? check.detail : "",
    hosts: foldNames(hosts),
    count: hosts.size,
  };
}

/** Steps that are not in the list are hops on the way: they come before the login. */
function rank({ step, outcome }: TestGroup): number {
  const at = HOST_TEST_STEPS.findIndex((known) => known === step);
  return (at < 0 ? HOST_TEST_STEPS.indexOf("login") - 0.5 : at) * OUTCOMES.length + OUTCOMES.indexOf(outcome);
}

export function summariseTests(tests: readonly HostTest[]): TestSummary {
  const failures = (test: HostTest): readonly HostCheck[] =>
    test.checks.filter(({ outcome }) => outcome === "failed");
  const isUnreachable = (test: HostTest): boolean => failures(test).some(({ unreachable }) => unreachable);
  const unreachable = tests.filter(isUnreachable);
  const failed = tests.filter((test) => failures(test).length > 0 && !isUnreachable(test));
  const usable = tests.filter((test) => failures(test).length === 0);
  const fold = (some: readonly HostTest[]): string => foldNames(some.map(({ host }) => host));
  const parts = [
    `${String(usable.length)} of ${counted(tests.length, "host")} can be used`,
    ...(failed.length > 0 ? [`failed: ${fold(failed)}`] : []),
    ...(unreachable.length > 0 ? [`unreachable: ${fold(unreachable)}`] : []),
  ];
  const exitCode =
    unreachable.length > 0 ? EXIT.someUnreachable : failed.length > 0 ? EXIT.someFailed : EXIT.ok;
  const hosts = { usable: fold(usable), failed: fold(failed), unreachable: fold(unreachable) };
  return { exitCode, reason: parts.join("; "), hosts };
}

/** `onlyProblems`: without what is well. */
export function renderTests(
  tests: readonly HostTest[],
  style: Style,
  onlyProblems: boolean,
): readonly string[] {
  const groups = groupTests(tests).filter(({ outcome }) => !onlyProblems || outcome !== "ok");
  const width = Math.max(0, ...groups.map(({ step }) => step.length));
  const colours = { ok: style.green, warning: style.yellow, failed: style.red };
  const wordWidth = Math.max(...OUTCOMES.map((outcome) => outcome.length));
  return groups.flatMap(({ step, outcome, hosts, detail, remedy }) => {
    const word = colours[outcome](outcome) + " ".repeat(wordWidth - outcome.length);
    const words = detail === "" ? "" : `: ${neutraliseLine(detail)}`;
    return [`${neutraliseLine(step).padEnd(width)}  ${word}  ${hosts}${words}`, ...helpLines(remedy, style)];
  });
}
