// Collects problems with their line and column, and stops growing when there are more than help anybody.
import type { Problem, ProblemSeverity } from "../base/problem.ts";
import { PROBLEMS_MAX } from "./application-limits.ts";

export interface LineColumn {
  readonly line: number;
  readonly column: number;
}

/** Finds line and column of an offset; built once per text, in one pass. */
export type LineColumnOf = (offset: number) => LineColumn;

/** Lines end at LF, CRLF or a lone CR, as XML counts them; columns are UTF-16 units, both from 1. */
export function createLineColumnOf(text: string): LineColumnOf {
  const starts = lineStartsOf(text);
  return (offset) => {
    const place = Math.max(0, Math.min(offset, text.length));
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= place) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: place - (starts[low] ?? 0) + 1 };
  };
}

function lineStartsOf(text: string): number[] {
  const starts = [0];
  const lineEnd = /\r\n|\n|\r/g;
  for (let found = lineEnd.exec(text); found !== null; found = lineEnd.exec(text))
    starts.push(lineEnd.lastIndex);
  return starts;
}

export interface ProblemList {
  readonly error: (offset: number, message: string, remedy: string) => void;
  readonly warning: (offset: number, message: string, remedy: string) => void;
  /** In the order of the text; beyond PROBLEMS_MAX one last entry says how many were left out. */
  readonly all: () => Problem[];
}

export function createProblemList(text: string): ProblemList {
  const found: Record<ProblemSeverity, Problem[]> = { error: [], warning: [] };
  let total = 0;
  let lineColumnOf: LineColumnOf | undefined;

  const add = (severity: ProblemSeverity, offset: number, message: string, remedy: string): void => {
    total += 1;
    if (found[severity].length >= PROBLEMS_MAX) return;
    lineColumnOf ??= createLineColumnOf(text);
    const texts = { message: shortMessage(message), remedy: shortMessage(remedy) };
    found[severity].push({ severity, ...lineColumnOf(offset), offset, ...texts });
  };

  return {
    error: (offset, message, remedy) => add("error", offset, message, remedy),
    warning: (offset, message, remedy) => add("warning", offset, message, remedy),
    all: () => shownOf(found, total),
  };
}

/** Characters of a quoted value: enough to know which one is meant. */
const VALUE_SHOWN_MAX = 60;
/** Characters of a message whose values could not be told from its own words. */
const MESSAGE_SHOWN_MAX = 1000;

/** Long names of elements are looked for in so many characters. */
const NAMES_SEARCHED_MAX = 20_000;

/** Messages quote what is written in the document, and that may be a script of thousands of characters. */
export function shortMessage(text: string): string {
  if (text.length <= VALUE_SHOWN_MAX) return text;
  // A quote inside of a word is an apostrophe.
  const opening = /(?<![\w'])'/g;
  const closing = /'(?=$|[\s,.;:)?])/g;
  let short = "";
  let place = 0;
  while (short.length <= MESSAGE_SHOWN_MAX) {
    opening.lastIndex = place;
    const start = opening.exec(text);
    closing.lastIndex = opening.lastIndex;
    const end = start === null ? null : closing.exec(text);
    if (start === null || end === null) break;
    const value = text.slice(start.index + 1, end.index);
    short += text.slice(place, start.index + 1) + cut(value, VALUE_SHOWN_MAX) + "'";
    place = closing.lastIndex;
  }
  const names = cut(short + text.slice(place), NAMES_SEARCHED_MAX).replace(
    /<(\/?)([^\s<>]+)/g,
    (_all, slash: string, name: string) => `<${slash}${cut(name, VALUE_SHOWN_MAX)}`,
  );
  return cut(names, MESSAGE_SHOWN_MAX);
}

/** Never between the two halves of one character. */
function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length).replace(/[\uD800-\uDBFF]$/, "")}…`;
}

/** Errors come before warnings when there is not room for both: a hidden error would let a run start. */
function shownOf(found: Readonly<Record<ProblemSeverity, readonly Problem[]>>, total: number): Problem[] {
  const shown = [...found.error, ...found.warning].slice(0, PROBLEMS_MAX);
  const sorted = shown.toSorted((one, other) => one.offset - other.offset);
  const last = sorted.at(-1);
  if (last === undefined || total === shown.length) return sorted;
  const message = `${String(total - shown.length)} more problems are not listed`;
  return [...sorted, { ...last, severity: "warning", message, remedy: "Mend the listed ones first." }];
}
