// The door for commands: what comes off the wire is one of commands.ts, field by field, or is refused.
import * as z from "zod";
import type { Command } from "./commands.ts";
import { HOSTS_MAX } from "../application/application-limits.ts";
import {
  amount,
  blockPath,
  bytes,
  check,
  count,
  list,
  name,
  orUndefined,
  runId,
  sha256,
  text,
} from "./check-fields.ts";
import type { Checked } from "./check-fields.ts";

/** A place in the specification, for messages. */
const span = z.strictObject({ start: count, end: count });
/** Exit status ranges, permission bits. */
const status = z.int();
const mode = z.int().min(0).max(0o7777);

const collectRule = z.strictObject({ span, path: name, optional: z.boolean() });

const exitCondition = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("status"), from: status, to: status }),
  z.strictObject({ kind: z.literal("nonzero") }),
  z.strictObject({ kind: z.literal("signal"), signal: orUndefined(name) }),
  z.strictObject({ kind: z.literal("deadline") }),
  z.strictObject({ kind: z.literal("unhealthy") }),
  z.strictObject({ kind: z.literal("notStarted") }),
]);

const exitPolicy = z.strictObject({
  span,
  condition: exitCondition,
  action: z.enum(["continue", "ignore", "fail", "restart", "replace", "abort"]),
  limit: count,
  delayMs: amount,
  delayMsMax: amount,
});

const healthCheck = z.strictObject({
  span,
  probe: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("command"), path: name, args: list(text) }),
    z.strictObject({ kind: z.literal("port"), port: name }),
    z.strictObject({ kind: z.literal("http"), url: name }),
  ]),
  intervalMs: amount,
  timeoutMs: amount,
  failures: count,
  startMs: amount,
});

const limits = z.strictObject({
  openFiles: orUndefined(count),
  memoryBytes: orUndefined(amount),
  fileSizeBytes: orUndefined(amount),
  cpuSeconds: orUndefined(amount),
  processes: orUndefined(count),
  outputBytes: orUndefined(amount),
});

const environmentVariable = z.discriminatedUnion("kind", [
  z.strictObject({ span, name, kind: z.literal("value"), value: text }),
  z.strictObject({ span, name, kind: z.literal("secret"), secret: name }),
]);

const processDefinition = z.strictObject({
  span,
  name,
  path: name,
  args: list(text),
  cwd: name,
  environment: list(environmentVariable),
  user: orUndefined(name),
  exitPolicies: list(exitPolicy),
  deadlineMs: orUndefined(amount),
  service: z.boolean(),
  healthCheck: orUndefined(healthCheck),
  limits,
  stopGraceMs: amount,
  collects: list(collectRule),
});

const blockFields = { name, path: blockPath, predecessors: list(name) };
const blockPlan = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("process"), ...blockFields, process: processDefinition }),
  z.strictObject({ kind: z.literal("barrier"), ...blockFields, barrier: name }),
]);

const componentBlockPlan = z.strictObject({
  name,
  path: blockPath,
  blocks: list(blockPlan),
  collects: list(collectRule),
});

const nameRun = z
  .strictObject({ prefix: name, suffix: name, from: count, to: count, width: count.max(16) })
  .refine((run) => run.to >= run.from && run.to - run.from < HOSTS_MAX);
const packedNames = list(z.union([name, nameRun]));

const variableTable = z.strictObject({
  runId: name,
  variables: list(z.strictObject({ name, value: text })),
  components: list(z.strictObject({ name, hosts: packedNames, addresses: orUndefined(packedNames) })),
  software: list(z.strictObject({ name, directory: name })),
});

const packagePlan = z.strictObject({
  name,
  destPath: name,
  source: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("web"), url: name, sha256: orUndefined(sha256) }),
    z.strictObject({ kind: z.literal("file"), sha256, size: count, mode }),
  ]),
});

const softwarePlan = z.strictObject({
  name,
  installer: z.enum(["none", "tar", "zip", "script"]),
  packages: list(packagePlan),
  deadlineMs: amount,
  key: name,
});

const run = runId;

export const commandSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("prepare"), run, component: name, software: list(softwarePlan) }),
  z.strictObject({
    kind: z.literal("execute"),
    run,
    component: name,
    componentBlocks: list(componentBlockPlan),
    variables: variableTable,
    releasedBarriers: list(name),
    controllerAbsenceMs: amount,
    secretNames: list(name),
    inputWanted: z.boolean(),
  }),
  z.strictObject({ kind: z.literal("secrets"), run, values: z.record(name, text) }),
  z.strictObject({ kind: z.literal("variables"), run, table: variableTable }),
  z.strictObject({ kind: z.literal("release"), run, barrier: name }),
  z.strictObject({ kind: z.literal("forceBlock"), run, block: name }),
  z.strictObject({ kind: z.literal("input"), run, bytes, end: z.boolean() }),
  z.strictObject({ kind: z.literal("stop"), run, reason: text }),
  z.strictObject({ kind: z.literal("collect"), run }),
  z.strictObject({ kind: z.literal("endRun"), run, keep: z.boolean() }),
  z.strictObject({ kind: z.literal("leave"), keep: z.boolean() }),
]);

export function checkCommand(value: unknown): Checked<Command> {
  return check(commandSchema, value);
}
