// Where a number stands on its scale, and what the steps are called.
import { expect, test } from "vitest";
import {
  hopStep,
  hopStepWords,
  METRIC_STEPS,
  metricStep,
  metricStepWords,
  RTT_STEPS,
} from "#shared/host-query/metric-scale.ts";
import { METRIC_NAMES } from "#shared/host-query/metrics-text.ts";

test.each([
  ["load", 0, 0],
  ["load", 0.25, 1],
  ["load", 100, 6],
  ["cpu", 9.9, 0],
  ["cpu", 85, 6],
  ["memory", 100, 0],
  ["memory", 85, 1],
  ["memory", 10, 6],
  ["memory", 0, 6],
  ["rtt", 0.1, 0],
  ["rtt", 60, 4],
] as const)("%s of %d is step %d: more is more to worry about", (name, value, step) => {
  expect(metricStep(name, value)).toBe(step);
});

test("what is not known is on no step", () => {
  expect(metricStep("cpu", undefined)).toBeUndefined();
});

test("each step has its words, and no two the same", () => {
  for (const name of METRIC_NAMES) expect(new Set(metricStepWords(name)).size).toBe(METRIC_STEPS);
  expect(metricStepWords("memory").at(-1)).toBe("10% and less");
  expect(metricStepWords("load")[0]).toBe("under 0.25");
  expect(hopStepWords()).toEqual(["under 2 ms", "2 to 20 ms", "20 to 100 ms", "100 ms and more"]);
  expect([1.9, 2, 99, 100].map(hopStep)).toEqual([0, 1, 2, RTT_STEPS - 1]);
});
