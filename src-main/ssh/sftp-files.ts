// A host's files by SFTP, as a person works with them: lists with an end, and files that are put whole or not at all.
import { randomUUID } from "node:crypto";
import { posix } from "node:path";
import {
  FILE_ENTRIES_MAX,
  type FileAnswer,
  type FileEntry,
  type FileList,
  type FileSink,
  type FileSource,
  type HostFiles,
} from "#shared/controller-api/host-files.ts";
import {
  attributeFields,
  OPEN_FLAGS,
  SFTP,
  STATUS,
  type FileAttributes,
  type NamedFile,
} from "./sftp-packets.ts";
import { statusFailure, unexpected, type SftpSession } from "./sftp-session.ts";
import { SftpSource, SftpWriter } from "./sftp-transfer.ts";

const REPLACE = "posix-rename@openssh.com";
/** Of a name in front of what makes it another: most file systems take 255 bytes. */
const NAME_CHARACTERS_MAX = 40;

export class SftpFiles implements HostFiles {
  readonly start: string;
  readonly closed: Promise<string>;
  readonly #session: SftpSession;

  private constructor(session: SftpSession, start: string) {
    this.#session = session;
    this.start = start;
    this.closed = session.closed;
  }

  static async open(session: SftpSession): Promise<FileAnswer<SftpFiles>> {
    const home = await realPath(session, ".");
    return home.kind === "failed" ? home : { kind: "ok", value: new SftpFiles(session, home.value) };
  }

  async list(path: string): Promise<FileAnswer<FileList>> {
    const session = this.#session;
    const real = await realPath(session, path);
    if (real.kind === "failed") return real;
    const opened = handleOf(await session.ask(SFTP.opendir, real.value));
    if (opened.kind === "failed") return opened;
    try {
      return await this.#entries(real.value, opened.value);
    } finally {
      void session.do(SFTP.close, opened.value);
    }
  }

  makeDirectory(path: string): Promise<FileAnswer<null>> {
    return this.#session.do(SFTP.mkdir, path, ...attributeFields());
  }

  rename(from: string, to: string): Promise<FileAnswer<null>> {
    // Version 3 refuses to replace.
    return this.#session.do(SFTP.rename, from, to);
  }

  async remove(path: string, kind: FileEntry["kind"]): Promise<FileAnswer<null>> {
    if (kind !== "directory") return this.#session.do(SFTP.remove, path);
    const removed = await this.#session.do(SFTP.rmdir, path);
    // All that OpenSSH says of it.
    const isBare = removed.kind === "failed" && removed.reason === "Failure";
    return isBare ? { ...removed, reason: "Failure (only empty directories are deleted)" } : removed;
  }

  async read(path: string): Promise<FileAnswer<FileSource>> {
    const session = this.#session;
    const about = attributesOf(await session.ask(SFTP.stat, path));
    if (about.kind === "failed") return about;
    const { kind, size } = about.value;
    // A pipe or a terminal gives bytes for ever, or none.
    if (kind !== undefined && kind !== "file") return { kind: "failed", reason: "this is no file" };
    const opened = handleOf(await session.ask(SFTP.open, path, OPEN_FLAGS.read, ...attributeFields()));
    if (opened.kind === "failed") return opened;
    // Files of the kernel say 0 and have something all the same; one that grows is taken as long as it was.
    return { kind: "ok", value: new SftpSource(session, opened.value, size === 0 ? undefined : size) };
  }

  async write(path: string, replace: boolean): Promise<FileAnswer<FileSink> | { readonly kind: "exists" }> {
    const session = this.#session;
    const there = attributesOf(await session.ask(SFTP.stat, path));
    if (there.kind === "ok") {
      if (there.value.kind !== "file")
        return { kind: "failed", reason: "there is something else of that name" };
      if (!replace) return { kind: "exists" };
    }
    const folder = posix.dirname(path);
    const name = posix.basename(path).slice(0, NAME_CHARACTERS_MAX);
    const partPath = posix.join(folder, `.${name}.part-${randomUUID().slice(0, 8)}`);
    const flags = OPEN_FLAGS.write | OPEN_FLAGS.create | OPEN_FLAGS.exclusive;
    const opened = handleOf(await session.ask(SFTP.open, partPath, flags, ...attributeFields()));
    if (opened.kind === "failed") return opened;
    const mode = there.kind === "ok" ? there.value.mode : undefined;
    const wish = { session, path, partPath, replace: there.kind === "ok", mode };
    return { kind: "ok", value: new SftpSink(wish, opened.value) };
  }

