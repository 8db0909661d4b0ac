// Writes a document so that a crash leaves the old file whole: temporary file, flush, rename.
import { link, open, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { errorCodeOf } from "./read-document.ts";

export type WriteResult =
  | { readonly kind: "written" }
  | { readonly kind: "exists" }
  | { readonly kind: "failed"; readonly message: string };

/** With `overwrite` false, a file that is there already is left alone, also when it appears at the last moment. */
export async function writeDocument(path: string, text: string, overwrite: boolean): Promise<WriteResult> {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
  try {
    const file = await open(temporary, "w");
    try {
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
