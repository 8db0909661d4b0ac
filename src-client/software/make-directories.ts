// Makes a folder with all above it, and says truly why it cannot.
import { mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { systemCodeOf } from "./software-failure.ts";

/** `mkdir` with `recursive` says ENOENT where the system said EROFS or EACCES. Folders that are there are fine. */
export async function makeDirectories(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === "ENOENT" && dirname(path) !== path) {
      await makeDirectories(dirname(path));
      await makeDirectories(path);
    } else if (!(await isDirectory(path))) {
      throw error;
    }
  }
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    // Whatever it is, the caller has the error of making it, which says more.
    return false;
  }
}
