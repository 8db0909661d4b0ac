// Hosts on screen are asked for together, again while they are there, and not while they are hidden.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { HostHistory, MetricsView } from "#shared/controller-api/host-metrics.ts";
import {
  forgetPastMetrics,
  pastMetricsStore,
  startWatching,
  takeMetrics,
  watchHosts,
} from "../../../src-renderer/state/hosts-on-screen.ts";

const asked: (readonly string[])[] = [];
const stops: (() => void)[] = [];
const watch = (hosts: readonly string[], isShown = (): boolean => true): (() => void) => {
  const stop = watchHosts(hosts, isShown);
  stops.push(stop);
  return stop;
};
const past = (host: string): readonly number[] | undefined =>
  pastMetricsStore
    .getState()
    .samples.get(host)
    ?.map(({ toldAt }) => toldAt);
const told = (host: string, toldAt: number) => ({ host, metrics: { toldAt } as MetricsView });

beforeEach(() => {
  vi.useFakeTimers();
  asked.length = 0;
  forgetPastMetrics();
  startWatching(async (hosts): Promise<readonly HostHistory[]> => {
    asked.push(hosts);
    return hosts.map((host) => ({ host, samples: [{ toldAt: 1 }] as unknown as HostHistory["samples"] }));
  });
});

afterEach(() => {
  for (const stop of stops.splice(0)) stop();
  vi.useRealTimers();
});

test("all views at once, each host once, and again before the controller stops by itself", async () => {
  watch(["a", "b"]);
  watch(["b", "c"]);
  await vi.advanceTimersByTimeAsync(500);
  expect(asked).toEqual([["a", "b", "c"]]);
  await vi.advanceTimersByTimeAsync(18_000);
  expect(asked).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(5000);
  expect(asked).toHaveLength(2);
});

test("not what is hidden, and at once what comes into sight", async () => {
  let isShown = false;
  watch(["a"], () => isShown);
  await vi.advanceTimersByTimeAsync(30_000);
  expect(asked).toEqual([]);
  isShown = true;
  await vi.advanceTimersByTimeAsync(1000);
  expect(asked).toEqual([["a"]]);
});

test("nothing is asked when nobody looks any more", async () => {
  const stop = watch(["a"]);
  await vi.advanceTimersByTimeAsync(500);
  stop();
  await vi.advanceTimersByTimeAsync(120_000);
  expect(asked).toHaveLength(1);
});

test("what is told goes behind the past, once, of watched hosts only", async () => {
  watch(["a"]);
  await vi.advanceTimersByTimeAsync(500);
  takeMetrics([told("a", 5), told("b", 5)]);
  takeMetrics([told("a", 5), { host: "a", metrics: undefined }]);
  expect(past("a")).toEqual([1, 5]);
  expect(past("b")).toBeUndefined();
});
