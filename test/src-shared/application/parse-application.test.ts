// What specifications mean once parsed: goldens of all fixtures, Plush's freedoms, our extensions, and cut-off files.
import { readFileSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DEFAULTS } from "../../../src-shared/application/application-limits.ts";
import type {
  ApplicationSpecification,
  ProcessDefinition,
  Span,
} from "../../../src-shared/application/application.ts";
import { checkApplication } from "../../../src-shared/application/check-application.ts";
import { parseApplication } from "../../../src-shared/application/parse-application.ts";
import { createLineColumnOf } from "../../../src-shared/application/problem-list.ts";
import {
  component,
  componentBlock,
  fixture,
  fixturePaths,
  problemsOf,
  processBlock,
  specification,
} from "./specification-text.ts";

const FIXTURES = fixturePaths("application");

/** Spans become "line:column-line:column", so that a golden can be read beside its fixture. */
function readable(value: unknown, text: string): unknown {
  const lineColumnOf = createLineColumnOf(text);
  const place = (offset: number): string => {
    const { line, column } = lineColumnOf(offset);
    return `${String(line)}:${String(column)}`;
  };
  return JSON.parse(
    JSON.stringify(value, (key, inner: unknown) => {
      if (key !== "span") return inner;
      const span = inner as Span;
      return `${place(span.start)}-${place(span.end)}`;
    }),
  ) as unknown;
}

function expectGolden(path: string, actual: unknown): void {
  const file = new URL(`../../fixtures/${path.replace(/\.xml$/, ".golden.json")}`, import.meta.url);
  if (process.env["UPDATE"] === "1") writeFileSync(file, `${JSON.stringify(actual, undefined, 2)}\n`);
  expect(actual).toEqual(JSON.parse(readFileSync(file, "utf8")));
}

function parsed(text: string): ApplicationSpecification {
  const result = parseApplication(text);
  expect(result.problems).toEqual([]);
  return result.specification!;
}

describe("fixtures", () => {
  test.each(FIXTURES)("%s", (path) => {
    const text = fixture(path);
    expectGolden(path, readable(parseApplication(text), text));
  });

  test("the shape that Plush itself told of Nebula's sample: 4 blocks with 2 roots, 3 blocks with 1 root", () => {
    const { experiment } = parsed(fixture("application/file-distribution-max-30.gush.xml")).project;
    const counts = experiment!.componentBlocks.map(({ children }) => [
      children.length,
      children.filter(({ predecessors }) => predecessors.length === 0).length,
    ]);
    expect(counts).toEqual([
      [4, 2],
      [3, 1],
    ]);
  });

  test("the root makes no difference", () => {
    const plush = parsed(fixture("application/simple.plush.xml"));
    const gush = parsed(fixture("application/simple.gush.xml"));
    const names = (value: unknown): unknown =>
      JSON.parse(JSON.stringify(value, (key, inner: unknown) => (key === "span" ? undefined : inner)));
    expect([plush.rootName, gush.rootName]).toEqual(["plush", "gush"]);
    expect(names(gush.project)).toEqual(names(plush.project));
  });

  test.each(FIXTURES)("%s cut off anywhere is a problem", (path) => {
    const text = fixture(path);
    const whole = text.trimEnd().length;
    for (let length = 0; length < whole; length += 1) {
      const { specification: cut, problems } = parseApplication(text.slice(0, length));
      expect(problems.length).toBeGreaterThan(0);
      expect(cut).toBeUndefined();
    }
    expect(parseApplication(text.slice(0, whole)).problems).toEqual([]);
  });

  test("nothing throws with pieces cut out and put in", () => {
    const pieces = [
      "",
      "<",
      "<process>",
      "</process>",
      '"',
      'name="',
      "max='",
      "-1",
      "99999999999",
      "&lt;",
      "<barrier/>",
      "${",
      "${var.x}",
      "[",
      "\u0000",
    ];
    const texts = FIXTURES.map(fixture);
    fc.assert(
      fc.property(
        fc.constantFrom(...texts),
        fc.nat(),
        fc.nat(30),
        fc.constantFrom(...pieces),
        (text, place, cut, piece) => {
          const at = place % text.length;
          for (const problem of problemsOf(text.slice(0, at) + piece + text.slice(at + cut))) {
            expect(problem.line).toBeGreaterThan(0);
            expect(problem.remedy).not.toBe("");
          }
        },
      ),
      { numRuns: 400 },
    );
  });
});

