// The metrics of all hosts: the newest of each, its past, and the round trip of the whole way. Pure.
import type { HostId } from "#shared/base/ids.ts";
import {
  METRICS_SAMPLES_MAX,
  type MetricsSample,
  type MetricsView,
} from "#shared/controller-api/host-metrics.ts";
import type { MemberState } from "#shared/overlay/topology.ts";
import type { HostMetrics } from "#shared/protocol/metrics.ts";

interface Kept {
  readonly metrics: HostMetrics;
  readonly toldAt: number;
  readonly samples: readonly MetricsSample[];
  /** The same object for as long as nothing of it changes: thousands are compared ten times a second. */
  view: MetricsView;
}

/** Fractions of a microsecond are no news. */
const RTT_STEPS_PER_MS = 1000;

export class MetricsBook {
  readonly #kept = new Map<HostId, Kept>();

  told(host: HostId, metrics: HostMetrics, nowMs: number): void {
    const { load, cpu, memoryBytes, memoryFreeBytes, rttMs } = metrics;
    const sample = { toldAt: nowMs, load, cpu, memoryBytes, memoryFreeBytes, rttMs };
    const samples = [...(this.#kept.get(host)?.samples ?? []), sample].slice(-METRICS_SAMPLES_MAX);
    const view = { ...metrics, pathRttMs: undefined, toldAt: nowMs };
    this.#kept.set(host, { metrics, toldAt: nowMs, samples, view });
  }

  forget(host: HostId): void {
    this.#kept.delete(host);
  }

  samples(host: HostId): readonly MetricsSample[] {
    return this.#kept.get(host)?.samples ?? [];
  }

  /** As the tree stands now: whoever moves has another way. */
  views(members: readonly Pick<MemberState, "host" | "parent">[]): (host: HostId) => MetricsView | undefined {
    const parents = new Map(members.map(({ host, parent }) => [host, parent]));
    const sums = new Map<HostId, number | undefined>();
    const sumOf = (host: HostId): number | undefined => {
      if (sums.has(host)) return sums.get(host);
      // What is told comes piece by piece: for a moment it may look like a circle.
      sums.set(host, undefined);
      const hop = this.#kept.get(host)?.metrics.rttMs;
      const parent = parents.get(host);
      const above = parent === "controller" ? 0 : parent === undefined ? undefined : sumOf(parent);
      const sum =
        hop === undefined || above === undefined
          ? undefined
          : Math.round((hop + above) * RTT_STEPS_PER_MS) / RTT_STEPS_PER_MS;
      sums.set(host, sum);
      return sum;
    };
    return (host) => {
      const kept = this.#kept.get(host);
      if (kept === undefined) return undefined;
      const pathRttMs = sumOf(host);
      if (kept.view.pathRttMs !== pathRttMs) kept.view = { ...kept.view, pathRttMs };
      return kept.view;
    };
  }
}
