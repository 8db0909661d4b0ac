// The metrics of simulated hosts: told as a client tells them, and moved by what runs.
import { expect, test } from "vitest";
import { createRandom } from "#shared/base/random.ts";
import { checkMetrics, type HostMetrics } from "#shared/protocol/metrics.ts";
import { VirtualTime } from "#shared/simulator/virtual-time.ts";
import { SimulatedMetrics } from "../../../src-client/simulated/simulated-metrics.ts";

test("they pass the door, rise with processes and fall without, and are looked at as often as asked", () => {
  const time = new VirtualTime();
  const told: { readonly at: number; readonly metrics: HostMetrics }[] = [];
  let running = 0;
  const metrics = new SimulatedMetrics({
    random: createRandom(1),
    now: () => time.now,
    after: (delayMs, act) => time.after(delayMs, act),
    running: () => running,
    rttMs: () => 12.5,
    tell: (one) => told.push({ at: time.now, metrics: one }),
  });
  const last = (): HostMetrics => told.at(-1)!.metrics;
  metrics.start();
  time.runUntil(30_000);
  const quiet = last();
  expect(quiet.rttMs).toBe(12.5);
  running = 4;
  time.runUntil(200_000);
  expect(last().load).toBeGreaterThan(quiet.load! + 2);
  expect(last().cpu).toBeGreaterThan(0.4);
  expect(last().memoryFreeBytes).toBeLessThan(quiet.memoryFreeBytes!);
  running = 0;
  const before = told.length;
  metrics.measure(1000, 20_000);
  time.runUntil(210_000);
  expect(told.length - before).toBeGreaterThanOrEqual(4);
  time.runUntil(600_000);
  expect(last().load).toBeCloseTo(quiet.load!, 0);
  for (const one of told) expect(checkMetrics(one.metrics)).toMatchObject({ ok: true });
});
