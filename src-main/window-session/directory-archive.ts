// A directory of a host as one file: a tar archive that is made while it is fetched, with its files and directories.
import { posix } from "node:path";
import type { FileAnswer, FileEntry, FileSource, HostFiles } from "#shared/controller-api/host-files.ts";

const BLOCK_BYTES = 512;
/** Deeper is a host that makes it up, or a loop that does not look like one. */
const DEPTH_MAX = 100;
/** Of all that is in it: more than that is packed on the host. */
const ENTRIES_MAX = 100_000;
/** A header of ustar has so much room for a name, and so much for a size. */
const NAME_BYTES_MAX = 100;
const SIZE_MAX = 8 ** 11 - 1;
const PERMISSIONS = 0o777;

/** What cannot be read ends it, in the host's words: an archive that is there is whole. Links are left out, and devices. */
export function archiveOf(files: Pick<HostFiles, "list" | "read">, path: string): FileSource {
  const pieces = new Archive(files).pieces(path);
  return {
    size: undefined,
    async next(): Promise<FileAnswer<Uint8Array | undefined>> {
      try {
        const piece = await pieces.next();
        return { kind: "ok", value: piece.done === true ? undefined : piece.value };
      } catch (error) {
        if (error instanceof Refused) return { kind: "failed", reason: error.message };
        throw error;
      }
    },
    // Also while a file is read: it is closed on the way out.
    close: async () => void (await pieces.return(undefined)),
  };
}

class Refused extends Error {}

class Archive {
  readonly #files: Pick<HostFiles, "list" | "read">;
  #entries = 0;

  constructor(files: Pick<HostFiles, "list" | "read">) {
    this.#files = files;
  }

  async *pieces(path: string): AsyncGenerator<Uint8Array, undefined> {
    yield* this.#directory(path, posix.basename(path) || "root", { mode: 0o755, modifiedMs: 0 }, 0);
    yield new Uint8Array(2 * BLOCK_BYTES);
    return undefined;
  }

  async *#directory(
    path: string,
    name: string,
    entry: Pick<FileEntry, "mode" | "modifiedMs">,
    depth: number,
  ): AsyncGenerator<Uint8Array> {
    if (depth > DEPTH_MAX) throw new Refused(`${path}: it is nested too deeply`);
    const { entries, isCut, unnamed } = told(path, await this.#files.list(path));
    if (unnamed > 0)
      throw new Refused(`${path}: ${String(unnamed)} names in it cannot be said: pack it on the host`);
    if (isCut) throw new Refused(`${path}: there are more than ${String(entries.length)} files in it`);
    yield* headerOf(`${name}/`, "5", 0, entry);
    for (const one of entries) {
      if (one.name === "." || one.name === "..") continue;
      this.#entries += 1;
      if (this.#entries > ENTRIES_MAX)
        throw new Refused(`there are more than ${String(ENTRIES_MAX)} files in it: pack it on the host`);
      const [at, as] = [posix.join(path, one.name), `${name}/${one.name}`];
      if (one.kind === "directory") yield* this.#directory(at, as, one, depth + 1);
      else if (one.kind === "file") yield* this.#file(at, as, one);
    }
  }

  async *#file(path: string, name: string, entry: FileEntry): AsyncGenerator<Uint8Array> {
    const source = told(path, await this.#files.read(path));
    try {
      const size = source.size ?? entry.size;
      yield* headerOf(name, "0", size, entry);
      let left = size;
      while (left > 0) {
        const bytes = told(path, await source.next());
        if (bytes === undefined) throw new Refused(`${path}: it has become shorter while it was fetched`);
        // What was added meanwhile is not in the archive.
        const piece = bytes.byteLength > left ? bytes.subarray(0, left) : bytes;
        left -= piece.byteLength;
        yield piece;
      }
      const rest = size % BLOCK_BYTES;
      if (rest > 0) yield new Uint8Array(BLOCK_BYTES - rest);
    } finally {
      await source.close();
    }
  }
}

function told<Value>(path: string, answer: FileAnswer<Value>): Value {
  if (answer.kind === "failed") throw new Refused(`${path}: ${answer.reason}`);
  return answer.value;
}

type Kind = "0" | "5" | "x";

/** POSIX.1-2001 (pax): what has no room in the header, or is not in ASCII, goes before it in an own one. */
function* headerOf(
  name: string,
  kind: Kind,
  size: number,
  entry: Pick<FileEntry, "mode" | "modifiedMs">,
): Generator<Uint8Array> {
  const records: string[] = [];
  if (Buffer.byteLength(name) > NAME_BYTES_MAX || !/^[\x20-\x7e]*$/.test(name))
    records.push(record("path", name));
  if (size > SIZE_MAX) records.push(record("size", String(size)));
  if (records.length > 0) {
    const text = Buffer.from(records.join(""));
    yield block("pax", "x", text.byteLength, { mode: 0o644, modifiedMs: 0 });
    yield padded(text);
  }
  yield block(name, kind, size, entry);
}

/** `LENGTH path=NAME\n`, where the length counts itself, too. */
function record(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  const bytes = Buffer.byteLength(rest);
  let length = bytes + String(bytes).length;
  if (bytes + String(length).length !== length) length += 1;
  return `${String(length)}${rest}`;
}

function padded(bytes: Uint8Array): Uint8Array {
  const whole = new Uint8Array(Math.ceil(bytes.byteLength / BLOCK_BYTES) * BLOCK_BYTES);
  whole.set(bytes);
  return whole;
}

/** Fields of ustar: name 0, mode 100, owner 108 and 116, size 124, time 136, sum 148, kind 156, magic 257. */
function block(
  name: string,
  kind: Kind,
  size: number,
  { mode, modifiedMs }: Pick<FileEntry, "mode" | "modifiedMs">,
): Uint8Array {
  const header = Buffer.alloc(BLOCK_BYTES);
  const octal = (value: number, at: number, length: number): void => {
    header.write(`${value.toString(8).padStart(length - 1, "0")}\0`, at, "latin1");
  };
  Buffer.from(name).copy(header, 0, 0, NAME_BYTES_MAX);
  octal(mode & PERMISSIONS, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(Math.min(size, SIZE_MAX), 124, 12);
  octal(Math.min(SIZE_MAX, Math.max(0, Math.floor(modifiedMs / 1000))), 136, 12);
  header.fill(" ", 148, 156);
  header.write(kind, 156, "latin1");
  header.write("ustar\u000000", 257, "latin1");
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return header;
}
