// Carries the output of all processes to the controller: drives the pure sender with rings and the link.
import type { BulkMessage, StreamKey, StreamName } from "#shared/protocol/bulk.ts";
import type { BulkOutcome } from "#shared/node/frame-link.ts";
import { createOutputSender, type OutputEvent } from "./core/output-sender.ts";
import type { RingReader } from "./processes/ring-file.ts";

export interface OutputUplinkParts {
  readonly send: (message: BulkMessage) => BulkOutcome;
  /** The ring of a stream; undefined when nothing was ever printed on it. */
  readonly ringOf: (key: StreamKey) => RingReader | undefined;
}

export type WholeOutput = Readonly<Record<StreamName, Uint8Array>>;

type ProcessKey = Omit<StreamKey, "stream">;
const STREAMS: readonly StreamName[] = ["stdout", "stderr"];

export class OutputUplink {
  readonly #parts: OutputUplinkParts;
  readonly #sender = createOutputSender();
  readonly #waiting: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;
  #held = false;

  constructor(parts: OutputUplinkParts) {
    this.#parts = parts;
  }

  opened(key: ProcessKey): void {
    for (const stream of STREAMS) this.#step({ kind: "opened", stream: { ...key, stream } });
  }

  produced(key: ProcessKey, stream: StreamName): void {
    this.#step({ kind: "produced", stream: { ...key, stream }, ...this.#extent({ ...key, stream }) });
  }

  closed(key: ProcessKey): void {
    for (const stream of STREAMS)
      this.#step({ kind: "closed", stream: { ...key, stream }, ...this.#extent({ ...key, stream }) });
  }

  /** What an ended process has printed, when nothing of it was sent and it is short: then nothing of it will be. */
  takeWhole(key: ProcessKey): WholeOutput | undefined {
    const [stdout, stderr] = STREAMS.map((stream) => {
      const whole = this.#parts.ringOf({ ...key, stream })?.short;
      return whole !== undefined && this.#sender.isUntouched({ ...key, stream }) ? whole : undefined;
    });
    if (stdout === undefined || stderr === undefined) return undefined;
    this.forget(key);
    return { stdout, stderr };
  }

  forget(key: ProcessKey): void {
    for (const stream of STREAMS) this.#step({ kind: "forget", stream: { ...key, stream } });
  }

  credit(message: Extract<BulkMessage, { kind: "credit" }>): void {
    const { run, block, attempt, stream, have, upTo, again } = message;
    this.#step({ kind: "credit", stream: { run, block, attempt, stream }, have, upTo, again });
  }

  writable(): void {
    this.#held = false;
    for (const go of this.#waiting.splice(0)) go();
  }

  linkDown(): void {
    this.#step({ kind: "linkDown" });
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #extent(key: StreamKey): { produced: number; oldest: number } {
    const ring = this.#parts.ringOf(key);
    return { produced: ring?.produced ?? 0, oldest: ring?.oldest ?? 0 };
  }

  #step(event: OutputEvent): void {
    for (const effect of this.#sender.step(event, performance.now())) {
      switch (effect.kind) {
        case "read":
          void this.#read(effect.stream, effect.offset, effect.length);
          break;
        case "send":
          if (this.#parts.send(effect.message) === "held") this.#held = true;
          break;
        case "setTimer":
          clearTimeout(this.#timer);
          this.#timer = setTimeout(() => {
            this.#step({ kind: "timer" });
          }, effect.delayMs);
          break;
      }
    }
  }

  async #read(key: StreamKey, offset: number, length: number): Promise<void> {
    if (this.#held) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    const ring = this.#parts.ringOf(key);
    const found = ring === undefined ? { offset, bytes: new Uint8Array(0) } : await ring.read(offset, length);
    this.#step({ kind: "read", ...found });
  }
}
