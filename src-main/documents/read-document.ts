// Reads a document that a person named, or says in plain words why it cannot be read.
import { constants } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import type { Readable } from "node:stream";

/** The parser's own limit is lower; this one keeps a wrong file (a disk image) out of memory. */
export const DOCUMENT_BYTES_MAX = 32 * 1024 * 1024;

export type DocumentResult =
  | { readonly kind: "ok"; readonly text: string }
  | { readonly kind: "unreadable"; readonly message: string; readonly remedy: string };

/** Files are opened without blocking, so that a named pipe without a writer is an error and not a wait. */
export async function readDocument(
  path: string,
  bytesMax: number = DOCUMENT_BYTES_MAX,
): Promise<DocumentResult> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const status = await file.stat();
    if (status.isDirectory())
      return unreadable("it is a directory, not a file", "Name the file inside of it.");
    if (!status.isFile())
      return unreadable(
        "it is not a regular file",
        "Name a regular file, or give the text on standard input as -.",
      );
    if (status.size > bytesMax)
      return unreadable(
        `it is too large (${status.size} bytes; at most ${bytesMax} are read)`,
        "Check that it is the right file.",
      );
    return decode(await file.readFile());
  } catch (error) {
    return unreadableBecause(error);
  } finally {
    await file?.close();
  }
}

/** The whole of standard input, for documents named "-". */
export async function readStandardInput(
  stdin: Readable,
  bytesMax: number = DOCUMENT_BYTES_MAX,
): Promise<DocumentResult> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stdin) {
    const bytes = typeof chunk === "string" ? Buffer.from(chunk) : (chunk as Uint8Array);
    size += bytes.length;
    if (size > bytesMax)
      return unreadable(
        `it is too large (more than ${bytesMax} bytes)`,
        "Check what is sent to standard input.",
      );
    chunks.push(bytes);
  }
  return decode(Buffer.concat(chunks));
}

function decode(bytes: Uint8Array): DocumentResult {
  try {
    return { kind: "ok", text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    if (isUtf16(bytes))
      return unreadable("it is UTF-16, not text in UTF-8", "In your editor, save it as UTF-8.");
    return unreadable("it is not text in UTF-8", "Check that it is the right file, or save it as UTF-8.");
  }
}

/** Its byte order mark, in either order. */
function isUtf16(bytes: Uint8Array): boolean {
  const [first, second] = bytes;
  return (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
}

export function unreadableBecause(error: unknown): DocumentResult {
  switch (errorCodeOf(error)) {
    case "ENOENT":
    case "ENOTDIR":
      return unreadable("there is no such file", "Check the name and the directory you are in.");
    case "EACCES":
    case "EPERM":
      return unreadable("you may not read it", "Ask its owner for permission, or change it with chmod.");
    case "EISDIR":
      return unreadable("it is a directory, not a file", "Name the file inside of it.");
    case "ELOOP":
      return unreadable("its symbolic links go round in a circle", "Name the file itself.");
    case "ENAMETOOLONG":
      return unreadable("the name is too long", "Check the name.");
    case undefined:
    default:
      return unreadable(
        `it cannot be read: ${error instanceof Error ? error.message : String(error)}`,
        "Check the file and its disk.",
      );
  }
}

function unreadable(message: string, remedy: string): DocumentResult {
  return { kind: "unreadable", message, remedy };
}

export function errorCodeOf(error: unknown): string | undefined {
  const code: unknown = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : undefined;
}
