// Where a metric stands between little and much: for colours on maps and widths of edges. Pure.
import type { MetricName } from "./metrics-text.ts";

/** Colours of a scale: tokens --m0 to --m6 of the window. */
export const METRIC_STEPS = 7;
/** Of round trips on one hop: tokens --r0 to --r3. */
export const RTT_STEPS = 4;

/** Up to where each step goes, the last has no end. CPU and memory in percent, round trips in milliseconds. */
const ENDS: Readonly<Record<MetricName, readonly number[]>> = {
  load: [0.25, 0.5, 1, 2, 4, 8],
  cpu: [10, 25, 40, 55, 70, 85],
  // Little that is free is much to worry about: the scale goes down.
  memory: [85, 70, 55, 40, 25, 10],
  disk: [85, 70, 55, 40, 25, 10],
  rtt: [1, 5, 20, 60, 150, 400],
};

const HOP_ENDS = [2, 20, 100];

/** 0 to METRIC_STEPS - 1; undefined stays so. */
export function metricStep(name: MetricName, value: number | undefined): number | undefined {
  if (value === undefined) return undefined;
  const ends = ENDS[name];
  const falls = (ends[0] ?? 0) > (ends.at(-1) ?? 0);
  const at = ends.findIndex((end) => (falls ? value > end : value < end));
  return at === -1 ? ends.length : at;
}

/** What each step means, for legends: `< 0.25`, `0.25 to 0.5`, …, `8 and more`. */
export function metricStepWords(name: MetricName): readonly string[] {
  const ends = ENDS[name];
  const unit = name === "load" ? "" : name === "rtt" ? " ms" : "%";
  const falls = (ends[0] ?? 0) > (ends.at(-1) ?? 0);
  return Array.from({ length: METRIC_STEPS }, (_, step) => {
    const from = ends[step - 1];
    const to = ends[step];
    if (from === undefined) return `${falls ? "over" : "under"} ${String(to)}${unit}`;
    if (to === undefined) return `${String(from)}${unit} and ${falls ? "less" : "more"}`;
    return `${String(from)} to ${String(to)}${unit}`;
  });
}

/** 0 to RTT_STEPS - 1, of one hop. */
export function hopStep(rttMs: number): number {
  const at = HOP_ENDS.findIndex((end) => rttMs < end);
  return at === -1 ? HOP_ENDS.length : at;
}

export function hopStepWords(): readonly string[] {
  return Array.from({ length: RTT_STEPS }, (_, step) => {
    const from = HOP_ENDS[step - 1];
    const to = HOP_ENDS[step];
    if (from === undefined) return `under ${String(to)} ms`;
    return to === undefined ? `${String(from)} ms and more` : `${String(from)} to ${String(to)} ms`;
  });
}
