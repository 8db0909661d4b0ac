// The numbers between the brackets of a node set: "1-40,055,060-100/2" parsed, unfolded and folded.

/** Numbers up to 15 digits are exact in a double; longer runs of digits are plain text. */
export const DIGITS_MAX = 15;

export interface NumberRange {
  readonly first: number;
  readonly last: number;
  readonly step: number;
  /** Digits at least, filled with zeros; 1 = no padding. */
  readonly width: number;
}

export interface NodeSetError {
  readonly kind: "error";
  readonly message: string;
  /** Index into the text, in UTF-16 units. */
  readonly offset: number;
}

export type RangesResult = { readonly kind: "ok"; readonly ranges: readonly NumberRange[] } | NodeSetError;
type RangeResult = { readonly kind: "ok"; readonly range: NumberRange } | NodeSetError;

/** Parses what stands between brackets; `offset` is where it begins in the whole text. */
export function parseRanges(text: string, offset: number): RangesResult {
  if (text === "") return { kind: "error", message: "the brackets are empty", offset };
  const ranges: NumberRange[] = [];
  let at = offset;
  for (const part of text.split(",")) {
    const result = parseRange(part, at);
    if (result.kind === "error") return result;
    ranges.push(result.range);
    at += part.length + 1;
  }
  return { kind: "ok", ranges };
}

function parseRange(text: string, offset: number): RangeResult {
  const error = (message: string): NodeSetError => ({ kind: "error", message, offset });
  if (text === "") return error("a number or a range is missing between the commas");
  const match = /^(\d+)(?:-(\d+)(?:\/(\d+))?)?$/.exec(text);
  if (match === null) return error(`'${text}' is no number, range (1-9) or range with a step (1-9/2)`);
  const [, first = "", last = first, step = "1"] = match;
  if (Math.max(first.length, last.length, step.length) > DIGITS_MAX) {
    return error(`'${text}' has a number of more than ${DIGITS_MAX} digits`);
  }
  const padding = paddingProblem(first, last);
  if (padding !== undefined) return error(padding);
  const range = {
    first: Number(first),
    last: Number(last),
    step: Number(step),
    width: isPadded(first) ? first.length : 1,
  };
  if (range.step === 0) return error(`the step of '${text}' is 0; it must be 1 or more`);
  if (range.last < range.first)
    return error(`the range '${text}' runs backwards; write it as ${last}-${first}`);
  return { kind: "ok", range };
}

/** 001-100 and 01-100 are clear; 001-10 and 1-010 could mean either width and are refused. */
function paddingProblem(first: string, last: string): string | undefined {
  if (isPadded(first) && last.length < first.length) {
    return `'${first}-${last}' mixes widths; write ${first}-${last.padStart(first.length, "0")}`;
  }
  if (isPadded(last) && last.length !== first.length) {
    return `'${first}-${last}' mixes widths; write ${first.padStart(last.length, "0")}-${last}`;
  }
  return undefined;
}

function isPadded(digits: string): boolean {
  return digits.length > 1 && digits.startsWith("0");
}

/** How many numbers the ranges say, counted without unfolding them; repeated ones count each time. */
export function countOf(ranges: readonly NumberRange[]): number {
  return ranges.reduce((sum, { first, last, step }) => sum + Math.floor((last - first) / step) + 1, 0);
}

export function unfoldRanges(ranges: readonly NumberRange[]): readonly string[] {
  const digits: string[] = [];
  for (const { first, last, step, width } of ranges) {
    for (let value = first; value <= last; value += step) {
      digits.push(width === 1 ? String(value) : String(value).padStart(width, "0"));
    }
  }
  return digits;
}

/**
 * Folds runs of digits to the shortest text of ranges: 1-40,55. Same numbers, same text, in whatever order they come.
 * Zeros in front count: 1, 01 and 001 are three different numbers.
 */
export function foldDigits(digits: readonly string[]): string {
  const [only] = digits;
  if (digits.length === 1 && only !== undefined) return only;
  const plain = new Set<number>();
  const paddedByWidth = new Map<number, Set<number>>();
  for (const text of digits) {
    if (!isPadded(text)) {
      plain.add(Number(text));
      continue;
    }
    const padded = paddedByWidth.get(text.length) ?? new Set();
    padded.add(Number(text));
    paddedByWidth.set(text.length, padded);
  }
  const ranges: NumberRange[] = [];
  for (const [width, padded] of [...paddedByWidth].sort(([left], [right]) => left - right)) {
    moveAcross(plain, padded, width);
    ranges.push(...rangesOf(padded, width));
  }
  ranges.push(...rangesOf(plain, 1));
  ranges.sort((left, right) => left.first - right.first || left.width - right.width);
  return ranges.map(writeRange).join(",");
}

/** 01-09 goes on as 01-20 when 10-20 are there, unless those go on from 9, as in 1-20. */
function moveAcross(plain: Set<number>, padded: Set<number>, width: number): void {
  const boundary = 10 ** (width - 1);
  if (!padded.has(boundary - 1) || plain.has(boundary - 1)) return;
  for (let value = boundary; value < boundary * 10 && plain.has(value); value += 1) {
    plain.delete(value);
    padded.add(value);
  }
}

function rangesOf(values: ReadonlySet<number>, width: number): readonly NumberRange[] {
  const ranges: NumberRange[] = [];
  const sorted = Float64Array.from(values).sort();
  let first: number | undefined;
  let last = 0;
  for (const value of sorted) {
    if (first !== undefined && value !== last + 1) {
      ranges.push({ first, last, step: 1, width });
      first = undefined;
    }
    first ??= value;
    last = value;
  }
  if (first !== undefined) ranges.push({ first, last, step: 1, width });
  return ranges;
}

function writeRange({ first, last, width }: NumberRange): string {
  const firstText = String(first).padStart(width, "0");
  return first === last ? firstText : `${firstText}-${String(last).padStart(width, "0")}`;
}
