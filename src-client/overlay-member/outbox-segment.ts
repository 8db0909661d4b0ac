// A run of consecutive reports in one file (or in memory while the disk is full), with an index of where each begins.
//
//   offset  0        4     8          12
//           +--------+-----+----------+---------+
//           | length | CRC | sequence | payload |   u32 each, big-endian: length of the payload; CRC-32 of sequence
//           +--------+-----+----------+---------+   and payload; the sequence
import { closeSync, ftruncateSync, openSync, readFileSync, readSync, rmSync, writeSync } from "node:fs";
import { crc32 } from "node:zlib";

export interface OutboxSegment {
  readonly isFile: boolean;
  readonly first: number;
  /** first - 1 while it is empty. */
  readonly last: number;
  takes(sequence: number, payload: Uint8Array, bytesMax: number, recordsMax: number): boolean;
  /** Throws when the disk does not take it; then nothing has changed. */
  append(sequence: number, payload: Uint8Array): void;
  /** Undefined when it is not there or damaged. */
  read(sequence: number): Uint8Array | undefined;
  close(): void;
  /** Closes it and deletes the file. */
  remove(): void;
}

const HEADER_BYTES = 12;
const CRC_OFFSET = 4;
const SEQUENCE_OFFSET = 8;
/** While the disk is full: enough for the reports of some minutes. */
const MEMORY_BYTES_MAX = 1024 * 1024;
const MEMORY_RECORDS_MAX = 2000;

export function createFileSegment(path: string, first: number): OutboxSegment {
  return new FileSegment(path, openSync(path, "w+", 0o600), first);
}

/** Reads what is sound from the start on; a torn or damaged tail is cut off. */
export function openFileSegment(path: string, first: number): OutboxSegment {
  const file = openSync(path, "r+");
  const segment = new FileSegment(path, file, first);
  segment.recover(readFileSync(path));
  return segment;
}

class FileSegment implements OutboxSegment {
  readonly isFile = true;
  readonly first: number;
  readonly #path: string;
  readonly #file: number;
  /** Where each record begins, and where the last one ends. */
  readonly #offsets: number[] = [0];
  #open = true;

  constructor(path: string, file: number, first: number) {
    this.#path = path;
    this.#file = file;
    this.first = first;
  }

  get last(): number {
    return this.first + this.#offsets.length - 2;
  }

  get #end(): number {
    return this.#offsets.at(-1) ?? 0;
  }

  recover(bytes: Buffer): void {
    for (let length = this.#soundAt(bytes); length !== undefined; length = this.#soundAt(bytes)) {
      this.#offsets.push(this.#end + length);
    }
    if (bytes.length > this.#end) ftruncateSync(this.#file, this.#end);
  }

  takes(sequence: number, payload: Uint8Array, bytesMax: number, recordsMax: number): boolean {
    const fits = this.#end + HEADER_BYTES + payload.length <= bytesMax && this.#offsets.length <= recordsMax;
    return fits && sequence === this.last + 1;
  }

  append(sequence: number, payload: Uint8Array): void {
    const record = Buffer.alloc(HEADER_BYTES + payload.length);
    record.writeUInt32BE(payload.length, 0);
    record.writeUInt32BE(sequence, SEQUENCE_OFFSET);
    record.set(payload, HEADER_BYTES);
    record.writeUInt32BE(crc32(record.subarray(SEQUENCE_OFFSET)), CRC_OFFSET);
    // A write that fails half way leaves a tail, which the next one overwrites and an opening cuts off.
    const written = writeSync(this.#file, record, 0, record.length, this.#end);
    if (written < record.length) throw new Error("the disk took only a part of it");
    this.#offsets.push(this.#end + record.length);
  }

  read(sequence: number): Uint8Array | undefined {
    const start = this.#offsets[sequence - this.first];
    const end = this.#offsets[sequence - this.first + 1];
    if (start === undefined || end === undefined) return undefined;
    const record = Buffer.alloc(end - start);
    const got = readSync(this.#file, record, 0, record.length, start);
    return got === record.length && isSound(record, sequence) ? record.subarray(HEADER_BYTES) : undefined;
  }

  close(): void {
    if (this.#open) closeSync(this.#file);
    this.#open = false;
  }

  remove(): void {
    this.close();
    rmSync(this.#path, { force: true });
  }

  /** Length of a sound record at the end of what is known so far. */
  #soundAt(bytes: Buffer): number | undefined {
    const start = this.#end;
    if (start + HEADER_BYTES > bytes.length) return undefined;
    const end = start + HEADER_BYTES + bytes.readUInt32BE(start);
    if (end > bytes.length) return undefined;
    return isSound(bytes.subarray(start, end), this.last + 1) ? end - start : undefined;
  }
}

function isSound(record: Buffer, sequence: number): boolean {
  const isWhole = record.readUInt32BE(0) === record.length - HEADER_BYTES;
  const isRight = record.readUInt32BE(SEQUENCE_OFFSET) === sequence;
  return isWhole && isRight && record.readUInt32BE(CRC_OFFSET) === crc32(record.subarray(SEQUENCE_OFFSET));
}

export function createMemorySegment(first: number): OutboxSegment {
  const payloads = new Map<number, Uint8Array>();
  let bytes = 0;
  let last = first - 1;
  function clear(): void {
    payloads.clear();
    bytes = 0;
  }
  return {
    isFile: false,
    first,
    get last() {
      return last;
    },
    takes: (sequence) => sequence === last + 1,
    append(sequence, payload) {
      last = sequence;
      payloads.set(sequence, payload);
      bytes += payload.length;
      for (const [oldest, dropped] of payloads) {
        if (payloads.size <= MEMORY_RECORDS_MAX && bytes <= MEMORY_BYTES_MAX) break;
        payloads.delete(oldest);
        bytes -= dropped.length;
      }
    },
    read: (sequence) => payloads.get(sequence),
    close: clear,
    remove: clear,
  };
}
