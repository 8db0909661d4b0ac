// The folder of installed software by key: an installation is there as a whole, or not at all.
import { constants } from "node:fs";
import { access, cp, open, readdir, readFile, rename, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { makeDirectories } from "./make-directories.ts";
import { removeTree } from "./remove-tree.ts";
import { naming, SoftwareFailure, systemCodeOf, wordsOf } from "./software-failure.ts";

/** What a key's folder holds: the mirror of the work directory, and the file that says it is complete. */
const TREE = "tree";
const MARKER = "installed.json";
const STAGING = ".staging";
/** The kept store is shared by clients: what one of them left half-copied this long ago, it will not finish. */
export const STALE_STAGING_MS = 24 * 60 * 60 * 1000;
/** A digest, or a name with one. */
const KEY = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/;

export interface StagedSoftware {
  readonly directory: string;
  readonly tree: string;
}

export interface SoftwareStore {
  /** The tree of an installed key, or undefined. */
  find(key: string): Promise<string | undefined>;
  stage(key: string): Promise<StagedSoftware>;
  /** Makes it appear under its key; returns its tree. */
  commit(key: string, name: string, staged: StagedSoftware): Promise<string>;
  discard(staged: StagedSoftware): Promise<void>;
  /** Removes what earlier clients left unfinished, if it is at least `ageMs` old. */
  sweep(ageMs: number): Promise<void>;
  /** Moves an installed key in from another store. */
  adopt(key: string, from: SoftwareStore): Promise<void>;
  pathOf(key: string): string;
}

export function createSoftwareStore(
  directory: string,
  parts: { readonly now: () => number; readonly pid: number },
): SoftwareStore {
  const staging = join(directory, STAGING);
  let stages = 0;
  const pathOf = (key: string): string => join(directory, checkedKey(key));
  const newStage = (key: string): string => {
    stages += 1;
    return join(staging, `${checkedKey(key)}.${String(parts.pid)}.${String(stages)}`);
  };

  const find = async (key: string): Promise<string | undefined> => {
    const path = pathOf(key);
    return (await isComplete(path, key)) ? join(path, TREE) : undefined;
  };

  /** Whoever comes second finds the key there and lets its own copy go. */
  const settle = async (key: string, from: string): Promise<void> => {
    const path = pathOf(key);
    try {
      await rename(from, path);
    } catch (error) {
      if (!["EEXIST", "ENOTEMPTY", "EPERM", "EACCES", "ENOTDIR"].includes(systemCodeOf(error) ?? ""))
        throw error;
      if (await isComplete(path, key)) {
        await removeTree(from);
      } else {
        await removeTree(path);
        await rename(from, path);
      }
    }
    await syncDirectory(directory);
  };

  return {
    pathOf,
    find,

    async stage(key) {
      const path = newStage(key);
      const tree = join(path, TREE);
      await naming("store", tree, makeDirectories(tree));
      return { directory: path, tree };
    },

    async commit(key, name, staged) {
      await naming("store", staged.directory, writeMarker(staged.directory, key, name));
      await naming("store", pathOf(key), settle(key, staged.directory));
      return join(pathOf(key), TREE);
    },

    async discard(staged) {
      await removeTree(staged.directory);
    },

    async sweep(ageMs) {
      for (const name of await namesIn(staging)) {
        const path = join(staging, name);
        const changed = await stat(path).then(
          ({ mtimeMs }) => mtimeMs,
          () => 0,
        );
        if (parts.now() - changed >= ageMs) await removeTree(path);
      }
    },

    async adopt(key, from) {
      if ((await find(key)) !== undefined) return;
      if ((await from.find(key)) === undefined) throw new SoftwareFailure("store", "not installed");
      await naming("store", staging, makeDirectories(staging));
      const stage = newStage(key);
      await naming("store", stage, moveTree(from.pathOf(key), stage));
      await naming("store", pathOf(key), settle(key, stage));
    },
  };
}

function checkedKey(key: string): string {
  if (KEY.test(key)) return key;
  throw new SoftwareFailure("store", `"${key}" cannot be the key of a software`);
}

/** Its own folder name must be in the marker: a copied or renamed folder is not what its name promises. */
async function isComplete(path: string, key: string): Promise<boolean> {
  try {
    const marker: unknown = JSON.parse(await readFile(join(path, MARKER), "utf8"));
    await access(join(path, TREE), constants.R_OK);
    return typeof marker === "object" && marker !== null && "key" in marker && marker.key === key;
  } catch (error) {
    if (error instanceof SyntaxError || systemCodeOf(error) !== undefined) return false;
    throw error;
  }
}

async function writeMarker(directory: string, key: string, name: string): Promise<void> {
  const file = await open(join(directory, MARKER), "wx");
  try {
    await file.writeFile(`${JSON.stringify({ key, name })}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await syncDirectory(directory);
}

/** So that a rename outlives a power cut; Windows cannot open folders and needs no such thing. */
async function syncDirectory(directory: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } catch (error) {
    // Some network file systems refuse it, and there is nothing better to do.
    if (!["EINVAL", "ENOTSUP", "EPERM"].includes(systemCodeOf(error) ?? "")) throw error;
  } finally {
    await handle.close();
  }
}

async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return [];
    throw new SoftwareFailure("store", `${directory}: ${wordsOf(error)}`);
  }
}

async function moveTree(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (systemCodeOf(error) !== "EXDEV") throw error;
    try {
      await cp(from, to, {
        recursive: true,
        verbatimSymlinks: true,
        preserveTimestamps: true,
        errorOnExist: true,
      });
    } catch (copyError) {
      await removeTree(to);
      throw copyError;
    }
    await removeTree(from);
  }
  const now = new Date();
  await utimes(to, now, now);
}
