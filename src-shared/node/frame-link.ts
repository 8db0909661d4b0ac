// One link: frames over any duplex stream in two lanes, control strictly before bulk, both bounded.
import type { Duplex } from "node:stream";
import type { Clock } from "../base/clock.ts";
import { FrameDecoder } from "../protocol/frame-decoder.ts";
import type { WireCodec } from "../protocol/wire.ts";

/**
 * sent: taken, go on. held: taken, but wait for the writable callback before the next.
 * dropped: not attached, or too much was held already; ask or offer again later.
 */
export type BulkOutcome = "sent" | "held" | "dropped";

/** Control frames waiting for the stream: four windows of commands; whoever lets more pile up is not reading. */
const CONTROL_BYTES_MAX = 8 * 1024 * 1024;
/** Above this, senders of many control frames (a replay of reports) wait for the drained callback. */
export const CONTROL_BYTES_EASY = 1024 * 1024;
/** Bulk waiting in its lane: above the first, senders are held; above the second, frames are dropped. */
const BULK_BYTES_HELD = 512 * 1024;
const BULK_BYTES_MAX = 4 * 1024 * 1024;
/** The stream gets more only while less than this is buffered there: a beacon waits behind this and one chunk. */
const STREAM_BYTES_MAX = 192 * 1024;
/** Control frames written at once: one write per tick is 4-5 times faster than one per frame. */
const BATCH_BYTES_MAX = 64 * 1024;
/** A stream that moves nothing for so long is dead (NATS's write deadline); leases may not notice if it still speaks. */
const DRAIN_DEADLINE_MS = 5000;
/** For the last frames of a link (a refusal, a goodbye) to leave before it is destroyed. */
const CLOSE_GRACE_MS = 1000;

/** How the reason of onClosed begins when the other end sent what is no frame. */
export const MALFORMED = "malformed: ";

/** While a large frame arrives over a slow line, it is told so often that the other end is at work. */
const RECEIVING_MS = 250;

export interface FrameLinkCallbacks<Frame> {
  /** Part of a frame has come, and no whole one with it. */
  onReceiving(): void;
  onFrame(frame: Frame): void;
  /** Once, and nothing after it. */
  onClosed(reason: string): void;
  onBulkWritable(): void;
  /** The control lane has fallen below CONTROL_BYTES_EASY. */
  onDrained(): void;
}

export interface FrameLinkParts<Frame> {
  readonly stream: Duplex;
  readonly codec: WireCodec<Frame>;
  /** Whether a frame goes in the lane for bulk. */
  readonly isBulk: (frame: Frame) => boolean;
  readonly clock: Clock;
  readonly callbacks: FrameLinkCallbacks<Frame>;
}

/** What has gone over a link so far; bytes are those of frames, before any encryption. */
export interface LinkTraffic {
  readonly framesIn: number;
  readonly framesOut: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

export const NO_TRAFFIC: LinkTraffic = { framesIn: 0, framesOut: 0, bytesIn: 0, bytesOut: 0 };

export function addTraffic(one: LinkTraffic, other: LinkTraffic): LinkTraffic {
  return {
    framesIn: one.framesIn + other.framesIn,
    framesOut: one.framesOut + other.framesOut,
    bytesIn: one.bytesIn + other.bytesIn,
    bytesOut: one.bytesOut + other.bytesOut,
  };
}

export interface FrameLink<Frame> {
  readonly traffic: LinkTraffic;
  readonly controlBytes: number;
  /** What became of the last bulk frame. */
  readonly bulkOutcome: BulkOutcome;
  /** Bulk is dropped when too much is held; control that piles up so far closes the link. */
  send(frame: Frame): void;
  /**
   * Sends what is in the control lane, then ends and waits for the other end to do so (destroying at once could
   * reset the connection, and a refusal would be lost with it). onClosed follows with this reason.
   */
  close(reason: string): void;
}

export function createFrameLink<Frame>(parts: FrameLinkParts<Frame>): FrameLink<Frame> {
  return new StreamLink(parts);
}

/** Encoded frames in order, with their size. */
class Lane {
  #frames: Uint8Array[] = [];
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  push(frame: Uint8Array): void {
    this.#frames.push(frame);
    this.#bytes += frame.length;
  }

