// Cuts a stream of bytes into frames, wherever the chunks happen to end, in bounded memory.
import { FRAME_BYTES_MAX } from "../overlay/frame-fields.ts";
import type { WireCodec } from "./wire.ts";

const LENGTH_BYTES = 4;
/** The first buffer; grown by doubling as bytes arrive, never by what a frame claims to be. */
const BUFFER_BYTES_FIRST = 4096;

export interface Arrived<Frame> {
  readonly frames: readonly Frame[];
  /** What was wrong after these frames; then the stream is dead, and the link is to be closed. */
  readonly malformed: string | undefined;
}

export class FrameDecoder<Frame> {
  readonly #codec: Pick<WireCodec<Frame>, "decodeFrame">;
  /** An incomplete frame: the first #held bytes. */
  #buffer = new Uint8Array(0);
  #held = 0;
  #malformed: string | undefined;

  constructor(codec: Pick<WireCodec<Frame>, "decodeFrame">) {
    this.#codec = codec;
  }

  /** Bytes of memory in use. */
  get capacity(): number {
    return this.#buffer.length;
  }

  /** Takes the chunk; frames may refer to it, so it must not be written to afterwards. */
  push(chunk: Uint8Array): Arrived<Frame> {
    const frames: Frame[] = [];
    let rest = chunk;
    while (rest.length > 0 && this.#malformed === undefined) {
      rest = this.#held === 0 ? this.#whole(rest, frames) : this.#complete(rest, frames);
    }
    return { frames, malformed: this.#malformed };
  }

  /** Nothing held: frames that lie wholly in the chunk are decoded where they are. */
  #whole(chunk: Uint8Array, frames: Frame[]): Uint8Array {
    const size = this.#sizeOf(chunk);
    if (this.#malformed !== undefined) return chunk;
    if (size === undefined || chunk.length < size) {
      this.#hold(chunk);
      return chunk.subarray(chunk.length);
    }
    this.#decode(chunk.subarray(LENGTH_BYTES, size), frames);
    return chunk.subarray(size);
  }

  /** Adds to the held bytes no more than the frame needs. */
  #complete(chunk: Uint8Array, frames: Frame[]): Uint8Array {
    const size = this.#sizeOf(this.#buffer.subarray(0, this.#held)) ?? LENGTH_BYTES;
    const taken = Math.min(chunk.length, size - this.#held);
    this.#hold(chunk.subarray(0, taken));
    const held = this.#buffer.subarray(0, this.#held);
    const known = this.#sizeOf(held);
    if (known !== undefined && this.#held >= known && this.#malformed === undefined) {
      this.#decode(held.subarray(LENGTH_BYTES, known), frames);
      // The frame refers to this buffer: the next one gets its own.
      this.#buffer = new Uint8Array(0);
      this.#held = 0;
    }
    return chunk.subarray(taken);
  }

  /** Length field included; undefined until that has arrived. */
  #sizeOf(bytes: Uint8Array): number | undefined {
    if (bytes.length < LENGTH_BYTES) return undefined;
    const length = new DataView(bytes.buffer, bytes.byteOffset, LENGTH_BYTES).getUint32(0);
    if (length === 0) this.#end("an empty frame");
    if (length > FRAME_BYTES_MAX) this.#end(`a frame of ${length} bytes, more than ${FRAME_BYTES_MAX}`);
    return LENGTH_BYTES + length;
  }

  #hold(bytes: Uint8Array): void {
    const needed = this.#held + bytes.length;
    if (needed > this.#buffer.length) {
      const grown = new Uint8Array(Math.max(needed, this.#buffer.length * 2, BUFFER_BYTES_FIRST));
      grown.set(this.#buffer.subarray(0, this.#held));
      this.#buffer = grown;
    }
    this.#buffer.set(bytes, this.#held);
    this.#held = needed;
  }

  #decode(bytes: Uint8Array, frames: Frame[]): void {
    const decoded = this.#codec.decodeFrame(bytes);
    if (decoded.ok) frames.push(decoded.value);
    else this.#end(decoded.reason);
  }

  #end(reason: string): void {
    this.#malformed ??= reason;
    this.#buffer = new Uint8Array(0);
    this.#held = 0;
  }
}
