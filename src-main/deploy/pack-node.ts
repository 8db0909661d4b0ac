// Makes the file that goes to hosts of whatever Node comes in: takes the program out of its archive, digests and packs it.
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip, createGzip } from "node:zlib";
import type { NodePlatform } from "./node-pins.ts";

const GZIP_MAGIC = "1f8b";
const ELF_MAGIC = "7f454c46";
/** Offset of e_machine in an ELF header, and its values (System V ABI, processor supplements). */
const MACHINE_OFFSET = 18;
const MACHINES: Readonly<Record<NodePlatform, number>> = { "linux-x64": 0x3e, "linux-arm64": 0xb7 };
const ELF_HEADER_BYTES = 20;
/** Tar works in blocks of this size; fields of a header by POSIX.1 ustar. */
const TAR_BLOCK = 512;
const TAR_NAME_END = 100;
const TAR_SIZE = { start: 124, end: 136 };
const TAR_TYPE = 156;
/** The last four bytes of a gzip file are the size of what is packed in it (RFC 1952). */
const GZIP_SIZE_BYTES = 4;

/** A Node that is ready to be sent: packed with gzip, below the cache directory, named by its digest. */
export interface PackedNode {
  /** Of the program, SHA-256 in hexadecimal. */
  readonly hash: string;
  readonly path: string;
}

export const packedPathOf = (folder: string, hash: string): string => join(folder, `${hash}.gz`);

/** `path`: an archive as npm or nodejs.org have it (.tgz, .tar.gz), or the program itself. Throws in words for people. */
export async function packNode(
  path: string,
  platform: NodePlatform,
  folder: string,
  signal: AbortSignal,
): Promise<PackedNode> {
  const part = join(folder, `.${String(process.pid)}-${platform}.part`);
  const hash = createHash("sha256");
  try {
    await pipeline(
      programOf(path, platform, signal),
      async function* digest(chunks: AsyncIterable<Uint8Array>) {
        for await (const chunk of chunks) {
          hash.update(chunk);
          yield chunk;
        }
      },
      createGzip(),
      createWriteStream(part, { mode: 0o600 }),
      { signal },
    );
    const digest = hash.digest("hex");
    const packed = packedPathOf(folder, digest);
    await rename(part, packed);
    return { hash: digest, path: packed };
  } finally {
    await rm(part, { force: true });
  }
}

/** What is packed in the file, as bytes to send, with the size they have unpacked; undefined when it is damaged. */
export async function readPacked(
  { hash, path }: PackedNode,
  signal: AbortSignal,
): Promise<{ readonly packed: Uint8Array; readonly size: number } | undefined> {
  const packed = await readFile(path, { signal });
  const found = createHash("sha256");
  try {
    await pipeline(Readable.from([packed]), createGunzip(), found, { signal });
  } catch {
    return undefined; // cut off or overwritten: whoever asked packs it anew
  }
  if (found.digest("hex") !== hash) return undefined;
  return { packed, size: packed.readUInt32LE(packed.length - GZIP_SIZE_BYTES) };
}

export async function digestOf(
  path: string,
  algorithm: "sha256" | "sha512",
  signal: AbortSignal,
): Promise<Buffer> {
  const hash = createHash(algorithm);
  await pipeline(createReadStream(path), hash, { signal });
  return hash.digest();
}

async function* programOf(
  path: string,
  platform: NodePlatform,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const magic = await firstBytes(path);
  const file = createReadStream(path, { signal });
  const isPacked = magic.startsWith(GZIP_MAGIC);
  if (!isPacked && !magic.startsWith(ELF_MAGIC))
    throw new Error("it is neither Node's program for Linux nor a .tar.gz or .tgz that has it");
  let isFirst = true;
  for await (const chunk of isPacked ? programIn(file.pipe(createGunzip())) : chunksOf(file)) {
    if (isFirst && machineOf(chunk) !== MACHINES[platform])
      throw new Error(`the program in it is not made for ${platform}`);
    isFirst = false;
    yield chunk;
  }
}

async function firstBytes(path: string): Promise<string> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(GZIP_SIZE_BYTES));
    return buffer.subarray(0, bytesRead).toString("hex");
  } finally {
    await file.close();
  }
}

function machineOf(chunk: Uint8Array): number | undefined {
  if (chunk.length < ELF_HEADER_BYTES) return undefined;
  return Buffer.from(chunk.buffer, chunk.byteOffset).readUInt16LE(MACHINE_OFFSET);
}

async function* chunksOf(stream: AsyncIterable<unknown>): AsyncGenerator<Buffer> {
  for await (const chunk of stream) yield chunk as Buffer;
}

/** The content of the first file that is called bin/node, in whatever folder. */
async function* programIn(archive: AsyncIterable<unknown>): AsyncGenerator<Buffer> {
  const reader = new BlockReader(chunksOf(archive));
  for (;;) {
    const header = await reader.read(TAR_BLOCK);
    if (header.length < TAR_BLOCK || header[0] === 0) throw new Error("there is no bin/node in it");
    const name = header.toString("utf8", 0, TAR_NAME_END).replace(/\0.*$/su, "");
    const size = Number.parseInt(header.toString("latin1", TAR_SIZE.start, TAR_SIZE.end), 8);
    if (!Number.isSafeInteger(size)) throw new Error("it is no tar archive");
    const isFile = header[TAR_TYPE] === 0 || header[TAR_TYPE] === "0".charCodeAt(0);
    if (isFile && /(?:^|\/)bin\/node$/u.test(name)) {
      yield* reader.take(size);
      return;
    }
    for await (const chunk of reader.take(Math.ceil(size / TAR_BLOCK) * TAR_BLOCK)) void chunk;
  }
}

class BlockReader {
  readonly #chunks: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(chunks: AsyncIterable<Buffer>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  async read(size: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    for await (const part of this.take(size, false)) parts.push(part);
    return Buffer.concat(parts);
  }

  /** Empty at the end. */
  async #next(): Promise<Buffer> {
    for (;;) {
      const next = await this.#chunks.next();
      if (next.done === true) return Buffer.alloc(0);
      if (next.value.length > 0) return next.value;
    }
  }

  async *take(size: number, isWhole = true): AsyncGenerator<Buffer> {
    let missing = size;
    while (missing > 0) {
      if (this.#rest.length === 0) this.#rest = await this.#next();
      if (this.#rest.length === 0) {
        if (isWhole) throw new Error("it is cut off");
        return;
      }
      const part = this.#rest.subarray(0, missing);
      this.#rest = this.#rest.subarray(part.length);
      missing -= part.length;
      yield part;
    }
  }
}
