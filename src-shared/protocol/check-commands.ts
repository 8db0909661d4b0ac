// The door for commands: what comes off the wire is one of commands.ts, field by field, or is refused.
import type { Command } from "./commands.ts";
import { HOSTS_MAX } from "../application/application-limits.ts";
import { ADDRESS_CHARACTERS_MAX } from "../overlay/frame-fields.ts";
import { parseAddress } from "./address.ts";
import {
  amount,
  blockPath,
  bytes,
  count,
  integer as status,
  list,
  name,
  runId,
  sha256,
  text,
} from "./check-fields.ts";
import {
  also,
  check,
  either,
  flag,
  kindOf,
  listOf,
  numberOf,
  objectOf,
  oneOf,
  orUndefined,
  recordOf,
  textOf,
  type Checked,
} from "./shapes.ts";

/** Digits of a host number with leading zeros. */
const WIDTH_MAX = 16;

/** Of one controller: a few interfaces, IPv4 and IPv6. */
const ADDRESSES_MAX = 64;
const address = also(
  textOf({ least: 1, most: ADDRESS_CHARACTERS_MAX }),
  (words) => parseAddress(words) !== undefined,
);

/** A place in the specification, for messages. */
const span = objectOf({ start: count, end: count });
/** Permission bits. */
const mode = numberOf({ whole: true, least: 0, most: 0o7777 });

const collectRule = objectOf({ span, path: name, optional: flag });

const exitCondition = kindOf({
  status: { from: status, to: status },
  nonzero: {},
  signal: { signal: orUndefined(name) },
  deadline: {},
  unhealthy: {},
  notStarted: {},
});

const exitPolicy = objectOf({
  span,
  condition: exitCondition,
  action: oneOf("continue", "ignore", "fail", "restart", "replace", "abort"),
  limit: count,
  delayMs: amount,
  delayMsMax: amount,
});

const healthCheck = objectOf({
  span,
  probe: kindOf({
    command: { path: name, args: list(text) },
    port: { port: name },
    http: { url: name },
  }),
  intervalMs: amount,
  timeoutMs: amount,
  failures: count,
  startMs: amount,
});

const limits = objectOf({
  openFiles: orUndefined(count),
  memoryBytes: orUndefined(amount),
  fileSizeBytes: orUndefined(amount),
  cpuSeconds: orUndefined(amount),
  processes: orUndefined(count),
  outputBytes: orUndefined(amount),
});

const environmentVariable = kindOf({
  value: { span, name, value: text },
  secret: { span, name, secret: name },
});

const processDefinition = objectOf({
  span,
  name,
  path: name,
  args: list(text),
  cwd: name,
  environment: list(environmentVariable),
  user: orUndefined(name),
  exitPolicies: list(exitPolicy),
  deadlineMs: orUndefined(amount),
  service: flag,
  healthCheck: orUndefined(healthCheck),
  limits,
  stopGraceMs: amount,
  collects: list(collectRule),
});

const blockFields = { name, path: blockPath, predecessors: list(name) };
const blockPlan = kindOf({
  process: { ...blockFields, process: processDefinition },
  barrier: { ...blockFields, barrier: name },
});

const componentBlockPlan = objectOf({
  name,
  path: blockPath,
  blocks: list(blockPlan),
  collects: list(collectRule),
});

const nameRun = also(
  objectOf({
    prefix: name,
    suffix: name,
    from: count,
    to: count,
    width: numberOf({ whole: true, least: 0, most: WIDTH_MAX }),
  }),
  ({ from, to }) => to >= from && to - from < HOSTS_MAX,
);
const packedNames = list(either(name, nameRun));

const variableTable = objectOf({
  runId: name,
  variables: list(objectOf({ name, value: text })),
  components: list(objectOf({ name, hosts: packedNames, addresses: orUndefined(packedNames) })),
  software: list(objectOf({ name, directory: name })),
});

const packagePlan = objectOf({
  name,
  destPath: name,
  source: kindOf({
    web: { url: name, sha256: orUndefined(sha256) },
    file: { sha256, size: count, mode },
  }),
});

const softwarePlan = objectOf({
  name,
  installer: oneOf("none", "tar", "zip", "script"),
  packages: list(packagePlan),
  deadlineMs: amount,
  key: name,
});

const run = runId;

const executeFields = {
  run,
  component: name,
  componentBlocks: list(componentBlockPlan),
  variables: variableTable,
  releasedBarriers: list(name),
  controllerAbsenceMs: amount,
  secretNames: list(name),
  inputWanted: flag,
  cleansUp: flag,
};
const executeCommand = objectOf({ kind: oneOf("execute"), ...executeFields });

export const commandShape = kindOf({
  prepare: {
    run,
    component: name,
    software: list(softwarePlan),
    users: list(name),
    execute: orUndefined(executeCommand),
  },
  execute: executeFields,
  secrets: { run, values: recordOf(name, text) },
  password: { password: orUndefined(text) },
  addresses: { addresses: listOf(address, 1, ADDRESSES_MAX) },
  measure: { everyMs: amount, forMs: amount },
  variables: { run, table: variableTable },
  release: { run, barrier: name },
  forceBlock: { run, block: name },
  input: { run, bytes, end: flag },
  stop: { run, reason: text },
  collect: { run },
  endRun: { run, keep: flag },
  leave: { keep: flag },
});

export function checkCommand(value: unknown): Checked<Command> {
  return check(commandShape, value);
}
