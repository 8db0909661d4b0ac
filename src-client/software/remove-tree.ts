// Removes a folder with all below it, even where an installation script has taken away its own permissions.
import { chmod, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { systemCodeOf } from "./software-failure.ts";

/** Windows keeps files of a program that has just ended locked for a moment. */
const BUSY_RETRIES = 5;
const BUSY_RETRY_DELAY_MS = 100;

/** Links are removed, never followed. What is not there counts as removed. */
export async function removeTree(path: string): Promise<void> {
  try {
    await removeNow(path);
  } catch (error) {
    const code = systemCodeOf(error);
    if (code !== "EACCES" && code !== "EPERM") throw error;
    await makeWritable(path);
    await removeNow(path);
  }
}

async function removeNow(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: BUSY_RETRIES, retryDelay: BUSY_RETRY_DELAY_MS });
}

async function makeWritable(directory: string): Promise<void> {
  await chmod(directory, 0o700);
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    if (entry.isDirectory()) await makeWritable(join(directory, entry.name));
  }
}
