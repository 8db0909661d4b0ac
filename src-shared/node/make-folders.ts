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
    const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT";
    if (!isMissing || (await isFolder(parent)) || parent === path) throw error;
    const first = await makeFolders(parent, mode);
    return (await makeFolders(path, mode)) === undefined ? first : (first ?? path);
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false; // not there, or not for us: making it says which
  }
}
