// Both ends of moving one file in chunks, as pure state machines: the receiver pulls by offset, the sender obeys.
import { CHUNK_BYTES, PULL_WINDOW_BYTES, type BulkMessage, type FileKey } from "./bulk.ts";

/*
 * Receiver:   stored ≤ have ≤ granted ≤ stored + PULL_WINDOW_BYTES, granted ≤ size
 *   asked for [0, granted) so far; chunks in order move `have`; `stored` follows when the sink has them on disk, and
 *   only that grants more, so that a slow disk holds the sender back. A gap, a new link or a long silence ask again
 *   from `have`; what then comes twice is dropped by its offset.
 * Sender:     cursor ≤ upTo; one read at a time; a pull that does not go on where the last one ended moves the cursor.
 */

export interface FileReceiver {
  readonly file: FileKey;
  readonly size: number;
  readonly have: number;
  readonly stored: number;
  readonly granted: number;
  /** The offset that was asked for again because of a gap: chunks that were under way ask only once. */
  readonly gapAt: number | undefined;
  readonly ended: boolean;
}

export type FileReceiverEvent =
  /** There is a (new) link to the sender, or nothing has come for too long: ask for what is missing. */
  | { readonly kind: "linked" }
  | { readonly kind: "message"; readonly message: BulkMessage }
  /** So many of the delivered bytes are where they belong. */
  | { readonly kind: "stored"; readonly bytes: number };

export type FileReceiverEffect =
  | { readonly kind: "send"; readonly message: BulkMessage }
  | { readonly kind: "deliver"; readonly bytes: Uint8Array }
  /** All bytes are stored; nothing follows. */
  | { readonly kind: "done" }
  | { readonly kind: "failed"; readonly reason: string };

export interface FileReceiverStep {
  readonly state: FileReceiver;
  readonly effects: readonly FileReceiverEffect[];
}

/** More is granted in steps of half a window: few messages, and the sender never runs dry. */
const GRANT_BYTES = PULL_WINDOW_BYTES / 2;

/** The first event must be `linked`. */
export function createFileReceiver(file: FileKey, size: number): FileReceiver {
  return { file, size, have: 0, stored: 0, granted: 0, gapAt: undefined, ended: false };
}

export function stepFileReceiver(state: FileReceiver, event: FileReceiverEvent): FileReceiverStep {
  if (state.ended) return { state, effects: [] };
  switch (event.kind) {
    case "linked":
      return state.size === 0 ? finish(state) : askAgain({ ...state, gapAt: undefined });
    case "message":
      return takeMessage(state, event.message);
    case "stored":
      return takeStored(state, event.bytes);
  }
}

function finish(state: FileReceiver): FileReceiverStep {
  return { state: { ...state, ended: true }, effects: [{ kind: "done" }] };
}

function fail(state: FileReceiver, reason: string): FileReceiverStep {
  return { state: { ...state, ended: true }, effects: [{ kind: "failed", reason }] };
}

function askAgain(state: FileReceiver): FileReceiverStep {
  const granted = Math.min(state.size, state.stored + PULL_WINDOW_BYTES);
  if (state.have === granted) return { state, effects: [] };
  const message: BulkMessage = { kind: "pull", file: state.file, offset: state.have, upTo: granted };
  return { state: { ...state, granted }, effects: [{ kind: "send", message }] };
}

function takeMessage(state: FileReceiver, message: BulkMessage): FileReceiverStep {
  if (message.kind === "pullFailed" && message.file === state.file) return fail(state, message.reason);
  if (message.kind !== "chunk" || message.file !== state.file) return { state, effects: [] };
  if (message.size !== state.size) {
    return fail(
      state,
      `the sender's file has ${String(message.size)} bytes and should have ${String(state.size)}`,
    );
  }
  const end = message.offset + message.bytes.length;
  // Was under way to an earlier receiver of this file.
  if (end > state.granted) return { state, effects: [] };
  if (message.offset > state.have) {
    return state.gapAt === state.have ? { state, effects: [] } : askAgain({ ...state, gapAt: state.have });
  }
  if (end <= state.have) return { state, effects: [] };
  const bytes = message.bytes.subarray(state.have - message.offset);
  return { state: { ...state, have: end }, effects: [{ kind: "deliver", bytes }] };
}

