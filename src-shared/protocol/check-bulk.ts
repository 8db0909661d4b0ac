// The door for bulk messages, both ways: one of bulk.ts, field by field, or refused.
import * as z from "zod";
import { CHUNK_BYTES } from "./bulk.ts";
import type { BulkMessage, FileKey } from "./bulk.ts";
import { blockPath, bytes, check, count, runId, text } from "./check-fields.ts";
import type { Checked } from "./check-fields.ts";

const file = z
  .string()
  .regex(/^(?:package:[0-9a-f]{64}|collected:[A-Za-z0-9-]{1,128}:\d{1,9})$/u)
  .transform((value): FileKey => value as FileKey);
const chunk = bytes.refine((value) => value.length <= CHUNK_BYTES);
const stream = { run: runId, block: blockPath, attempt: count, stream: z.enum(["stdout", "stderr"]) };

export const bulkSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("pull"), file, offset: count, upTo: count }),
  z.strictObject({ kind: z.literal("chunk"), file, offset: count, size: count, bytes: chunk }),
  z.strictObject({ kind: z.literal("pullFailed"), file, reason: text }),
  z.strictObject({ kind: z.literal("credit"), have: count, upTo: count, again: z.boolean(), ...stream }),
  z.strictObject({
    kind: z.literal("output"),
    gone: count,
    offset: count,
    bytes: chunk,
    end: z.boolean(),
    ...stream,
  }),
]);

export function checkBulk(value: unknown): Checked<BulkMessage> {
  return check(bulkSchema, value);
}
