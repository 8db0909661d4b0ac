// Numbered delivery: what goes out, what is kept, and what a receiver makes of any number.
import { describe, expect, test } from "vitest";
import { DeliveryLog, DeliveryWindow, judgeArrival } from "../../../src-shared/overlay/delivery.ts";

const LIMITS = { window: 3, windowBytes: 100, kept: 5, keptBytes: 1000 };
const bytes = (length: number): Uint8Array => new Uint8Array(length);

function takeAll(log: DeliveryLog): number[] {
  const taken: number[] = [];
  for (let entry = log.take(); entry !== undefined; entry = log.take()) taken.push(entry.sequence);
  return taken;
}

describe("log", () => {
  test("lets out a window, and more as it is acknowledged", () => {
    const log = new DeliveryLog(LIMITS);
    for (let count = 0; count < 5; count += 1) log.append(bytes(1));
    expect(takeAll(log)).toEqual([1, 2, 3]);
    expect(log.acknowledge(2)).toBe(true);
    expect(takeAll(log)).toEqual([4, 5]);
    expect(log.pending).toBe(3);
  });

  test("counts bytes, but lets a single large one out", () => {
    const log = new DeliveryLog(LIMITS);
    for (const length of [150, 60, 60]) log.append(bytes(length));
    expect(takeAll(log)).toEqual([1]);
    log.acknowledge(1);
    expect(takeAll(log)).toEqual([2]);
    log.acknowledge(2);
    expect(takeAll(log)).toEqual([3]);
  });

  test("sends all that is not acknowledged again over a new link", () => {
    const log = new DeliveryLog(LIMITS);
    for (let count = 0; count < 4; count += 1) log.append(bytes(1));
    takeAll(log);
    expect(log.restart(1)).toBe(true);
    expect(takeAll(log)).toEqual([2, 3, 4]);
  });

  test("takes no acknowledgement of what was never sent, and no memory that is too short", () => {
    const log = new DeliveryLog(LIMITS);
    log.append(bytes(1));
    expect(log.acknowledge(1)).toBe(false);
    takeAll(log);
    expect(log.acknowledge(2)).toBe(false);
    expect(log.acknowledge(1)).toBe(true);
    expect(log.acknowledge(0)).toBe(true);
    expect(log.restart(0)).toBe(false);
    expect(log.restart(2)).toBe(false);
  });

  test("is full by number and by bytes, and has room again", () => {
    const log = new DeliveryLog(LIMITS);
    for (let count = 0; count < 5; count += 1) expect(log.append(bytes(1))).toBe(true);
    expect(log.append(bytes(1))).toBe(false);
    takeAll(log);
    log.acknowledge(1);
    expect(log.append(bytes(997))).toBe(false);
    expect(log.append(bytes(996))).toBe(true);
  });

  test("forgets what is acknowledged, however long it lives", () => {
    const log = new DeliveryLog(LIMITS);
    for (let sequence = 1; sequence <= 1000; sequence += 1) {
      log.append(bytes(1));
      expect(log.take()?.sequence).toBe(sequence);
      log.acknowledge(sequence);
    }
    expect(log.pending).toBe(0);
    expect(log.keptBytes).toBe(0);
  });
});

describe("window", () => {
  test("lets out ranges, and everything unacknowledged again after a restart", () => {
    const window = new DeliveryWindow(3, 0);
    expect(window.take()).toBeUndefined();
    window.noteLast(5);
    expect(window.take()).toEqual({ from: 1, to: 3 });
    expect(window.take()).toBeUndefined();
    window.acknowledge(1);
    expect(window.take()).toEqual({ from: 4, to: 4 });
    expect(window.restart(2)).toBe(true);
    expect(window.take()).toEqual({ from: 3, to: 5 });
    expect(window.allAcknowledged).toBe(false);
    window.acknowledge(5);
    expect(window.allAcknowledged).toBe(true);
  });

  test("refuses numbers that cannot be", () => {
    const window = new DeliveryWindow(3, 2);
    expect(window.acknowledge(1)).toBe(false);
    expect(window.restart(3)).toBe(false);
    expect(window.restart(2)).toBe(true);
    expect(window.restart(1)).toBe(false);
  });
});

test.each([
  [0, 1, 0, "next"],
  [4, 5, 0, "next"],
  [4, 4, 0, "duplicate"],
  [4, 1, 0, "duplicate"],
  [4, 6, 0, "gap"],
  [4, 9, 4, "next"],
  [4, 9, 3, "gap"],
  // A dropped range of which some had arrived before.
  [4, 9, 8, "next"],
  [9, 9, 8, "duplicate"],
])("with %i at hand, %i that skips %i is %s", (have, sequence, skips, arrival) => {
  expect(judgeArrival(have, sequence, skips)).toBe(arrival);
});