function processOf(inside: string, attributes = "", outer = "", experiment = ""): ProcessDefinition {
  const blocks = `${experiment}<component_block name="cb"><component name="c"/>${outer}<process_block name="p"><process ${attributes}><path>x</path>${inside}</process></process_block></component_block>`;
  const [block] = parsed(specification({ blocks })).project.experiment!.componentBlocks;
  const [child] = block!.children;
  if (child?.kind !== "process") throw new Error("no process block");
  return child.process;
}

describe("what Plush allows", () => {
  test("stray text, empty arguments and directories, no log manager, no experiment", () => {
    const process = processOf("<cmdline><arg/><arg></arg><arg> a\n b </arg></cmdline><cwd/>");
    expect(process).toMatchObject({ args: ["", "", " a\n b "], cwd: "", name: "p" });
    expect(parsed('<gush>// text\n<project name="p"/></gush>').project.experiment).toBeUndefined();
  });

  test("arguments stay text", () => {
    const process = processOf(
      "<cmdline><arg>015415</arg><arg>1e5</arg><arg>&#65;&lt;</arg><arg><![CDATA[a && b]]></arg></cmdline>",
    );
    expect(process.args).toEqual(["015415", "1e5", "A<", "a && b"]);
  });

  test("archives named by their file are unpacked where they would have lain", () => {
    const destPaths = (type: string, destPath: string): string => {
      const definitions = `<software name="s" type="${type}"><package name="a"><path>https://a.b/x/app.tgz?v=1#top</path>${destPath}</package></software>`;
      return parsed(specification({ definitions })).project.software[0]!.packages[0]!.destPath;
    };
    expect(destPaths("tar", "<dest_path>software.tar</dest_path>")).toBe("");
    expect(destPaths("tar", "<dest_path>lib/software.tar.gz</dest_path>")).toBe("lib");
    expect(destPaths("zip", "<dest_path>lib/v1.2/</dest_path>")).toBe("lib/v1.2");
    expect(destPaths("tar", "<dest_path>.</dest_path>")).toBe("");
    expect(destPaths("tar", "")).toBe("");
    expect(destPaths("none", "")).toBe("app.tgz");
    expect(destPaths("none", "<dest_path>software.tar</dest_path>")).toBe("software.tar");
  });
});

