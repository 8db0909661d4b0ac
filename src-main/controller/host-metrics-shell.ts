// The metrics of the hosts as the controller has them: told by clients, asked for more often where people look.
import type { HostId } from "#shared/base/ids.ts";
import type { HostHistory, MetricsView } from "#shared/controller-api/host-metrics.ts";
import type { MemberState } from "#shared/overlay/topology.ts";
import type { Command } from "#shared/protocol/commands.ts";
import type { HostMetrics as Metrics } from "#shared/protocol/metrics.ts";
import { MetricsBook } from "./metrics-book.ts";
import { WATCH_MS, WATCHED_MS, WatchedHosts } from "./watched-hosts.ts";

export interface HostMetricsParts {
  readonly isConnected: (host: HostId) => boolean;
  readonly command: (hosts: readonly HostId[], command: Command) => void;
}

export class HostMetrics {
  readonly #parts: HostMetricsParts;
  readonly #book = new MetricsBook();
  readonly #watched = new WatchedHosts();

  constructor(parts: HostMetricsParts) {
    this.#parts = parts;
  }

  told(host: HostId, metrics: Metrics): void {
    this.#book.told(host, metrics, Date.now());
  }

  /** Its client has come or gone. */
  stateChanged(host: HostId): void {
    if (this.#parts.isConnected(host)) return;
    this.#book.forget(host);
    this.#watched.forget(host);
  }

  views(members: readonly MemberState[]): (host: HostId) => MetricsView | undefined {
    return this.#book.views(members);
  }

  watch(hosts: readonly HostId[]): readonly HostHistory[] {
    const there = hosts.filter((host) => this.#parts.isConnected(host));
    const due = this.#watched.due(there, performance.now());
    this.#parts.command(due, { kind: "measure", everyMs: WATCHED_MS, forMs: WATCH_MS });
    return there.map((host) => ({ host, samples: this.#book.samples(host) }));
  }
}
