// Reads the body of an answer piece by piece without losing what came before the connection broke.
import type { IncomingMessage } from "node:http";

export interface WebBody {
  /** Undefined at the end; rejects after all that came has been read. One call at a time. */
  next(): Promise<Uint8Array | undefined>;
  stop(error?: Error): void;
}

/** As much may wait in memory while the disk is slow; more stays with the sender. */
const WAITING_BYTES_MAX = 1024 * 1024;

/**
 * Iterating over a stream forgets its buffered bytes as soon as the stream fails; for a download that is resumed
 * each of them counts. Must be called in the turn in which the answer came.
 */
export function readWebBody(body: IncomingMessage): WebBody {
  const chunks: Uint8Array[] = [];
  let waiting = 0;
  let ended = false;
  let failure: Error | undefined;
  let wake: (() => void) | undefined;

  const woken = (): void => {
    wake?.();
    wake = undefined;
  };
  body.on("data", (chunk: Uint8Array) => {
    chunks.push(chunk);
    waiting += chunk.length;
    if (waiting > WAITING_BYTES_MAX) body.pause();
    woken();
  });
  body.once("end", () => {
    ended = true;
    woken();
  });
  body.on("error", (error) => {
    failure ??= error;
    woken();
  });
  body.once("close", () => {
    failure ??= new Error("the connection was closed");
    woken();
  });

  return {
    async next() {
      while (chunks.length === 0 && !ended && failure === undefined) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      const chunk = chunks.shift();
      if (chunk !== undefined) {
        waiting -= chunk.length;
        if (waiting <= WAITING_BYTES_MAX) body.resume();
        return chunk;
      }
      if (ended) return undefined;
      throw failure ?? new Error("the connection was closed");
    },
    stop(error) {
      body.destroy(error);
    },
  };
}
