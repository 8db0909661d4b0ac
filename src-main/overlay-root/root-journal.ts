// What the root of the overlay writes down, so that one that is started anew takes its clients over.
//
//   overlay.journal: records one after the other, each synced before anything that depends on it is done.
//     offset  0        4     8
//             +--------+-----+------+
//             | length | CRC | body |   u32 each, big-endian: length of the body, its CRC-32; the body is MessagePack:
//             +--------+-----+------+   { kind: "epoch", epoch } or a RootRecord
//   A torn or damaged tail is cut off: whatever it said was never acted on.
//   One root writes it at a time (journal-lock.ts).
import { open, readFile, rename, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { crc32 } from "node:zlib";
import type { RootRecord } from "#shared/overlay/topology.ts";
import { createPayloadCodec } from "#shared/protocol/wire.ts";
import { checkRootRecord, type JournalRecord } from "./check-root-record.ts";
import { lockJournal, type JournalLock } from "./journal-lock.ts";

const HEADER_BYTES = 8;
/** Written anew when it is this large and mostly forgotten: seconds of commands, and read in a moment. */
const COMPACT_BYTES_MIN = 4 * 1024 * 1024;
const PRIVATE = 0o600;

export interface RootJournal {
  /** Of this root: one more than that of the one before. It is on disk already. */
  readonly epoch: number;
  /** What earlier roots have kept and is still needed, in order. */
  readonly records: readonly RootRecord[];
  /** Resolves when they are on disk; with words when they are not, once. */
  append(records: readonly RootRecord[]): Promise<string | undefined>;
  close(): Promise<void>;
}

/** Rejects when the file cannot be read or written, or another controller has it: then the root must not start. */
export async function openRootJournal(path: string): Promise<RootJournal> {
  const journal = new FileJournal(path);
  await journal.open();
  return journal;
}

class FileJournal implements RootJournal {
  readonly #path: string;
  readonly #codec = createPayloadCodec();
  #file: FileHandle | undefined;
  #lock: JournalLock | undefined;
  #epoch = 0;
  #records: RootRecord[] = [];
  #bytes = 0;
  /** Of the file as it was last written anew. */
  #bytesThen = 0;
  #failed = false;
  /** Writes in order, one at a time. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(path: string) {
    this.#path = path;
  }

  get epoch(): number {
    return this.#epoch;
  }

  get records(): readonly RootRecord[] {
    return this.#records;
  }

  async open(): Promise<void> {
    const lock = await lockJournal(this.#path, async () => {
      this.#records = await this.#read();
      return this.#epoch;
    });
    try {
      this.#epoch = lock.number;
      await this.#writeAnew(this.#records);
      await lock.removeOlder();
    } catch (error) {
      await lock.release();
      throw error;
    }
    this.#lock = lock;
  }

  append(records: readonly RootRecord[]): Promise<string | undefined> {
    const done = this.#last.then(() => this.#append(records));
    this.#last = done;
    return done;
  }

  async close(): Promise<void> {
    await this.#last;
    await this.#file?.close();
    this.#file = undefined;
    await this.#lock?.release();
    this.#lock = undefined;
  }

  async #append(records: readonly RootRecord[]): Promise<string | undefined> {
    if (this.#failed || this.#file === undefined) return undefined;
    const bytes = Buffer.concat(records.map((record) => this.#encode(record)));
    try {
      await this.#file.appendFile(bytes);
      await this.#file.datasync();
      this.#bytes += bytes.length;
      if (this.#bytes > Math.max(COMPACT_BYTES_MIN, 2 * this.#bytesThen))
        await this.#writeAnew(await this.#read());
      return undefined;
    } catch (error) {
      this.#failed = true;
      const reason = error instanceof Error ? error.message : String(error);
      return `${this.#path} cannot be written (${reason}): a controller that is started anew will not find the clients of this one`;
    }
  }

  /** From the disk: what a root has kept is not held in memory a second time. */
  async #read(): Promise<RootRecord[]> {
    const records: RootRecord[] = [];
    for (const record of this.#sound(await readIfThere(this.#path))) {
      if (record.kind === "epoch") this.#epoch = Math.max(this.#epoch, record.epoch);
      else records.push(record);
    }
    return stillNeeded(records);
  }

  /** The new file takes the old one's place whole or not at all. */
  async #writeAnew(records: readonly RootRecord[]): Promise<void> {
    const all: JournalRecord[] = [{ kind: "epoch", epoch: this.#epoch }, ...records];
    const bytes = Buffer.concat(all.map((record) => this.#encode(record)));
    const beside = `${this.#path}.new`;
    const file = await open(beside, "w", PRIVATE);
    await file.writeFile(bytes);
    await file.datasync();
    await rename(beside, this.#path);
    await syncFolder(dirname(this.#path));
    await this.#file?.close();
    this.#file = file;
    this.#bytes = bytes.length;
    this.#bytesThen = bytes.length;
  }

  #encode(record: JournalRecord): Buffer {
    const body = this.#codec.encodePayload(record);
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUInt32BE(body.length, 0);
    header.writeUInt32BE(crc32(body), 4);
    return Buffer.concat([header, body]);
  }

  #sound(bytes: Buffer): JournalRecord[] {
    const records: JournalRecord[] = [];
    for (let at = 0; at + HEADER_BYTES <= bytes.length;) {
      const end = at + HEADER_BYTES + bytes.readUInt32BE(at);
      const body = bytes.subarray(at + HEADER_BYTES, end);
      if (end > bytes.length || crc32(body) !== bytes.readUInt32BE(at + 4)) break;
      const decoded = this.#codec.decodePayload(body);
      const record = decoded.ok ? checkRootRecord(decoded.value) : undefined;
      if (record === undefined) break;
      records.push(record);
      at = end;
    }
    return records;
  }
}

/** Without the dismissed and those that were replaced, the commands that all have, and all but the last of a kind. */
export function stillNeeded(records: readonly RootRecord[]): RootRecord[] {
  const newest = records.findLast((record) => record.kind === "stable");
  const stable = newest?.sequence ?? 0;
  const current = new Map<string, number>();
  const reports = new Map<number, number>();
  const dismissed = new Set<number>();
  for (const record of records) {
    if (record.kind === "invited") current.set(record.host, record.rank);
    if (record.kind === "dismissed") dismissed.add(record.rank);
    if (record.kind === "reports")
      reports.set(record.rank, Math.max(reports.get(record.rank) ?? 0, record.upTo));
  }
  const ranks = new Set([...current.values()].filter((rank) => !dismissed.has(rank)));
  /** Ranks are never given out twice: the highest is remembered even when its client is gone. */
  const last = Math.max(0, ...current.values(), ...dismissed);
  const needed = records.filter((record) => {
    if (record.kind === "invited") return ranks.has(record.rank);
    if (record.kind === "dismissed") return record.rank === last;
    if (record.kind === "ended") return ranks.has(record.rank);
    return record.kind === "command" && record.sequence > stable;
  });
  const counts = [...reports].filter(([rank]) => ranks.has(rank));
  return [
    ...needed,
    ...(newest === undefined ? [] : [newest]),
    ...counts.map(([rank, upTo]) => ({ kind: "reports", rank, upTo }) as const),
  ];
}

async function readIfThere(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return Buffer.alloc(0);
    throw error;
  }
}

/** The name is on disk, too. Windows cannot, and does not need to. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
