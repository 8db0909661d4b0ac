// The output of all processes of a run: granted, received, written to files with a bounded head and the last tail.
import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import type { HostId } from "#shared/base/ids.ts";
import { PULL_WINDOW_BYTES, type BulkMessage, type StreamKey } from "#shared/protocol/bulk.ts";

type OutputMessage = Extract<BulkMessage, { kind: "output" }>;
type CreditMessage = Extract<BulkMessage, { kind: "credit" }>;

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

  constructor(parts: OutputStoreParts) {
    this.#parts = parts;
  }

  /** A process has started: both its streams may send. `limit`: bytes kept of each, but for the tail. */
  open(host: HostId, key: Omit<StreamKey, "stream">, limit: number): void {
    for (const stream of ["stdout", "stderr"] as const) {
      const record: StreamRecord = {
        key: { ...key, stream },
        limit,
        have: 0,
        missing: 0,
        granted: 0,
        ended: false,
        expected: undefined,
        file: undefined,
        broken: false,
      };
      const streams = this.#streams.get(host) ?? new Map<string, StreamRecord>();
      streams.set(nameOf(record.key), record);
      this.#streams.set(host, streams);
      this.#grant(host, record);
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
    const from = Math.max(message.offset, record.have);
    const bytes = message.bytes.subarray(from - message.offset);
    // An empty piece that lies further on says that what is before it was overwritten on the host.
    record.missing += from - record.have;
    record.have = from + bytes.length;
    if (bytes.length > 0 || (message.end && record.missing > 0)) {
      const { missing } = record;
      record.missing = 0;
      if (missing > 0)
        this.#write(
          host,
          record,
          new TextEncoder().encode(
            `\n[${String(missing)} bytes are not here: more was printed than is kept]\n`,
          ),
        );
      this.#write(host, record, bytes);
      this.#parts.onOutput(host, record.key, from, bytes, missing);
    }
    if (message.end) this.#end(record);
    // At the limit nothing more is granted, but the client is told so: then it sends the tail without waiting.
    else if (record.granted - record.have < PULL_WINDOW_BYTES / 2)
      this.#grant(host, record, record.have >= record.limit);
  }

  /** After a new link: says again what is here and what may come. */
  resume(host: HostId): void {
    for (const record of this.#streams.get(host)?.values() ?? [])
      if (!record.ended) this.#grant(host, record, true);
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
    for (const streams of this.#streams.values()) for (const record of streams.values()) this.#end(record);
    this.#streams.clear();
  }

  #grant(host: HostId, record: StreamRecord, again = false): void {
    const upTo = Math.max(record.have, Math.min(record.limit, record.have + PULL_WINDOW_BYTES));
    if (upTo <= record.granted && !again) return;
    record.granted = Math.max(record.granted, upTo);
    this.#parts.sendCredit(host, { kind: "credit", ...record.key, have: record.have, upTo: record.granted });
  }

  #end(record: StreamRecord): void {
    if (record.ended) return;
    record.ended = true;
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
