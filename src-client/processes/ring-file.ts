// Keeps the newest bytes of one output stream in a file of bounded size, addressed by their offset in the stream.
import { open, rm, type FileHandle } from "node:fs/promises";

/** 8 MiB: some 100 000 lines of log; 300 clients on one computer still fit on any disk. */
export const RING_BYTES = 8 * 1024 * 1024;
/** Stretches that could not be written (disk full) are remembered one by one up to this many, then as one. */
const GAPS_MAX = 64;

export interface RingFileParts {
  /** Called once per file, with the first thing that went wrong with it: from then on bytes may be missing. */
  readonly onProblem: (reason: string) => void;
}

export interface RingFileSettings {
  readonly path: string;
  readonly capacityBytes: number;
}

/** What a read found; `offset` is later than asked for when the bytes there are gone, `bytes` empty when all are. */
export interface RingRead {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

export interface RingReader {
  /** First offset that can still be read. */
  readonly oldest: number;
  /** All that was ever appended. */
  readonly produced: number;
  /** Never fails: what cannot be read counts as gone. May give fewer bytes than asked for. */
  read(offset: number, length: number): Promise<RingRead>;
}

export interface RingFile extends RingReader {
  /** One at a time; after `close` they are dropped. Whoever appends waits before it reads more from the process, and so memory stays bounded. */
  append(bytes: Uint8Array): Promise<void>;
  /** No more appends; reads go on and open the file when they need it. */
  close(): Promise<void>;
  remove(): Promise<void>;
}

interface Gap {
  readonly from: number;
  to: number;
}

interface Ring {
  readonly settings: RingFileSettings;
  readonly onProblem: (reason: string) => void;
  handle: FileHandle | undefined;
  oldest: number;
  produced: number;
  gaps: Gap[];
  problemTold: boolean;
  closed: boolean;
  /** The append under way. */
  appending: Promise<void>;
}

/** The file appears with the first byte: most processes never write to standard error. */
export function createRingFile(parts: RingFileParts, settings: RingFileSettings): RingFile {
  const ring: Ring = {
    settings,
    onProblem: parts.onProblem,
    handle: undefined,
    oldest: 0,
    produced: 0,
    gaps: [],
    problemTold: false,
    closed: false,
    appending: Promise.resolve(),
  };
  return {
    get oldest() {
      return ring.oldest;
    },
    get produced() {
      return ring.produced;
    },
    append: (bytes) => {
      ring.appending = append(ring, bytes);
      return ring.appending;
    },
    read: (offset, length) => read(ring, offset, length),
    close: () => close(ring),
    remove: async () => {
      await close(ring);
      ring.oldest = ring.produced;
      await rm(settings.path, { force: true });
    },
  };
}

async function append(ring: Ring, bytes: Uint8Array): Promise<void> {
  // Whoever still holds the pipe of a process that was reported as ended writes into the void.
  if (ring.closed) return;
  const capacity = ring.settings.capacityBytes;
  for (let done = 0; done < bytes.length;) {
    const place = ring.produced % capacity;
    const piece = bytes.subarray(done, done + Math.min(bytes.length - done, capacity - place));
    // Before writing: a read that is under way sees by this that its bytes may have been overwritten.
    ring.oldest = Math.max(ring.oldest, ring.produced + piece.length - capacity);
    const written = await writePiece(ring, piece, place);
    const from = ring.produced + written;
    ring.produced += piece.length;
    if (written < piece.length) addGap(ring, from, ring.produced);
    done += piece.length;
  }
}

/** How many bytes are on the disk; fewer than given after a problem, which never reaches the process. */
async function writePiece(ring: Ring, piece: Uint8Array, place: number): Promise<number> {
  let written = 0;
  try {
    ring.handle ??= await open(ring.settings.path, "w+", 0o600);
    while (written < piece.length) {
      const { bytesWritten } = await ring.handle.write(
        piece,
        written,
        piece.length - written,
        place + written,
      );
      if (bytesWritten === 0) break;
      written += bytesWritten;
    }
  } catch (error) {
    tellProblem(ring, error);
  }
  return written;
}

function tellProblem(ring: Ring, error: unknown): void {
  if (ring.problemTold) return;
  ring.problemTold = true;
  ring.onProblem(error instanceof Error ? error.message : String(error));
}

function addGap(ring: Ring, from: number, to: number): void {
  const last = ring.gaps.at(-1);
  if (last?.to === from) last.to = to;
  else ring.gaps.push({ from, to });
  if (ring.gaps.length > GAPS_MAX) ring.oldest = Math.max(ring.oldest, ring.gaps.at(-1)?.to ?? 0);
  ring.gaps = ring.gaps.filter((gap) => gap.to > ring.oldest);
}

async function read(ring: Ring, offset: number, length: number): Promise<RingRead> {
  const from = firstReadable(ring, offset);
  const gap = ring.gaps.find((other) => other.from > from);
  const to = Math.min(from + length, ring.produced, gap?.from ?? Number.POSITIVE_INFINITY);
  if (to <= from) return { offset: from, bytes: new Uint8Array() };
  try {
    const bytes = await readBytes(ring, from, to - from);
    const stillThere = Math.max(from, ring.oldest);
    if (stillThere >= from + bytes.length) return { offset: stillThere, bytes: new Uint8Array() };
    return { offset: stillThere, bytes: bytes.subarray(stillThere - from) };
  } catch (error) {
    tellProblem(ring, error);
    return { offset: to, bytes: new Uint8Array() };
  }
}

function firstReadable(ring: Ring, offset: number): number {
  const from = Math.max(offset, ring.oldest);
  const gap = ring.gaps.find((other) => from >= other.from && from < other.to);
  return gap?.to ?? from;
}

async function readBytes(ring: Ring, from: number, length: number): Promise<Uint8Array> {
  const capacity = ring.settings.capacityBytes;
  const ownHandle = ring.handle === undefined ? await open(ring.settings.path, "r") : undefined;
  const handle = ring.handle ?? ownHandle;
  if (handle === undefined) throw new Error(`${ring.settings.path} was closed while it was read`);
  const bytes = new Uint8Array(length);
  try {
    const place = from % capacity;
    const untilEnd = Math.min(length, capacity - place);
    let found = await readFully(handle, bytes.subarray(0, untilEnd), place);
    if (found === untilEnd && untilEnd < length)
      found += await readFully(handle, bytes.subarray(untilEnd), 0);
    return bytes.subarray(0, found);
  } finally {
    await ownHandle?.close();
  }
}

async function readFully(handle: FileHandle, into: Uint8Array, place: number): Promise<number> {
  let found = 0;
  while (found < into.length) {
    const { bytesRead } = await handle.read(into, found, into.length - found, place + found);
    if (bytesRead === 0) break;
    found += bytesRead;
  }
  return found;
}

async function close(ring: Ring): Promise<void> {
  ring.closed = true;
  await ring.appending;
  const handle = ring.handle;
  ring.handle = undefined;
  await handle?.close();
}
