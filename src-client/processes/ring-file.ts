// Keeps the first and the newest bytes of one output stream in a file of bounded size, addressed by their offset.
import { open, rm, type FileHandle } from "node:fs/promises";

/** The newest bytes: several times what is sent of an output that was cut. */
export const RING_BYTES = 1024 * 1024;
/** Stretches that could not be written (disk full) are remembered one by one up to this many, then as one. */
const GAPS_MAX = 64;
/** So much of what could not be written is kept in memory: a program's complaint about the full disk is just what one needs. */
const UNWRITTEN_BYTES_MAX = 16 * 1024;
/** An output that stays as short as this never sees the disk: the file and its five calls cost more than a short command. */
const SHORT_BYTES_MAX = 2048;

export interface RingFileParts {
  /** Called once per file, with the first thing that went wrong with it: from then on bytes may be missing. */
  readonly onProblem: (reason: string) => void;
}

export interface RingFileSettings {
  readonly path: string;
  /**
   * The first so many bytes stay until the end, so that however slow the link is, what the controller will take of an
   * output is there; 0 keeps only the newest.
   */
  readonly headBytes?: number;
  /** Of the ring behind the head. */
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
  /** All of it, as long as it is so short that it has not seen the disk. */
  readonly short: Uint8Array | undefined;
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

/** What the disk did not take. */
interface Unwritten {
  readonly from: number;
  readonly to: number;
  readonly bytes: Uint8Array;
}

interface Ring {
  readonly settings: RingFileSettings;
  readonly onProblem: (reason: string) => void;
  readonly headBytes: number;
  handle: FileHandle | undefined;
  /** All of it while it is short; undefined once it is in the file. */
  short: Uint8Array | undefined;
  /** Nothing before it can be read, also not of the head. */
  floor: number;
  /** First offset of the ring that is not overwritten. */
  oldestInRing: number;
  produced: number;
  gaps: Gap[];
  unwritten: Unwritten[];
  problemTold: boolean;
  closed: boolean;
  /** The append under way. */
  appending: Promise<void>;
}

/** The file appears when the output is no more short: most commands print a few lines, and nothing to standard error. */
export function createRingFile(parts: RingFileParts, settings: RingFileSettings): RingFile {
  const ring: Ring = {
    settings,
    onProblem: parts.onProblem,
    headBytes: settings.headBytes ?? 0,
    handle: undefined,
    short: new Uint8Array(),
    floor: 0,
    oldestInRing: settings.headBytes ?? 0,
    produced: 0,
    gaps: [],
    unwritten: [],
    problemTold: false,
    closed: false,
    appending: Promise.resolve(),
  };
  return {
    get oldest() {
      return firstReadable(ring, 0);
    },
    get produced() {
      return ring.produced;
    },
    get short() {
      return ring.short;
    },
    append: (bytes) => {
      ring.appending = append(ring, bytes);
      return ring.appending;
    },
    read: (offset, length) => read(ring, offset, length),
    close: () => close(ring),
    remove: async () => {
      await close(ring);
      ring.floor = ring.produced;
      ring.unwritten = [];
      if (ring.short === undefined) await rm(settings.path, { force: true });
      ring.short = new Uint8Array();
    },
  };
}

async function append(ring: Ring, bytes: Uint8Array): Promise<void> {
  // Whoever still holds the pipe of a process that was reported as ended writes into the void.
  if (ring.closed) return;
  const { short } = ring;
  if (short === undefined) return appendToFile(ring, bytes);
  const longer = Buffer.concat([short, bytes]);
  if (longer.length <= Math.min(SHORT_BYTES_MAX, ring.headBytes)) {
    ring.short = longer;
    ring.produced = longer.length;
    return;
  }
  // Readers have it from memory until it is in the file.
  const written = await writePiece(ring, short, 0);
  if (written < short.length) keep(ring, written, short.subarray(written));
  ring.short = undefined;
  await appendToFile(ring, bytes);
}

async function appendToFile(ring: Ring, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const piece = bytes.subarray(done, done + Math.min(bytes.length - done, roomAt(ring, ring.produced)));
    const place = placeOf(ring, ring.produced);
    // Before writing: a read that is under way sees by this that its bytes may have been overwritten.
    ring.oldestInRing = Math.max(
      ring.oldestInRing,
      ring.produced + piece.length - ring.settings.capacityBytes,
    );
    const written = await writePiece(ring, piece, place);
    const from = ring.produced + written;
    ring.produced += piece.length;
    if (written < piece.length) keep(ring, from, piece.subarray(written));
    done += piece.length;
  }
}

