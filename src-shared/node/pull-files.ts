// The receiving end of file transfers over one link: drives the pure receiver, one for each file under way.
import type { BulkMessage, FileKey } from "../protocol/bulk.ts";
import {
  createFileReceiver,
  stepFileReceiver,
  type FileReceiver,
  type FileReceiverEvent,
} from "../protocol/pull-file.ts";

/** With no byte for so long, what is missing is asked for again: the answer may have been dropped on the way. */
const SILENCE_MS = 5000;

/** Takes bytes in order; resolves when they are stored. */
export type FileSink = (bytes: Uint8Array) => Promise<void>;

interface Pull {
  receiver: FileReceiver;
  readonly sink: FileSink;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
  storing: Promise<void>;
  heardMs: number;
}

/** The first call must be `linked` or `pull`; a pull asks at once. */
export class FilePuller {
  readonly #send: (message: BulkMessage) => void;
  readonly #pulls = new Map<FileKey, Pull>();
  readonly #watch: NodeJS.Timeout;

  constructor(send: (message: BulkMessage) => void) {
    this.#send = send;
    this.#watch = setInterval(() => {
      this.#askAgainWhenSilent();
    }, SILENCE_MS);
    this.#watch.unref();
  }

  /** Resolves when all bytes are stored; rejects with words for people. */
  pull(file: FileKey, size: number, sink: FileSink, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted || this.#pulls.has(file)) {
        reject(new Error(signal.aborted ? "given up" : "this file is on its way already"));
        return;
      }
      const receiver = createFileReceiver(file, size);
      const pull: Pull = {
        receiver,
        sink,
        resolve,
        reject,
        storing: Promise.resolve(),
        heardMs: performance.now(),
      };
      this.#pulls.set(file, pull);
      signal.addEventListener("abort", () => this.#end(pull, "given up"), { once: true });
      this.#step(pull, { kind: "linked" });
    });
  }

  /** Chunks and refusals; others are ignored. */
  message(message: BulkMessage): void {
    if (message.kind !== "chunk" && message.kind !== "pullFailed") return;
    const pull = this.#pulls.get(message.file);
    if (pull === undefined) return;
    pull.heardMs = performance.now();
    this.#step(pull, { kind: "message", message });
  }

  /** There is a (new) link. */
  linked(): void {
    for (const pull of this.#pulls.values()) this.#step(pull, { kind: "linked" });
  }

  close(reason: string): void {
    clearInterval(this.#watch);
    for (const pull of [...this.#pulls.values()]) this.#end(pull, reason);
  }

  #step(pull: Pull, event: FileReceiverEvent): void {
    const { state, effects } = stepFileReceiver(pull.receiver, event);
    pull.receiver = state;
    for (const effect of effects) {
      switch (effect.kind) {
        case "send":
          this.#send(effect.message);
          break;
        case "deliver":
          this.#store(pull, effect.bytes);
          break;
        case "done":
          this.#end(pull);
          break;
        case "failed":
          this.#end(pull, effect.reason);
          break;
      }
    }
  }

  #store(pull: Pull, bytes: Uint8Array): void {
    const stored = (): void => {
      if (this.#pulls.get(pull.receiver.file) === pull)
        this.#step(pull, { kind: "stored", bytes: bytes.length });
    };
    const failed = (error: unknown): void => {
      this.#end(pull, error instanceof Error ? error.message : String(error));
    };
    pull.storing = pull.storing.then(() => pull.sink(bytes)).then(stored, failed);
  }

  #end(pull: Pull, reason?: string): void {
    if (this.#pulls.get(pull.receiver.file) !== pull) return;
    this.#pulls.delete(pull.receiver.file);
    if (reason === undefined) pull.resolve();
    else pull.reject(new Error(reason));
  }

  #askAgainWhenSilent(): void {
    for (const pull of this.#pulls.values()) {
      if (performance.now() - pull.heardMs < SILENCE_MS) continue;
      pull.heardMs = performance.now();
      this.#step(pull, { kind: "linked" });
    }
  }
}
