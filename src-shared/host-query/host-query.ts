// The language that filters hosts in every list: state:failed AND (site:ucsd OR depth>2) AND NOT @spare under:host17.
import { nearestName } from "../application/nearest-name.ts";
import { METRIC_NAMES } from "./metrics-text.ts";
import { parseNodeSet, type NodeSet } from "../node-set/node-set.ts";

/** What can be asked of a host. Words that are not there are "" or undefined. */
export interface HostFacts {
  readonly host: string;
  readonly state: string;
  readonly site: string;
  readonly component: string;
  readonly address: string;
  readonly parent: string;
  readonly way: string;
  readonly reason: string;
  readonly groups: readonly string[];
  readonly blocks: readonly string[];
  /** Hops to the root; undefined for a host outside the overlay. */
  readonly depth: number | undefined;
  readonly children: number;
  readonly pid: number | undefined;
  /** In which the host has been in its state. */
  readonly seconds: number | undefined;
  /** As metricOf gives them: percent but for the load, and the round trip to the controller in milliseconds. */
  readonly load: number | undefined;
  readonly cpu: number | undefined;
  readonly memory: number | undefined;
  readonly disk: number | undefined;
  readonly rtt: number | undefined;
  /** Parent, its parent and so on: `under:` looks there. */
  readonly ancestors: readonly string[];
}

export const TEXT_FIELDS = ["state", "site", "component", "address", "parent", "way", "reason"] as const;
const PLAIN_FIELDS = ["depth", "children", "pid", "seconds"] as const;
export const NUMBER_FIELDS = [...PLAIN_FIELDS, ...METRIC_NAMES] as const;
/** What `field:` may be. */
export const QUERY_FIELDS = [...TEXT_FIELDS, ...NUMBER_FIELDS, "host", "group", "block", "under"] as const;

type TextField = (typeof TEXT_FIELDS)[number];
type NumberField = (typeof NUMBER_FIELDS)[number];
/** May stand behind the number. */
const UNITS: Readonly<Partial<Record<NumberField, string>>> = {
  seconds: "s",
  cpu: "%",
  memory: "%",
  disk: "%",
  rtt: "ms",
};
const COMPARISONS = [">=", "<=", "!=", ">", "<", "="] as const;
type Comparison = (typeof COMPARISONS)[number];

export type HostQuery = (facts: HostFacts) => boolean;

export type HostQueryResult =
  | { readonly kind: "ok"; readonly query: HostQuery }
  /** `offset`: where in the text; `end`: behind the last character of what is wrong. */
  | { readonly kind: "error"; readonly message: string; readonly offset: number; readonly end: number };

interface Token {
  readonly text: string;
  readonly offset: number;
  readonly isQuoted: boolean;
}

/** Parentheses deeper than anybody writes. */
const DEPTH_MAX = 50;
const CHARACTERS_MAX = 100_000;

class QueryError extends Error {
  readonly offset: number;
  readonly end: number;

  constructor(message: string, offset: number, end: number) {
    super(message);
    this.offset = offset;
    this.end = end;
  }
}

/** Words beside each other must all hold, as with AND. The empty text holds for every host. */
export function parseHostQuery(text: string): HostQueryResult {
  if (text.length > CHARACTERS_MAX)
    return { kind: "error", message: "the filter is too long", offset: 0, end: text.length };
  try {
    const parser = new Parser(tokensOf(text), text.length);
    return { kind: "ok", query: parser.parse() };
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
    return { kind: "error", message: error.message, offset: error.offset, end: error.end };
  }
}

function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const start = at;
    const character = text.charAt(at);
    if (/\s/.test(character)) {
      at += 1;
    } else if (character === "(" || character === ")") {
      tokens.push({ text: character, offset: start, isQuoted: false });
      at += 1;
    } else {
      at = wordEnd(text, start);
      tokens.push({
        text: text.slice(start, at).replaceAll('"', ""),
        offset: start,
        isQuoted: character === '"',
      });
    }
  }
  return tokens;
}

/** A word ends at white space or a parenthesis, but not inside quotes or the brackets of a node set. */
function wordEnd(text: string, start: number): number {
  let isQuoted = false;
  let at = start;
  while (at < text.length) {
    const character = text.charAt(at);
    if (character === '"') isQuoted = !isQuoted;
    else if (!isQuoted && /[\s()]/.test(character)) break;
    at += 1;
  }
  if (isQuoted) throw new QueryError("a quotation mark is not closed", start, text.length);
  return at;
}

