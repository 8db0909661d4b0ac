// The files of an embedded host: those below its own directory on this computer, and nothing that a link leads to elsewhere.
import { randomUUID } from "node:crypto";
import { constants, type Stats } from "node:fs";
import {
  chmod,
  lstat,
  mkdir,
  open,
  opendir,
  realpath,
  rename,
  rm,
  rmdir,
  stat,
  unlink,
  link,
  type FileHandle,
} from "node:fs/promises";
import { basename, dirname, join, sep } from "node:path";
import {
  FILE_ENTRIES_MAX,
  type FileAnswer,
  type FileEntry,
  type FileList,
  type FileSink,
  type FileSource,
  type HostFiles,
} from "#shared/controller-api/host-files.ts";

const READ_BYTES = 64 * 1024;
const MODE_MASK = 0o7777;
const NAME_CHARACTERS_MAX = 40;

export class LocalFiles implements HostFiles {
  readonly start: string;
  readonly closed: Promise<string>;
  #close: (why: string) => void = () => undefined;

  private constructor(root: string) {
    this.start = root;
    this.closed = new Promise((resolve) => (this.#close = resolve));
  }

  static async open(directory: string): Promise<FileAnswer<LocalFiles>> {
    return answered(async () => new LocalFiles(await realpath(directory)));
  }

  list(path: string): Promise<FileAnswer<FileList>> {
    return answered(async () => {
      const real = await this.#inside(await realpath(path));
      const entries: FileEntry[] = [];
      const unnamed = 0;
      for await (const { name } of await opendir(real)) {
        if (entries.length >= FILE_ENTRIES_MAX) return { path: real, entries, unnamed, isCut: true };
        const entry = await entryOf(real, name);
        if (entry !== undefined) entries.push(entry);
      }
      return { path: real, entries, unnamed, isCut: false };
    });
  }

  makeDirectory(path: string): Promise<FileAnswer<null>> {
    return answered(async () => {
      await mkdir(await this.#place(path));
      return null;
    });
  }

  rename(from: string, to: string): Promise<FileAnswer<null>> {
    return answered(async () => {
      const target = await this.#place(to);
      if (await isThere(target)) throw new Error("there is something of that name");
      await rename(await this.#place(from), target);
      return null;
    });
  }

  remove(path: string, kind: FileEntry["kind"]): Promise<FileAnswer<null>> {
    return answered(async () => {
      const place = await this.#place(path);
      await (kind === "directory" ? rmdir(place) : unlink(place));
      return null;
    });
  }

  read(path: string): Promise<FileAnswer<FileSource>> {
    return answered(async () => {
      const real = await this.#inside(await realpath(path));
      // A pipe is not waited for: it is found out below that it is one.
      const handle = await open(real, constants.O_RDONLY | constants.O_NONBLOCK);
      const about = await handle.stat();
      if (about.isFile()) return new LocalSource(handle, about.size === 0 ? undefined : about.size);
      await handle.close();
      throw new Error("this is no file");
    });
  }

  async write(path: string, replace: boolean): Promise<FileAnswer<FileSink> | { readonly kind: "exists" }> {
    let exists = false;
    const sink = await answered(async () => {
      const place = await this.#place(path);
      const there = await orNothing(stat(place));
      if (there !== undefined && !there.isFile()) throw new Error("there is something else of that name");
      exists = there !== undefined && !replace;
      if (exists) return undefined;
      const name = basename(place).slice(0, NAME_CHARACTERS_MAX);
      const partPath = join(dirname(place), `.${name}.part-${randomUUID().slice(0, 8)}`);
      const handle = await open(partPath, "wx");
      return new LocalSink(handle, partPath, place, there?.mode);
    });
    if (sink.kind === "failed") return sink;
    return sink.value === undefined ? { kind: "exists" } : { kind: "ok", value: sink.value };
  }

  close(): void {
    this.#close("closed from here");
  }

  /** What may be made, renamed or removed: its directory lies inside, and itself it is not followed. */
  async #place(path: string): Promise<string> {
    const folder = await this.#inside(await realpath(dirname(path)));
    const name = basename(path);
    if (name === "" || name === "." || name === "..") throw new Error(`${JSON.stringify(name)} is no name`);
    return join(folder, name);
  }

  async #inside(real: string): Promise<string> {
    if (real === this.start || real.startsWith(`${this.start}${sep}`)) return real;
    throw new Error(`only what lies below ${this.start} belongs to this host`);
  }
}

class LocalSource implements FileSource {
  readonly size: number | undefined;
  readonly #handle: FileHandle;
  #left: number;

  constructor(handle: FileHandle, size: number | undefined) {
    this.#handle = handle;
    this.size = size;
    this.#left = size ?? Number.POSITIVE_INFINITY;
  }

  next(): Promise<FileAnswer<Uint8Array | undefined>> {
    return answered(async () => {
      const length = Math.min(READ_BYTES, this.#left);
      if (length === 0) return undefined;
      const { bytesRead, buffer } = await this.#handle.read(Buffer.alloc(length), 0, length);
      this.#left -= bytesRead;
      return bytesRead === 0 ? undefined : buffer.subarray(0, bytesRead);
    });
  }

  async close(): Promise<void> {
    await answered(() => this.#handle.close());
  }
}

class LocalSink implements FileSink {
  readonly #handle: FileHandle;
  readonly #partPath: string;
  readonly #path: string;
  readonly #mode: number | undefined;

  constructor(handle: FileHandle, partPath: string, path: string, mode: number | undefined) {
    this.#handle = handle;
    this.#partPath = partPath;
    this.#path = path;
    this.#mode = mode;
  }

  add(bytes: Uint8Array): Promise<FileAnswer<null>> {
    return answered(async () => {
      await this.#handle.appendFile(bytes);
      return null;
    });
  }

  async finish(): Promise<FileAnswer<null>> {
    const finished = await answered(async () => {
      await this.#handle.close();
      if (this.#mode === undefined) {
        // Unlike renaming, this refuses to replace what somebody has put there meanwhile.
        await link(this.#partPath, this.#path);
        await unlink(this.#partPath);
      } else {
        await chmod(this.#partPath, this.#mode & MODE_MASK);
        await rename(this.#partPath, this.#path);
      }
      return null;
    });
    if (finished.kind === "failed") await rm(this.#partPath, { force: true });
    return finished;
  }

  async abandon(): Promise<void> {
    await answered(() => this.#handle.close());
    await rm(this.#partPath, { force: true });
  }
}

async function entryOf(folder: string, name: string): Promise<FileEntry | undefined> {
  const about = await orNothing(lstat(join(folder, name)));
  // Gone meanwhile, or a name that is not in UTF-8.
  if (about === undefined) return undefined;
  const kinds = [
    about.isFile() ? "file" : undefined,
    about.isDirectory() ? "directory" : undefined,
    about.isSymbolicLink() ? "link" : undefined,
  ] as const;
  const kind = kinds.find((one) => one !== undefined) ?? "other";
  return { name, kind, size: about.size, modifiedMs: about.mtimeMs, mode: about.mode & MODE_MASK };
}

async function isThere(path: string): Promise<boolean> {
  return (await orNothing(lstat(path))) !== undefined;
}

/** What cannot be looked at counts as not there: what is then done with it tells why. */
async function orNothing(looking: Promise<Stats>): Promise<Stats | undefined> {
  try {
    return await looking;
  } catch {
    return undefined; // told by what comes next, if it matters
  }
}

/** In the system's words. */
async function answered<Value>(act: () => Promise<Value>): Promise<FileAnswer<Value>> {
  try {
    return { kind: "ok", value: await act() };
  } catch (error) {
    return { kind: "failed", reason: error instanceof Error ? error.message : String(error) };
  }
}
