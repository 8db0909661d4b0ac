// The output of all processes of a run: granted, received, written to files with a bounded head and the last tail.
import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import type { HostId } from "#shared/base/ids.ts";
import {
  PULL_WINDOW_BYTES,
  type BulkMessage,
  type StreamKey,
  type StreamName,
} from "#shared/protocol/bulk.ts";
import type { Report } from "#shared/protocol/reports.ts";

type OutputMessage = Extract<BulkMessage, { kind: "output" }>;
type WholeOutput = Pick<
  Extract<Report, { kind: "wholeOutput" }>,
  keyof Omit<StreamKey, "stream"> | StreamName
>;
type CreditMessage = Extract<BulkMessage, { kind: "credit" }>;

/** Granted to a stream at first: a screen or two of text; little is lost when nothing is printed. */
export const WINDOW_BYTES_FIRST = 64 * 1024;
/** With very many streams, less each; a line or two must go through without waiting. */
export const WINDOW_BYTES_MIN = 4 * 1024;
/**
 * On its way to the controller at once, over all streams and hosts: what the hosts in between may have to hold, and
 * enough for 600 MB/s at 100 ms. Streams that are read and print get a larger window while this lasts.
 */
export const GRANTED_BYTES_MAX = 64 * 1024 * 1024;
/** A process has exited, but the end of its output has not come: after so long it is asked for again. */
export const SILENCE_MS = 5000;

export interface OutputStoreParts {
  readonly pathOf: (host: HostId, key: StreamKey) => string;
  readonly sendCredit: (host: HostId, credit: CreditMessage) => void;
  /** In order, each byte once; `missing` bytes before this piece are gone. */
  readonly onOutput: (
    host: HostId,
    key: StreamKey,
    offset: number,
    bytes: Uint8Array,
    missing: number,
    /** So long ago its last byte was printed, when it was sent. */
    ageMs: number,
  ) => void;
  readonly onProblem: (host: HostId, message: string) => void;
}

interface StreamRecord {
  readonly key: StreamKey;
  readonly limit: number;
  have: number;
  /** Bytes just before `have` that will never come and are not marked in the file yet. */
  missing: number;
  granted: number;
  /** How much is granted beyond `have`: doubled by use. */
  window: number;
  /** Asked for again from here: pieces that were under way ask only once. */
  lostAt: number | undefined;
  heardMs: number;
  ended: boolean;
  /** What the process has written in all, once it has exited. */
  expected: number | undefined;
  file: number | undefined;
  broken: boolean;
}

export class OutputStore {
  readonly #parts: OutputStoreParts;
  readonly #streams = new Map<HostId, Map<string, StreamRecord>>();
  readonly #drained = new Set<() => void>();
  readonly #watch: NodeJS.Timeout;
  /** Streams that have not ended; the sum of their windows, and of what is granted and has not come. */
  #open = 0;
  #windows = 0;
  #outstanding = 0;

