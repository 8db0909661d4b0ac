// The fields that commands, reports and bulk messages have in common, bounded: what the three checks are made of.
import * as z from "zod";
import { blockPathOf, runIdOf } from "../base/ids.ts";
import type { BlockPath, RunId } from "../base/ids.ts";

/** Names, paths, URLs: the longest path that Linux takes. */
const NAME_CHARACTERS_MAX = 4096;
/** Reasons, arguments, values of variables: what Linux takes as one argument. */
const TEXT_CHARACTERS_MAX = 131_072;
/** Lists: bounded by the frame too; this bounds the work of checking one. */
const LIST_MAX = 20_000;
/** A run's name is a folder's name. */
const RUN_ID = /^[A-Za-z0-9-]{1,128}$/u;

/** The most issues that a reason names. */
const ISSUES_SHOWN_MAX = 3;

export const name = z.string().max(NAME_CHARACTERS_MAX);
export const text = z.string().max(TEXT_CHARACTERS_MAX);
export const count = z.int().nonnegative();
/** Milliseconds, bytes and the like: may have a fraction, never negative or infinite. */
export const amount = z.number().nonnegative();
export const runId = z
  .string()
  .regex(RUN_ID)
  .transform((value): RunId => runIdOf(value));
export const blockPath = name.min(1).transform((value): BlockPath => blockPathOf(value));
/** Not z.instanceof: its type promises an ArrayBuffer of its own, which a view of a frame has not. */
export const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array);
export const sha256 = z.string().regex(/^[0-9a-f]{64}$/u);

export const list = <T extends z.ZodType>(element: T): z.ZodArray<T> => z.array(element).max(LIST_MAX);
/** The key must be there: the wire carries undefined as a value. */
export const orUndefined = <T extends z.ZodType>(schema: T): z.ZodUnion<[T, z.ZodUndefined]> =>
  z.union([schema, z.undefined()]);

export type Checked<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string };

/** Reasons name places, never values: some are secret, and all are a stranger's. */
export function check<T>(schema: z.ZodType<T>, value: unknown): Checked<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return { ok: true, value: parsed.data };
  const places = parsed.error.issues
    .slice(0, ISSUES_SHOWN_MAX)
    .map((issue) => issue.path.join(".") || "kind");
  return { ok: false, reason: `not valid at ${places.join(", ")}` };
}
