// The controller's book of metrics: the newest, a bounded past, and the round trip of the whole way.
import { describe, expect, test } from "vitest";
import { hostIdOf } from "#shared/base/ids.ts";
import { METRICS_SAMPLES_MAX } from "#shared/controller-api/host-metrics.ts";
import type { HostMetrics } from "#shared/protocol/metrics.ts";
import { MetricsBook } from "../../../src-main/controller/metrics-book.ts";
import { WATCH_MS, WatchedHosts } from "../../../src-main/controller/watched-hosts.ts";

const A = hostIdOf("a");
const B = hostIdOf("b");
const C = hostIdOf("c");
const metrics = (rttMs: number | undefined, load = 1): HostMetrics => ({
  load,
  cpu: 0.5,
  cores: 2,
  memoryBytes: 100,
  memoryFreeBytes: 25,
  diskBytes: undefined,
  diskFreeBytes: undefined,
  rttMs,
});
const CHAIN = [
  { host: A, parent: "controller" as const },
  { host: B, parent: A },
  { host: C, parent: B },
];

describe("round trips", () => {
  test("add up along the way, and change with it", () => {
    const book = new MetricsBook();
    book.told(A, metrics(10), 1000);
    book.told(B, metrics(2.5), 1000);
    book.told(C, metrics(0.1), 1000);
    expect([A, B, C].map((host) => book.views(CHAIN)(host)?.pathRttMs)).toEqual([10, 12.5, 12.6]);
    const moved = [CHAIN[0]!, { host: B, parent: "controller" as const }, CHAIN[2]!];
    expect([A, B, C].map((host) => book.views(moved)(host)?.pathRttMs)).toEqual([10, 2.5, 2.6]);
  });

  test("are unknown while a hop is, or the way leads nowhere or round", () => {
    const book = new MetricsBook();
    book.told(A, metrics(undefined), 1000);
    book.told(B, metrics(2), 1000);
    expect(book.views(CHAIN)(B)).toMatchObject({ rttMs: 2, pathRttMs: undefined });
    book.told(A, metrics(1), 1000);
    expect(book.views([{ host: B, parent: undefined }])(B)?.pathRttMs).toBeUndefined();
    const circle = [
      { host: A, parent: B },
      { host: B, parent: A },
    ];
    expect(book.views(circle)(B)?.pathRttMs).toBeUndefined();
  });
});

test("what has not changed stays the same object, so that windows are told nothing", () => {
  const book = new MetricsBook();
  book.told(A, metrics(1), 1000);
  const first = book.views(CHAIN)(A);
  expect(book.views(CHAIN)(A)).toBe(first);
  book.told(A, metrics(1), 2000);
  expect(book.views(CHAIN)(A)).not.toBe(first);
});

test("the past is bounded, the oldest goes first, and nothing stays of who has gone", () => {
  const book = new MetricsBook();
  for (let at = 0; at < METRICS_SAMPLES_MAX + 5; at += 1) book.told(A, metrics(1, at), at);
  const samples = book.samples(A);
  expect(samples).toHaveLength(METRICS_SAMPLES_MAX);
  expect(samples[0]).toMatchObject({ toldAt: 5, load: 5 });
  book.forget(A);
  expect(book.samples(A)).toEqual([]);
  expect(book.views(CHAIN)(A)).toBeUndefined();
});

test("whoever is watched is told so again before it is over, and not each time", () => {
  const watched = new WatchedHosts();
  expect(watched.due([A, B], 0)).toEqual([A, B]);
  expect(watched.due([A, B, C], 1000)).toEqual([C]);
  expect(watched.due([A, B, C], WATCH_MS / 2 + 500)).toEqual([A, B]);
  watched.forget(A);
  expect(watched.due([A, B], WATCH_MS / 2 + 600)).toEqual([A]);
});
