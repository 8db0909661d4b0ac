// One link of a simulated host to the controller, as a stream: its bytes go to another thread and back, not over a wire.
import { Duplex } from "node:stream";

export interface SimulatedStreamParts {
  /** Answered by `taken` once they were read there. */
  readonly send: (bytes: Uint8Array) => void;
  readonly close: () => void;
}

type Callback = (error?: Error | null) => void;

export class SimulatedStream extends Duplex {
  readonly #parts: SimulatedStreamParts;
  /** Of the write that is out: one at a time, so that a thread which does not read holds its link up. */
  #written: Callback | undefined;

  constructor(parts: SimulatedStreamParts) {
    super({ allowHalfOpen: false });
    this.#parts = parts;
  }

  override _read(): void {
    // Whatever comes is pushed at once: the overlay reads always, and bounds what may be on its way.
  }

  override _write(chunk: Uint8Array, _encoding: BufferEncoding, written: Callback): void {
    this.#written = written;
    this.#parts.send(chunk);
  }

  override _destroy(error: Error | null, done: Callback): void {
    this.#parts.close();
    this.#release();
    done(error);
  }

  arrived(bytes: Uint8Array): void {
    if (!this.destroyed) this.push(bytes);
  }

  taken(): void {
    this.#release();
  }

  /** The other end is done with it. */
  ended(): void {
    this.push(null);
  }

  #release(): void {
    const written = this.#written;
    this.#written = undefined;
    written?.();
  }
}
