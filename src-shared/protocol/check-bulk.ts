// The door for bulk messages, both ways: one of bulk.ts, field by field, or refused.
import { CHUNK_BYTES } from "./bulk.ts";
import type { BulkMessage, FileKey } from "./bulk.ts";
import { blockPath, bytes, count, runId, text } from "./check-fields.ts";
import { also, check, flag, kindOf, oneOf, textOf, type Checked } from "./shapes.ts";

/** The longest that the pattern takes. */
const KEY_CHARACTERS_MAX = 200;

const file = textOf<FileKey>({
  most: KEY_CHARACTERS_MAX,
  pattern: /^(?:package:[0-9a-f]{64}|collected:[A-Za-z0-9-]{1,128}:\d{1,9})$/u,
});
const chunk = also(bytes, (value) => value.length <= CHUNK_BYTES);
const stream = { run: runId, block: blockPath, attempt: count, stream: oneOf("stdout", "stderr") };

export const bulkShape = kindOf({
  pull: { file, offset: count, upTo: count },
  chunk: { file, offset: count, size: count, bytes: chunk },
  pullFailed: { file, reason: text },
  credit: { have: count, upTo: count, again: flag, ...stream },
  output: { gone: count, offset: count, bytes: chunk, ageMs: count, end: flag, ...stream },
});

export function checkBulk(value: unknown): Checked<BulkMessage> {
  return check(bulkShape, value);
}
