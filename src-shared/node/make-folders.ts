// Makes a folder and those above it, like `mkdir -p`, and always comes to an end.
import { mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Gives the first folder that had to be made; rejects with the system's error. Node's own `recursive` never returns
 * where the system refuses to make anything (below /proc).
 */
export async function makeFolders(path: string, mode = 0o777): Promise<string | undefined> {
  try {
    await mkdir(path, mode);
    return path;
  } catch (error) {
    if (await isFolder(path)) return undefined;
    const parent = dirname(path);
    if ((error as NodeJS.ErrnoException).code !== "ENOENT" || parent === path) throw error;
    const first = await makeFolders(parent, mode);
    // The parent is there now (somebody else may have made it meanwhile): what the system refuses now, it refuses.
    const made = await makeOne(path, mode);
    return first ?? made;
  }
}

/** Undefined when it is there already. */
async function makeOne(path: string, mode: number): Promise<string | undefined> {
  try {
    await mkdir(path, mode);
    return path;
  } catch (error) {
    if (await isFolder(path)) return undefined;
    throw error;
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false; // not there, or not for us: making it says which
  }
}
