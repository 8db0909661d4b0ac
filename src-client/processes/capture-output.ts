// Moves what a process writes into its ring, no faster than the disk takes it.
import type { Readable } from "node:stream";
import type { Redactor } from "../core/redact.ts";
import type { RingFile } from "./ring-file.ts";

export interface CaptureParts {
  readonly source: Readable;
  readonly ring: RingFile;
  readonly redactor: Redactor;
  /** After each append. */
  readonly onProduced: () => void;
}

/**
 * Resolves when the stream has ended and all of it is in the ring. While an append is under way nothing more is read,
 * the pipe fills and the process waits: memory stays bounded whatever it prints. Once the ring is closed the rest is
 * read and dropped, so that a daemon that kept the pipe is not harmed.
 */
export async function captureOutput({ source, ring, redactor, onProduced }: CaptureParts): Promise<void> {
  const append = async (bytes: Uint8Array): Promise<void> => {
    if (bytes.length === 0) return;
    await ring.append(bytes);
    onProduced();
  };
  try {
    for await (const bytes of source) await append(redactor.push(bytes as Buffer));
  } catch {
    // The pipe was torn down under us; what came through it before is all there is.
  }
  await append(redactor.end());
}
