// Identical output once, with the hosts that wrote it: the largest group first, the odd ones right below. Pure.
import { compareNames } from "#shared/node-set/node-set.ts";
import type { OutputStream } from "../state/output-texts-store.ts";

/** What some hosts wrote to the letter. */
export interface OutputText {
  readonly hosts: readonly string[];
  /** As the first of them wrote it. */
  readonly stream: OutputStream;
}

export interface OutputGroup {
  readonly key: string;
  readonly hosts: readonly string[];
  readonly block: string;
  readonly process: string;
  readonly stream: "stdout" | "stderr";
  /** More than one when what differs was masked; what most have written first. */
  readonly texts: readonly OutputText[];
  /** Of the first text. */
  readonly lines: readonly string[];
  /** The line that stands for all: the last that says something. */
  readonly summary: string;
}

export interface FoldChoice {
  /** Numbers and the host's own name count as equal. */
  readonly masks: boolean;
  readonly stream: "both" | "stdout" | "stderr";
  readonly block: string | undefined;
  readonly run: string | undefined;
  /** Lines that hold it, in small letters; "" = all. */
  readonly search: string;
}

export function foldStreams(
  streams: Iterable<OutputStream>,
  choice: FoldChoice,
  linesOf: (text: string) => readonly string[],
): readonly OutputGroup[] {
  const groups = new Map<string, Map<string, { hosts: Set<string>; stream: OutputStream }>>();
  for (const stream of streams) {
    if (!isWanted(stream, choice)) continue;
    const lines = wantedLines(stream, choice, linesOf);
    if (lines.length === 0) continue;
    const text = lines.join("\n");
    const alike = choice.masks ? masked(text, stream.host) : text;
    const key = JSON.stringify([stream.block, stream.stream, alike]);
    const group = groups.get(key) ?? new Map<string, { hosts: Set<string>; stream: OutputStream }>();
    groups.set(key, group);
    const same = group.get(text);
    if (same === undefined) group.set(text, { hosts: new Set([stream.host]), stream });
    else same.hosts.add(stream.host);
  }
  return [...groups]
    .flatMap(([key, group]): OutputGroup[] => {
      const texts = [...group.values()]
        .map(({ hosts, stream }) => ({ hosts: [...hosts].sort(compareNames), stream }))
        .sort(byHosts);
      const stream = texts[0]?.stream;
      if (stream === undefined) return [];
      const lines = wantedLines(stream, choice, linesOf);
      return [
        {
          key,
          hosts: [...new Set(texts.flatMap(({ hosts }) => hosts))].sort(compareNames),
          block: stream.block,
          process: stream.process,
          stream: stream.stream,
          texts,
          lines,
          summary: lines.findLast((line) => line.trim() !== "") ?? "",
        },
      ];
    })
    .sort(byHosts);
}

/** Of most hosts first, then by the first name. */
function byHosts(left: Pick<OutputText, "hosts">, right: Pick<OutputText, "hosts">): number {
  return right.hosts.length - left.hosts.length || compareNames(left.hosts[0] ?? "", right.hosts[0] ?? "");
}

/** Of a stream the lines that are looked for. */
export function wantedLines(
  stream: OutputStream,
  { search }: FoldChoice,
  linesOf: (text: string) => readonly string[],
): readonly string[] {
  const lines = linesOf(stream.text);
  return search === "" ? lines : lines.filter((line) => line.toLowerCase().includes(search));
}

function isWanted(stream: OutputStream, { run, block, stream: wanted }: FoldChoice): boolean {
  return (
    (run === undefined || stream.run === run) &&
    (block === undefined || stream.block === block) &&
    (wanted === "both" || stream.stream === wanted)
  );
}

const SYNTAX = /[\\^$.*+?()[\]{}|/]/g;

/** What stands for a number; a private character, so that no host's words are mistaken for it. */
export const MASK = "\ue000";

/** Pids, times, sizes and the host's own name differ everywhere and say nothing about what is odd. */
export function masked(text: string, host: string): string {
  // As a word: a host called `a` is not in every word that has the letter.
  const name = new RegExp(`(?<![\\p{L}\\p{N}])${host.replace(SYNTAX, "\\$&")}(?![\\p{L}\\p{N}])`, "gu");
  return text.replace(name, MASK).replace(/\d+(?:[.,:]\d+)*/g, MASK);
}

/** The block's own name, of its path `process/component block/experiment`. */
export function blockName(path: string): string {
  return path.split("/")[0] ?? path;
}
