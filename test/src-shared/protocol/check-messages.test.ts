// The doors for commands, reports and bulk: what the types say passes as it is, all else is refused with its place.
import { describe, expect, expectTypeOf, test } from "vitest";
import { blockPathOf, runIdOf } from "../../../src-shared/base/ids.ts";
import type { BulkMessage } from "../../../src-shared/protocol/bulk.ts";
import { bulkShape, checkBulk } from "../../../src-shared/protocol/check-bulk.ts";
import { checkCommand, commandShape } from "../../../src-shared/protocol/check-commands.ts";
import { checkReport, checkReports, reportShape } from "../../../src-shared/protocol/check-reports.ts";
import type { Command } from "../../../src-shared/protocol/commands.ts";
import type { Report } from "../../../src-shared/protocol/reports.ts";
import type { TypeOf } from "../../../src-shared/protocol/shapes.ts";
import { createPayloadCodec, joinPayloads, PAYLOADS_JOINED_MAX } from "../../../src-shared/protocol/wire.ts";

const codec = createPayloadCodec();
const run = runIdOf("run-1");
const block = blockPathOf("p", "cb");
const span = { start: 0, end: 9 };
const sha256 = "ab".repeat(32);

/** Assignable both ways once readonly is set aside: no field is missing, too much or of another type. */
type Writable<T> = T extends string | number | boolean | undefined | Uint8Array
  ? T
  : { -readonly [Key in keyof T]: Writable<T[Key]> };

test("schemas and types agree", () => {
  expectTypeOf<Writable<Command>>().toExtend<TypeOf<typeof commandShape>>();
  expectTypeOf<TypeOf<typeof commandShape>>().toExtend<Command>();
  expectTypeOf<Writable<Report>>().toExtend<TypeOf<typeof reportShape>>();
  expectTypeOf<TypeOf<typeof reportShape>>().toExtend<Report>();
  expectTypeOf<Writable<BulkMessage>>().toExtend<TypeOf<typeof bulkShape>>();
  expectTypeOf<TypeOf<typeof bulkShape>>().toExtend<BulkMessage>();
});

const variables = {
  runId: "run-1",
  variables: [{ name: "port", value: "80" }],
  components: [
    {
      name: "c",
      hosts: ["a", { prefix: "node", suffix: "", from: 1, to: 250, width: 1 }],
      addresses: undefined,
    },
  ],
  software: [{ name: "s", directory: "" }],
} as const;

const COMMANDS: readonly Command[] = [
  { kind: "password", password: "secret" },
  { kind: "password", password: undefined },
  {
    kind: "prepare",
    execute: undefined,
    run,
    component: "c",
    users: ["postgres"],
    software: [
      {
        name: "s",
        installer: "tar",
        deadlineMs: 1000,
        key: "k",
        packages: [
          { name: "a", destPath: "", source: { kind: "web", url: "http://x/", sha256: undefined } },
          { name: "b", destPath: "d", source: { kind: "file", sha256, size: 5, mode: 0o755 } },
        ],
      },
    ],
  },
  {
    kind: "execute",
    run,
    component: "c",
    variables,
    releasedBarriers: ["b"],
    controllerAbsenceMs: 600_000,
    secretNames: ["token"],
    inputWanted: false,
    cleansUp: false,
    componentBlocks: [
      {
        name: "cb",
        path: blockPathOf("cb"),
        collects: [{ span, path: "*.json", optional: true }],
        blocks: [
          { kind: "barrier", name: "b", path: block, predecessors: [], barrier: "b" },
          {
            kind: "process",
            name: "p",
            path: block,
            predecessors: ["b"],
            process: {
              span,
              name: "p",
              path: "/bin/sh",
              args: ["-c", "true"],
              cwd: "",
              environment: [
                { span, name: "A", kind: "value", value: "1" },
                { span, name: "B", kind: "secret", secret: "token" },
              ],
              user: undefined,
              exitPolicies: [
                {
                  span,
                  condition: { kind: "status", from: 1, to: 3 },
                  action: "restart",
                  limit: 3,
                  delayMs: 1,
                  delayMsMax: 2,
                },
                {
                  span,
                  condition: { kind: "signal", signal: undefined },
                  action: "fail",
                  limit: 0,
                  delayMs: 0,
                  delayMsMax: 0,
                },
              ],
              deadlineMs: undefined,
              service: true,
              healthCheck: {
                span,
                probe: { kind: "http", url: "http://localhost/" },
                intervalMs: 1,
                timeoutMs: 1,
                failures: 3,
                startMs: 1,
              },
              limits: {
                openFiles: 1024,
                memoryBytes: undefined,
                fileSizeBytes: undefined,
                cpuSeconds: undefined,
                processes: undefined,
                outputBytes: 8,
              },
              stopGraceMs: 5000,
              collects: [],
            },
          },
        ],
      },
    ],
  },
  { kind: "secrets", run, values: { token: "hunter2" } },
  { kind: "addresses", addresses: ["192.0.2.1:80", "[2001:db8::1]:80"] },
  { kind: "measure", everyMs: 2000, forMs: 60_000 },
  { kind: "variables", run, table: variables },
  { kind: "release", run, barrier: "b" },
  { kind: "forceBlock", run, block: "p" },
  { kind: "input", run, bytes: new Uint8Array([1, 2]), end: false },
  { kind: "stop", run, reason: "" },
  { kind: "collect", run },
  { kind: "endRun", run, keep: false },
  { kind: "leave", keep: true },
];

