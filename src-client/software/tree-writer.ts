// Writes the entries of packages below one folder and nowhere else, whatever the archive says.
import { constants } from "node:fs";
import { chmod, copyFile, link, lstat, mkdir, open, symlink, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { entryPathOf, linkTargetProblem } from "./entry-path.ts";
import { naming, SoftwareFailure, systemCodeOf, wordsOf } from "./software-failure.ts";
import { tooLarge, tooMany, type UnpackLimits } from "./unpack-limits.ts";

export interface TreeEntry {
  /** As the archive has it, below `folder`. */
  readonly name: string;
  readonly folder: string;
}

export interface TreeFile extends TreeEntry {
  /** Undefined: 0644, or 0755 when the content is a script or a program. */
  readonly mode: number | undefined;
  readonly modified: Date | undefined;
}

/** Each method throws a SoftwareFailure that names the entry. */
export interface TreeWriter {
  directory(entry: TreeEntry, mode: number | undefined): Promise<void>;
  file(entry: TreeFile, chunks: AsyncIterable<Uint8Array>): Promise<void>;
  symbolicLink(entry: TreeEntry, target: string): Promise<void>;
  /** `target` names an entry that was unpacked before, below the same folder. */
  hardLink(entry: TreeEntry, target: string): Promise<void>;
}

export interface TreeWriterSettings {
  readonly limits: UnpackLimits;
  readonly platform: NodeJS.Platform;
}

const DIRECTORY_MODE = 0o755;
/** Set-user-id, set-group-id and sticky bits never come from an archive. */
const MODE_MASK = 0o777;
/** Whoever installs must be able to go on writing and to remove it again. */
const DIRECTORY_MODE_LEAST = 0o700;
const FILE_MODE_LEAST = 0o600;

/** `root` must exist, and nobody else may write below it meanwhile. */
export function createTreeWriter(root: string, settings: TreeWriterSettings): TreeWriter {
  const { platform } = settings;
  const folders = createFolders(root);
  const quota = createQuota(settings.limits);

  const partsOf = (entry: TreeEntry): readonly string[] => {
    quota.countEntry();
    return [...checkedParts(entry.folder, platform), ...checkedParts(entry.name, platform)];
  };

  /** Where to put something that is not a folder; the folders above it are there afterwards. */
  const placeFor = async (
    entry: TreeEntry,
  ): Promise<{ readonly parts: readonly string[]; readonly path: string }> => {
    const parts = partsOf(entry);
    if (parts.length === 0) throw refusal(entry.name, "the name is empty");
    await folders.ensureParents(parts, entry.name);
    return { parts, path: join(root, ...parts) };
  };

  return {
    async directory(entry, mode) {
      const parts = partsOf(entry);
      if (parts.length === 0) return;
      await folders.ensureParents(parts, entry.name);
      const wanted = ((mode ?? DIRECTORY_MODE) & MODE_MASK) | DIRECTORY_MODE_LEAST;
      const made = await folders.ensure(parts, entry.name, wanted);
      const path = join(root, ...parts);
      if (!made && mode !== undefined) await naming("unpack", path, chmod(path, wanted & DIRECTORY_MODE));
    },

    async file(entry, chunks) {
      const { path } = await placeFor(entry);
      const handle = await openNew(path, entry);
      try {
        await fill(handle, path, entry, chunks, quota);
      } finally {
        await handle.close();
      }
    },

    async symbolicLink(entry, target) {
      const { parts, path } = await placeFor(entry);
      const problem = linkTargetProblem(target, parts);
      if (problem !== undefined) throw refusal(`${entry.name}" → "${target}`, problem);
      await once(entry.name, path, symlink(target, path));
    },

    async hardLink(entry, target) {
      const { path } = await placeFor(entry);
      const targetParts = [
        ...checkedParts(entry.folder, platform),
        ...checkedTarget(entry, target, platform),
      ];
      const from = await realFile(root, targetParts, entry, target);
      try {
        await link(from, path);
      } catch (error) {
        if (!LINK_REFUSALS.includes(systemCodeOf(error) ?? "")) throw refusalOf(entry.name, path, error);
        quota.countBytes((await naming("unpack", from, lstat(from))).size);
        await once(entry.name, path, copyFile(from, path, constants.COPYFILE_EXCL));
      }
    },
  };
}

/** File systems without hard links, and files with too many of them. */
const LINK_REFUSALS: readonly string[] = ["EPERM", "ENOSYS", "ENOTSUP", "EOPNOTSUPP", "EMLINK"];

interface Quota {
  countEntry(): void;
  countBytes(count: number): void;
}

function createQuota(limits: UnpackLimits): Quota {
  let entries = 0;
  let bytes = 0;
  return {
    countEntry() {
      entries += 1;
      if (entries > limits.entriesMax) throw tooMany(limits);
    },
    countBytes(count) {
      bytes += count;
      if (bytes > limits.bytesMax) throw tooLarge(limits);
    },
  };
}

interface Folders {
  /** True when it was made now, false when it was there. */
  ensure(parts: readonly string[], name: string, mode: number): Promise<boolean>;
  ensureParents(parts: readonly string[], name: string): Promise<void>;
}

function createFolders(root: string): Folders {
  /** Real folders below the root: looked at once, never replaced (a second entry of that name fails). */
  const known = new Set<string>([""]);

  const ensure = async (parts: readonly string[], name: string, mode: number): Promise<boolean> => {
    const below = parts.join("/");
    const path = join(root, ...parts);
    try {
      await mkdir(path, { mode });
      known.add(below);
      return true;
    } catch (error) {
      if (systemCodeOf(error) !== "EEXIST") throw refusalOf(name, path, error);
    }
    const there = await naming("unpack", path, lstat(path));
    if (there.isSymbolicLink()) throw refusal(name, `it goes through the link "${below}"`);
    if (!there.isDirectory()) throw refusal(name, `"${below}" is a file`);
    known.add(below);
    return false;
  };

  return {
    ensure,
    async ensureParents(parts, name) {
      if (known.has(parts.slice(0, -1).join("/"))) return;
      for (let depth = 1; depth < parts.length; depth += 1) {
        const parent = parts.slice(0, depth);
        if (!known.has(parent.join("/"))) await ensure(parent, name, DIRECTORY_MODE);
      }
    },
  };
}

export function checkedParts(name: string, platform: NodeJS.Platform): readonly string[] {
  const checked = entryPathOf(name, platform);
  if (checked.kind === "bad") throw refusal(name, checked.reason);
  return checked.parts;
}

function checkedTarget(entry: TreeEntry, target: string, platform: NodeJS.Platform): readonly string[] {
  const checked = entryPathOf(target, platform);
  if (checked.kind === "path" && checked.parts.length > 0) return checked.parts;
  const why = checked.kind === "bad" ? checked.reason : "the name is empty";
  throw refusal(`${entry.name}" → "${target}`, `a hard link leaves the package or is broken: ${why}`);
}

/** Every part up to the file is looked at: a link on the way could lead anywhere. */
async function realFile(
  root: string,
  parts: readonly string[],
  entry: TreeEntry,
  target: string,
): Promise<string> {
  const name = `${entry.name}" → "${target}`;
  for (let depth = 1; depth <= parts.length; depth += 1) {
    const path = join(root, ...parts.slice(0, depth));
    const there = await lstat(path).catch((error: unknown) => {
      throw refusal(name, `a hard link to what is not in the package (${String(systemCodeOf(error))})`);
    });
    const expected = depth === parts.length ? there.isFile() : there.isDirectory();
    if (!expected) throw refusal(name, "a hard link to or through what is not a file of the package");
  }
  return join(root, ...parts);
}

/** "wx" never opens what is there and never follows a link. */
async function openNew(path: string, entry: TreeFile): Promise<FileHandle> {
  const mode = ((entry.mode ?? 0o644) & MODE_MASK) | FILE_MODE_LEAST;
  return await once(entry.name, path, open(path, "wx", mode));
}

async function fill(
  handle: FileHandle,
  path: string,
  entry: TreeFile,
  chunks: AsyncIterable<Uint8Array>,
  quota: Quota,
): Promise<void> {
  let head: Uint8Array = new Uint8Array(0);
  for await (const chunk of chunks) {
    quota.countBytes(chunk.length);
    if (head.length < PROGRAM_HEAD_BYTES) head = Buffer.concat([head, chunk.subarray(0, PROGRAM_HEAD_BYTES)]);
    // writeFile goes on where the last write ended and, unlike write, never stops half-way.
    await naming("unpack", path, handle.writeFile(chunk));
  }
  if (entry.mode === undefined && isProgram(head)) await naming("unpack", path, handle.chmod(0o755));
  if (entry.modified !== undefined && Number.isFinite(entry.modified.getTime())) {
    await naming("unpack", path, handle.utimes(entry.modified, entry.modified));
  }
}

const PROGRAM_HEAD_BYTES = 4;

/** "#!" or the magic number of ELF. */
export function isProgram(head: Uint8Array): boolean {
  if (head[0] === 0x23 && head[1] === 0x21) return true;
  return head[0] === 0x7f && head[1] === 0x45 && head[2] === 0x4c && head[3] === 0x46;
}

async function once<T>(name: string, path: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw refusalOf(name, path, error);
  }
}

/** The failure to throw for what the operating system said of an entry. */
function refusalOf(name: string, path: string, error: unknown): SoftwareFailure {
  if (systemCodeOf(error) === "EEXIST") return refusal(name, "the package has it twice");
  return new SoftwareFailure("unpack", `${path}: ${wordsOf(error)}`);
}

export function refusal(name: string, reason: string): SoftwareFailure {
  return new SoftwareFailure("unpack", `entry "${printable(name)}": ${reason}`);
}

/** Long enough to recognise an entry by, short enough for a report. */
const NAME_SHOWN_MAX = 200;

function printable(name: string): string {
  const shown = name.replace(/[\u0000-\u001f\u007f]/g, (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
  return shown.length <= NAME_SHOWN_MAX ? shown : `${shown.slice(0, NAME_SHOWN_MAX)}…`;
}
