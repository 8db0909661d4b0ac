// Properties of moving a file in chunks: whatever the link loses, repeats or breaks, the bytes arrive once, in order.
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRandom, type Random } from "#shared/base/random.ts";
import { CHUNK_BYTES, PULL_WINDOW_BYTES, type BulkMessage } from "#shared/protocol/bulk.ts";
import {
  createFileReceiver,
  createFileSender,
  stepFileReceiver,
  stepFileSender,
  type FileReceiverEvent,
  type FileSenderEvent,
} from "#shared/protocol/pull-file.ts";

const FILE = "package:abc";

interface Faults {
  readonly loss: number;
  readonly repetition: number;
  readonly linkBreak: number;
}

interface Outcome {
  readonly received: Uint8Array;
  readonly done: number;
  readonly failures: readonly string[];
  readonly unstoredMax: number;
  readonly messages: number;
}

/** Random turns of both ends and of the link; a silence (nothing left to do) makes the receiver ask again. */
function transfer(content: Uint8Array, faults: Faults, random: Random): Outcome {
  let receiver = createFileReceiver(FILE, content.length);
  let sender = createFileSender(FILE, content.length);
  let down: BulkMessage[] = [];
  let up: BulkMessage[] = [];
  let reads: { readonly offset: number; readonly length: number }[] = [];
  const unstored: number[] = [];
  const chunks: Uint8Array[] = [];
  const failures: string[] = [];
  let [done, unstoredMax, messages] = [0, 0, 0];

  const put = (queue: BulkMessage[], message: BulkMessage): void => {
    messages += 1;
    if (random() < faults.loss) return;
    queue.push(message);
    if (random() < faults.repetition) queue.splice(Math.floor(random() * queue.length), 0, message);
  };
  const receive = (event: FileReceiverEvent): void => {
    const next = stepFileReceiver(receiver, event);
    receiver = next.state;
    for (const effect of next.effects) {
      if (effect.kind === "send") put(up, effect.message);
      else if (effect.kind === "done") done += 1;
      else if (effect.kind === "failed") failures.push(effect.reason);
      else {
        chunks.push(effect.bytes);
        unstored.push(effect.bytes.length);
        unstoredMax = Math.max(unstoredMax, receiver.have - receiver.stored);
      }
    }
  };
  const send = (event: FileSenderEvent): void => {
    const next = stepFileSender(sender, event);
    sender = next.state;
    for (const effect of next.effects) {
      if (effect.kind === "send") put(down, effect.message);
      else reads.push(effect);
    }
  };
  const turns: (() => boolean)[] = [
    () => turn(up.shift(), (message) => message.kind === "pull" && send(message)),
    () => turn(down.shift(), (message) => receive({ kind: "message", message })),
    () => turn(unstored.shift(), (bytes) => receive({ kind: "stored", bytes })),
    () =>
      turn(reads.shift(), ({ offset, length }) => {
        send({ kind: "read", offset, bytes: content.subarray(offset, offset + length) });
      }),
  ];
  receive({ kind: "linked" });
  for (let step = 0; done === 0 && failures.length === 0 && step < 100_000; step += 1) {
    if (random() < faults.linkBreak) {
      [up, down, reads, sender] = [[], [], [], createFileSender(FILE, content.length)];
      receive({ kind: "linked" });
    }
    const first = Math.floor(random() * turns.length);
    const moved = turns.some((_turn, index) => turns[(first + index) % turns.length]?.() === true);
    if (!moved) receive({ kind: "linked" });
  }
  return { received: Buffer.concat(chunks), done, failures, unstoredMax, messages };
}

function turn<T>(item: T | undefined, act: (item: T) => void): boolean {
  if (item === undefined) return false;
  act(item);
  return true;
}

function contentOf(size: number): Uint8Array {
  const random = createRandom(size);
  return Uint8Array.from({ length: size }, () => Math.floor(random() * 256));
}

const SIZES = [
  0,
  1,
  CHUNK_BYTES - 1,
  CHUNK_BYTES,
  CHUNK_BYTES + 1,
  PULL_WINDOW_BYTES,
  PULL_WINDOW_BYTES + 1,
  3_000_000,
];
const CONTENTS = new Map(SIZES.map((size) => [size, contentOf(size)]));