function takeStored(state: FileReceiver, bytes: number): FileReceiverStep {
  const next = { ...state, stored: Math.min(state.stored + bytes, state.have) };
  if (next.stored === next.size) return finish(next);
  const upTo = Math.min(next.size, next.stored + PULL_WINDOW_BYTES);
  const worthwhile = upTo - next.granted >= GRANT_BYTES || (upTo === next.size && upTo > next.granted);
  if (!worthwhile) return { state: next, effects: [] };
  const message: BulkMessage = { kind: "pull", file: state.file, offset: next.granted, upTo };
  return { state: { ...next, granted: upTo }, effects: [{ kind: "send", message }] };
}

export interface FileSender {
  readonly file: FileKey;
  readonly size: number;
  readonly cursor: number;
  readonly upTo: number;
  /** A read is under way; its answer must come before the next one is asked for. */
  readonly reading: boolean;
}

export type FileSenderEvent =
  | { readonly kind: "pull"; readonly offset: number; readonly upTo: number }
  /** Answers a `read`; give it when the link can take the chunk, which is what keeps a slow link from piling up. */
  | { readonly kind: "read"; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly kind: "readFailed"; readonly reason: string };

export type FileSenderEffect =
  | { readonly kind: "send"; readonly message: BulkMessage }
  | { readonly kind: "read"; readonly offset: number; readonly length: number };

export interface FileSenderStep {
  readonly state: FileSender;
  readonly effects: readonly FileSenderEffect[];
}

/** One for each file and link it is sent over. */
export function createFileSender(file: FileKey, size: number): FileSender {
  return { file, size, cursor: 0, upTo: 0, reading: false };
}

export function stepFileSender(state: FileSender, event: FileSenderEvent): FileSenderStep {
  switch (event.kind) {
    case "pull":
      return takePull(state, event.offset, event.upTo);
    case "read":
      return takeRead({ ...state, reading: false }, event.offset, event.bytes);
    case "readFailed": {
      const message: BulkMessage = { kind: "pullFailed", file: state.file, reason: event.reason };
      return {
        state: { ...state, reading: false, upTo: state.cursor },
        effects: [{ kind: "send", message }],
      };
    }
  }
}

function takePull(state: FileSender, offset: number, upTo: number): FileSenderStep {
  const sane = Number.isSafeInteger(offset) && Number.isSafeInteger(upTo) && offset >= 0 && offset <= upTo;
  if (!sane || upTo > state.size) {
    const reason = `there is no [${String(offset)}, ${String(upTo)}) in a file of ${String(state.size)} bytes`;
    return { state, effects: [{ kind: "send", message: { kind: "pullFailed", file: state.file, reason } }] };
  }
  const goesOn = offset === state.upTo;
  const cursor = goesOn ? state.cursor : offset;
  // A repeated pull that arrives late must not take back what was granted since; nobody may grant beyond a window.
  const end = Math.min(Math.max(upTo, state.upTo), cursor + PULL_WINDOW_BYTES);
  return readNext({ ...state, cursor, upTo: Math.max(end, cursor) });
}

function takeRead(state: FileSender, offset: number, bytes: Uint8Array): FileSenderStep {
  // A pull has moved the cursor meanwhile: these bytes are no longer wanted here.
  if (offset !== state.cursor) return readNext(state);
  if (bytes.length === 0)
    return stepFileSender(state, { kind: "readFailed", reason: "the file has become shorter" });
  const message: BulkMessage = { kind: "chunk", file: state.file, offset, size: state.size, bytes };
  const next = readNext({ ...state, cursor: offset + bytes.length });
  return { state: next.state, effects: [{ kind: "send", message }, ...next.effects] };
}

function readNext(state: FileSender): FileSenderStep {
  if (state.reading || state.cursor >= state.upTo) return { state, effects: [] };
  const length = Math.min(CHUNK_BYTES, state.upTo - state.cursor);
  return { state: { ...state, reading: true }, effects: [{ kind: "read", offset: state.cursor, length }] };
}
