// Folded display of output, as clush -b does it: identical texts once, under the folded names of their hosts.
import { compareNames, foldNames } from "#shared/node-set/node-set.ts";
import { createLineAssembler, type LineAssembler } from "#shared/output-text/line-assembler.ts";

/** Kept per host and stream; what is beyond is cut and marked (all of it is in the results). */
export const FOLD_CHARACTERS_MAX = 1024 * 1024;
/** Kept for all hosts together: some hundred MB of memory at the worst. */
export const FOLD_TOTAL_CHARACTERS_MAX = 64 * 1024 * 1024;

export interface OutputGroup {
  readonly hosts: readonly string[];
  readonly folded: string;
  readonly lines: readonly string[];
}

export interface OutputFolder {
  push(host: string, text: string): void;
  /** Largest group first; equal sizes in the order of their first host's name. */
  groups(): readonly OutputGroup[];
}

interface HostText {
  readonly assembler: LineAssembler;
  readonly lines: string[];
  characters: number;
  cutCharacters: number;
}

export function createOutputFolder(): OutputFolder {
  const hosts = new Map<string, HostText>();
  let total = 0;

  const keep = (text: HostText, lines: readonly string[]): void => {
    for (const line of lines) {
      const size = line.length + 1;
      if (text.characters + size > FOLD_CHARACTERS_MAX || total + size > FOLD_TOTAL_CHARACTERS_MAX) {
        text.cutCharacters += size;
        continue;
      }
      text.lines.push(line);
      text.characters += size;
      total += size;
    }
  };

  return {
    push(host, piece) {
      let text = hosts.get(host);
      if (text === undefined) {
        text = { assembler: createLineAssembler(), lines: [], characters: 0, cutCharacters: 0 };
        hosts.set(host, text);
      }
      keep(text, text.assembler.push(piece));
    },
    groups() {
      const byText = new Map<string, { hosts: string[]; lines: readonly string[] }>();
      for (const [host, text] of hosts) {
        keep(text, text.assembler.flush());
        const lines = text.cutCharacters === 0 ? text.lines : [...text.lines, cutLine(text.cutCharacters)];
        if (lines.length === 0) continue;
        const key = lines.join("\n");
        const group = byText.get(key);
        if (group === undefined) byText.set(key, { hosts: [host], lines });
        else group.hosts.push(host);
      }
      return [...byText.values()]
        .map((group) => ({
          ...group,
          hosts: group.hosts.toSorted(compareNames),
          folded: foldNames(group.hosts),
        }))
        .sort(bySizeThenName);
    },
  };
}

function bySizeThenName(left: OutputGroup, right: OutputGroup): number {
  return right.hosts.length - left.hosts.length || compareNames(left.hosts[0] ?? "", right.hosts[0] ?? "");
}

function cutLine(characters: number): string {
  return `[… ${characters} more characters are not shown; all output is in the results]`;
}

/** clush's own form: a ruled header with the node set, and its size when there is more than one. */
export function renderGroup(
  group: OutputGroup,
  heading: (text: string) => string,
  stream: "stdout" | "stderr" = "stdout",
): readonly string[] {
  const count = group.hosts.length === 1 ? "" : ` (${group.hosts.length})`;
  const title = `${group.folded}${count}${stream === "stderr" ? " stderr" : ""}`;
  const rule = "-".repeat(15);
  return [heading(rule), heading(title), heading(rule), ...group.lines];
}
