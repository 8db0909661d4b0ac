// Reports on disk, numbered, until the root has them: bounded, and what had to be dropped is reported as such.
//
// It stands in a folder of segments; a whole segment is deleted when the root has all of it, or when there are too
// many, so that nothing is ever copied. Written without fsync: it outlives the client's process, not the host, and
// neither do the processes that it tells of.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Report } from "#shared/protocol/reports.ts";
import { createPayloadCodec } from "#shared/protocol/wire.ts";
import { createFileSegment, createMemorySegment, openFileSegment } from "./outbox-segment.ts";
import type { OutboxSegment } from "./outbox-segment.ts";

export interface OutboxSettings {
  /** A folder of its own; made when missing. */
  readonly directory: string;
  /** Records of another incarnation are thrown away at the opening: the controller will not take them. */
  readonly incarnation: number;
  readonly limits?: Partial<OutboxLimits>;
}

/** 64 MiB and 100,000 records in all: some days of a controller's absence. */
export const OUTBOX_LIMITS = {
  segmentBytes: 4 * 1024 * 1024,
  segmentRecords: 6250,
  segments: 16,
  /** Read at once, for a link that takes it piece by piece. */
  readBytes: 256 * 1024,
} as const;

type OutboxLimits = { readonly [Name in keyof typeof OUTBOX_LIMITS]: number };

export interface Outbox {
  /** The number of the last report; 0 before the first. */
  readonly last: number;
  /** Why the disk did not take the newest reports (they are in memory then, as far as they fit). */
  readonly problem: string | undefined;
  /** Appends an encoded report and says its number. */
  append(payload: Uint8Array): number;
  /** Reports of [from, to] in order: the first some; at least one. */
  read(from: number, to: number): readonly OutboxRecord[];
  /** The root has all up to here. */
  forget(upTo: number): void;
  close(): void;
}

/** `skips` numbers before this one were dropped; then it is a `reportsDropped` that counts them and itself. */
export interface OutboxRecord {
  readonly sequence: number;
  readonly skips: number;
  readonly payload: Uint8Array;
}

const INCARNATION_FILE = "incarnation";
const SEGMENT_NAME = /^(\d{1,10})\.log$/u;

/** Throws when the folder cannot be made or read. */
export function openOutbox(settings: OutboxSettings): Outbox {
  const { directory, incarnation } = settings;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const firsts = readdirSync(directory)
    .map((file) => SEGMENT_NAME.exec(file)?.[1])
    .filter((digits) => digits !== undefined)
    .map(Number)
    .sort((a, b) => a - b);
  const isSame = incarnationOf(directory) === String(incarnation);
  if (!isSame) {
    for (const first of firsts) rmSync(pathOf(directory, first), { force: true });
    writeFileSync(join(directory, INCARNATION_FILE), String(incarnation), { mode: 0o600 });
  }
  const segments = isSame ? firsts.map((first) => openFileSegment(pathOf(directory, first), first)) : [];
  return new SegmentedOutbox(directory, segments, { ...OUTBOX_LIMITS, ...settings.limits });
}

function incarnationOf(directory: string): string | undefined {
  try {
    return readFileSync(join(directory, INCARNATION_FILE), "utf8");
  } catch {
    // Missing or unreadable: a new outbox either way.
    return undefined;
  }
}

function pathOf(directory: string, first: number): string {
  return join(directory, `${first}.log`);
}

class SegmentedOutbox implements Outbox {
  readonly #directory: string;
  readonly #limits: OutboxLimits;
  readonly #codec = createPayloadCodec();
  /** Oldest first; numbers never overlap, but may leave gaps. */
  #segments: OutboxSegment[] = [];
  #last = 0;
  /** The last one: it is asked for as soon as it is written, as a rule. */
  #newest: Uint8Array | undefined;
  #problem: string | undefined;

