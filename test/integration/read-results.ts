// Reads folders of results as one object, so that a test can say all that must be in them.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";

/** Paths (sorted) and texts of all files below; empty when there is no such folder. */
export function readTree(folder: string): Record<string, string> {
  return Object.fromEntries(
    filesBelow(folder).map((path) => [relative(folder, path), readFileSync(path, "utf8")]),
  );
}

export function filesBelow(folder: string): string[] {
  if (statSync(folder, { throwIfNoEntry: false }) === undefined) return [];
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
