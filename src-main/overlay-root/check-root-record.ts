// The door for the journal of the overlay's root: one record, field by field, or none.
import * as z from "zod";
import { hostIdOf } from "#shared/base/ids.ts";
import { RANK_MAX } from "#shared/overlay/frame-fields.ts";
import { ROOT_RANK, type RootRecord } from "#shared/overlay/topology.ts";

export type JournalRecord = RootRecord | { readonly kind: "epoch"; readonly epoch: number };

const NAME_CHARACTERS_MAX = 4096;
/** Ranges of ranks: bounded by the frame in which they go out. */
const TARGETS_MAX = 20_000;

const count = z.int().nonnegative();
const rank = z
  .int()
  .min(ROOT_RANK + 1)
  .max(RANK_MAX);
const host = z
  .string()
  .min(1)
  .max(NAME_CHARACTERS_MAX)
  .transform((text) => hostIdOf(text));
const payload = z.custom<Uint8Array>((value) => value instanceof Uint8Array);

const recordSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("epoch"), epoch: count }),
  z.strictObject({ kind: z.literal("invited"), host, incarnation: count, rank, start: count }),
  z.strictObject({ kind: z.literal("dismissed"), rank }),
  z.strictObject({
    kind: z.literal("command"),
    sequence: count,
    targets: z.array(count).max(TARGETS_MAX),
    payload,
  }),
  z.strictObject({ kind: z.literal("stable"), sequence: count }),
  z.strictObject({ kind: z.literal("reports"), rank, upTo: count }),
  z.strictObject({ kind: z.literal("ended"), rank, as: z.enum(["left", "lost"]) }),
]);

export function checkRootRecord(value: unknown): JournalRecord | undefined {
  const parsed = recordSchema.safeParse(value);
  return parsed.success ? parsed.data : undefined;
}