const REPORTS: readonly Report[] = [
  { kind: "passwordWanted", run, account: "alice", wrong: true },
  {
    kind: "facts",
    hostName: "h",
    platform: "linux",
    architecture: "x64",
    node: "v20",
    pid: 1,
    user: "root",
    directory: "/",
    clientVersion: "0.1.0",
  },
  { kind: "prepared", run, installed: 1, alreadyThere: 0 },
  { kind: "preparing", run, software: "s", state: "fetching" },
  { kind: "prepareFailed", run, software: "s", step: "fetch", reason: "404" },
  { kind: "processStarted", run, block, attempt: 1, pid: 5 },
  { kind: "processNotStarted", run, block, attempt: 1, step: "spawn", reason: "ENOENT" },
  {
    kind: "processExited",
    run,
    block,
    attempt: 1,
    exit: { status: undefined, signal: "SIGTERM", cause: "stopped" },
    usage: { wallMs: 1.5, cpuMs: undefined, memoryBytesMax: 4096 },
    outputEnd: { stdout: 5, stderr: 0 },
  },
  {
    kind: "wholeOutput",
    run,
    block,
    attempt: 1,
    stdout: new Uint8Array([104, 105]),
    stderr: new Uint8Array(),
  },
  { kind: "processRestarting", run, block, attempt: 2, delayMs: 1000 },
  { kind: "health", run, block, healthy: true, detail: "" },
  { kind: "barrierReached", run, block, barrier: "b" },
  { kind: "barrierMissed", run, barrier: "b", reason: "" },
  { kind: "blockEnded", run, block, outcome: "succeeded", reason: "" },
  { kind: "hostEnded", run, outcome: "finished", reason: "" },
  { kind: "escalated", run, block, action: "replace", reason: "" },
  { kind: "stopped", run, leftovers: [] },
  { kind: "collectable", run, files: [{ index: 0, path: "a", size: 1, mode: 0o644 }], problems: ["p"] },
  { kind: "runEnded", run, problems: [] },
  { kind: "reportsDropped", count: 3 },
  { kind: "commandDropped", reason: "command 3 was dropped: no such kind" },
  { kind: "distrusted", neighbour: 3, reason: "a beacon that the controller has not signed" },
];

const stream = { run, block, attempt: 1, stream: "stdout" } as const;
const BULK: readonly BulkMessage[] = [
  { kind: "pull", file: `package:${sha256}`, offset: 0, upTo: 10 },
  { kind: "chunk", file: "collected:run-1:3", offset: 0, size: 10, bytes: new Uint8Array(10) },
  { kind: "pullFailed", file: "collected:run-1:3", reason: "gone" },
  { kind: "credit", have: 0, upTo: 65_536, again: true, ...stream },
  { kind: "output", gone: 0, offset: 0, bytes: new Uint8Array([65]), ageMs: 0, end: true, ...stream },
];

/** As it comes off the wire. */
function travelled(message: unknown): unknown {
  const decoded = codec.decodePayload(codec.encodePayload(message));
  return decoded.ok ? decoded.value : decoded;
}

