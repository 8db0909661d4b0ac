// The door for reports: whatever a host sends is one of reports.ts, field by field, or is refused.
import * as z from "zod";
import type { Report } from "./reports.ts";
import { amount, blockPath, check, count, list, name, orUndefined, runId, text } from "./check-fields.ts";
import type { Checked } from "./check-fields.ts";

const run = runId;
const block = blockPath;
const attempt = count;
const failure = { step: name, reason: text };

const processExited = z.strictObject({
  kind: z.literal("processExited"),
  run,
  block,
  attempt,
  exit: z.strictObject({
    status: orUndefined(z.int()),
    signal: orUndefined(name),
    cause: z.enum(["itself", "stopped", "deadline", "unhealthy"]),
  }),
  usage: z.strictObject({
    wallMs: amount,
    cpuMs: orUndefined(amount),
    memoryBytesMax: orUndefined(amount),
  }),
  outputEnd: z.strictObject({ stdout: count, stderr: count }),
});

const facts = z.strictObject({
  kind: z.literal("facts"),
  hostName: name,
  platform: name,
  architecture: name,
  node: name,
  pid: count,
  user: name,
  directory: name,
  clientVersion: name,
});

const collectableFile = z.strictObject({ index: count, path: name, size: count, mode: count });

export const reportSchema = z.discriminatedUnion("kind", [
  facts,
  z.strictObject({ kind: z.literal("prepared"), run, installed: count, alreadyThere: count }),
  z.strictObject({
    kind: z.literal("preparing"),
    run,
    software: name,
    state: z.enum(["waiting", "fetching", "installing", "installed", "alreadyThere"]),
  }),
  z.strictObject({ kind: z.literal("prepareFailed"), run, software: name, ...failure }),
  z.strictObject({ kind: z.literal("processStarted"), run, block, attempt, pid: count }),
  z.strictObject({ kind: z.literal("processNotStarted"), run, block, attempt, ...failure }),
  processExited,
  z.strictObject({ kind: z.literal("processRestarting"), run, block, attempt, delayMs: amount }),
  z.strictObject({ kind: z.literal("health"), run, block, healthy: z.boolean(), detail: text }),
  z.strictObject({ kind: z.literal("barrierReached"), run, block, barrier: name }),
  z.strictObject({ kind: z.literal("barrierMissed"), run, barrier: name, reason: text }),
  z.strictObject({
    kind: z.literal("blockEnded"),
    run,
    block,
    outcome: z.enum(["succeeded", "failed", "stopped"]),
    reason: text,
  }),
  z.strictObject({
    kind: z.literal("hostEnded"),
    run,
    outcome: z.enum(["finished", "failed"]),
    reason: text,
  }),
  z.strictObject({
    kind: z.literal("escalated"),
    run,
    block,
    action: z.enum(["replace", "abort"]),
    reason: text,
  }),
  z.strictObject({ kind: z.literal("stopped"), run, leftovers: list(text) }),
  z.strictObject({ kind: z.literal("collectable"), run, files: list(collectableFile), problems: list(text) }),
  z.strictObject({ kind: z.literal("runEnded"), run, problems: list(text) }),
  z.strictObject({ kind: z.literal("reportsDropped"), count }),
  z.strictObject({ kind: z.literal("commandDropped"), reason: text }),
]);

export function checkReport(value: unknown): Checked<Report> {
  return check(reportSchema, value);
}
