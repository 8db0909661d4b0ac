// Identical output once, with the hosts that wrote it: the largest group first, the odd ones right below. Pure.
import { compareNames } from "#shared/node-set/node-set.ts";
import type { OutputStream } from "../state/output-texts-store.ts";

export interface OutputGroup {
  readonly key: string;
  readonly hosts: readonly string[];
  readonly block: string;
  readonly process: string;
  readonly stream: "stdout" | "stderr";
  /** As one of its hosts wrote it. */
  readonly lines: readonly string[];
  /** The line that stands for all: the last that says something. */
  readonly summary: string;
  /** Characters of the beginning that the window has no more. */
  readonly cut: number;
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
  const groups = new Map<string, { hosts: Set<string>; stream: OutputStream; lines: readonly string[] }>();
  for (const stream of streams) {
    if (!isWanted(stream, choice)) continue;
    const lines = linesOf(stream.text).filter(
      (line) => choice.search === "" || line.toLowerCase().includes(choice.search),
    );
    if (lines.length === 0) continue;
    const text = lines.join("\n");
    const alike = choice.masks ? masked(text, stream.host) : text;
    const key = JSON.stringify([stream.block, stream.stream, alike]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { hosts: new Set([stream.host]), stream, lines });
    else group.hosts.add(stream.host);
  }
  return [...groups]
    .map(([key, { hosts, stream, lines }]) => ({
      key,
      hosts: [...hosts].sort(compareNames),
      block: stream.block,
      process: stream.process,
      stream: stream.stream,
      lines,
      summary: lines.findLast((line) => line.trim() !== "") ?? "",
      cut: stream.cut,
    }))
    .sort(
      (left, right) =>
        right.hosts.length - left.hosts.length || compareNames(left.hosts[0] ?? "", right.hosts[0] ?? ""),
    );
}

function isWanted(stream: OutputStream, { run, block, stream: wanted }: FoldChoice): boolean {
  return (
    (run === undefined || stream.run === run) &&
    (block === undefined || stream.block === block) &&
    (wanted === "both" || stream.stream === wanted)
  );
}

/** What stands for a number; a private character, so that no host's words are mistaken for it. */
export const MASK = "\ue000";

/** Pids, times, sizes and the host's own name differ everywhere and say nothing about what is odd. */
export function masked(text: string, host: string): string {
  return text.replaceAll(host, MASK).replace(/\d+(?:[.,:]\d+)*/g, MASK);
}

/** The block's own name, of its path `process/component block/experiment`. */
export function blockName(path: string): string {
  return path.split("/")[0] ?? path;
}
