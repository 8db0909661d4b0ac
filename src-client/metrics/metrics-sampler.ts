// Looks at the host when the core says so, and hands on what is worth telling.
import type { HostMetrics } from "#shared/protocol/metrics.ts";
import { MetricsCore, type MetricsEvent } from "../core/metrics-core.ts";
import { createLookAtHost, DiskRoom } from "./look-at-host.ts";

export interface MetricsSamplerParts {
  /** Whose file system counts. */
  readonly directory: string;
  /** To the parent and back, in milliseconds. */
  readonly rttMs: () => number | undefined;
  readonly tell: (metrics: HostMetrics) => void;
}

export class MetricsSampler {
  readonly #parts: MetricsSamplerParts;
  readonly #core = new MetricsCore();
  readonly #look = createLookAtHost(process.platform);
  readonly #disk: DiskRoom;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(parts: MetricsSamplerParts) {
    this.#parts = parts;
    this.#disk = new DiskRoom(parts.directory);
  }

  start(): void {
    this.#step({ kind: "start" });
  }

  measure(everyMs: number, forMs: number): void {
    this.#step({ kind: "measure", everyMs, forMs });
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #step(event: MetricsEvent): void {
    if (this.#closed) return;
    for (const effect of this.#core.step(event, performance.now(), Math.random)) {
      switch (effect.kind) {
        case "setTimer":
          clearTimeout(this.#timer);
          this.#timer = setTimeout(() => this.#step({ kind: "timer" }), effect.delayMs).unref();
          break;
        case "look":
          if (effect.disk) void this.#disk.ask();
          this.#step({
            kind: "looked",
            look: { ...this.#look(), ...this.#disk.known, rttMs: this.#parts.rttMs() },
          });
          break;
        case "tell":
          this.#parts.tell(effect.metrics);
          break;
      }
    }
  }
}