/** Where in the file the byte of this offset lies. */
function placeOf({ headBytes, settings }: Ring, offset: number): number {
  return offset < headBytes ? offset : headBytes + ((offset - headBytes) % settings.capacityBytes);
}

/** Bytes from here on that lie in one piece in the file. */
function roomAt(ring: Ring, offset: number): number {
  const { headBytes, settings } = ring;
  return offset < headBytes ? headBytes - offset : headBytes + settings.capacityBytes - placeOf(ring, offset);
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

function keep(ring: Ring, from: number, bytes: Uint8Array): void {
  ring.unwritten = ring.unwritten.filter(
    ({ from: start, to }) => start < ring.headBytes || to > ring.oldestInRing,
  );
  const kept = ring.unwritten.reduce((sum, one) => sum + one.bytes.length, 0);
  const fitting = bytes.slice(0, Math.max(0, UNWRITTEN_BYTES_MAX - kept));
  const to = from + fitting.length;
  if (fitting.length > 0) ring.unwritten.push({ from, to, bytes: fitting });
  if (fitting.length < bytes.length) addGap(ring, to, ring.produced);
}

function addGap(ring: Ring, from: number, to: number): void {
  const last = ring.gaps.at(-1);
  if (last?.to === from) last.to = to;
  else ring.gaps.push({ from, to });
  if (ring.gaps.length > GAPS_MAX) ring.floor = Math.max(ring.floor, ring.gaps.at(-1)?.to ?? 0);
  ring.gaps = ring.gaps.filter(
    (gap) => gap.to > ring.floor && (gap.from < ring.headBytes || gap.to > ring.oldestInRing),
  );
}

async function read(ring: Ring, offset: number, length: number): Promise<RingRead> {
  const from = firstReadable(ring, offset);
  if (ring.short !== undefined) return { offset: from, bytes: ring.short.subarray(from, from + length) };
  const kept = ring.unwritten.find((one) => from >= one.from && from < one.to);
  if (kept !== undefined) {
    const start = from - kept.from;
    return { offset: from, bytes: kept.bytes.slice(start, start + length) };
  }
  const next = [...ring.gaps, ...ring.unwritten].map((other) => other.from).filter((start) => start > from);
  const headEnd = from < ring.headBytes ? ring.headBytes : Number.POSITIVE_INFINITY;
  const to = Math.min(from + length, headEnd, ring.produced, ...next);
  if (to <= from) return { offset: from, bytes: new Uint8Array() };
  try {
    const bytes = await readBytes(ring, from, to - from);
    const stillThere =
      from < ring.headBytes ? Math.max(from, ring.floor) : Math.max(from, ring.floor, ring.oldestInRing);
    if (stillThere >= from + bytes.length) return { offset: stillThere, bytes: new Uint8Array() };
    return { offset: stillThere, bytes: bytes.subarray(stillThere - from) };
  } catch (error) {
    tellProblem(ring, error);
    return { offset: to, bytes: new Uint8Array() };
  }
}

function firstReadable(ring: Ring, offset: number): number {
  const above = Math.max(offset, ring.floor);
  const from = above < ring.headBytes ? above : Math.max(above, ring.oldestInRing);
  const gap = ring.gaps.find((other) => from >= other.from && from < other.to);
  return gap === undefined ? from : firstReadable(ring, gap.to);
}

async function readBytes(ring: Ring, from: number, length: number): Promise<Uint8Array> {
  const ownHandle = ring.handle === undefined ? await open(ring.settings.path, "r") : undefined;
  const handle = ring.handle ?? ownHandle;
  if (handle === undefined) throw new Error(`${ring.settings.path} was closed while it was read`);
  const bytes = new Uint8Array(length);
  try {
    let found = 0;
    while (found < length) {
      const wanted = Math.min(length - found, roomAt(ring, from + found));
      const got = await readFully(handle, bytes.subarray(found, found + wanted), placeOf(ring, from + found));
      found += got;
      if (got < wanted) break;
    }
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