  close(): void {
    this.#session.close();
  }

  async #entries(path: string, handle: Uint8Array): Promise<FileAnswer<FileList>> {
    const found: Found = { entries: [], unnamed: 0, isCut: false };
    while (!found.isCut) {
      const answer = await this.#session.ask(SFTP.readdir, handle);
      if (answer.kind === "failed") return answer;
      const { value } = answer;
      if (value.kind === "status" && value.code === STATUS.endOfFile) break;
      if (value.kind === "status") return statusFailure(value);
      // A host that gives none would do so for ever.
      if (value.kind !== "names" || value.names.length === 0) return unexpected();
      for (const file of value.names) take(file, found);
    }
    return { kind: "ok", value: { path, ...found } };
  }
}

interface SinkWish {
  readonly session: SftpSession;
  readonly path: string;
  readonly partPath: string;
  readonly replace: boolean;
  /** Of the file that it replaces. */
  readonly mode: number | undefined;
}

class SftpSink implements FileSink {
  readonly #wish: SinkWish;
  readonly #writer: SftpWriter;

  constructor(wish: SinkWish, handle: Uint8Array) {
    this.#wish = wish;
    this.#writer = new SftpWriter(wish.session, handle);
  }

  add(bytes: Uint8Array): Promise<FileAnswer<null>> {
    return this.#writer.add(bytes);
  }

  async finish(): Promise<FileAnswer<null>> {
    const finished = await this.#writer.finish();
    const put = finished.kind === "failed" ? finished : await this.#putInPlace();
    if (put.kind === "failed") await this.#wish.session.do(SFTP.remove, this.#wish.partPath);
    return put;
  }

  async abandon(): Promise<void> {
    await this.#writer.abandon();
    await this.#wish.session.do(SFTP.remove, this.#wish.partPath);
  }

  async #putInPlace(): Promise<FileAnswer<null>> {
    const { session, path, partPath, replace, mode } = this.#wish;
    if (mode !== undefined) {
      const set = await session.do(SFTP.setstat, partPath, ...attributeFields(mode));
      if (set.kind === "failed") return set;
    }
    if (!replace) return session.do(SFTP.rename, partPath, path);
    if (session.has(REPLACE)) return session.do(SFTP.extended, REPLACE, partPath, path);
    const removed = await session.do(SFTP.remove, path);
    return removed.kind === "failed" ? removed : session.do(SFTP.rename, partPath, path);
  }
}

interface Found {
  readonly entries: FileEntry[];
  unnamed: number;
  isCut: boolean;
}

function take({ name, attributes }: NamedFile, found: Found): void {
  if (found.isCut || name === "." || name === "..") return;
  // Names that are not shown count, too: a host must not send them for ever either.
  found.isCut = found.entries.length >= FILE_ENTRIES_MAX || found.unnamed >= FILE_ENTRIES_MAX;
  if (found.isCut) return;
  if (name === undefined || name === "" || /[/\0]/.test(name)) found.unnamed += 1;
  else found.entries.push(entryOf(name, attributes));
}

function entryOf(name: string, { size, kind, mode, modifiedMs }: FileAttributes): FileEntry {
  return { name, kind: kind ?? "other", size, modifiedMs, mode };
}

async function realPath(session: SftpSession, path: string): Promise<FileAnswer<string>> {
  const answer = await session.ask(SFTP.realpath, path);
  if (answer.kind === "failed") return answer;
  const { value } = answer;
  if (value.kind === "status") return statusFailure(value);
  const name = value.kind === "names" ? value.names[0]?.name : undefined;
  return name?.startsWith("/") === true ? { kind: "ok", value: name } : unexpected();
}

function handleOf(answer: Awaited<ReturnType<SftpSession["ask"]>>): FileAnswer<Uint8Array> {
  if (answer.kind === "failed") return answer;
  const { value } = answer;
  if (value.kind === "status") return statusFailure(value);
  return value.kind === "handle" ? { kind: "ok", value: value.handle } : unexpected();
}

function attributesOf(answer: Awaited<ReturnType<SftpSession["ask"]>>): FileAnswer<FileAttributes> {
  if (answer.kind === "failed") return answer;
  const { value } = answer;
  if (value.kind === "status") return statusFailure(value);
  return value.kind === "attributes" ? { kind: "ok", value: value.attributes } : unexpected();
}