class Parser {
  readonly #tokens: readonly Token[];
  readonly #length: number;
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly Token[], length: number) {
    this.#tokens = tokens;
    this.#length = length;
  }

  parse(): HostQuery {
    if (this.#tokens.length === 0) return () => true;
    const query = this.#either();
    const rest = this.#tokens[this.#at];
    if (rest !== undefined) throw new QueryError("there is no ( for this )", rest.offset, rest.offset + 1);
    return query;
  }

  #either(): HostQuery {
    const parts = [this.#all()];
    while (this.#take("OR")) parts.push(this.#all());
    return parts.length === 1 ? first(parts) : (facts) => parts.some((part) => part(facts));
  }

  #all(): HostQuery {
    const parts = [this.#one()];
    for (;;) {
      const next = this.#tokens[this.#at];
      if (next === undefined || isWord(next, ")") || isWord(next, "OR")) break;
      this.#take("AND");
      parts.push(this.#one());
    }
    return parts.length === 1 ? first(parts) : (facts) => parts.every((part) => part(facts));
  }

  #one(): HostQuery {
    const token = this.#tokens[this.#at];
    if (token === undefined)
      throw new QueryError("something is missing at the end", this.#length, this.#length);
    this.#at += 1;
    if (isWord(token, "NOT")) {
      const inner = this.#nested(token, () => this.#one());
      return (facts) => !inner(facts);
    }
    if (isWord(token, "(")) {
      const inner = this.#nested(token, () => this.#either());
      if (!this.#take(")")) throw new QueryError("this ( is not closed", token.offset, token.offset + 1);
      return inner;
    }
    if (isWord(token, ")") || isWord(token, "AND") || isWord(token, "OR"))
      throw new QueryError(`something is missing before ${token.text}`, token.offset, endOf(token));
    return termOf(token);
  }

  #nested(token: Token, inner: () => HostQuery): HostQuery {
    this.#depth += 1;
    if (this.#depth > DEPTH_MAX) throw new QueryError("nested too deeply", token.offset, endOf(token));
    const query = inner();
    this.#depth -= 1;
    return query;
  }

  #take(word: string): boolean {
    const token = this.#tokens[this.#at];
    if (token === undefined || !isWord(token, word)) return false;
    this.#at += 1;
    return true;
  }
}

function first(parts: readonly HostQuery[]): HostQuery {
  return parts[0] ?? (() => true);
}

/** Quoted, the same letters are a word like any other. */
function isWord(token: Token, word: string): boolean {
  return !token.isQuoted && token.text === word;
}

const endOf = (token: Token): number => token.offset + token.text.length;

function termOf(token: Token): HostQuery {
  const { text, offset, isQuoted } = token;
  if (!isQuoted && text.startsWith("@")) return groupQuery(text.slice(1));
  const match = isQuoted ? null : /^([a-z]+)(>=|<=|!=|>|<|=|:)(.*)$/s.exec(text);
  if (match === null) return wordQuery(text);
  const [, field = "", operator = "", value = ""] = match;
  const known = QUERY_FIELDS.find((name) => name === field);
  if (known === undefined) {
    const nearest = nearestName(field, QUERY_FIELDS);
    const hint = nearest === undefined ? `there are: ${QUERY_FIELDS.join(", ")}` : `did you mean ${nearest}?`;
    throw new QueryError(`hosts have no '${field}'; ${hint}`, offset, offset + field.length);
  }
  if (value === "") throw new QueryError(`${field} of what?`, offset, endOf(token));
  const numeric = NUMBER_FIELDS.find((name) => name === known);
  if (numeric !== undefined)
    return numberQuery(numeric, operator === ":" ? "=" : comparisonOf(operator), value, token);
  if (!["=", ":", "!="].includes(operator))
    throw new QueryError(`${field} cannot be compared with ${operator}`, offset, endOf(token));
  const query = fieldQuery(known, value, token);
  return operator === "!=" ? (facts) => !query(facts) : query;
}

function comparisonOf(operator: string): Comparison {
  return COMPARISONS.find((one) => one === operator) ?? "=";
}

function fieldQuery(field: (typeof QUERY_FIELDS)[number], value: string, token: Token): HostQuery {
  const text = TEXT_FIELDS.find((name) => name === field);
  if (text !== undefined) return textQuery(text, value);
  if (field === "group") return groupQuery(value);
  if (field === "block") {
    const wanted = value.toLowerCase();
    return ({ blocks }) => blocks.some((block) => block.toLowerCase().includes(wanted));
  }
  const set = nodeSetOf(value, token);
  return field === "under"
    ? ({ ancestors }) => ancestors.some((name) => set.has(name))
    : ({ host }) => set.has(host);
}

/** A part of the value is enough: site:ucs finds ucsd. */
function textQuery(field: TextField, value: string): HostQuery {
  const wanted = value.toLowerCase();
  return (facts) => facts[field].toLowerCase().includes(wanted);
}

function groupQuery(group: string): HostQuery {
  return ({ groups }) => groups.includes(group);
}

function nodeSetOf(value: string, token: Token): NodeSet {
  const parsed = parseNodeSet(value);
  if (parsed.kind === "ok") return parsed.set;
  throw new QueryError(parsed.message, token.offset, endOf(token));
}

function numberQuery(field: NumberField, comparison: Comparison, value: string, token: Token): HostQuery {
  const unit = UNITS[field];
  const number = Number(unit !== undefined && value.endsWith(unit) ? value.slice(0, -unit.length) : value);
  if (!Number.isFinite(number) || value === unit)
    throw new QueryError(`${field} is a number`, token.offset, endOf(token));
  return (facts) => {
    const has = facts[field];
    if (has === undefined) return false;
    switch (comparison) {
      case ">=":
        return has >= number;
      case "<=":
        return has <= number;
      case "!=":
        return has !== number;
      case ">":
        return has > number;
      case "<":
        return has < number;
      case "=":
        return has === number;
    }
  };
}

/** A part of anything that names or describes the host. */
function wordQuery(word: string): HostQuery {
  const wanted = word.toLowerCase();
  const holds = (text: string): boolean => text.toLowerCase().includes(wanted);
  return (facts) =>
    holds(facts.host) ||
    holds(facts.state) ||
    holds(facts.site) ||
    holds(facts.component) ||
    holds(facts.address) ||
    holds(facts.reason) ||
    facts.groups.some(holds) ||
    facts.blocks.some(holds);
}
