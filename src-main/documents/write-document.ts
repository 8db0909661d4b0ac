// Writes a document so that a crash leaves the old file whole: temporary file, flush, rename.
import { link, open, realpath, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { errorCodeOf } from "./read-document.ts";

/** What the umask leaves of it. */
const DEFAULT_MODE = 0o666;

export type WriteResult =
  | { readonly kind: "written" }
  | { readonly kind: "exists" }
  | { readonly kind: "failed"; readonly message: string };

/** In the place of a file that is there: behind links of the file system, and with the permissions that it has. */
export async function replaceDocument(path: string, text: string): Promise<WriteResult> {
  try {
    const real = await realpath(path);
    const { mode } = await stat(real);
    return await writeDocument(real, text, true, mode & 0o777);
  } catch (error) {
    return { kind: "failed", message: error instanceof Error ? error.message : String(error) };
  }
}

/** With `overwrite` false, a file that is there already is left alone, also when it appears at the last moment. */
export async function writeDocument(
  path: string,
  text: string,
  overwrite: boolean,
  mode = DEFAULT_MODE,
): Promise<WriteResult> {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
  try {
    const file = await open(temporary, "w", mode);
    try {
      if (mode !== DEFAULT_MODE) await file.chmod(mode);
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    if (overwrite) await rename(temporary, path);
    else await link(temporary, path);
    return { kind: "written" };
  } catch (error) {
    if (errorCodeOf(error) === "EEXIST") return { kind: "exists" };
    return { kind: "failed", message: error instanceof Error ? error.message : String(error) };
  } finally {
    await rm(temporary, { force: true });
  }
}