describe("what the types say passes unchanged", () => {
  test.each(COMMANDS.map((command) => [command.kind, command] as const))("command %s", (_kind, command) => {
    expect(checkCommand(travelled(command))).toEqual({ ok: true, value: command });
  });
  test.each(REPORTS.map((report) => [report.kind, report] as const))("report %s", (_kind, report) => {
    expect(checkReport(travelled(report))).toEqual({ ok: true, value: report });
  });
  test.each(BULK.map((message) => [message.kind, message] as const))("bulk %s", (_kind, message) => {
    expect(checkBulk(travelled(message))).toEqual({ ok: true, value: message });
  });
  test("every kind has an example", () => {
    const kindsOf = (examples: readonly { kind: string }[]): Set<string> =>
      new Set(examples.map(({ kind }) => kind));
    expect(kindsOf(COMMANDS)).toEqual(new Set(commandShape.kinds));
    expect(kindsOf(REPORTS)).toEqual(new Set(reportShape.kinds));
    expect(kindsOf(BULK)).toEqual(new Set(bulkShape.kinds));
  });
});

describe("reports of one moment", () => {
  test("one alone, or as many as go together, each by itself", () => {
    const some = REPORTS.slice(0, PAYLOADS_JOINED_MAX);
    const joined = codec.decodePayload(joinPayloads(some.map((report) => codec.encodePayload(report))));
    expect(joined.ok && checkReports(joined.value)).toEqual(some.map((value) => ({ ok: true, value })));
    expect(checkReports(travelled(REPORTS[0]))).toEqual([{ ok: true, value: REPORTS[0] }]);
    expect(checkReports([REPORTS[0], [REPORTS[0]], 5]).map(({ ok }) => ok)).toEqual([true, false, false]);
    expect(checkReports([])).toEqual([]);
  });

  test("a list without end is one refusal, and not looked through", () => {
    expect(checkReports(new Array(1_000_000).fill(REPORTS[0]))).toEqual([
      { ok: false, reason: "1000000 reports in one; 15 is the limit" },
    ]);
  });
});

describe("all else is refused", () => {
  test.each<[string, unknown, string]>([
    ["no object", 5, "kind"],
    ["an unknown kind", { kind: "format" }, "kind"],
    ["a report for a command", REPORTS[0], "kind"],
    ["a run that is no folder name", { kind: "collect", run: "../x" }, "run"],
    ["a missing field", { kind: "release", run }, "barrier"],
    ["a field too many", { kind: "leave", keep: true, extra: 1 }, "kind"],
    ["a field that is only inherited", Object.create({ kind: "collect", run }), "kind"],
    ["an object of a class", Object.assign(new Date(), { kind: "leave", keep: true }), "kind"],
    ["a number that is none", { kind: "variables", run, table: { ...variables, runId: NaN } }, "table.runId"],
    [
      "a host name run without end",
      { kind: "variables", run, table: endless() },
      "table.components.0.hosts.0",
    ],
    ["a very long text", { kind: "stop", run, reason: "x".repeat(200_000) }, "reason"],
  ])("command: %s", (_name, command, place) => {
    const checked = checkCommand(command);
    expect(!checked.ok && checked.reason).toContain(place);
  });

  test.each<[string, unknown, string]>([
    ["a negative count", { kind: "reportsDropped", count: -1 }, "count"],
    ["a text for a number", { kind: "processStarted", run, block, attempt: 1, pid: "1" }, "pid"],
    ["an infinite time", { kind: "processRestarting", run, block, attempt: 1, delayMs: Infinity }, "delayMs"],
    [
      "too long a list",
      { kind: "runEnded", run, problems: Array.from({ length: 20_001 }, () => "") },
      "problems",
    ],
  ])("report: %s", (_name, report, place) => {
    const checked = checkReport(report);
    expect(!checked.ok && checked.reason).toContain(place);
  });

  test.each<[string, unknown, string]>([
    ["a path for a key", { kind: "pull", file: "/etc/passwd", offset: 0, upTo: 1 }, "file"],
    ["a chunk that is too large", { ...BULK[1], bytes: new Uint8Array(65_537) }, "bytes"],
    ["a negative offset", { ...BULK[1], offset: -1 }, "offset"],
  ])("bulk: %s", (_name, message, place) => {
    const checked = checkBulk(message);
    expect(!checked.ok && checked.reason).toContain(place);
  });

  test("a reason shows no value", () => {
    const checked = checkCommand({ kind: "secrets", run, values: { token: 5, other: "hunter2" } });
    expect(!checked.ok && checked.reason).toBe("not valid at values.token");
  });
});

function endless(): unknown {
  const hosts = [{ prefix: "a", suffix: "", from: 0, to: 2 ** 31, width: 1 }];
  return { ...variables, components: [{ name: "c", hosts, addresses: undefined }] };
}
