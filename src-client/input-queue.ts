// Input that processes cannot take yet, in order and bounded, for each process.
import type { InputAnswer } from "./processes/process-input.ts";

/** Held for one process that does not read; beyond it the input is closed rather than the client's memory filled. */
const HELD_BYTES_MAX = 64 * 1024 * 1024;

interface Held {
  readonly pieces: { readonly bytes: Uint8Array; readonly end: boolean }[];
  size: number;
}

export class InputQueue {
  readonly #write: (id: string, bytes: Uint8Array, end: boolean) => InputAnswer;
  readonly #onOverflow: (id: string) => void;
  readonly #held = new Map<string, Held>();

  constructor(
    write: (id: string, bytes: Uint8Array, end: boolean) => InputAnswer,
    onOverflow: (id: string) => void,
  ) {
    this.#write = write;
    this.#onOverflow = onOverflow;
  }

  push(id: string, bytes: Uint8Array, end: boolean): void {
    const held = this.#held.get(id) ?? { pieces: [], size: 0 };
    this.#held.set(id, held);
    if (held.size + bytes.length > HELD_BYTES_MAX) {
      held.pieces.push({ bytes: new Uint8Array(0), end: true });
      this.#onOverflow(id);
    } else {
      held.pieces.push({ bytes, end });
      held.size += bytes.length;
    }
    this.ready(id);
  }

  /** The process takes input again. */
  ready(id: string): void {
    const held = this.#held.get(id);
    for (let piece = held?.pieces[0]; held !== undefined && piece !== undefined; piece = held.pieces[0]) {
      if (this.#write(id, piece.bytes, piece.end) === "full") return;
      held.pieces.shift();
      held.size -= piece.bytes.length;
    }
  }

  forget(id: string): void {
    this.#held.delete(id);
  }
}
