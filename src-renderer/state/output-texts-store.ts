// What hosts have written in the runs that the window knows: per stream the last part, bounded; all of it is in the results.
import { createStore } from "zustand/vanilla";
import type { RunEvent } from "#shared/controller-api/run-events.ts";

type OutputEvent = Extract<RunEvent, { event: "output" }>;

/** Kept of one stream: some thousand lines. The beginning goes first. */
const STREAM_CHARACTERS_MAX = 256 * 1024;
/** Kept of all streams together; the longest ones give way. */
const TOTAL_CHARACTERS_MAX = 96 * 1024 * 1024;

/** When which part was printed: enough for some minutes of a process that prints all the time. */
const MARKS_MAX = 2048;

/** All characters before `end` had been printed at `timeMs`, by the controller's clock. */
export interface OutputMark {
  /** Counted from the beginning of the stream, also of what was cut. */
  readonly end: number;
  readonly timeMs: number;
}

export interface OutputStream {
  readonly run: string;
  readonly host: string;
  readonly block: string;
  readonly process: string;
  readonly attempt: number;
  readonly stream: "stdout" | "stderr";
  readonly text: string;
  /** Characters that are not in `text` any more, and bytes that never came. */
  readonly cut: number;
  readonly missingBytes: number;
  /** Oldest first; the last one is about the end of `text`. */
  readonly marks: readonly OutputMark[];
}

export interface OutputState {
  readonly streams: ReadonlyMap<string, OutputStream>;
  readonly characters: number;
  /** Raised with each change: a cheap thing to wait for. */
  readonly version: number;
}

const EMPTY: OutputState = { streams: new Map(), characters: 0, version: 0 };

export const outputStore = createStore<OutputState>(() => EMPTY);

export function forgetOutput(): void {
  outputStore.setState(EMPTY);
}

export function takeOutput(batch: readonly RunEvent[]): void {
  const pieces = batch.filter((event) => event.event === "output");
  if (pieces.length === 0) return;
  const state = outputStore.getState();
  const streams = new Map(state.streams);
  let { characters } = state;
  for (const piece of pieces) {
    const key = keyOf(piece);
    const before = streams.get(key);
    const after = joined(before, piece);
    streams.set(key, after);
    characters += after.text.length - (before?.text.length ?? 0);
  }
  if (characters > TOTAL_CHARACTERS_MAX) characters = makeRoom(streams, characters);
  outputStore.setState({ streams, characters, version: state.version + 1 });
}

function keyOf({ run, host, block, process, attempt, stream }: OutputEvent): string {
  return JSON.stringify([run, host, block, process, attempt, stream]);
}

function joined(before: OutputStream | undefined, piece: OutputEvent): OutputStream {
  const { run, host, block, process, attempt, stream, time, missingBytes = 0, ageMs = 0 } = piece;
  const gap = missingBytes > 0 ? `\n[${String(missingBytes)} bytes are missing here]\n` : "";
  const whole = `${before?.text ?? ""}${gap}${piece.text}`;
  const text = whole.length > STREAM_CHARACTERS_MAX ? whole.slice(-STREAM_CHARACTERS_MAX) : whole;
  const cut = (before?.cut ?? 0) + whole.length - text.length;
  return {
    run,
    host,
    block,
    process,
    attempt,
    stream,
    text,
    cut,
    missingBytes: (before?.missingBytes ?? 0) + missingBytes,
    marks: markedUp(before?.marks ?? [], { end: cut + text.length, timeMs: Date.parse(time) - ageMs }, cut),
  };
}

/** Times never go back within a stream; what was cut needs no marks, and of too many the oldest go. */
function markedUp(marks: readonly OutputMark[], next: OutputMark, cut: number): readonly OutputMark[] {
  const timeMs = Math.max(next.timeMs, marks.at(-1)?.timeMs ?? 0);
  const all = [...marks.filter((mark) => mark.end > cut), { end: next.end, timeMs }];
  return all.length > MARKS_MAX ? all.slice(MARKS_MAX / 4) : all;
}

/** Halves the longest streams until a quarter is free, so that it does not happen with each piece. */
function makeRoom(streams: Map<string, OutputStream>, characters: number): number {
  let left = characters;
  const longest = [...streams].sort(([, one], [, other]) => other.text.length - one.text.length);
  for (const [key, stream] of longest) {
    if (left <= (TOTAL_CHARACTERS_MAX * 3) / 4) break;
    const text = stream.text.slice(Math.ceil(stream.text.length / 2));
    left -= stream.text.length - text.length;
    streams.set(key, { ...stream, text, cut: stream.cut + stream.text.length - text.length });
  }
  return left;
}
