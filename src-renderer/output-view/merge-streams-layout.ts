// The last lines of many streams in the order in which they were printed: streams are read from their ends, and only so far as is shown. Pure.
import { compareNames } from "#shared/node-set/node-set.ts";
import type { OutputMark, OutputStream } from "../state/output-texts-store.ts";

export interface MergedLine {
  readonly key: string;
  readonly host: string;
  readonly block: string;
  readonly stream: "stdout" | "stderr";
  /** When the host had it, by the controller's clock; milliseconds since 1970. */
  readonly timeMs: number;
  readonly text: string;
}

export interface MergeChoice {
  readonly run: string | undefined;
  readonly block: string | undefined;
  readonly stream: "both" | "stdout" | "stderr";
  /** Lines that hold it, in small letters; "" = all. */
  readonly search: string;
}

export interface Merged {
  /** Oldest first. */
  readonly lines: readonly MergedLine[];
  /** There are more before, which are not shown. */
  readonly isCut: boolean;
}

/** For lines that are searched: so many are looked at, whatever is found. */
const LOOKED_AT_MAX = 500_000;

interface Cursor {
  readonly source: OutputStream;
  /** The line that comes next ends here (its newline excluded), and the mark that says when. */
  end: number;
  mark: number;
  timeMs: number;
}

export function mergeStreams(streams: Iterable<OutputStream>, choice: MergeChoice, linesMax: number): Merged {
  const heap = new LatestFirst();
  for (const source of streams) if (isWanted(source, choice)) heap.add(cursorOf(source));
  const lines: MergedLine[] = [];
  let looked = 0;
  for (let cursor = heap.take(); cursor !== undefined; cursor = heap.take()) {
    if (lines.length >= linesMax || looked >= LOOKED_AT_MAX) return { lines: lines.reverse(), isCut: true };
    looked += 1;
    const { source, end, timeMs } = cursor;
    const start = source.text.lastIndexOf("\n", end - 1) + 1;
    const text = end === 0 ? "" : source.text.slice(start, end);
    if (text !== "" && (choice.search === "" || text.toLowerCase().includes(choice.search)))
      lines.push({
        key: `${source.host} ${source.block} ${String(source.attempt)} ${source.stream} ${String(source.cut + start)}`,
        host: source.host,
        block: source.block,
        stream: source.stream,
        timeMs,
        text,
      });
    if (start > 0 && end > 0) heap.add(before(cursor, start - 1));
  }
  return { lines: lines.reverse(), isCut: [...streams].some((source) => source.cut > 0) };
}

/** A line that has no end yet is one, too. */
function cursorOf(source: OutputStream): Cursor {
  const { text, marks } = source;
  const end = text.endsWith("\n") ? text.length - 1 : text.length;
  return before({ source, end, mark: marks.length - 1, timeMs: 0 }, end);
}

/** The line that ends at `end`: said by the first piece that reaches so far. */
function before(cursor: Cursor, end: number): Cursor {
  const { source } = cursor;
  let { mark } = cursor;
  while (mark > 0 && endOf(source, source.marks[mark - 1]) >= end) mark -= 1;
  return { source, end, mark, timeMs: source.marks[mark]?.timeMs ?? 0 };
}

const endOf = ({ cut }: OutputStream, mark: OutputMark | undefined): number => (mark?.end ?? 0) - cut;

function isWanted(source: OutputStream, { run, block, stream }: MergeChoice): boolean {
  return (
    source.text !== "" &&
    (run === undefined || source.run === run) &&
    (block === undefined || source.block === block) &&
    (stream === "both" || source.stream === stream)
  );
}

/** Lines of one moment stand by host name, so that what is drawn does not jump. */
function isLater(left: Cursor, right: Cursor): boolean {
  return left.timeMs === right.timeMs
    ? compareNames(left.source.host, right.source.host) > 0
    : left.timeMs > right.timeMs;
}

/** A binary heap. */
class LatestFirst {
  readonly #items: Cursor[] = [];

  add(item: Cursor): void {
    const items = this.#items;
    let at = items.push(item) - 1;
    while (at > 0) {
      const up = (at - 1) >> 1;
      if (!this.#swapIfLater(at, up)) return;
      at = up;
    }
  }

  take(): Cursor | undefined {
    const items = this.#items;
    const [first] = items;
    const last = items.pop();
    if (first === undefined || last === undefined || items.length === 0) return first;
    items[0] = last;
    for (let at = 0; ;) {
      const left = 2 * at + 1;
      const [one, other] = [items[left], items[left + 1]];
      if (one === undefined) return first;
      const child = other !== undefined && isLater(other, one) ? left + 1 : left;
      if (!this.#swapIfLater(child, at)) return first;
      at = child;
    }
  }

  #swapIfLater(below: number, above: number): boolean {
    const [one, other] = [this.#items[below], this.#items[above]];
    if (one === undefined || other === undefined || !isLater(one, other)) return false;
    this.#items[above] = one;
    this.#items[below] = other;
    return true;
  }
}
