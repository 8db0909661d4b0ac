// Rings and a controller around one output sender; messages may vanish on their way.
import { expect } from "vitest";
import { blockPathOf, runIdOf } from "#shared/base/ids.ts";
import { CHUNK_BYTES, type StreamKey } from "#shared/protocol/bulk.ts";
import {
  createOutputSender,
  type OutputEffect,
  type OutputEvent,
  type OutputMessage,
} from "../../../src-client/core/output-sender.ts";

export const keyOf = (name: string): StreamKey => ({
  run: runIdOf("run"),
  block: blockPathOf(name),
  attempt: 1,
  stream: "stdout",
});

/** The byte at each offset, so that a wrong place shows. */
const byteAt = (offset: number): number => (offset * 7 + (offset >> 8)) & 255;

interface Source {
  readonly key: StreamKey;
  produced: number;
  closed: boolean;
  /** What the controller has put together on this link, and the offsets at which it was told of gaps. */
  have: number;
  upTo: number;
  ended: number;
  beyondCredit: number;
  sentBytes: number;
  gaps: number;
  /** A piece has not come: all that comes after it is dropped until it is asked for again. */
  lost: boolean;
}

/** Reads are answered at once unless told otherwise. */
export function createBench(capacity: number) {
  const sender = createOutputSender();
  const sources = new Map<string, Source>();
  const sent: OutputMessage[] = [];
  let now = 0;
  let timerMs = Number.POSITIVE_INFINITY;
  /** So many messages vanish on their way. */
  let losing = 0;
  let read: Extract<OutputEffect, { kind: "read" }> | undefined;

  const oldestOf = (source: Source): number => Math.max(0, source.produced - capacity);
  const take = (message: OutputMessage): void => {
    sent.push(message);
    const source = sources.get(message.block)!;
    expect(message.bytes.length).toBeLessThanOrEqual(CHUNK_BYTES);
    if (losing > 0) {
      losing -= 1;
      return;
    }
    if (message.offset - message.gone > source.have) {
      source.lost = true;
      return;
    }
    expect(message.offset).toBeGreaterThanOrEqual(source.have);
    if (message.offset > source.have) source.gaps += 1;
    for (const [index, byte] of message.bytes.entries()) {
      if (byte !== byteAt(message.offset + index)) throw new Error(`wrong byte at ${message.offset + index}`);
    }
    source.have = message.offset + message.bytes.length;
    source.sentBytes += message.bytes.length;
    if (message.bytes.length > 0 && source.have > source.upTo) source.beyondCredit += message.bytes.length;
    if (message.end) source.ended += 1;
  };
  const step = (event: OutputEvent): void => {
    for (const effect of sender.step(event, now)) {
      if (effect.kind === "send") take(effect.message);
      else if (effect.kind === "setTimer") timerMs = now + effect.delayMs;
      else {
        expect(read).toBeUndefined();
        expect(effect.length).toBeGreaterThan(0);
        read = effect;
      }
    }
  };
  const answer = (): boolean => {
    if (read === undefined) return false;
    const { stream, offset, length } = read;
    read = undefined;
    const source = sources.get(stream.block)!;
    const from = Math.max(offset, oldestOf(source));
    const bytes = Uint8Array.from(
      { length: Math.max(0, Math.min(offset + length, source.produced) - from) },
      (_, index) => byteAt(from + index),
    );
    step({ kind: "read", offset: from, bytes });
    return true;
  };
  const source = (name: string): Source => sources.get(name)!;
  return {
    sent,
    source,
    isUntouched: (name: string): boolean => sender.isUntouched(keyOf(name)),
    answer,
    step,
    open: (name: string): void => {
      const key = keyOf(name);
      const zero = {
        produced: 0,
        closed: false,
        have: 0,
        upTo: 0,
        ended: 0,
        beyondCredit: 0,
        sentBytes: 0,
        gaps: 0,
        lost: false,
      };
      sources.set(name, { key, ...zero });
      step({ kind: "opened", stream: key });
    },
    produce: (name: string, count: number): void => {
      const one = source(name);
      if (one.closed) return;
      one.produced += count;
      step({ kind: "produced", stream: one.key, produced: one.produced, oldest: oldestOf(one) });
    },
    finish: (name: string): void => {
      const one = source(name);
      one.closed = true;
      step({ kind: "closed", stream: one.key, produced: one.produced, oldest: oldestOf(one) });
    },
    credit: (name: string, window: number): void => {
      const one = source(name);
      one.upTo = Math.max(one.upTo, one.have + window);
      const again = one.lost;
      one.lost = false;
      step({ kind: "credit", stream: one.key, have: one.have, upTo: one.upTo, again });
    },
    lose: (count: number): void => {
      losing = count;
    },
    isLost: (name: string): boolean => source(name).lost,
    /** The process is known to have exited, and its end has not come. */
    missEnd: (name: string): void => {
      const one = source(name);
      if (one.closed && one.ended === 0) one.lost = true;
    },
    linkDown: (): void => {
      for (const one of sources.values()) {
        one.upTo = 0;
        one.ended = 0;
      }
      step({ kind: "linkDown" });
    },
    answerAll: (): void => {
      while (answer());
    },
    wait: (ms: number): void => {
      now += ms;
      if (now >= timerMs) {
        timerMs = Number.POSITIVE_INFINITY;
        step({ kind: "timer" });
      }
    },
  };
}
