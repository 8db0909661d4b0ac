// Keeps the lines typed in the shell over sessions, in the state directory.
import { appendFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { errorCodeOf } from "../documents/read-document.ts";

/** A year of daily use; readline searches it line by line. */
export const HISTORY_LINES_MAX = 1000;
/** Longer ones were pasted by mistake. */
const LINE_CHARACTERS_MAX = 4096;

export interface ShellHistory {
  /** Oldest first. */
  readonly lines: readonly string[];
  add(line: string): void;
  /** Resolves when all is written. */
  close(): Promise<void>;
}

/** What cannot be read or written is told once through `warn`; the shell works without. */
export async function openHistory(
  stateDirectory: string,
  warn: (text: string) => void,
): Promise<ShellHistory> {
  const path = join(stateDirectory, "history");
  const lines = await load(path, warn);
  let writing: Promise<void> = Promise.resolve();
  let works = true;
  return {
    lines,
    add(line) {
      // A blank in front keeps a line out of the history, as in bash.
      if (
        line.trim() === "" ||
        line.startsWith(" ") ||
        line.length > LINE_CHARACTERS_MAX ||
        lines.at(-1) === line
      )
        return;
      lines.push(line);
      if (!works) return;
      writing = writing
        .then(() => appendFile(path, `${line}\n`, { mode: 0o600 }))
        .catch((error: unknown) => {
          works = false;
          warn(`the history cannot be kept: ${error instanceof Error ? error.message : String(error)}`);
        });
    },
    close: () => writing,
  };
}

async function load(path: string, warn: (text: string) => void): Promise<string[]> {
  try {
    await mkdir(join(path, ".."), { recursive: true, mode: 0o700 });
    const all = (await readFile(path, "utf8")).split("\n").filter((line) => line !== "");
    const kept = all.slice(-HISTORY_LINES_MAX);
    if (all.length > 2 * HISTORY_LINES_MAX) await writeFile(path, `${kept.join("\n")}\n`, { mode: 0o600 });
    return kept;
  } catch (error) {
    if (errorCodeOf(error) !== "ENOENT")
      warn(`the history cannot be read: ${error instanceof Error ? error.message : String(error)}`);
    return [];
  }
}
