// Unpacks a zip archive by its central directory, and only if the local headers tell the same story.
import * as zlib from "node:zlib";
import yauzl, { type Entry, type ZipFile } from "yauzl";
import { SoftwareFailure, wordsOf } from "./software-failure.ts";
import { refusal, type TreeWriter } from "./tree-writer.ts";
import type { UnpackOrder } from "./unpack-tar.ts";
import { createUnpackBudget, tooMany, type UnpackBudget } from "./unpack-limits.ts";

/** "Version made by", high byte: systems whose attributes carry Unix permissions and file types. */
const MADE_BY_UNIX: readonly number[] = [3, 19];
const TYPE_MASK = 0o170000;
const TYPE_DIRECTORY = 0o040000;
const TYPE_FILE = 0o100000;
const TYPE_LINK = 0o120000;
/** General purpose flag, bit 3: sizes and checksum stand after the data, the local header has zeros. */
const FLAG_SIZES_FOLLOW = 0x8;
const SIZE_IN_ZIP64 = 0xffffffff;
/** PATH_MAX: no link target is longer. */
const LINK_TARGET_BYTES_MAX = 4096;
const METHODS: readonly number[] = [0, 8];

export async function unpackZip(order: UnpackOrder, writer: TreeWriter, signal: AbortSignal): Promise<void> {
  const zip = await openZip(order.archive);
  if (zip.entryCount > order.limits.entriesMax) {
    zip.close();
    throw tooMany(order.limits);
  }
  const budget = createUnpackBudget(order.limits, zip.fileSize);
  const iterator = zip.eachEntry();
  let packed = 0;
  try {
    for (let next = await step(iterator); next !== undefined; next = await step(iterator)) {
      signal.throwIfAborted();
      packed += next.compressedSize;
      // Entries that share their data are the trick of the worst zip bombs.
      if (packed > zip.fileSize) throw refusal(nameOf(next), "entries overlap");
      await unpackEntry(zip, next, order, writer, budget);
    }
  } finally {
    zip.close();
  }
}

async function openZip(path: string): Promise<ZipFile> {
  try {
    // Names come undecoded: yauzl's own checks of them are replaced by ours, which are the same for every archive.
    return await yauzl.openPromise(path, { lazyEntries: true, autoClose: false, decodeStrings: false });
  } catch (error) {
    throw new SoftwareFailure("unpack", `not a zip archive, or a damaged one: ${wordsOf(error)}`);
  }
}

async function step(iterator: AsyncIterator<Entry>): Promise<Entry | undefined> {
  try {
    const next = await iterator.next();
    return next.done === true ? undefined : next.value;
  } catch (error) {
    throw new SoftwareFailure("unpack", `the archive is damaged: ${wordsOf(error)}`);
  }
}

function nameOf(entry: Entry): string {
  return yauzl.getFileNameLowLevel(entry.generalPurposeBitFlag, entry.fileNameRaw, entry.extraFields, true);
}

async function unpackEntry(
  zip: ZipFile,
  entry: Entry,
  order: UnpackOrder,
  writer: TreeWriter,
  budget: UnpackBudget,
): Promise<void> {
  const name = nameOf(entry);
  await checkLocalHeader(zip, entry, name);
  const attributes = entry.externalFileAttributes >>> 16;
  const unix = MADE_BY_UNIX.includes(entry.versionMadeBy >>> 8) && attributes !== 0;
  const type = unix ? attributes & TYPE_MASK : 0;
  const mode = unix ? attributes & 0o777 : undefined;
  const place = { name, folder: order.folder };
  if (name.endsWith("/") || type === TYPE_DIRECTORY) {
    await writer.directory(place, mode);
  } else if (type === TYPE_LINK) {
    await writer.symbolicLink(place, await linkTarget(zip, entry, name, budget));
  } else if (type === TYPE_FILE || type === 0) {
    const file = { ...place, mode, modified: entry.getLastModDate() };
    await writer.file(file, contentOf(zip, entry, name, budget));
  } else {
    throw refusal(name, "a device, pipe or socket is not allowed in a package");
  }
}

/** Other programs believe the local header: an archive that says two things is meant to deceive. */
async function checkLocalHeader(zip: ZipFile, entry: Entry, name: string): Promise<void> {
  if (entry.isEncrypted()) throw refusal(name, "it is encrypted");
  if (!METHODS.includes(entry.compressionMethod)) {
    throw refusal(
      name,
      `compression method ${String(entry.compressionMethod)} is not supported: use deflate`,
    );
  }
  const local = await damaged(name, zip.readLocalFileHeaderPromise(entry));
  const differs =
    !local.fileName.equals(entry.fileNameRaw) ||
    local.compressionMethod !== entry.compressionMethod ||
    sizeDiffers(local, local.uncompressedSize, entry.uncompressedSize) ||
    sizeDiffers(local, local.compressedSize, entry.compressedSize);
  if (differs) throw refusal(name, "its local header and the central directory differ");
}

function sizeDiffers(
  local: { readonly generalPurposeBitFlag: number },
  there: number,
  expected: number,
): boolean {
  const later = (local.generalPurposeBitFlag & FLAG_SIZES_FOLLOW) !== 0 && there === 0;
  return !later && there !== SIZE_IN_ZIP64 && there !== expected;
}

async function* contentOf(
  zip: ZipFile,
  entry: Entry,
  name: string,
  budget: UnpackBudget,
): AsyncGenerator<Uint8Array, void, undefined> {
  const stream = await damaged(name, zip.openReadStreamPromise(entry));
  let checksum = 0;
  try {
    const chunks = (stream as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
    for (;;) {
      const next = await damaged(name, chunks.next());
      if (next.done === true) break;
      budget.take(next.value.length);
      checksum = zlib.crc32(next.value, checksum);
      yield next.value;
    }
  } finally {
    stream.destroy();
  }
  if (checksum !== entry.crc32) throw refusal(name, "its checksum is wrong: the archive is damaged");
}

async function linkTarget(zip: ZipFile, entry: Entry, name: string, budget: UnpackBudget): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of contentOf(zip, entry, name, budget)) {
    size += chunk.length;
    if (size > LINK_TARGET_BYTES_MAX) throw refusal(name, "the link's target is too long");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

async function damaged<T>(name: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw refusal(name, `the archive is damaged: ${wordsOf(error)}`);
  }
}
