// Feeds the standard input of a process through a bounded buffer.
import type { Writable } from "node:stream";

/** full: nothing was taken, wait for `onReady`. closed: the process takes no input (any more). */
export type InputAnswer = "taken" | "full" | "closed";

export interface ProcessInput {
  /** Takes all of `bytes` or nothing. */
  write(bytes: Uint8Array, end: boolean): InputAnswer;
}

/** As much as one pull window: a process that does not read holds no more than this, plus the one piece on top. */
export const INPUT_BUFFER_BYTES = 1024 * 1024;

/** `onReady` is called once after each "full", when the process has taken all or has closed its input. */
export function createProcessInput(stream: Writable | undefined, onReady: () => void): ProcessInput {
  let ended = false;
  let refused = false;
  const ready = (): void => {
    if (!refused) return;
    refused = false;
    onReady();
  };
  stream?.on("drain", ready);
  stream?.on("close", ready);
  return {
    write: (bytes, end) => {
      if (stream === undefined || ended || stream.destroyed || !stream.writable) return "closed";
      if (stream.writableLength >= INPUT_BUFFER_BYTES) {
        refused = true;
        return "full";
      }
      ended = end;
      if (bytes.length > 0) stream.write(bytes);
      if (end) stream.end();
      return "taken";
    },
  };
}
