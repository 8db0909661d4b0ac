// Node sets: host names as people write them, node[1-100]!node7, parsed to a set with its algebra, and folded back.
import { foldNames } from "./fold-names.ts";
import { compareNames } from "./name-order.ts";
import { matchesWildcard, NAMES_MAX, parsePattern, unfoldPattern, type NamePattern } from "./name-pattern.ts";
import type { NodeSetError } from "./number-ranges.ts";

export { compareNames, foldNames, type NodeSetError };

/** Names unfolded for one text, all operands together: bounds the time of `a[1-99999]!a[1-99999]!…`. */
const UNFOLDED_TOTAL_MAX = 10 * NAMES_MAX;
/** Comparisons of a name with a wildcard for one text: some seconds at the very most. */
const WILDCARD_TRIALS_MAX = 100 * NAMES_MAX;

/** What a text may refer to besides the names it spells out. */
export interface NodeSetContext {
  /** The names in a group, or undefined when there is no such group: `@web`, `@source:group`. */
  readonly groups?: (source: string | undefined, name: string) => readonly string[] | undefined;
  /** Every known name: for `@*` and for wildcards. */
  readonly all?: readonly string[];
}

export type NodeSetResult = { readonly kind: "ok"; readonly set: NodeSet } | NodeSetError;

type Operator = "union" | "difference" | "intersection" | "xor";
const OPERATORS: ReadonlyMap<string, Operator> = new Map([
  [",", "union"],
  ["!", "difference"],
  ["&", "intersection"],
  ["^", "xor"],
]);

/** Immutable. Names are compared exactly: node1 and node01 are two hosts. */
export class NodeSet {
  readonly #names: ReadonlySet<string>;
  #sorted: readonly string[] | undefined;

  constructor(names: Iterable<string> = []) {
    this.#names = new Set(names);
  }

  get size(): number {
    return this.#names.size;
  }

  has(name: string): boolean {
    return this.#names.has(name);
  }

  /** In natural order: node2 before node10. */
  names(): readonly string[] {
    this.#sorted ??= [...this.#names].sort(compareNames);
    return this.#sorted;
  }

  union(other: NodeSet): NodeSet {
    return this.#combined("union", other);
  }

  difference(other: NodeSet): NodeSet {
    return this.#combined("difference", other);
  }

  intersection(other: NodeSet): NodeSet {
    return this.#combined("intersection", other);
  }

  xor(other: NodeSet): NodeSet {
    return this.#combined("xor", other);
  }

