// What the tabulator key offers in the shell: commands, files, hosts, groups, blocks and barriers; pure.
import { completeFilter, type FilterNames } from "./complete-filter.ts";
import { WHERE } from "./shell-where.ts";
import { quoteForShell, splitShellLine } from "./shell-words.ts";

export interface CompletionNames extends FilterNames {
  readonly commands: readonly string[];
  readonly barriers: readonly string[];
  readonly runFlags: readonly string[];
  /** Files and folders (these with a slash at the end) that the beginning of a path may become. */
  readonly filesFrom: (beginning: string) => readonly string[];
}

/** As readline wants it: the whole words that fit, and the part of the line that they replace. */
export type Completion = [matches: string[], fragment: string];

/** More than these would only fill the screen. */
const OFFERED_MAX = 200;

export const INFO_SUBJECTS = ["nodes", "node", "mesh", "waiting", "control"] as const;

export function completeShellLine(line: string, names: CompletionNames): Completion {
  const { words, endsInWord, openQuote } = splitShellLine(line);
  const last = endsInWord ? words.at(-1) : undefined;
  const fragment = last === undefined ? "" : line.slice(last.start);
  const beginning = last?.text ?? "";
  const before = (endsInWord ? words.slice(0, -1) : words).map((word) => word.text);
  if (isFilter(before)) {
    const filters = completeFilter(beginning, names).slice(0, OFFERED_MAX);
    return [filters.map((filter) => filterText(filter, fragment, openQuote)), fragment];
  }
  const matches = candidates(before, beginning, names)
    .filter((name) => name.startsWith(beginning))
    .slice(0, OFFERED_MAX)
    .map((name) => quoteForShell(name, fragment));
  // One match is complete: a blank goes on to the next word; inside a folder one goes on in it.
  const [only] = matches;
  if (only !== undefined && matches.length === 1 && !/\/["']?$/.test(only)) return [[`${only} `], fragment];
  return [matches, fragment];
}

function isFilter(before: readonly string[]): boolean {
  const takesFilters = ["test", "connect", "disconnect", "fail", "shell"].includes(before[0] ?? "");
  return (takesFilters && before.at(-1) === WHERE) || (before[0] === "info" && before[1] === "nodes");
}

/** A filter goes on: its quote stays open. */
function filterText(filter: string, fragment: string, openQuote: string | undefined): string {
  if (openQuote === undefined) return quoteForShell(filter, fragment);
  return quoteForShell(filter, openQuote).replace(/["']$/, "");
}

function candidates(before: readonly string[], beginning: string, names: CompletionNames): readonly string[] {
  const [command, subject] = before;
  switch (command) {
    case undefined:
      return names.commands;
    case "load":
    case "use":
    case "directory":
      return before.length === 1 ? names.filesFrom(beginning) : [];
    case "info":
      if (before.length === 1) return INFO_SUBJECTS;
      return subject === "node" && before.length === 2 ? names.hosts : [];
    case "connect":
    case "test":
      return [...(before.length === 1 ? hostsAndGroups(names) : []), WHERE];
    case "disconnect":
      return [...(before.length === 1 ? hostsAndGroups(names) : []), "--keep", WHERE];
    case "fail":
      return before.length === 1 ? [...names.hosts, WHERE] : [];
    case "shell":
      return before.length === 1 ? [WHERE] : [];
    case "force":
      return before.length === 1 ? [...new Set([...names.barriers, ...names.blocks])] : [];
    case "help":
      return before.length === 1 ? names.commands : [];
    case "run":
      return names.runFlags;
    default:
      return [];
  }
}

function hostsAndGroups(names: CompletionNames): readonly string[] {
  return [...names.hosts, ...names.groups.map((group) => `@${group}`)];
}
