// Whole specifications written as XML and read back: nothing is lost, whatever the values.
import fc from "fast-check";
import { expect, test } from "vitest";
import type {
  ApplicationSpecification,
  Block,
  ComponentBlock,
  ExitCondition,
  ExitPolicy,
  ProcessDefinition,
  Project,
} from "../../../src-shared/application/application.ts";
import { DURATION_MS_MAX } from "../../../src-shared/application/durations.ts";
import { parseApplication } from "../../../src-shared/application/parse-application.ts";
import { writeApplication, type Unplaced } from "../../../src-shared/application/write-application.ts";
import { isXmlText } from "../../../src-shared/application/write-xml.ts";
import { fixture, fixturePaths } from "./specification-text.ts";

function withoutPlaces(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (key, inner: unknown) => (key === "span" ? undefined : inner)));
}

test.each(fixturePaths("application"))("%s", (path) => {
  const { specification } = parseApplication(fixture(path));
  const again = parseApplication(writeApplication(specification!));
  expect(again.problems).toEqual([]);
  expect(withoutPlaces(again.specification)).toEqual(withoutPlaces(specification));
});

const anyText = fc.string({ unit: "binary", maxLength: 12 }).filter(isXmlText);
/** Blanks around are not part of paths and the like. */
const text = anyText.filter((value) => value.trim() === value && value !== "");
const optionalText = fc.option(text, { nil: undefined });
const duration = fc.integer({ min: 1, max: DURATION_MS_MAX });
const optionalDuration = fc.option(duration, { nil: undefined });
const count = fc.integer({ min: 1, max: 100_000 });
const optionalCount = fc.option(count, { nil: undefined });
const named = fc.record({ name: text });
const collects = fc.array(fc.record({ path: text, optional: fc.boolean() }), { maxLength: 2 });
const args = fc.array(anyText, { maxLength: 3 });

const condition: fc.Arbitrary<ExitCondition> = fc.oneof(
  fc.tuple(fc.nat(255), fc.nat(255)).map(([one, other]): ExitCondition => ({
    kind: "status",
    from: Math.min(one, other),
    to: Math.max(one, other),
  })),
  fc.constantFrom<ExitCondition>(
    { kind: "nonzero" },
    { kind: "signal", signal: undefined },
    { kind: "signal", signal: "SIGRTMIN+3" },
    { kind: "deadline" },
    { kind: "unhealthy" },
    { kind: "notStarted" },
  ),
);
const policy: fc.Arbitrary<Unplaced<ExitPolicy>> = fc.oneof(
  fc.tuple(condition, count, duration, duration).map(([when, limit, one, other]) => ({
    condition: when,
    action: "restart" as const,
    limit,
    delayMs: Math.min(one, other),
    delayMsMax: Math.max(one, other),
  })),
  fc
    .tuple(condition, fc.constantFrom("continue", "ignore", "fail", "replace", "abort"))
    .map(([when, action]) => ({
      condition: when,
      action: action as "fail",
      limit: 3,
      delayMs: 1000,
      delayMsMax: 60_000,
    })),
);

const process: fc.Arbitrary<Unplaced<ProcessDefinition>> = fc.record({
  name: text,
  path: text,
  args,
  cwd: fc.oneof(text, fc.constant("")),
  environment: fc.array(
    fc.oneof(
      fc.record({
        kind: fc.constant("value" as const),
        name: text.filter((name) => !name.includes("=")),
        value: anyText,
      }),
      fc.record({
        kind: fc.constant("secret" as const),
        name: text.filter((name) => !name.includes("=")),
        secret: text,
      }),
    ),
    { maxLength: 2 },
  ),
  user: optionalText,
  exitPolicies: fc.array(policy, { maxLength: 3 }),
  deadlineMs: optionalDuration,
  service: fc.boolean(),
  healthCheck: fc.option(
    fc.record({
      probe: fc.oneof(
        fc.record({ kind: fc.constant("command" as const), path: text, args }),
        fc.record({ kind: fc.constant("port" as const), port: text }),
        fc.record({ kind: fc.constant("http" as const), url: text }),
      ),
      intervalMs: fc.integer({ min: 100, max: DURATION_MS_MAX }),
      timeoutMs: duration,
      failures: count,
      startMs: duration,
    }),
    { nil: undefined },
  ),
  limits: fc.record({
    openFiles: optionalCount,
    memoryBytes: optionalCount,
    fileSizeBytes: optionalCount,
    cpuSeconds: optionalCount,
    processes: optionalCount,
    outputBytes: optionalCount,
  }),
  stopGraceMs: duration,
  collects,
});

const block: fc.Arbitrary<Unplaced<Block>> = fc.oneof(
  fc.record({
    kind: fc.constant("process" as const),
    name: text,
    predecessors: fc.array(named, { maxLength: 2 }),
    process,
  }),
  fc.record({
    kind: fc.constant("barrier" as const),
    name: text,
    predecessors: fc.array(named, { maxLength: 2 }),
    barrier: fc.record({
      name: text,
      type: fc.constant("1"),
      max: fc.oneof(count, fc.constant("all" as const)),
      deadlineMs: duration,
    }),
  }),
);

const componentBlock: fc.Arbitrary<Unplaced<ComponentBlock>> = fc.record({
  name: text,
  component: named,
  children: fc.array(block, { maxLength: 3 }),
  collects,
});

const project: fc.Arbitrary<Unplaced<Project>> = fc.record({
  name: text,
  variables: fc.array(fc.record({ name: text, value: anyText }), { maxLength: 2 }),
  secrets: fc.array(
    fc.record({
      name: text,
      source: fc.record({ kind: fc.constantFrom("env" as const, "file" as const), name: text }),
    }),
    { maxLength: 2 },
  ),
  software: fc.array(
    fc.record({
      name: text,
      installer: fc.constantFrom("none" as const, "script" as const),
      packages: fc.array(
        fc.record({
          name: text,
          transfer: fc.constantFrom("web" as const, "file" as const),
          path: text,
          destPath: text,
          sha256: fc.option(fc.constant("0123456789abcdef".repeat(4)), { nil: undefined }),
        }),
        { maxLength: 2 },
      ),
      deadlineMs: duration,
    }),
    { maxLength: 2 },
  ),
  components: fc.array(
    fc.tuple(count, count).chain(([one, other]) =>
      fc.record({
        name: text,
        hostsMin: fc.constant(Math.min(one, other)),
        hostsMax: fc.constant(Math.max(one, other)),
        software: fc.array(named, { maxLength: 2 }),
        resources: fc.array(fc.record({ type: text, group: optionalText, hosts: optionalText }), {
          maxLength: 2,
        }),
        user: optionalText,
      }),
    ),
    { maxLength: 2 },
  ),
  experiment: fc.option(
    fc.record({
      name: text,
      deadlineMs: duration,
      durationMs: optionalDuration,
      controllerAbsenceMs: duration,
      componentBlocks: fc.array(componentBlock, { maxLength: 2 }),
    }),
    { nil: undefined },
  ),
});

const specification: fc.Arbitrary<Unplaced<ApplicationSpecification>> = fc.record({
  rootName: fc.constantFrom("plush" as const, "gush" as const),
  project,
});

test("any specification reads back as it was written", () => {
  fc.assert(
    fc.property(specification, (written) => {
      const again = parseApplication(writeApplication(written));
      expect(again.problems.filter(({ message }) => !message.includes("is ignored"))).toEqual([]);
      expect(withoutPlaces(again.specification)).toEqual(withoutPlaces(written));
    }),
    { numRuns: 300 },
  );
});
