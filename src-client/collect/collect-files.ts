// Finds the files that a run wants back from this host, never outside its work directory, and reads them in pieces.
import { constants, type BigIntStats, type Dirent } from "node:fs";
import { lstat, open, readdir, realpath, type FileHandle } from "node:fs/promises";
import { join, relative, resolve, sep } from "node:path";
import picomatch from "picomatch";
import type { CollectRule } from "#shared/application/application.ts";
import type { CollectableFile } from "#shared/protocol/reports.ts";

export interface CollectSettings {
  readonly filesMax: number;
  readonly bytesMax: number;
  /** Looked at while searching, matching or not. */
  readonly entriesMax: number;
}

export const COLLECT_SETTINGS: CollectSettings = {
  /** One report lists them all; a rule that matches more was not meant. */
  filesMax: 10_000,
  /** A hundred such hosts fill the largest disk of a controller. */
  bytesMax: 100 * 1024 ** 3,
  /** Some seconds of searching. */
  entriesMax: 1_000_000,
};

export interface CollectPlaces {
  readonly workDirectory: string;
  /** What linkSoftware has linked into it: searched only where a rule names the link. */
  readonly softwareDirectories: readonly string[];
}

export interface Collection {
  readonly files: readonly CollectableFile[];
  readonly problems: readonly string[];
  /** Bytes [offset, offset + length) of a listed file, fewer only at its listed end. */
  read(index: number, offset: number, length: number): Promise<ReadResult>;
}

export type ReadResult =
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | { readonly kind: "failed"; readonly reason: string };

interface FoundFile extends CollectableFile {
  readonly realPath: string;
  readonly device: bigint;
  readonly inode: bigint;
}

/**
 * Rules are "/"-separated patterns below the work directory: `results/*.json`, `logs/**`, or a plain path; a plain
 * path to a folder means all below it. As in a shell, "*" does not match names that begin with a dot. Links to
 * folders are followed only where the rule spells them out, and only to places inside.
 */
export async function collectFiles(
  rules: readonly Pick<CollectRule, "path" | "optional">[],
  places: CollectPlaces,
  settings: CollectSettings,
  signal: AbortSignal,
): Promise<Collection> {
  const search = await createSearch(places, settings, signal);
  const { shelf } = search;
  const problems: string[] = [];
  for (const rule of rules) {
    const before = shelf.matches();
    const problem = await search.follow(rule.path);
    if (problem !== undefined) problems.push(`${rule.path}: ${problem}`);
    else if (shelf.matches() === before && !rule.optional) problems.push(`${rule.path}: no such file`);
    if (shelf.full() !== undefined) break;
  }
  const full = shelf.full();
  if (full !== undefined) problems.push(full);
  const found = shelf.files();
  return {
    files: found.map(({ index, path, size, mode }) => ({ index, path, size, mode })),
    problems,
    async read(index, offset, length) {
      const file = found[index];
      if (file === undefined) return { kind: "failed", reason: `there is no file ${String(index)}` };
      return await readPart(file, offset, length);
    },
  };
}

interface Search {
  /** Returns why the rule cannot be followed. */
  follow(pattern: string): Promise<string | undefined>;
  readonly shelf: Shelf;
}

async function createSearch(
  places: CollectPlaces,
  settings: CollectSettings,
  signal: AbortSignal,
): Promise<Search> {
  const root = (await realPathOf(places.workDirectory)) ?? resolve(places.workDirectory);
  const software = await Promise.all(places.softwareDirectories.map(realPathOf));
  const shelf = createShelf(settings);
  let entries = 0;

  /** The software or the work directory that a real path is in. */
  const domainOf = (path: string): string | undefined =>
    software.find((directory) => directory !== undefined && isBelow(path, directory)) ??
    (isBelow(path, root) ? root : undefined);

  const walk = async (
    directory: string,
    below: string,
    domain: string,
    matcher: Pattern["matcher"],
  ): Promise<void> => {
    for (const entry of await entriesOf(directory)) {
      signal.throwIfAborted();
      entries += 1;
      if (entries > settings.entriesMax)
        shelf.close(`more than ${inWords(settings.entriesMax)} entries to search`);
      if (shelf.full() !== undefined) return;
      const path = below === "" ? entry.name : `${below}/${entry.name}`;
      const there = join(directory, entry.name);
      if (entry.isDirectory() && domainOf(there) === domain) await walk(there, path, domain, matcher);
      else if ((entry.isFile() || entry.isSymbolicLink()) && matcher(path))
        await takeFile(path, there, domain);
    }
  };

  /** A link to a file counts as one, unless it leads to another domain. */
  const takeFile = async (path: string, there: string, domain: string): Promise<void> => {
    const realPath = await realPathOf(there);
    if (realPath === undefined || domainOf(realPath) !== domain) return;
    const stats = await statsOf(realPath);
    if (stats?.isFile() === true) shelf.put(path, realPath, stats);
  };

  return {
    async follow(pattern) {
      const parsed = parsePattern(pattern);
      if (typeof parsed === "string") return parsed;
      const start = await realPathOf(join(root, ...parsed.base));
      if (start === undefined) return undefined;
      const domain = domainOf(start);
      if (domain === undefined) return "it leads out of the work directory";
      const below = parsed.base.join("/");
      if ((await statsOf(start))?.isDirectory() === true) await walk(start, below, domain, parsed.matcher);
      else if (parsed.plain) await takeFile(below, start, domain);
      return undefined;
    },
    shelf,
  };
}