  /** The short text that parseNodeSet turns back into this set: node[1-40,55]. */
  fold(): string {
    return foldNames(this.#names);
  }

  #combined(operator: Operator, other: NodeSet): NodeSet {
    return new NodeSet(combine(operator, new Set(this.#names), other.#names));
  }
}

/** Changes `left` and gives it back. */
function combine(operator: Operator, left: Set<string>, right: ReadonlySet<string>): Set<string> {
  switch (operator) {
    case "union":
      for (const name of right) left.add(name);
      return left;
    case "difference":
      for (const name of right) left.delete(name);
      return left;
    case "intersection":
      for (const name of left) if (!right.has(name)) left.delete(name);
      return left;
    case "xor":
      for (const name of right) if (!left.delete(name)) left.add(name);
      return left;
  }
}

interface Operand {
  readonly operator: Operator;
  readonly text: string;
  readonly offset: number;
}

type NamesResult = { readonly kind: "ok"; readonly names: readonly string[] } | NodeSetError;

/** Operators are applied from left to right, all of the same rank, as ClusterShell does. The empty text is the empty set. */
export function parseNodeSet(text: string, context: NodeSetContext = {}): NodeSetResult {
  const split = splitOperands(text);
  if (split.kind === "error") return split;
  const work = { unfolded: 0, trials: 0 };
  let names = new Set<string>();
  for (const { operator, text: operand, offset } of split.operands) {
    const result = namesOf(operand, offset, context, work);
    if (result.kind === "error") return result;
    work.unfolded += result.names.length;
    if (work.unfolded > UNFOLDED_TOTAL_MAX) {
      return { kind: "error", message: `more than ${UNFOLDED_TOTAL_MAX} names in all`, offset };
    }
    names = combine(operator, names, new Set(result.names));
    if (names.size > NAMES_MAX) {
      return {
        kind: "error",
        message: `more than ${NAMES_MAX} names with '${operand}'; that is the most allowed`,
        offset,
      };
    }
  }
  return { kind: "ok", set: new NodeSet(names) };
}

/** Blanks between two names are a union too, so that lists may be broken into lines. */
function splitOperands(
  text: string,
): { readonly kind: "ok"; readonly operands: readonly Operand[] } | NodeSetError {
  const operands: Operand[] = [];
  let pending: { readonly operator: Operator; readonly offset: number } | undefined;
  let at = 0;
  while (at < text.length) {
    const character = text[at] ?? "";
    const operator = OPERATORS.get(character);
    if (/\s/.test(character)) {
      at += 1;
    } else if (operator === undefined) {
      const end = endOfOperand(text, at);
      operands.push({ operator: pending?.operator ?? "union", text: text.slice(at, end), offset: at });
      pending = undefined;
      at = end;
    } else if (operands.length === 0 || pending !== undefined) {
      return { kind: "error", message: `a name is missing before '${character}'`, offset: at };
    } else {
      pending = { operator, offset: at };
      at += 1;
    }
  }
  if (pending === undefined) return { kind: "ok", operands };
  return {
    kind: "error",
    message: `a name is missing after '${text[pending.offset] ?? ""}'`,
    offset: pending.offset,
  };
}

/** Commas inside of brackets belong to the name; a bracket that is never closed takes all the rest. */
function endOfOperand(text: string, start: number): number {
  let at = start;
  while (at < text.length) {
    const character = text[at] ?? "";
    if (OPERATORS.has(character) || /\s/.test(character)) return at;
    if (character !== "[") {
      at += 1;
      continue;
    }
    const close = text.indexOf("]", at);
    at = close === -1 ? text.length : close + 1;
  }
  return at;
}

function namesOf(
  text: string,
  offset: number,
  context: NodeSetContext,
  work: { trials: number },
): NamesResult {
  if (text.startsWith("@")) return namesOfGroup(text.slice(1), offset, context);
  const result = parsePattern(text, offset);
  if (result.kind === "error") return result;
  if (result.pattern.hasWildcard) return namesOfWildcard(text, result.pattern, offset, context, work);
  return { kind: "ok", names: unfoldPattern(result.pattern) };
}

function namesOfWildcard(
  text: string,
  pattern: NamePattern,
  offset: number,
  context: NodeSetContext,
  work: { trials: number },
): NamesResult {
  const { all } = context;
  if (all === undefined) {
    return {
      kind: "error",
      message: `'${text}' has a wildcard, and no hosts are known here to compare it with`,
      offset,
    };
  }
  work.trials += pattern.count * all.length;
  if (work.trials > WILDCARD_TRIALS_MAX) {
    return {
      kind: "error",
      message: `'${text}' stands for too many wildcards; use fewer ranges with it`,
      offset,
    };
  }
  const wildcards = unfoldPattern(pattern);
  return {
    kind: "ok",
    names: all.filter((name) => wildcards.some((wildcard) => matchesWildcard(name, wildcard))),
  };
}

/** `@*`, `@web`, `@source:web`, `@rack[1-4]`; the text comes without its "@". */
function namesOfGroup(text: string, offset: number, context: NodeSetContext): NamesResult {
  const error = (message: string): NodeSetError => ({ kind: "error", message, offset });
  if (text === "*") {
    return context.all === undefined
      ? error("'@*' needs the known hosts, and none are known here")
      : { kind: "ok", names: context.all };
  }
  const colon = text.indexOf(":");
  const source = colon === -1 ? undefined : text.slice(0, colon);
  const name = text.slice(colon + 1);
  if (name === "" || source === "") return error(`'@${text}' names no group; write @group or @source:group`);
  const result = parsePattern(name, offset + 1 + colon + 1);
  if (result.kind === "error") return result;
  if (result.pattern.hasWildcard)
    return error(`'@${text}': groups cannot be chosen by wildcards; only '@*' is known`);
  const names: string[] = [];
  for (const group of unfoldPattern(result.pattern)) {
    const members = context.groups?.(source, group);
    if (members === undefined)
      return error(`there is no group '${group}'${source === undefined ? "" : ` in source '${source}'`}`);
    for (const member of members) names.push(member);
    if (names.length > UNFOLDED_TOTAL_MAX)
      return error(`'@${text}' has more than ${UNFOLDED_TOTAL_MAX} names`);
  }
  return { kind: "ok", names };
}