  /** Frames from the front, at least one and up to so many bytes, as one piece. */
  takeBatch(bytesMax: number): Uint8Array | undefined {
    let count = 0;
    let bytes = 0;
    for (const frame of this.#frames) {
      if (count > 0 && bytes + frame.length > bytesMax) break;
      count += 1;
      bytes += frame.length;
    }
    if (count === 0) return undefined;
    const taken = this.#frames.splice(0, count);
    this.#bytes -= bytes;
    return taken.length === 1 ? taken[0] : Buffer.concat(taken, bytes);
  }

  clear(): void {
    this.#frames = [];
    this.#bytes = 0;
  }
}

class StreamLink<Frame> implements FrameLink<Frame> {
  readonly #stream: Duplex;
  readonly #codec: WireCodec<Frame>;
  readonly #isBulk: (frame: Frame) => boolean;
  readonly #clock: Clock;
  readonly #callbacks: FrameLinkCallbacks<Frame>;
  readonly #control = new Lane();
  readonly #bulk = new Lane();
  #state: "open" | "closing" | "closed" = "open";
  #reason = "the other end closed the link";
  #flushSoon = false;
  #bulkHeld = false;
  #bulkOutcome: BulkOutcome = "sent";
  #uneasy = false;
  /** When the stream last took something off our hands. */
  #movedAt: number;
  #watch: NodeJS.Timeout | undefined;
  /** When it was last told that part of a frame has come. */
  #partAt = -Infinity;
  readonly #traffic = { ...NO_TRAFFIC };

  constructor(parts: FrameLinkParts<Frame>) {
    this.#stream = parts.stream;
    this.#codec = parts.codec;
    this.#isBulk = parts.isBulk;
    this.#clock = parts.clock;
    this.#callbacks = parts.callbacks;
    this.#movedAt = parts.clock.now();
    const decoder = new FrameDecoder(parts.codec);
    this.#stream.on("data", (chunk: Uint8Array) => this.#read(decoder, chunk));
    this.#stream.on("end", () => this.#destroy());
    this.#stream.on("close", () => this.#closed());
    this.#stream.on("error", (error: Error) => {
      if (this.#state === "open") this.#reason = error.message;
      this.#destroy();
    });
    // Gone before it came to us: its "close" may have been said already.
    if (this.#stream.destroyed) setImmediate(() => this.#closed());
  }

  get traffic(): LinkTraffic {
    return this.#traffic;
  }

  get controlBytes(): number {
    return this.#control.bytes;
  }

  get bulkOutcome(): BulkOutcome {
    return this.#state === "open" ? this.#bulkOutcome : "dropped";
  }

