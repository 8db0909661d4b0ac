// Makes a run's work directory show the trees of its software: links, and real folders where trees share one.
import type { Dirent, Stats } from "node:fs";
import { copyFile, lstat, mkdir, readdir, readlink, rm, stat, symlink, utimes } from "node:fs/promises";
import { join, relative, resolve, sep } from "node:path";
import type { Failure } from "#shared/protocol/reports.ts";
import { makeDirectories } from "./make-directories.ts";
import { failureOf, naming, SoftwareFailure, systemCodeOf } from "./software-failure.ts";

export interface SoftwareTree {
  /** Of the software, for texts. */
  readonly name: string;
  /** As `install` returned it. */
  readonly directory: string;
}

export type LinkResult = { readonly kind: "linked" } | ({ readonly kind: "failed" } & Failure);

export interface LinkSettings {
  /** "copy" where links cannot be made; "link" falls back to it by itself when the system refuses. */
  readonly mode: "link" | "copy";
}

/** What a system says that does not let this user make this kind of link. */
const LINK_REFUSALS: readonly string[] = ["EPERM", "ENOSYS", "ENOTSUP", "EOPNOTSUPP", "EINVAL"];

/**
 * Like GNU stow: a folder that only one tree has is one link to it; as soon as a second tree brings the same folder it
 * becomes a real one with links to the entries of both. What is linked already is left as it is: a run that gets more
 * software calls this again with all its trees. Never rejects.
 */
export async function linkSoftware(
  trees: readonly SoftwareTree[],
  workDirectory: string,
  settings: LinkSettings = { mode: "link" },
): Promise<LinkResult> {
  const linking = createLinking(trees, resolve(workDirectory), settings);
  try {
    await naming("link", workDirectory, makeDirectories(resolve(workDirectory)));
    for (const tree of trees) await linking.fold(tree, resolve(tree.directory), resolve(workDirectory));
    return { kind: "linked" };
  } catch (error) {
    const { step, reason } = failureOf("link", error);
    return { kind: "failed", step, reason };
  }
}

interface Linking {
  fold(tree: SoftwareTree, source: string, target: string): Promise<void>;
}

function createLinking(
  trees: readonly SoftwareTree[],
  workDirectory: string,
  settings: LinkSettings,
): Linking {
  /** Whose the files are that were copied by this call. */
  const copied = new Map<string, SoftwareTree>();

  const treeOf = (link: string): SoftwareTree | undefined =>
    trees.find((tree) => isBelow(link, resolve(tree.directory)));

  const ownerOf = (target: string, link: string | undefined): string => {
    const owner = copied.get(target) ?? (link === undefined ? undefined : treeOf(link));
    if (owner !== undefined) return `the software "${owner.name}"`;
    return link === undefined ? "the work directory itself" : link;
  };

  const conflict = (tree: SoftwareTree, target: string, link: string | undefined): SoftwareFailure => {
    const path = relative(workDirectory, target).split(sep).join("/");
    return new SoftwareFailure(
      "link",
      `"${path}" is in the software "${tree.name}" and in ${ownerOf(target, link)}`,
    );
  };

  const put = async (tree: SoftwareTree, source: string, target: string): Promise<void> => {
    if (settings.mode === "link" && (await makeLink(source, target))) return;
    // A link inside the tree counts for what it points to: where no links can be made there is nothing else.
    const there = await naming("link", source, stat(source));
    if (!there.isDirectory()) {
      await naming("link", target, copyOne(source, target, there));
      copied.set(target, tree);
      return;
    }
    await naming("link", target, mkdir(target));
    await fold(tree, source, target);
  };

  /** `target` is a link to a folder of another tree: it becomes a real folder with links to that one's entries. */
  const unfold = async (owner: SoftwareTree, target: string, folder: string): Promise<void> => {
    await naming("link", target, rm(target));
    await naming("link", target, mkdir(target));
    for (const name of await naming("link", folder, readdir(folder)))
      await put(owner, join(folder, name), join(target, name));
  };

  const foldEntry = async (
    tree: SoftwareTree,
    entry: Dirent,
    source: string,
    target: string,
  ): Promise<void> => {
    const there = await statsOf(target);
    if (there === undefined) return await put(tree, source, target);
    if (there.isSymbolicLink()) {
      const link = await linkOf(target);
      if (link === source) return;
      const owner = treeOf(link);
      const folders = entry.isDirectory() && (await isRealDirectory(link));
      if (!folders || owner === undefined) throw conflict(tree, target, link);
      await unfold(owner, target, link);
      return await fold(tree, source, target);
    }
    if (entry.isDirectory() && there.isDirectory()) return await fold(tree, source, target);
    const again = settings.mode === "copy" && !copied.has(target) && (await isCopy(source, there));
    if (!again) throw conflict(tree, target, undefined);
  };

  const fold = async (tree: SoftwareTree, source: string, target: string): Promise<void> => {
    for (const entry of await naming("link", source, readdir(source, { withFileTypes: true }))) {
      await foldEntry(tree, entry, join(source, entry.name), join(target, entry.name));
    }
  };

  return { fold };
}

function isBelow(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory + sep);
}

async function statsOf(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return undefined;
    return await naming("link", path, Promise.reject(error as Error));
  }
}

/** Absolute; Windows may answer with a prefix and a trailing separator. */
async function linkOf(path: string): Promise<string> {
  const target = await naming("link", path, readlink(path));
  return resolve(path, "..", target.replace(/^\\\\\?\\/, ""));
}

async function isRealDirectory(path: string): Promise<boolean> {
  return (await statsOf(path))?.isDirectory() === true;
}

/** False when the system does not let us. Junctions need no privilege on Windows, links to files do. */
async function makeLink(source: string, target: string): Promise<boolean> {
  const type = process.platform === "win32" && (await isRealDirectory(source)) ? "junction" : undefined;
  try {
    await symlink(source, target, type);
    return true;
  } catch (error) {
    if (LINK_REFUSALS.includes(systemCodeOf(error) ?? "")) return false;
    return await naming("link", target, Promise.reject(error as Error));
  }
}

async function copyOne(source: string, target: string, there: Stats): Promise<void> {
  await copyFile(source, target);
  await utimes(target, there.atime, there.mtime);
}

/** Copied by an earlier call: copies keep the time of their original. */
async function isCopy(source: string, there: Stats): Promise<boolean> {
  const original = await naming("link", source, stat(source));
  return original.size === there.size && Math.abs(original.mtimeMs - there.mtimeMs) < COPY_TIME_TOLERANCE_MS;
}

/** FAT keeps times to two seconds. */
const COPY_TIME_TOLERANCE_MS = 2000;
