// Moves what a process writes into its ring, no faster than the disk takes it.
import type { Redactor } from "../core/redact.ts";
import { endsWithin } from "./ends-within.ts";
import type { OutputSource } from "./output-pipes.ts";
import type { RingFile } from "./ring-file.ts";

/**
 * How long after the start it is looked whether something was written, unless the process has ended before: what people
 * do not notice, and then what a short command takes on a busy computer. After that, or once something has come while
 * the process goes on, it is read as it comes.
 */
const LOOKS_MS = [50, 150];
/** At its end: all that a pipe holds is one look, that it has ended another. More is written by who it has left behind. */
const LAST_LOOKS = 3;

export interface CaptureParts {
  readonly source: OutputSource;
  /** Of the process; what it has left behind may still write. */
  readonly exited: Promise<unknown>;
  readonly ring: RingFile;
  readonly redactor: Redactor;
  /** After each append; what comes after the process's exit is told with it. */
  readonly onProduced: () => void;
}

type Append = (bytes: Uint8Array) => Promise<void>;

/**
 * Resolves when the stream has ended and all of it is in the ring. While an append is under way nothing more is read,
 * the pipe fills and the process waits: memory stays bounded whatever it prints. Once the ring is closed the rest is
 * read and dropped, so that a daemon that kept the pipe is not harmed.
 */
export async function captureOutput({
  source,
  exited,
  ring,
  redactor,
  onProduced,
}: CaptureParts): Promise<void> {
  let isOver = false;
  void exited.then(() => {
    isOver = true;
  });
  const append = async (bytes: Uint8Array): Promise<void> => {
    if (bytes.length === 0) return;
    await ring.append(bytes);
    if (!isOver) onProduced();
  };
  const appendMasked: Append = (bytes) => append(redactor.push(bytes));
  try {
    if (!(await wasShort(source, exited, appendMasked))) {
      // More is to come, perhaps from what the process has left behind: not to be waited for.
      if (ring.produced > 0) onProduced();
      for await (const bytes of source.stream()) await appendMasked(bytes as Buffer);
    }
  } catch {
    // The pipe was torn down under us; what came through it before is all there is.
  }
  await append(redactor.end());
}

/** True when all of it is read. */
async function wasShort(source: OutputSource, exited: Promise<unknown>, append: Append): Promise<boolean> {
  if (source.look === undefined) return false;
  for (const lookMs of LOOKS_MS) {
    const isOver = await endsWithin(exited, lookMs);
    for (let looks = 0; looks < LAST_LOOKS; looks += 1) {
      const found = source.look();
      if (found === "end") return true;
      if (found === "nothing") break;
      await append(found);
      if (!isOver) return false;
    }
    if (isOver) return false;
  }
  return false;
}
