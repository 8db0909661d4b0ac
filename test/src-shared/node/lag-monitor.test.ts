// The lag monitor and the timer table, in fake time.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createLagMonitor } from "../../../src-shared/node/lag-monitor.ts";
import { createTimerTable } from "../../../src-shared/node/timer-table.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test("a standstill is told, by whoever looks first, once; small delays are not", () => {
  let now = 0;
  const lags: number[] = [];
  const monitor = createLagMonitor({ clock: { now: () => now }, onLag: (ms) => lags.push(ms) });
  for (let count = 0; count < 10; count += 1) {
    now += 550;
    vi.advanceTimersByTime(500);
  }
  expect(lags).toEqual([]);
  now += 5000;
  monitor.check();
  vi.advanceTimersByTime(500);
  expect(lags).toEqual([4500]);
  monitor.close();
  now += 5000;
  vi.advanceTimersByTime(5000);
  expect(lags).toHaveLength(1);
});

test("timers are by name: set again they wait again, cleared they are gone", () => {
  const fired: string[] = [];
  const timers = createTimerTable((name) => fired.push(name));
  timers.set("a", 10);
  timers.set("b", 10);
  timers.set("c", 10);
  vi.advanceTimersByTime(9);
  timers.set("a", 10);
  timers.clear("b");
  vi.advanceTimersByTime(9);
  expect(fired).toEqual(["c"]);
  vi.advanceTimersByTime(1);
  expect(fired).toEqual(["c", "a"]);
  timers.set("d", 1);
  timers.clearAll();
  vi.advanceTimersByTime(10);
  expect(fired).toEqual(["c", "a"]);
});
