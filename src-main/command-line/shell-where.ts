// Hosts as the shell's commands name them: a node set, a filter behind --where, or both; neither means all.
import { CommandFailure } from "./command-failure.ts";
import { EXIT } from "./exit-codes.ts";
import { hostsWhere } from "./hosts-where.ts";
import type { ShellSession } from "./shell-session.ts";
import { splitShellLine } from "./shell-words.ts";

export const WHERE = "--where";

export interface WordsWhere {
  /** Undefined: there is none. */
  readonly filter: string | undefined;
  readonly words: readonly string[];
}

/** Takes `--where FILTER` out of the words, wherever it stands. */
export function wordsWhere(words: readonly string[]): WordsWhere {
  const at = words.indexOf(WHERE);
  if (at === -1) return { filter: undefined, words };
  return { filter: filterAt(words[at + 1]), words: words.toSpliced(at, 2) };
}

/** Undefined: all. */
export function chosenHosts(shell: ShellSession, given: readonly string[]): string | undefined {
  const { filter, words } = wordsWhere(given);
  return hostsWhere(shell.api, words.length === 0 ? undefined : words.join(","), filter);
}

/** Of a line whose rest is somebody else's words: only in front of them. */
export function lineWhere(rest: string): { readonly filter: string | undefined; readonly rest: string } {
  const { words } = splitShellLine(rest);
  if (words[0]?.text !== WHERE) return { filter: undefined, rest };
  return { filter: filterAt(words[1]?.text), rest: rest.slice(words[2]?.start ?? rest.length) };
}

function filterAt(filter: string | undefined): string {
  if (filter !== undefined) return filter;
  throw new CommandFailure(
    EXIT.usage,
    `${WHERE} needs a filter`,
    `One word, in quotes: ${WHERE} 'state:failed AND depth>2'`,
  );
}