  send(frame: Frame): void {
    if (this.#state !== "open") return;
    this.#traffic.framesOut += 1;
    if (this.#isBulk(frame)) this.#bulkOutcome = this.#sendBulk(frame);
    else this.#sendControl(frame);
  }

  close(reason: string): void {
    if (this.#state !== "open") return;
    this.#reason = reason;
    this.#state = "closing";
    this.#bulk.clear();
    for (let batch = this.#nextControl(); batch !== undefined; batch = this.#nextControl())
      this.#write(batch);
    this.#stream.end();
    clearTimeout(this.#watch);
    this.#watch = setTimeout(() => this.#destroy(), CLOSE_GRACE_MS);
    this.#watch.unref();
  }

  #sendControl(frame: Frame): void {
    this.#control.push(this.#codec.encodeFrame(frame));
    if (this.#control.bytes > CONTROL_BYTES_MAX) {
      this.#control.clear();
      this.close("the other end does not read: too many control frames are waiting");
      return;
    }
    if (this.#control.bytes > CONTROL_BYTES_EASY) this.#uneasy = true;
    this.#flushLater();
  }

  #sendBulk(frame: Frame): BulkOutcome {
    if (this.#bulk.bytes > BULK_BYTES_MAX) {
      this.#bulkHeld = true;
      return "dropped";
    }
    this.#bulk.push(this.#codec.encodeFrame(frame));
    this.#flushLater();
    if (this.#bulk.bytes <= BULK_BYTES_HELD) return "sent";
    this.#bulkHeld = true;
    return "held";
  }

  #flushLater(): void {
    if (this.#flushSoon) return;
    this.#flushSoon = true;
    setImmediate(() => {
      this.#flushSoon = false;
      if (this.#state === "open") this.#flush();
    });
  }

  /** All control that the stream takes, then bulk while little is buffered. */
  #flush(): void {
    // Our own limit instead of the stream's: write() says false from 16 KiB on, which would starve a fast link.
    while (this.#stream.writableLength < STREAM_BYTES_MAX) {
      const batch = this.#nextControl() ?? this.#bulk.takeBatch(1);
      if (batch === undefined) break;
      this.#write(batch);
    }
    this.#watchDrain();
    if (this.#uneasy && this.#control.bytes <= CONTROL_BYTES_EASY) {
      this.#uneasy = false;
      this.#callbacks.onDrained();
    }
    if (!this.#bulkHeld || this.#bulk.bytes > BULK_BYTES_HELD) return;
    this.#bulkHeld = false;
    this.#callbacks.onBulkWritable();
  }

  #nextControl(): Uint8Array | undefined {
    return this.#control.takeBatch(BATCH_BYTES_MAX);
  }

  #write(batch: Uint8Array): void {
    this.#traffic.bytesOut += batch.length;
    this.#stream.write(batch, () => {
      this.#movedAt = this.#clock.now();
      if (this.#state === "open" && this.#control.bytes + this.#bulk.bytes > 0) this.#flushLater();
    });
  }

  #watchDrain(): void {
    if (this.#watch !== undefined || this.#stream.writableLength === 0) return;
    this.#movedAt = this.#clock.now();
    this.#armWatch(DRAIN_DEADLINE_MS);
  }

  #armWatch(delayMs: number): void {
    this.#watch = setTimeout(() => {
      this.#watch = undefined;
      if (this.#state !== "open" || this.#stream.writableLength === 0) return;
      const left = this.#movedAt + DRAIN_DEADLINE_MS - this.#clock.now();
      if (left > 0) return this.#armWatch(left);
      this.#control.clear();
      this.#reason = `the other end took nothing for ${DRAIN_DEADLINE_MS} ms`;
      this.#destroy();
    }, delayMs);
    this.#watch.unref();
  }

  #read(decoder: FrameDecoder<Frame>, chunk: Uint8Array): void {
    if (this.#state !== "open") return;
    const { frames, malformed } = decoder.push(chunk);
    this.#traffic.bytesIn += chunk.length;
    this.#traffic.framesIn += frames.length;
    if (frames.length === 0 && malformed === undefined) this.#partArrived();
    for (const frame of frames) {
      // A frame may have led to the closing of this link.
      if (this.#isOpen()) this.#callbacks.onFrame(frame);
    }
    if (malformed === undefined || !this.#isOpen()) return;
    this.#reason = `${MALFORMED}${malformed}`;
    this.#destroy();
  }

  #partArrived(): void {
    const now = this.#clock.now();
    if (now - this.#partAt < RECEIVING_MS) return;
    this.#partAt = now;
    this.#callbacks.onReceiving();
  }

  #isOpen(): boolean {
    return this.#state === "open";
  }

  #destroy(): void {
    if (this.#state === "open") this.#state = "closing";
    this.#stream.destroy();
  }

  #closed(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    clearTimeout(this.#watch);
    this.#control.clear();
    this.#bulk.clear();
    this.#callbacks.onClosed(this.#reason);
  }
}
