// The metrics of hosts in words and numbers for people: the same in every face.
import type { MetricsSample, MetricsView } from "../controller-api/host-metrics.ts";

/** What is shown of a host in one number each; a place in a list or a colour on the map. */
export const METRIC_NAMES = ["load", "cpu", "memory", "disk", "rtt"] as const;
export type MetricName = (typeof METRIC_NAMES)[number];

export const METRIC_TITLES: Readonly<Record<MetricName, string>> = {
  load: "load",
  cpu: "CPU",
  memory: "free memory",
  disk: "free disk",
  rtt: "RTT",
};

/** CPU, memory and disk in percent (of memory and disk what is free), round trips to the controller in milliseconds. */
export function metricOf(metrics: MetricsView | undefined, name: MetricName): number | undefined {
  if (metrics === undefined) return undefined;
  switch (name) {
    case "load":
      return metrics.load;
    case "cpu":
      return percent(metrics.cpu, 1);
    case "memory":
      return percent(metrics.memoryFreeBytes, metrics.memoryBytes);
    case "disk":
      return percent(metrics.diskFreeBytes, metrics.diskBytes);
    case "rtt":
      return metrics.pathRttMs;
  }
}

export function metricText(name: MetricName, value: number | undefined): string {
  if (value === undefined) return "–";
  switch (name) {
    case "load":
      return value.toFixed(2);
    case "cpu":
    case "memory":
    case "disk":
      return `${value.toFixed(0)}%`;
    case "rtt":
      return rttText(value);
  }
}

/** `4.2–5.1 ms`, or the one number that all agree in. */
export function metricRangeText(name: MetricName, values: readonly number[]): string {
  if (values.length === 0) return metricText(name, undefined);
  const least = metricText(name, Math.min(...values));
  const most = metricText(name, Math.max(...values));
  return least === most ? least : `${least}–${most}`;
}

export function rttText(ms: number): string {
  if (ms < 10) return `${ms.toFixed(ms < 1 ? 2 : 1)} ms`;
  return ms < 1000 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

export function sizeText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value.toFixed(value < 10 && unit > 0 ? 1 : 0)} ${UNITS[unit] ?? ""}`;
}

export interface MetricLine {
  readonly metric: MetricName;
  readonly title: string;
  readonly text: string;
}

/** All that a host says of itself, one line each; what it does not say is not available there. */
export function metricLines(metrics: MetricsView): readonly MetricLine[] {
  return METRIC_NAMES.map((metric) => ({
    metric,
    title: METRIC_TITLES[metric],
    text: lineOf(metrics, metric) ?? NOT_AVAILABLE,
  }));
}

function lineOf(metrics: MetricsView, metric: MetricName): string | undefined {
  const { load, cpu, cores, rttMs, pathRttMs } = metrics;
  const own = metricText(metric, metricOf(metrics, metric));
  switch (metric) {
    case "load": {
      const processors = cores === undefined ? "" : ` on ${String(cores)} ${cores === 1 ? "core" : "cores"}`;
      return load === undefined ? undefined : `${own}${processors}`;
    }
    case "cpu":
      return cpu === undefined ? undefined : `${own} busy`;
    case "memory":
      return roomText(metrics.memoryFreeBytes, metrics.memoryBytes, own);
    case "disk":
      return roomText(metrics.diskFreeBytes, metrics.diskBytes, own);
    case "rtt": {
      const path = pathRttMs === undefined ? "" : `, ${own} to the controller`;
      return rttMs === undefined ? undefined : `${rttText(rttMs)} to its parent${path}`;
    }
  }
}

function roomText(free: number | undefined, all: number | undefined, share: string): string | undefined {
  return free === undefined || all === undefined
    ? undefined
    : `${sizeText(free)} of ${sizeText(all)} (${share})`;
}

/** As metricOf, of the past; of round trips the hop alone, since nobody knows where the host hung then. */
export function pastMetricOf(sample: MetricsSample, name: MetricName): number | undefined {
  switch (name) {
    case "load":
      return sample.load;
    case "cpu":
      return percent(sample.cpu, 1);
    case "memory":
      return percent(sample.memoryFreeBytes, sample.memoryBytes);
    case "disk":
      return undefined;
    case "rtt":
      return sample.rttMs;
  }
}

const NOT_AVAILABLE = "not available";

function percent(part: number | undefined, all: number | undefined): number | undefined {
  return part === undefined || all === undefined || all === 0 ? undefined : (100 * part) / all;
}
