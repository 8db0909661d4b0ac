// Builds zip archives byte by byte, good and evil ones, as no zip program would.
import { crc32, deflateRawSync } from "node:zlib";

export interface ZipEntry {
  readonly name: string | Buffer;
  readonly content?: string | Uint8Array;
  /** Unix mode with its type bits; undefined: made by MS-DOS, which knows none. */
  readonly mode?: number;
  readonly deflate?: boolean;
  /** Said in the local header only. */
  readonly localName?: string;
  readonly localSize?: number;
  /** Said in both headers instead of the truth. */
  readonly size?: number;
  readonly checksum?: number;
  readonly flags?: number;
  readonly method?: number;
  /** Shares the local header and data of the entry before. */
  readonly overlap?: boolean;
}

interface Placed {
  readonly entry: ZipEntry;
  readonly offset: number;
  readonly packed: Buffer;
}

export function zipOf(...entries: readonly ZipEntry[]): Buffer {
  const locals: Buffer[] = [];
  const placed: Placed[] = [];
  let offset = 0;
  for (const entry of entries) {
    const last = placed.at(-1);
    if (entry.overlap === true && last !== undefined) {
      placed.push({ ...last, entry: { ...last.entry, name: entry.name } });
      continue;
    }
    const packed = packedOf(entry);
    const local = Buffer.concat([localHeader(entry, packed), packed]);
    placed.push({ entry, offset, packed });
    locals.push(local);
    offset += local.length;
  }
  const central = Buffer.concat(placed.map(centralHeader));
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(placed.length, 8);
  end.writeUInt16LE(placed.length, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, central, end]);
}

function contentOf(entry: ZipEntry): Buffer {
  return Buffer.from(entry.content ?? "");
}

function packedOf(entry: ZipEntry): Buffer {
  return entry.deflate === true ? deflateRawSync(contentOf(entry)) : contentOf(entry);
}

/** The 26 bytes that both headers share, from "version needed" to the length of the extra field. */
function common(entry: ZipEntry, packed: Buffer, name: Buffer, size: number): Buffer {
  const bytes = Buffer.alloc(26);
  bytes.writeUInt16LE(20, 0);
  bytes.writeUInt16LE(entry.flags ?? 0, 2);
  bytes.writeUInt16LE(entry.method ?? (entry.deflate === true ? 8 : 0), 4);
  bytes.writeUInt16LE(0x5821, 8);
  bytes.writeUInt32LE(entry.checksum ?? crc32(contentOf(entry)), 10);
  bytes.writeUInt32LE(packed.length, 14);
  bytes.writeUInt32LE(size, 18);
  bytes.writeUInt16LE(name.length, 22);
  return bytes;
}

function localHeader(entry: ZipEntry, packed: Buffer): Buffer {
  const name = Buffer.from(entry.localName ?? entry.name);
  const size = entry.localSize ?? entry.size ?? contentOf(entry).length;
  return Buffer.concat([Buffer.from("PK\x03\x04"), common(entry, packed, name, size), name]);
}

function centralHeader({ entry, offset, packed }: Placed): Buffer {
  const name = Buffer.from(entry.name);
  const start = Buffer.alloc(6);
  start.writeUInt32LE(0x02014b50, 0);
  start.writeUInt16LE(entry.mode === undefined ? 20 : (3 << 8) | 20, 4);
  const end = Buffer.alloc(14);
  end.writeUInt32LE(((entry.mode ?? 0) << 16) >>> 0, 6);
  end.writeUInt32LE(offset, 10);
  return Buffer.concat([
    start,
    common(entry, packed, name, entry.size ?? contentOf(entry).length),
    end,
    name,
  ]);
}
