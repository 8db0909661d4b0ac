// The line of one metric of one host, as its past is kept while it is watched.
import type { JSX } from "react";
import { useStore } from "zustand";
import type { MetricsSample } from "#shared/controller-api/host-metrics.ts";
import { METRIC_TITLES, pastMetricOf, type MetricName } from "#shared/host-query/metrics-text.ts";
import { pastMetricsStore } from "../state/hosts-on-screen.ts";
import { Sparkline } from "./Sparkline.tsx";
import { useNow } from "./use-now.ts";

interface HostSparklineProps {
  readonly name: string;
  readonly metric: MetricName;
  readonly width?: number;
}

const NONE: readonly MetricsSample[] = [];
/** Shares have an end; loads and round trips have none. */
const PERCENT = 100;

export function HostSparkline({ name, metric, width = 64 }: HostSparklineProps): JSX.Element {
  const samples = useStore(pastMetricsStore, (state) => state.samples.get(name) ?? NONE);
  const nowMs = useNow();
  const isShare = metric !== "load" && metric !== "rtt";
  return (
    <Sparkline
      label={`${METRIC_TITLES[metric]} of ${name} in the last minutes`}
      points={samples.map((sample) => ({ atMs: sample.toldAt, value: pastMetricOf(sample, metric) }))}
      most={isShare ? PERCENT : undefined}
      nowMs={nowMs}
      width={width}
    />
  );
}