/** What was found so far, within its bounds. */
interface Shelf {
  put(path: string, realPath: string, stats: BigIntStats): void;
  files(): readonly FoundFile[];
  /** How often a rule has matched, files that were found before included. */
  matches(): number;
  close(reason: string): void;
  /** Why no more is taken. */
  full(): string | undefined;
}

function createShelf(settings: CollectSettings): Shelf {
  const files = new Map<string, FoundFile>();
  let matches = 0;
  let bytes = 0;
  let full: string | undefined;
  const close = (reason: string): void => {
    full ??= `${reason}: the rest is left out`;
  };
  return {
    put(path, realPath, stats) {
      matches += 1;
      if (files.has(path)) return;
      const size = Number(stats.size);
      if (files.size >= settings.filesMax) {
        close(`more than ${inWords(settings.filesMax)} files match`);
      } else if (bytes + size > settings.bytesMax) {
        close(`the files have more than ${inWords(settings.bytesMax)} bytes`);
      } else {
        bytes += size;
        const { dev: device, ino: inode } = stats;
        files.set(path, {
          index: files.size,
          path,
          size,
          mode: Number(stats.mode & 0o777n),
          realPath,
          device,
          inode,
        });
      }
    },
    files: () => [...files.values()],
    matches: () => matches,
    close,
    full: () => full,
  };
}

interface Pattern {
  /** The leading parts without wildcards: the walk starts there, following links. */
  readonly base: readonly string[];
  readonly plain: boolean;
  matcher(this: void, path: string): boolean;
}

function parsePattern(pattern: string): Pattern | string {
  const parts = pattern.split("/").filter((part) => part !== "" && part !== ".");
  const outside = pattern.startsWith("/") || /^[A-Za-z]:/.test(pattern) || parts.includes("..");
  if (outside) return "rules stay below the work directory";
  if (pattern.includes("\0")) return "a path has no NUL byte";
  const wild = parts.findIndex((part) => picomatch.scan(part).isGlob);
  if (wild === -1) return { base: parts, plain: true, matcher: () => true };
  return {
    base: parts.slice(0, wild),
    plain: false,
    matcher: picomatch(parts.join("/"), { nonegate: true }),
  };
}

async function entriesOf(directory: string): Promise<readonly Dirent[]> {
  try {
    const entries = await readdir(directory, { withFileTypes: true });
    return entries.sort((left, right) => (left.name < right.name ? -1 : 1));
  } catch {
    // A folder that cannot be read or has just gone gives nothing; the rule says so when nothing else matches.
    return [];
  }
}

async function realPathOf(path: string): Promise<string | undefined> {
  try {
    return await realpath(path);
  } catch {
    // Not there, a link to nowhere or in a circle, or not ours to see: there is no such file for us.
    return undefined;
  }
}

async function statsOf(path: string): Promise<BigIntStats | undefined> {
  try {
    return await lstat(path, { bigint: true });
  } catch {
    // Gone since its folder was read.
    return undefined;
  }
}

function isBelow(path: string, directory: string): boolean {
  const way = relative(directory, path);
  return way === "" || (way !== ".." && !way.startsWith(`..${sep}`) && resolve(directory, way) === path);
}

/**
 * The processes of the run may have put something else in its place since it was listed, say a link to a file that
 * only this user may read: it must be the same inode. O_NONBLOCK: opening a pipe would wait for ever.
 */
async function readPart(file: FoundFile, offset: number, length: number): Promise<ReadResult> {
  if (offset < 0 || length < 0 || offset > file.size)
    return { kind: "failed", reason: `${file.path}: no such part` };
  let handle: FileHandle | undefined;
  try {
    handle = await open(file.realPath, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const stats = await handle.stat({ bigint: true });
    if (stats.dev !== file.device || stats.ino !== file.inode || !stats.isFile()) {
      return { kind: "failed", reason: `${file.path}: replaced since it was listed` };
    }
    const bytes = await readFully(handle, offset, Math.min(length, file.size - offset));
    if (bytes !== undefined) return { kind: "bytes", bytes };
    const now = inWords(Number((await handle.stat({ bigint: true })).size));
    return {
      kind: "failed",
      reason: `${file.path}: has become shorter: ${now} bytes, and ${inWords(file.size)} were listed`,
    };
  } catch (error) {
    return {
      kind: "failed",
      reason: `${file.path}: ${error instanceof Error ? error.message : String(error)}`,
    };
  } finally {
    await handle?.close();
  }
}

/** Undefined when the file ends before. */
async function readFully(
  handle: FileHandle,
  offset: number,
  length: number,
): Promise<Uint8Array | undefined> {
  const bytes = Buffer.alloc(length);
  let have = 0;
  while (have < length) {
    const { bytesRead } = await handle.read(bytes, have, length - have, offset + have);
    if (bytesRead === 0) return undefined;
    have += bytesRead;
  }
  return bytes;
}

function inWords(count: number): string {
  return count.toLocaleString("en-US");
}
