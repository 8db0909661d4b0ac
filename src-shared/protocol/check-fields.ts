// The fields that commands, reports and bulk messages have in common, bounded: what the three checks are made of.
import type { BlockPath, RunId } from "../base/ids.ts";
import { listOf, numberOf, only, textOf, type Shape } from "./shapes.ts";

/** Names, paths, URLs: the longest path that Linux takes. */
const NAME_CHARACTERS_MAX = 4096;
/** Reasons, arguments, values of variables: what Linux takes as one argument. */
const TEXT_CHARACTERS_MAX = 131_072;
/** Lists: bounded by the frame too; this bounds the work of checking one. */
const LIST_MAX = 20_000;
/** A run's name is a folder's name. */
const RUN_ID = /^[A-Za-z0-9-]{1,128}$/u;
const SHA256 = /^[0-9a-f]{64}$/u;

export const name = textOf({ most: NAME_CHARACTERS_MAX });
export const text = textOf({ most: TEXT_CHARACTERS_MAX });
export const integer = numberOf({ whole: true });
export const count = numberOf({ whole: true, least: 0 });
/** Milliseconds, bytes and the like: may have a fraction, never negative or infinite. */
export const amount = numberOf({ whole: false, least: 0 });
export const runId = textOf<RunId>({ most: NAME_CHARACTERS_MAX, pattern: RUN_ID });
export const blockPath = textOf<BlockPath>({ least: 1, most: NAME_CHARACTERS_MAX });
export const bytes = only<Uint8Array>((value) => value instanceof Uint8Array);
export const sha256 = textOf({ most: NAME_CHARACTERS_MAX, pattern: SHA256 });

export const list = <T>(element: Shape<T>): Shape<T[]> => listOf(element, 0, LIST_MAX);
