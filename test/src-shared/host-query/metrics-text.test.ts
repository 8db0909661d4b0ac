// Metrics in words for people.
import { expect, test } from "vitest";
import type { MetricsView } from "#shared/controller-api/host-metrics.ts";
import {
  METRIC_NAMES,
  metricLines,
  metricOf,
  metricRangeText,
  metricText,
  rttText,
  sizeText,
} from "#shared/host-query/metrics-text.ts";

const FULL: MetricsView = {
  load: 1.234,
  cpu: 0.256,
  cores: 2,
  memoryBytes: 8 * 1024 ** 3,
  memoryFreeBytes: 2 * 1024 ** 3,
  diskBytes: 1024 ** 4,
  diskFreeBytes: 100 * 1024 ** 3,
  rttMs: 1.25,
  pathRttMs: 41.4,
  toldAt: 0,
};
const NOTHING = {
  ...FULL,
  load: undefined,
  cpu: undefined,
  memoryFreeBytes: undefined,
  diskBytes: undefined,
  rttMs: undefined,
  pathRttMs: undefined,
};

test("one number each", () => {
  const texts = METRIC_NAMES.map((name) => metricText(name, metricOf(FULL, name)));
  expect(texts).toEqual(["1.23", "26%", "25%", "10%", "41 ms"]);
  expect(METRIC_NAMES.map((name) => metricOf(NOTHING, name))).toEqual(METRIC_NAMES.map(() => undefined));
  expect(metricText("rtt", undefined)).toBe("–");
  expect(metricOf(undefined, "load")).toBeUndefined();
});

test("many as a range", () => {
  expect(metricRangeText("load", [0.5, 2, 1])).toBe("0.50–2.00");
  expect(metricRangeText("cpu", [10.1, 10.4])).toBe("10%");
  expect(metricRangeText("rtt", [])).toBe("–");
});

test.each([
  [0.04, "0.04 ms"],
  [4.21, "4.2 ms"],
  [41.4, "41 ms"],
  [2500, "2.5 s"],
])("%d ms is %s", (ms, text) => {
  expect(rttText(ms)).toBe(text);
});

test.each([
  [0, "0 B"],
  [1023, "1023 B"],
  [1536, "1.5 KiB"],
  [25_276_973_056, "24 GiB"],
])("%d bytes are %s", (bytes, text) => {
  expect(sizeText(bytes)).toBe(text);
});

test("all that a host says, and what it does not say", () => {
  expect(metricLines(FULL).map(({ title, text }) => [title, text])).toEqual([
    ["load", "1.23 on 2 cores"],
    ["CPU", "26% busy"],
    ["free memory", "2.0 GiB of 8.0 GiB (25%)"],
    ["free disk", "100 GiB of 1.0 TiB (10%)"],
    ["RTT", "1.3 ms to its parent, 41 ms to the controller"],
  ]);
  expect(metricLines(NOTHING).map(({ text }) => text)).toEqual(Array(5).fill("not available"));
});
