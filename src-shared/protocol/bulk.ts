// Bytes in bulk, both ways: every receiver pulls by offset, so that a broken link only means asking again.
import type { BlockPath, RunId } from "../base/ids.ts";
import { BULK_CHUNK_BYTES } from "../overlay/frame-fields.ts";

/** One chunk of a file or of output. */
export const CHUNK_BYTES = BULK_CHUNK_BYTES;
/** Granted ahead of what has arrived: covers 100 MB/s at 10 ms. */
export const PULL_WINDOW_BYTES = 1024 * 1024;

/** A package by digest (down) or a collected file by run and index (up). */
export type FileKey = `package:${string}` | `collected:${string}:${number}`;

export type StreamName = "stdout" | "stderr";

/** One stream of one start of one process. */
export interface StreamKey {
  readonly run: RunId;
  readonly block: BlockPath;
  readonly attempt: number;
  readonly stream: StreamName;
}

export type BulkMessage =
  /** "Send me [offset, upTo)." Repeated after each link; answers that overlap are dropped by offset. */
  | { readonly kind: "pull"; readonly file: FileKey; readonly offset: number; readonly upTo: number }
  | {
      readonly kind: "chunk";
      readonly file: FileKey;
      readonly offset: number;
      readonly size: number;
      readonly bytes: Uint8Array;
    }
  | { readonly kind: "pullFailed"; readonly file: FileKey; readonly reason: string }
  /**
   * "I have all before `have`; you may send up to `upTo`." With `again`: whatever was sent beyond `have` has not come
   * and never will; go on from there.
   */
  | ({
      readonly kind: "credit";
      readonly have: number;
      readonly upTo: number;
      readonly again: boolean;
    } & StreamKey)
  /**
   * Bytes [offset, offset + bytes.length) of a stream. The `gone` bytes just before it will never come: they were
   * overwritten in the ring, or are not wanted. So each begins, with what is gone, where the one before it has ended;
   * where that is not so, one was lost on the way. `end` on the last one, when the stream has closed. One without
   * bytes, gap or end only asks what has arrived. `ageMs`: so long before it was sent the process had printed its last
   * byte; of a duration, clocks that disagree take nothing away.
   */
  | ({
      readonly kind: "output";
      readonly gone: number;
      readonly offset: number;
      readonly bytes: Uint8Array;
      readonly ageMs: number;
      readonly end: boolean;
    } & StreamKey);
