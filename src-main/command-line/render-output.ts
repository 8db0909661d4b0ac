// Output of processes in a run: "host: text" lines as they come, or folded at the end; with each process's last words.
import type { RunEvent } from "#shared/controller-api/run-events.ts";
import { createOutputFolder, renderGroup, type OutputFolder } from "./fold-output.ts";
import { createLineAssembler, type LineAssembler } from "#shared/output-text/line-assembler.ts";
import { neutraliseLine } from "#shared/output-text/neutralise-output.ts";
import { processKey } from "./run-model.ts";
import type { Style } from "./style.ts";

/** A line that does not end (a question, a progress dot) is shown as far as it goes after this long. */
export const PARTIAL_LINE_MS = 1000;
/** Lines of stderr that are shown with a failure. */
export const TAIL_LINES_MAX = 5;
/** Characters kept of each of them: a thousand hosts' last words stay within some MB. */
const TAIL_CHARACTERS_MAX = 500;

export type OutputEvent = Extract<RunEvent, { event: "output" }>;

export interface OutputText {
  push(event: OutputEvent, nowMs: number): readonly string[];
  tick(nowMs: number): readonly string[];
  end(): readonly string[];
  tailOf(host: string, block: string): readonly string[];
}

interface Stream {
  readonly assembler: LineAssembler;
  readonly prefix: string;
  readonly tailKey: string | undefined;
  pendingSinceMs: number;
}

interface FoldedStream {
  readonly title: string;
  readonly folder: OutputFolder;
}

export function createOutputText(style: Style, verbose: boolean, fold: boolean): OutputText {
  const streams = new Map<string, Stream>();
  const tails = new Map<string, string[]>();
  const folded = new Map<string, FoldedStream>();

  const streamOf = (event: OutputEvent): Stream => {
    const key = `${event.host}\n${event.block}\n${event.attempt}\n${event.stream}`;
    let stream = streams.get(key);
    if (stream === undefined) {
      const isError = event.stream === "stderr";
      stream = {
        assembler: createLineAssembler(),
        prefix: prefixOf(style, event, verbose),
        tailKey: isError ? processKey(event.host, event.block) : undefined,
        pendingSinceMs: 0,
      };
      streams.set(key, stream);
    }
    return stream;
  };

  const shown = (stream: Stream, lines: readonly string[]): readonly string[] => {
    if (stream.tailKey !== undefined) addToTail(tails, stream.tailKey, lines);
    return fold ? [] : lines.map((line) => stream.prefix + line);
  };

  return {
    push(event, nowMs) {
      const stream = streamOf(event);
      const lost = lostLines(event);
      if (fold)
        foldedOf(folded, event).push(event.host, lost.map((line) => `\n${line}\n`).join("") + event.text);
      const wasEmpty = stream.assembler.isEmpty;
      const unfinished = lost.length > 0 ? stream.assembler.flush() : [];
      const lines = [...unfinished, ...lost, ...stream.assembler.push(event.text)];
      if (wasEmpty || lines.length > 0) stream.pendingSinceMs = nowMs;
      return shown(stream, lines);
    },
    tick(nowMs) {
      const lines: string[] = [];
      for (const stream of streams.values()) {
        if (stream.assembler.isEmpty || nowMs - stream.pendingSinceMs < PARTIAL_LINE_MS) continue;
        lines.push(...shown(stream, stream.assembler.flush()));
      }
      return lines;
    },
    end: () => [
      ...[...streams.values()].flatMap((stream) => shown(stream, stream.assembler.flush())),
      ...[...folded.values()].flatMap(({ title, folder }) => foldedLines(style, title, folder)),
    ],
    tailOf: (host, block) => tails.get(processKey(host, block)) ?? [],
  };
}

function prefixOf(style: Style, event: OutputEvent, verbose: boolean): string {
  const process = verbose ? ` ${neutraliseLine(event.process)}` : "";
  return event.stream === "stderr"
    ? `${style.red(`${event.host}${process} (stderr):`)} `
    : `${style.cyan(`${event.host}${process}:`)} `;
}

/** More was printed than is kept of a stream: the middle is not there. */
export function lostLines(event: OutputEvent): readonly string[] {
  const missing = event.missingBytes ?? 0;
  return missing > 0 ? [`[… ${missing} bytes are not here: more was printed than is kept]`] : [];
}

/** For folding, where all of a stream is one text. */
export function textWithGaps(event: OutputEvent): string {
  return (
    lostLines(event)
      .map((line) => `\n${line}\n`)
      .join("") + event.text
  );
}

function addToTail(tails: Map<string, string[]>, key: string, lines: readonly string[]): void {
  if (lines.length === 0) return;
  const tail = tails.get(key) ?? [];
  tail.push(...lines.slice(-TAIL_LINES_MAX).map((line) => line.slice(0, TAIL_CHARACTERS_MAX)));
  tail.splice(0, tail.length - TAIL_LINES_MAX);
  tails.set(key, tail);
}

function foldedOf(folded: Map<string, FoldedStream>, event: OutputEvent): OutputFolder {
  const title = event.stream === "stderr" ? `${event.process} (stderr)` : event.process;
  const known = folded.get(title) ?? { title: neutraliseLine(title), folder: createOutputFolder() };
  folded.set(title, known);
  return known.folder;
}

function foldedLines(style: Style, title: string, folder: OutputFolder): readonly string[] {
  const groups = folder.groups();
  if (groups.length === 0) return [];
  return [style.bold(`output of ${title}`), ...groups.flatMap((group) => renderGroup(group, style.cyan))];
}