  constructor(directory: string, found: readonly OutboxSegment[], limits: OutboxLimits) {
    this.#directory = directory;
    this.#limits = limits;
    for (const segment of found) {
      const isSound = segment.last >= segment.first && segment.first > this.#last;
      if (isSound) {
        this.#segments.push(segment);
        this.#last = segment.last;
      } else {
        segment.remove();
      }
    }
  }

  get last(): number {
    return this.#last;
  }

  get problem(): string | undefined {
    return this.#problem;
  }

  append(payload: Uint8Array): number {
    const sequence = this.#last + 1;
    this.#last = sequence;
    this.#newest = payload;
    const fault = this.#appendToFile(sequence, payload);
    this.#problem = fault;
    if (fault !== undefined) this.#appendToMemory(sequence, payload);
    while (this.#segments.length > this.#limits.segments) this.#segments.shift()?.remove();
    return sequence;
  }

  read(from: number, to: number): readonly OutboxRecord[] {
    const records: OutboxRecord[] = [];
    let bytes = 0;
    let next = from;
    while (next <= to && bytes < this.#limits.readBytes) {
      const record = this.#recordAt(next, to);
      records.push(record);
      bytes += record.payload.length;
      next = record.sequence + 1;
    }
    return records;
  }

  forget(upTo: number): void {
    // The newest segment stays, to be appended to; deleting it with each acknowledgement would only cost.
    while (this.#segments.length > 1 && (this.#segments[0]?.last ?? Infinity) <= upTo) {
      this.#segments.shift()?.remove();
    }
  }

  close(): void {
    for (const segment of this.#segments) segment.close();
    this.#segments = [];
  }

  /** What went wrong, or undefined. */
  #appendToFile(sequence: number, payload: Uint8Array): string | undefined {
    try {
      const newest = this.#segments.at(-1);
      const { segmentBytes, segmentRecords } = this.#limits;
      if (newest?.takes(sequence, payload, segmentBytes, segmentRecords) === true && newest.isFile) {
        newest.append(sequence, payload);
        return undefined;
      }
      const segment = createFileSegment(pathOf(this.#directory, sequence), sequence);
      try {
        segment.append(sequence, payload);
      } catch (error) {
        segment.remove();
        throw error;
      }
      this.#segments.push(segment);
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  /** A full disk must not stop the client; what does not fit here either is counted as dropped. */
  #appendToMemory(sequence: number, payload: Uint8Array): void {
    const newest = this.#segments.at(-1);
    if (newest !== undefined && !newest.isFile) {
      newest.append(sequence, payload);
      return;
    }
    const segment = createMemorySegment(sequence);
    segment.append(sequence, payload);
    this.#segments.push(segment);
  }

  #recordAt(sequence: number, to: number): OutboxRecord {
    const payload = this.#payloadOf(sequence);
    if (payload !== undefined) return { sequence, skips: 0, payload };
    const end = this.#gapEnd(sequence, to);
    const skips = end - sequence;
    const report: Report = { kind: "reportsDropped", count: skips + 1 };
    return { sequence: end, skips, payload: this.#codec.encodePayload(report) };
  }

  /** The last missing number of the gap that starts here. */
  #gapEnd(sequence: number, to: number): number {
    const following = this.#segments.find((segment) => segment.first > sequence);
    const within = this.#segments.find((segment) => segment.first <= sequence && sequence <= segment.last);
    let end = Math.min(to, within?.last ?? (following?.first ?? Infinity) - 1);
    if (within === undefined) return end;
    // A hole in a segment (a damaged record, a full memory): step to its end.
    end = sequence;
    while (end < to && end < within.last && this.#payloadOf(end + 1) === undefined) end += 1;
    return end;
  }

  #payloadOf(sequence: number): Uint8Array | undefined {
    if (sequence === this.#last && this.#newest !== undefined) return this.#newest;
    const segment = this.#segments.find(({ first, last }) => first <= sequence && sequence <= last);
    return segment?.read(sequence);
  }
}
