// Unpacks a tar archive, packed or plain, entry by entry as it is read.
import { once } from "node:events";
import { stat } from "node:fs/promises";
import { Parser, type ReadEntry } from "tar";
import { readDecompressed, type DecompressSettings } from "./decompress.ts";
import { naming, SoftwareFailure, wordsOf } from "./software-failure.ts";
import { refusal, type TreeWriter } from "./tree-writer.ts";
import { createUnpackBudget, type UnpackBudget, type UnpackLimits } from "./unpack-limits.ts";

export interface UnpackOrder {
  readonly archive: string;
  /** Below the writer's root; "" is the root itself. */
  readonly folder: string;
  readonly limits: UnpackLimits;
}

/** Extended headers hold names and times; a larger one is an attack on memory. */
const META_BYTES_MAX = 1024 * 1024;
/** GNU tar keeps files with holes under this name when it writes pax archives; their content is not the file's. */
const SPARSE_MARK = "GNUSparseFile.";

export async function unpackTar(
  order: UnpackOrder,
  writer: TreeWriter,
  settings: DecompressSettings,
  signal: AbortSignal,
): Promise<void> {
  const { size } = await naming("unpack", order.archive, stat(order.archive));
  const stop = new AbortController();
  const stopped = AbortSignal.any([signal, stop.signal]);
  // strict: what the parser would only warn of (a wrong checksum, a broken header, a truncated file) is an error.
  const parser = new Parser({ strict: true, maxMetaEntrySize: META_BYTES_MAX, zstd: false, brotli: false });
  const entries = takeEntries(parser, order, writer, stopped);
  try {
    const bytes = readDecompressed(order.archive, settings, stopped);
    await Promise.all([entries.done, feed(bytes, parser, createUnpackBudget(order.limits, size), stopped)]);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    stop.abort();
    await entries.quiet();
  }
}

async function feed(
  bytes: AsyncIterable<Uint8Array>,
  parser: Parser,
  budget: UnpackBudget,
  stopped: AbortSignal,
): Promise<void> {
  for await (const chunk of bytes) {
    stopped.throwIfAborted();
    budget.take(chunk.length);
    if (!parser.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length))) {
      await once(parser, "drain", { signal: stopped });
    }
  }
  parser.end();
}

interface EntryTaking {
  readonly done: Promise<void>;
  /** Settles when nothing is being written any more. */
  quiet(): Promise<void>;
}

/** The parser gives the next entry once the one before is read; writing it may take longer, so they queue up. */
function takeEntries(
  parser: Parser,
  order: UnpackOrder,
  writer: TreeWriter,
  stopped: AbortSignal,
): EntryTaking {
  let tail: Promise<void> = Promise.resolve();
  let current: ReadEntry | undefined;
  stopped.addEventListener("abort", () => current?.destroy(new Error("stopped")), { once: true });

  const done = new Promise<void>((resolve, reject) => {
    parser.on("entry", (entry: ReadEntry) => {
      // Said by destroy, when nobody may be reading: whoever does is told by the signal.
      entry.on("error", reject);
      tail = tail.then(async () => {
        stopped.throwIfAborted();
        current = entry;
        await writeEntry(entry, contentOf(entry, stopped), order.folder, writer);
        // An entry without content ends only when it is let go.
        entry.resume();
      });
      tail.catch(reject);
    });
    parser.on("ignoredEntry", (entry: ReadEntry) => {
      const what = entry.meta ? `an extended header of ${String(entry.size)} bytes` : typeWords(entry);
      reject(refusal(entry.path, `${what} is not allowed in a package`));
    });
    parser.on("error", (error: unknown) => {
      reject(new SoftwareFailure("unpack", `the archive is damaged or not a tar archive: ${wordsOf(error)}`));
    });
    parser.on("end", () => void tail.then(resolve, reject));
  });
  return {
    done,
    async quiet() {
      await Promise.allSettled([tail]);
    },
  };
}

/** A destroyed entry never ends for those who go on reading it, so the signal is looked at before each read. */
async function* contentOf(
  entry: ReadEntry,
  stopped: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  stopped.throwIfAborted();
  for await (const chunk of entry as AsyncIterable<Uint8Array>) {
    yield chunk;
    stopped.throwIfAborted();
  }
}

async function writeEntry(
  entry: ReadEntry,
  content: AsyncIterable<Uint8Array>,
  folder: string,
  writer: TreeWriter,
): Promise<void> {
  const name = entry.path;
  const place = { name, folder };
  const target = entry.linkpath ?? "";
  if (FILE_TYPES.includes(entry.type)) {
    if (name.includes(SPARSE_MARK)) throw refusal(name, "files with holes (sparse files) are not supported");
    const file = { ...place, mode: entry.mode ?? 0o644, modified: entry.mtime };
    await writer.file(file, content);
  } else if (DIRECTORY_TYPES.includes(entry.type)) {
    await writer.directory(place, entry.mode);
  } else if (entry.type === "SymbolicLink") {
    await writer.symbolicLink(place, target);
  } else if (entry.type === "Link") {
    await writer.hardLink(place, target);
  } else {
    throw refusal(name, `${typeWords(entry)} is not allowed in a package`);
  }
}

const FILE_TYPES: readonly string[] = ["File", "OldFile", "ContiguousFile"];
const DIRECTORY_TYPES: readonly string[] = ["Directory", "GNUDumpDir"];
const TYPE_WORDS: ReadonlyMap<string, string> = new Map([
  ["CharacterDevice", "a character device"],
  ["BlockDevice", "a block device"],
  ["FIFO", "a named pipe"],
  ["SparseFile", "a file with holes (sparse file)"],
]);

function typeWords(entry: ReadEntry): string {
  return TYPE_WORDS.get(entry.type) ?? `the type ${entry.type}`;
}
