// Unpacks an archive in a folder of its own and looks at what came of it, inside and outside.
import { lstat, mkdir, mkdtemp, readdir, readFile, readlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { SoftwareFailure } from "../../../src-client/software/software-failure.ts";
import { removeTree } from "../../../src-client/software/remove-tree.ts";
import { createTreeWriter } from "../../../src-client/software/tree-writer.ts";
import { unpackTar } from "../../../src-client/software/unpack-tar.ts";
import { unpackZip } from "../../../src-client/software/unpack-zip.ts";
import { UNPACK_LIMITS, type UnpackLimits } from "../../../src-client/software/unpack-limits.ts";

export interface Unpacked {
  /** Undefined when it succeeded. */
  readonly reason: string | undefined;
  /** Below the target: "dir/" → mode, "file" → its content, "link" → "→ target". */
  readonly tree: Readonly<Record<string, string>>;
}

const SENTINEL = "must stay as it is";

/** Throws when anything outside the target has changed. */
export async function unpackInCage(
  kind: "tar" | "zip",
  archive: Uint8Array,
  limits: Partial<UnpackLimits> = {},
): Promise<Unpacked> {
  const cage = await mkdtemp(join(tmpdir(), "nebula-unpack-"));
  try {
    const target = join(cage, "outside", "target");
    await mkdir(target, { recursive: true });
    await writeFile(join(cage, "outside", "sentinel"), SENTINEL);
    const path = join(cage, "archive");
    await writeFile(path, archive);
    const reason = await unpack(kind, path, target, { ...UNPACK_LIMITS, ...limits });
    const outside = [...(await readdir(cage)), ...(await readdir(join(cage, "outside")))];
    const sentinel = await readFile(join(cage, "outside", "sentinel"), "utf8");
    if (outside.sort().join() !== "archive,outside,sentinel,target" || sentinel !== SENTINEL) {
      throw new Error(`escaped: ${outside.join()}: ${sentinel}`);
    }
    return { reason, tree: Object.fromEntries(await listTree(target, target)) };
  } finally {
    await removeTree(cage);
  }
}

async function unpack(
  kind: "tar" | "zip",
  archive: string,
  target: string,
  limits: UnpackLimits,
): Promise<string | undefined> {
  const writer = createTreeWriter(target, { limits, platform: "linux" });
  const { signal } = new AbortController();
  try {
    const order = { archive, folder: "", limits };
    if (kind === "tar") await unpackTar(order, writer, { environment: process.env }, signal);
    else await unpackZip(order, writer, signal);
    return undefined;
  } catch (error) {
    if (error instanceof SoftwareFailure) return error.reason;
    throw error;
  }
}

async function listTree(root: string, directory: string): Promise<[string, string][]> {
  const list: [string, string][] = [];
  for (const name of (await readdir(directory)).sort()) {
    const path = join(directory, name);
    const shown = relative(root, path);
    const stats = await lstat(path);
    if (stats.isSymbolicLink()) list.push([shown, `→ ${await readlink(path)}`]);
    else if (stats.isDirectory())
      list.push([`${shown}/`, (stats.mode & 0o7777).toString(8)], ...(await listTree(root, path)));
    else if (stats.isFile()) list.push([shown, (await readFile(path)).subarray(0, 100).toString("latin1")]);
    else list.push([shown, "neither file, folder nor link"]);
  }
  return list;
}
