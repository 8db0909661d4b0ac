// The files that a program was started with: from a terminal, by a double click, or by a second start.
import { resolve } from "node:path";
import { z } from "zod";

/** A person selects a few; a shell's `*` may mean thousands, of which the last is shown anyway. */
export const OPENED_FILES_MAX = 8;
/** Of one path: longer ones no system takes. */
const PATH_CHARACTERS_MAX = 4096;
/** What documents are called: the system knows .nebula for ours, and .xml for everybody's. */
const DOCUMENT = /[.](xml|nebula)$/iu;

/**
 * `words`: the command line. Chromium's and Electron's switches begin with a dash, and what they do not know they leave
 * in it, as well as the program's own folder.
 */
export function filesOfWords(words: readonly string[], workingDirectory: string): string[] {
  return words
    .filter((word) => !word.startsWith("-") && DOCUMENT.test(word))
    .slice(0, OPENED_FILES_MAX)
    .map((word) => resolve(workingDirectory, word));
}

/** What a second start has handed over: any program of this person could have. */
export function filesOfHandover(handover: unknown): string[] {
  const path = z.string().min(1).max(PATH_CHARACTERS_MAX);
  const checked = z.object({ files: z.array(path).max(OPENED_FILES_MAX) }).safeParse(handover);
  return checked.success ? checked.data.files : [];
}
