// What faces are shown of the metrics of a host: the newest, and a short past for lines.
import type { HostMetrics } from "../protocol/metrics.ts";

export interface MetricsView extends HostMetrics {
  /** To the controller and back: the sum of the hops; undefined while one of them is not known. */
  readonly pathRttMs: number | undefined;
  /** When the host told it, by the controller's clock: milliseconds since 1970. */
  readonly toldAt: number;
}

/** One of the past ones: what lines are drawn of. */
export interface MetricsSample extends Pick<
  HostMetrics,
  "load" | "cpu" | "memoryBytes" | "memoryFreeBytes" | "rttMs"
> {
  readonly toldAt: number;
}

export interface HostHistory {
  readonly host: string;
  /** The oldest first. */
  readonly samples: readonly MetricsSample[];
}

/** Hosts of one request to watch: more than a screen shows. */
export const WATCHED_HOSTS_MAX = 500;
/** Kept of each host: ten minutes at the usual pace, if something changes each time. */
export const METRICS_SAMPLES_MAX = 60;
