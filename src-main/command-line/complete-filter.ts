// What the tabulator key offers for the last term of a filter of hosts: fields, and what they can hold; pure.
import { NUMBER_FIELDS, QUERY_FIELDS } from "#shared/host-query/host-query.ts";
import { HOST_MARKS } from "#shared/host-query/host-mark.ts";

export interface FilterNames {
  readonly hosts: readonly string[];
  readonly groups: readonly string[];
  readonly blocks: readonly string[];
  readonly components: readonly string[];
  readonly sites: readonly string[];
}

const WORDS = ["AND ", "OR ", "NOT "];

/** The whole filter, with each way in which its last term can go on. */
export function completeFilter(filter: string, names: FilterNames): readonly string[] {
  const start = filter.search(/[^\s()]*$/);
  const term = filter.slice(start);
  return termsOf(names, term)
    .filter((candidate) => candidate.startsWith(term))
    .map((candidate) => filter.slice(0, start) + candidate);
}

function termsOf(names: FilterNames, term: string): readonly string[] {
  if (term.startsWith("@")) return names.groups.map((group) => `@${group}`);
  const field = /^([a-z]+):/.exec(term)?.[1];
  if (field !== undefined) return valuesOf(names, field).map((value) => `${field}:${quoted(value)}`);
  const numbers: readonly string[] = NUMBER_FIELDS;
  const fields = QUERY_FIELDS.map((name) => (numbers.includes(name) ? `${name}>` : `${name}:`));
  // Nothing was typed yet: host names would hide the rest.
  return [...fields, ...WORDS, ...(term === "" ? [] : names.hosts)];
}

function valuesOf(names: FilterNames, field: string): readonly string[] {
  switch (field) {
    case "state":
      return HOST_MARKS;
    case "site":
      return names.sites;
    case "component":
      return names.components;
    case "group":
      return names.groups;
    case "block":
      return names.blocks;
    case "host":
    case "under":
    case "parent":
      return names.hosts;
    default:
      return [];
  }
}

function quoted(value: string): string {
  return /\s/.test(value) ? `"${value}"` : value;
}