describe("pulling a file", () => {
  it.each(SIZES)("moves %i bytes without a fault, asking seldom", (size) => {
    const content = CONTENTS.get(size) ?? new Uint8Array(0);
    const outcome = transfer(content, { loss: 0, repetition: 0, linkBreak: 0 }, createRandom(7));
    expect(outcome).toMatchObject({ done: 1, failures: [] });
    expect(Buffer.compare(outcome.received, content)).toBe(0);
    const chunks = Math.ceil(size / CHUNK_BYTES);
    expect(outcome.messages).toBeLessThanOrEqual(chunks + 2 + Math.ceil((2 * size) / PULL_WINDOW_BYTES));
  });

  it("delivers each byte once and in order under loss, repetition and broken links", () => {
    const rate = fc.double({ min: 0, max: 0.3, noNaN: true });
    const faults = fc.record({
      loss: rate,
      repetition: rate,
      linkBreak: fc.double({ min: 0, max: 0.02, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.constantFrom(...SIZES), faults, fc.nat(), (size, fault, seed) => {
        const content = CONTENTS.get(size) ?? new Uint8Array(0);
        const outcome = transfer(content, fault, createRandom(seed));
        expect(outcome).toMatchObject({ done: 1, failures: [] });
        expect(Buffer.compare(outcome.received, content)).toBe(0);
        expect(outcome.unstoredMax).toBeLessThanOrEqual(PULL_WINDOW_BYTES);
      }),
      { numRuns: 150 },
    );
  });

  it("fails when the sender's file has another size", () => {
    const { state } = stepFileReceiver(createFileReceiver(FILE, 10), { kind: "linked" });
    const message = { kind: "chunk", file: FILE, offset: 0, size: 11, bytes: new Uint8Array(5) } as const;
    const next = stepFileReceiver(state, { kind: "message", message });
    const reason = "the sender's file has 11 bytes and should have 10";
    expect(next.effects).toEqual([{ kind: "failed", reason }]);
    expect(stepFileReceiver(next.state, { kind: "linked" }).effects).toEqual([]);
  });

  it("passes on why the sender cannot", () => {
    const sender = stepFileSender(createFileSender(FILE, 10), { kind: "pull", offset: 0, upTo: 10 });
    const failed = stepFileSender(sender.state, { kind: "readFailed", reason: "gone" });
    const message: BulkMessage = { kind: "pullFailed", file: FILE, reason: "gone" };
    expect(failed.effects).toEqual([{ kind: "send", message }]);
    const receiver = stepFileReceiver(createFileReceiver(FILE, 10), { kind: "linked" });
    expect(stepFileReceiver(receiver.state, { kind: "message", message }).effects).toEqual([
      { kind: "failed", reason: "gone" },
    ]);
  });

  it("drops messages of other files and chunks that nobody asked for", () => {
    const { state } = stepFileReceiver(createFileReceiver(FILE, 5_000_000), { kind: "linked" });
    const bytes = new Uint8Array(CHUNK_BYTES);
    const other = { kind: "chunk", file: "package:other", offset: 0, size: 1, bytes } as const;
    const stray = { kind: "chunk", file: FILE, offset: 4_000_000, size: 5_000_000, bytes } as const;
    expect(stepFileReceiver(state, { kind: "message", message: other }).effects).toEqual([]);
    expect(stepFileReceiver(state, { kind: "message", message: stray }).effects).toEqual([]);
  });

  it.each([
    [-1, 5],
    [3, 2],
    [0, 11],
    [0.5, 1],
    [Number.NaN, 1],
  ])("the sender refuses to pull [%d, %d) of 10 bytes", (offset, upTo) => {
    const { effects } = stepFileSender(createFileSender(FILE, 10), { kind: "pull", offset, upTo });
    expect(effects).toMatchObject([{ kind: "send", message: { kind: "pullFailed" } }]);
  });

  it("the sender never has more than a window to send", () => {
    const size = 10 * PULL_WINDOW_BYTES;
    const { state } = stepFileSender(createFileSender(FILE, size), { kind: "pull", offset: 0, upTo: size });
    expect(state.upTo).toBe(PULL_WINDOW_BYTES);
  });

  it("the sender says that a file became shorter instead of reading it for ever", () => {
    const { state } = stepFileSender(createFileSender(FILE, 10), { kind: "pull", offset: 0, upTo: 10 });
    const { effects } = stepFileSender(state, { kind: "read", offset: 0, bytes: new Uint8Array(0) });
    expect(effects).toMatchObject([{ kind: "send", message: { kind: "pullFailed" } }]);
  });
});