  constructor(parts: OutputStoreParts) {
    this.#parts = parts;
    this.#watch = setInterval(() => {
      this.#askAgainWhenSilent();
    }, SILENCE_MS);
    this.#watch.unref();
  }

  /** Granted to all streams together, and not come yet. */
  get outstanding(): number {
    return this.#outstanding;
  }

  /** A process has started; `grant` follows. `limit`: bytes kept of each, but for the tail. */
  open(host: HostId, key: Omit<StreamKey, "stream">, limit: number): void {
    for (const stream of ["stdout", "stderr"] as const) {
      const record: StreamRecord = {
        key: { ...key, stream },
        limit,
        have: 0,
        missing: 0,
        granted: 0,
        window: this.#windowFirst(),
        lostAt: undefined,
        heardMs: performance.now(),
        ended: false,
        expected: undefined,
        file: undefined,
        broken: false,
      };
      const streams = this.#streams.get(host) ?? new Map<string, StreamRecord>();
      streams.set(nameOf(record.key), record);
      this.#streams.set(host, streams);
      this.#open += 1;
      this.#windows += record.window;
    }
  }

  /** Both its streams may send; not when all of them has come already. */
  grant(host: HostId, key: Omit<StreamKey, "stream">): void {
    for (const stream of ["stdout", "stderr"] as const) {
      const record = this.#streams.get(host)?.get(nameOf({ ...key, stream }));
      if (record?.ended === false) this.#grant(host, record);
    }
  }

  /** All of both streams, of which nothing came before. */
  whole(host: HostId, output: WholeOutput): void {
    const { run, block, attempt } = output;
    for (const stream of ["stdout", "stderr"] as const) {
      const key = { run, block, attempt, stream };
      this.message(host, {
        kind: "output",
        ...key,
        gone: 0,
        offset: 0,
        bytes: output[stream],
        ageMs: 0,
        end: true,
      });
    }
  }

  /** It has exited, having written so much: the streams end when all of it, or its tail, is here. */
  expect(
    host: HostId,
    key: Omit<StreamKey, "stream">,
    end: { readonly stdout: number; readonly stderr: number },
  ): void {
    for (const stream of ["stdout", "stderr"] as const) {
      const record = this.#streams.get(host)?.get(nameOf({ ...key, stream }));
      if (record === undefined) continue;
      record.expected = end[stream];
      if (record.expected <= record.have) this.#end(record);
    }
  }

  message(host: HostId, message: OutputMessage): void {
    const record = this.#streams.get(host)?.get(nameOf(message));
    if (record === undefined || record.ended) return;
    record.heardMs = performance.now();
    const asks = message.bytes.length === 0 && message.gone === 0 && !message.end;
    if (message.offset - message.gone > record.have) return this.#lost(host, record, asks);
    record.lostAt = undefined;
    this.#take(host, record, message);
    if (message.end) return this.#end(record);
    // At the limit nothing more is granted, but the client is told so: then it sends the tail without waiting.
    if (asks || record.granted - record.have < record.window / 2)
      this.#grant(host, record, asks || record.have >= record.limit);
  }

  /** After a new link: says again what is here and what may come. */
  resume(host: HostId): void {
    for (const record of this.#streams.get(host)?.values() ?? [])
      if (!record.ended) this.#askAgain(host, record);
  }

  /** The host is gone: nothing more will come from it. */
  abandon(host: HostId): void {
    for (const record of this.#streams.get(host)?.values() ?? []) this.#end(record);
  }

  /** Hosts of which output is still to come. */
  pending(): readonly HostId[] {
    return [...this.#streams]
      .filter(([, streams]) => [...streams.values()].some((record) => !record.ended))
      .map(([host]) => host);
  }

  /** Resolves when nothing is to come any more. */
  drained(): Promise<void> {
    if (this.pending().length === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const check = (): void => {
        if (this.pending().length > 0) return;
        this.#drained.delete(check);
        resolve();
      };
      this.#drained.add(check);
    });
  }

  close(): void {
    clearInterval(this.#watch);
    for (const streams of this.#streams.values()) for (const record of streams.values()) this.#end(record);
    this.#streams.clear();
  }

  #take(host: HostId, record: StreamRecord, message: OutputMessage): void {
    const from = Math.max(message.offset, record.have);
    const bytes = message.bytes.subarray(from - message.offset);
    // An empty piece that lies further on says that what is before it was overwritten on the host.
    record.missing += from - record.have;
    this.#move(record, from + bytes.length, record.granted);
    if (bytes.length === 0 && !(message.end && record.missing > 0)) return;
    const { missing } = record;
    record.missing = 0;
    if (missing > 0) {
      const note = `\n[${String(missing)} bytes are not here: more was printed than is kept]\n`;
      this.#write(host, record, new TextEncoder().encode(note));
    }
    this.#write(host, record, bytes);
    this.#parts.onOutput(host, record.key, from, bytes, missing, message.ageMs);
  }

  /** `always`: also when it is no more than before. */
  #grant(host: HostId, record: StreamRecord, always = false): void {
    // Half of it is used up: it prints, and may have more on its way while there is room.
    const wider = Math.min(PULL_WINDOW_BYTES, record.window * 2);
    if (record.have > 0 && this.#windows + wider - record.window <= GRANTED_BYTES_MAX) {
      this.#windows += wider - record.window;
      record.window = wider;
    }
    const upTo = Math.max(record.have, Math.min(record.limit, record.have + record.window));
    if (upTo <= record.granted && !always) return;
    this.#move(record, record.have, Math.max(record.granted, upTo));
    this.#sendCredit(host, record, false);
  }

  /** A piece was lost on its way through others: what came after it is of no use. */
  #lost(host: HostId, record: StreamRecord, asks: boolean): void {
    if (record.lostAt === record.have && !asks) return;
    record.lostAt = record.have;
    this.#askAgain(host, record);
  }

  #askAgain(host: HostId, record: StreamRecord): void {
    record.heardMs = performance.now();
    const upTo = Math.max(record.have, Math.min(record.limit, record.have + record.window));
    this.#move(record, record.have, Math.max(record.granted, upTo));
    this.#sendCredit(host, record, true);
  }

  #askAgainWhenSilent(): void {
    const now = performance.now();
    for (const [host, streams] of this.#streams) {
      for (const record of streams.values()) {
        const waits = !record.ended && record.expected !== undefined;
        if (waits && now - record.heardMs >= SILENCE_MS) this.#askAgain(host, record);
      }
    }
  }

  #sendCredit(host: HostId, record: StreamRecord, again: boolean): void {
    const { have, granted: upTo } = record;
    this.#parts.sendCredit(host, { kind: "credit", ...record.key, have, upTo, again });
  }

  #windowFirst(): number {
    const share = Math.floor(GRANTED_BYTES_MAX / 2 / Math.max(1, this.#open));
    return Math.max(WINDOW_BYTES_MIN, Math.min(WINDOW_BYTES_FIRST, share));
  }

  /** Keeps the account of what is outstanding. */
  #move(record: StreamRecord, have: number, granted: number): void {
    const before = Math.max(0, record.granted - record.have);
    record.have = have;
    record.granted = granted;
    this.#outstanding += Math.max(0, granted - have) - before;
  }

  #end(record: StreamRecord): void {
    if (record.ended) return;
    record.ended = true;
    this.#open -= 1;
    this.#windows -= record.window;
    this.#move(record, record.have, record.have);
    if (record.file !== undefined) closeSync(record.file);
    record.file = undefined;
    for (const check of [...this.#drained]) check();
  }

  /** Synchronous: keeps the order, and the bytes come from a bounded window. */
  #write(host: HostId, record: StreamRecord, bytes: Uint8Array): void {
    if (record.broken) return;
    try {
      if (record.file === undefined) {
        const path = this.#parts.pathOf(host, record.key);
        mkdirSync(dirname(path), { recursive: true });
        record.file = openSync(path, "a");
      }
      for (let written = 0; written < bytes.length;) written += writeSync(record.file, bytes, written);
    } catch (error) {
      record.broken = true;
      this.#parts.onProblem(
        host,
        `its ${record.key.stream} cannot be written to the results: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
}

function nameOf(key: Pick<StreamKey, "block" | "attempt" | "stream">): string {
  return `${key.block} ${String(key.attempt)} ${key.stream}`;
}
