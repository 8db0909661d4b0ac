// One name of a node set with its brackets: "r[1-4]n[01-16].site.org" parsed, counted and unfolded.
import { countOf, parseRanges, unfoldRanges, type NumberRange, type NodeSetError } from "./number-ranges.ts";

/** Names that one node set may unfold to: HOSTS_MAX of application specifications, a hundred times the largest run. */
export const NAMES_MAX = 100_000;
/** Host names end at 253 characters (RFC 1035); some room for a port. */
const NAME_LENGTH_MAX = 260;

export interface NamePattern {
  /** Text and brackets in turn. */
  readonly parts: readonly (string | readonly NumberRange[])[];
  readonly hasWildcard: boolean;
  /** How many names it unfolds to, at most. */
  readonly count: number;
}

export type PatternResult = { readonly kind: "ok"; readonly pattern: NamePattern } | NodeSetError;

/** Parses text without blanks and operators outside of brackets; `offset` is where it begins in the whole text. */
export function parsePattern(text: string, offset: number): PatternResult {
  const parts: (string | readonly NumberRange[])[] = [];
  let at = 0;
  while (at < text.length) {
    if (text[at] === "[") {
      const end = text.indexOf("]", at);
      const result = parseBrackets(text, at, end, offset);
      if (result.kind === "error") return result;
      parts.push(result.ranges);
      at = end + 1;
      continue;
    }
    const end = endOfLiteral(text, at);
    const problem = characterProblem(text, at, end, offset);
    if (problem !== undefined) return problem;
    parts.push(text.slice(at, end));
    at = end;
  }
  const count = parts.reduce(
    (product, part) => (typeof part === "string" ? product : product * countOf(part)),
    1,
  );
  const pattern = {
    parts,
    hasWildcard: parts.some((part) => typeof part === "string" && /[*?]/.test(part)),
    count,
  };
  return sizeProblem(text, pattern, offset) ?? { kind: "ok", pattern };
}

function parseBrackets(
  text: string,
  start: number,
  end: number,
  offset: number,
): ReturnType<typeof parseRanges> {
  if (end === -1)
    return { kind: "error", message: "the bracket '[' is never closed", offset: offset + start };
  const inner = text.indexOf("[", start + 1);
  if (inner !== -1 && inner < end) {
    return { kind: "error", message: "a bracket inside of a bracket", offset: offset + inner };
  }
  return parseRanges(text.slice(start + 1, end), offset + start + 1);
}

function endOfLiteral(text: string, start: number): number {
  const bracket = text.indexOf("[", start);
  return bracket === -1 ? text.length : bracket;
}

function characterProblem(
  text: string,
  start: number,
  end: number,
  offset: number,
): NodeSetError | undefined {
  const bad = text.slice(start, end).search(/[^A-Za-z0-9._:*?-]/);
  if (bad === -1) return undefined;
  const at = start + bad;
  const code = text.codePointAt(at) ?? 0;
  const character = String.fromCodePoint(code);
  const message =
    character === "]"
      ? "the bracket ']' was never opened"
      : `the character '${character}' (U+${code.toString(16).toUpperCase().padStart(4, "0")}) cannot be part of a host name; ` +
        "letters a-z, digits, '.', '-', '_' and ':' can";
  return { kind: "error", message, offset: offset + at };
}

/** Refuses before anything is unfolded, so that a slip of the keyboard costs no memory. */
function sizeProblem(text: string, pattern: NamePattern, offset: number): NodeSetError | undefined {
  if (pattern.count > NAMES_MAX) {
    const message = `'${text}' unfolds to ${pattern.count} names; at most ${NAMES_MAX} are allowed`;
    return { kind: "error", message, offset };
  }
  const lengthMax = pattern.parts.reduce((sum, part) => sum + lengthOf(part), 0);
  if (lengthMax <= NAME_LENGTH_MAX) return undefined;
  return {
    kind: "error",
    message: `a name of ${lengthMax} characters; at most ${NAME_LENGTH_MAX} are allowed`,
    offset,
  };
}

function lengthOf(part: string | readonly NumberRange[]): number {
  if (typeof part === "string") return part.length;
  return part.reduce((longest, { last, width }) => Math.max(longest, width, String(last).length), 0);
}

export function unfoldPattern(pattern: NamePattern): readonly string[] {
  let names: readonly string[] = [""];
  for (const part of pattern.parts) {
    if (typeof part === "string") {
      names = names.map((name) => name + part);
      continue;
    }
    const digits = unfoldRanges(part);
    names = names.flatMap((name) => digits.map((run) => name + run));
  }
  return names;
}

/** Whether the name fits `*` (any text) and `?` (any one character); linear but for the last star, never exponential. */
export function matchesWildcard(name: string, wildcard: string): boolean {
  let nameAt = 0;
  let wildcardAt = 0;
  let starAt = -1;
  let starNameAt = 0;
  while (nameAt < name.length) {
    const wanted = wildcard[wildcardAt];
    if (wanted === "*") {
      starAt = wildcardAt;
      starNameAt = nameAt;
      wildcardAt += 1;
    } else if (wanted === "?" || wanted === name[nameAt]) {
      nameAt += 1;
      wildcardAt += 1;
    } else if (starAt !== -1) {
      starNameAt += 1;
      nameAt = starNameAt;
      wildcardAt = starAt + 1;
    } else {
      return false;
    }
  }
  return /^\**$/.test(wildcard.slice(wildcardAt));
}