describe("what is ours", () => {
  test("numbers of hosts", () => {
    const counts = (hosts: string): readonly number[] => {
      const [found] = parsed(specification({ components: component("c", hosts) })).project.components;
      return [found!.hostsMin, found!.hostsMax];
    };
    expect(counts("10")).toEqual([10, 10]);
    expect(counts(" 10\n")).toEqual([10, 10]);
    expect(counts('<num_hosts min="2" max="10"/>')).toEqual([2, 10]);
    expect(counts('<num_hosts min="2"/>')).toEqual([2, 2]);
    expect(counts('<num_hosts max="10"/>')).toEqual([1, 10]);
  });

  test("defaults where nothing is said", () => {
    const { experiment, software } = parsed(
      specification({
        definitions: '<software name="s"><package name="a"><path>https://a.b/c</path></package></software>',
        blocks: `<component_block name="cb"><component name="c"/><barrier_block name="b"><barrier/></barrier_block></component_block>`,
      }),
    ).project;
    expect(experiment).toMatchObject({
      deadlineMs: DEFAULTS.runDeadlineMs,
      durationMs: undefined,
      controllerAbsenceMs: DEFAULTS.controllerAbsenceMs,
    });
    expect(software[0]).toMatchObject({ installer: "none", deadlineMs: DEFAULTS.installDeadlineMs });
    expect(software[0]!.packages[0]).toMatchObject({ transfer: "web", sha256: undefined });
    expect(experiment!.componentBlocks[0]!.children[0]).toMatchObject({
      barrier: { name: "b", type: "1", max: "all", deadlineMs: DEFAULTS.barrierDeadlineMs },
    });
    expect(processOf("<health_check port='1'/>")).toMatchObject({
      deadlineMs: undefined,
      service: false,
      stopGraceMs: DEFAULTS.stopGraceMs,
      user: undefined,
      exitPolicies: [],
      healthCheck: {
        intervalMs: DEFAULTS.healthIntervalMs,
        timeoutMs: DEFAULTS.healthTimeoutMs,
        failures: DEFAULTS.healthFailures,
        startMs: DEFAULTS.healthStartMs,
      },
      limits: { openFiles: undefined, outputBytes: undefined },
    });
  });

  test("exit policies are inherited, innermost first", () => {
    const policy = (status: number): string => `<exit_policy status="${String(status)}" action="ignore"/>`;
    const { exitPolicies } = processOf(policy(1) + policy(2), "", policy(3), policy(4));
    expect(
      exitPolicies.map(({ condition }) => (condition.kind === "status" ? condition.from : condition.kind)),
    ).toEqual([1, 2, 3, 4]);
  });

  test.each([
    ['status="0"', { kind: "status", from: 0, to: 0 }],
    ['status="1-9"', { kind: "status", from: 1, to: 9 }],
    ['status="nonzero"', { kind: "nonzero" }],
    ['on="signal"', { kind: "signal", signal: undefined }],
    ['on="signal:SIGSEGV"', { kind: "signal", signal: "SIGSEGV" }],
    ['on="deadline"', { kind: "deadline" }],
    ['on="unhealthy"', { kind: "unhealthy" }],
    ['on="not_started"', { kind: "notStarted" }],
  ])("%s", (attribute, condition) => {
    const { exitPolicies } = processOf(
      `<exit_policy ${attribute} action="restart" limit="5" delay="500ms"/>`,
    );
    expect(exitPolicies[0]).toMatchObject({
      condition,
      action: "restart",
      limit: 5,
      delayMs: 500,
      delayMsMax: DEFAULTS.restartDelayMsMax,
    });
  });

  test("a long first delay raises the longest one", () => {
    expect(processOf('<exit_policy status="1" action="restart" delay="1h"/>').exitPolicies[0]).toMatchObject({
      delayMsMax: 3_600_000,
    });
  });

  test("environment, limits, health checks, collecting", () => {
    const process = processOf(
      '<environment><variable name="A" value=" 1 "/><variable name="B" secret="s"/></environment>' +
        '<limits open_files="10" memory="512M" file_size="1G" cpu_seconds="60" processes="5" output="0"/>' +
        '<health_check interval="10s" timeout="500ms" failures="1" start="0s"><path>check</path><cmdline><arg>-q</arg></cmdline></health_check>' +
        '<collect path="a/*" optional="true"/><collect path="b"/>',
      'user="www" service="true" stop_grace="0" deadline="1.5h"',
    );
    expect(process).toMatchObject({
      environment: [
        { kind: "value", name: "A", value: " 1 " },
        { kind: "secret", name: "B", secret: "s" },
      ],
      limits: {
        openFiles: 10,
        memoryBytes: 512 * 1024 ** 2,
        fileSizeBytes: 1024 ** 3,
        cpuSeconds: 60,
        processes: 5,
        outputBytes: 0,
      },
      healthCheck: {
        probe: { kind: "command", path: "check", args: ["-q"] },
        intervalMs: 10_000,
        timeoutMs: 500,
        failures: 1,
        startMs: 0,
      },
      collects: [
        { path: "a/*", optional: true },
        { path: "b", optional: false },
      ],
      user: "www",
      service: true,
      stopGraceMs: 0,
      deadlineMs: 5_400_000,
    });
  });
});

test("a specification of 1 MB is read and checked in time", () => {
  const children = Array.from({ length: 3500 }, (_, index) => {
    const predecessors = index === 0 ? [] : [`p${String(index - 1)}`];
    return processBlock(
      `p${String(index)}`,
      '<cmdline><arg>--index=${host.index}</arg><arg>--port=${var.port}</arg><arg>plain</arg></cmdline><environment><variable name="A" value="${run.id}"/></environment><exit_policy status="1-9" action="restart" limit="3"/>',
      ...predecessors,
    );
  });
  const text = specification({
    definitions: '<variable name="port" value="1"/>',
    blocks: componentBlock("cb", "c", ...children),
  });
  expect(text.length).toBeGreaterThan(1_000_000);
  // Takes some 300 ms here. The best of three counts: a loaded machine is no fault of the parser's.
  const timesMs = Array.from({ length: 3 }, () => {
    const start = performance.now();
    const { specification: large, problems } = parseApplication(text);
    expect(problems).toEqual([]);
    expect(checkApplication(large!, text)).toEqual([]);
    return performance.now() - start;
  });
  expect(Math.min(...timesMs)).toBeLessThan(1000);
});

test("more problems than anybody reads are counted", () => {
  const text = specification({ definitions: "<nonsense/>".repeat(500) + '<variable name="v"/>' });
  const { problems } = parseApplication(text);
  expect(problems).toHaveLength(201);
  expect(problems.at(-1)?.message).toBe("301 more problems are not listed");
  expect(problems.some(({ severity }) => severity === "error")).toBe(true);
});

test("a resource directory is told from an application specification", () => {
  const { specification, problems } = parseApplication('<gush><resource_manager type="ssh"/></gush>');
  expect(specification).toBeUndefined();
  expect(problems.map((problem) => problem.message)).toEqual([
    "this is a resource directory, not an application specification",
  ]);
});
