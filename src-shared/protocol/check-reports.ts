// The door for reports: whatever a host sends is one of reports.ts, field by field, or is refused.
import type { Report } from "./reports.ts";
import { amount, blockPath, bytes, count, integer, list, name, runId, text } from "./check-fields.ts";
import { check, flag, kindOf, objectOf, oneOf, orUndefined, type Checked } from "./shapes.ts";
import { PAYLOADS_JOINED_MAX } from "./wire.ts";

const run = runId;
const block = blockPath;
const attempt = count;
const failure = { step: name, reason: text };

const processExited = {
  run,
  block,
  attempt,
  exit: objectOf({
    status: orUndefined(integer),
    signal: orUndefined(name),
    cause: oneOf("itself", "stopped", "deadline", "unhealthy"),
  }),
  usage: objectOf({
    wallMs: amount,
    cpuMs: orUndefined(amount),
    memoryBytesMax: orUndefined(amount),
  }),
  outputEnd: objectOf({ stdout: count, stderr: count }),
};

const facts = {
  hostName: name,
  platform: name,
  architecture: name,
  node: name,
  pid: count,
  user: name,
  directory: name,
  clientVersion: name,
};

const collectableFile = objectOf({ index: count, path: name, size: count, mode: count });

export const reportShape = kindOf({
  facts,
  prepared: { run, installed: count, alreadyThere: count },
  preparing: {
    run,
    software: name,
    state: oneOf("waiting", "fetching", "installing", "installed", "alreadyThere"),
  },
  passwordWanted: { run, account: name, wrong: flag },
  prepareFailed: { run, software: name, ...failure },
  processStarted: { run, block, attempt, pid: count },
  processNotStarted: { run, block, attempt, ...failure },
  processExited,
  wholeOutput: { run, block, attempt, stdout: bytes, stderr: bytes },
  processRestarting: { run, block, attempt, delayMs: amount },
  health: { run, block, healthy: flag, detail: text },
  barrierReached: { run, block, barrier: name },
  barrierMissed: { run, barrier: name, reason: text },
  blockEnded: {
    run,
    block,
    outcome: oneOf("succeeded", "failed", "stopped"),
    reason: text,
  },
  hostEnded: {
    run,
    outcome: oneOf("finished", "failed"),
    reason: text,
  },
  escalated: {
    run,
    block,
    action: oneOf("replace", "abort"),
    reason: text,
  },
  stopped: { run, leftovers: list(text) },
  collectable: { run, files: list(collectableFile), problems: list(text) },
  runEnded: { run, problems: list(text) },
  reportsDropped: { count },
  commandDropped: { reason: text },
  distrusted: { neighbour: count, reason: text },
});

/** One, or those of one moment together: a list of them, of bounded length (joinPayloads). */
export function checkReports(value: unknown): readonly Checked<Report>[] {
  if (!Array.isArray(value)) return [checkReport(value)];
  const values: readonly unknown[] = value;
  if (values.length > PAYLOADS_JOINED_MAX)
    return [
      {
        ok: false,
        reason: `${String(values.length)} reports in one; ${String(PAYLOADS_JOINED_MAX)} is the limit`,
      },
    ];
  return values.map(checkReport);
}

export function checkReport(value: unknown): Checked<Report> {
  return check(reportShape, value);
}
