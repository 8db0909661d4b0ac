// The metrics of one simulated host: made up from how many processes it runs; when they are told is decided as by a client.
import type { Random } from "#shared/base/random.ts";
import type { HostMetrics } from "#shared/protocol/metrics.ts";
import { MetricsCore, type HostLook, type MetricsEvent } from "../core/metrics-core.ts";

export interface SimulatedMetricsParts {
  readonly random: Random;
  readonly now: () => number;
  /** Nothing comes of it once the host is gone. */
  readonly after: (delayMs: number, act: () => void) => void;
  /** Processes that run now. */
  readonly running: () => number;
  readonly rttMs: () => number | undefined;
  readonly tell: (metrics: HostMetrics) => void;
}

const GIBIBYTE = 1024 ** 3;
const CORES = 4;
const MEMORY_BYTES = 8 * GIBIBYTE;
const DISK_BYTES = 100 * GIBIBYTE;
/** What one process takes. */
const PROCESS_BYTES = GIBIBYTE / 2;
const PROCESS_CORES = 0.8;
/** A load follows what runs within a minute, as on a real host. */
const LOAD_MS = 60_000;

export class SimulatedMetrics {
  readonly #parts: SimulatedMetricsParts;
  readonly #core = new MetricsCore();
  /** What else the host does: the same for all of its life. */
  readonly #idleLoad: number;
  readonly #otherBytes: number;
  readonly #diskFreeBytes: number;
  #load: number;
  #busy = 0;
  #all = 0;
  #lookedAt: number;
  /** Only the newest timer counts. */
  #wake = 0;

  constructor(parts: SimulatedMetricsParts) {
    this.#parts = parts;
    const { random, now } = parts;
    this.#idleLoad = random() * 0.4;
    this.#load = this.#idleLoad;
    this.#otherBytes = (0.5 + random()) * GIBIBYTE;
    this.#diskFreeBytes = (0.1 + 0.8 * random()) * DISK_BYTES;
    this.#lookedAt = now();
  }

  start(): void {
    this.#step({ kind: "start" });
  }

  measure(everyMs: number, forMs: number): void {
    this.#step({ kind: "measure", everyMs, forMs });
  }

  #step(event: MetricsEvent): void {
    const { random, now, after, tell } = this.#parts;
    for (const effect of this.#core.step(event, now(), random)) {
      switch (effect.kind) {
        case "setTimer": {
          this.#wake += 1;
          const wake = this.#wake;
          after(effect.delayMs, () => {
            if (wake === this.#wake) this.#step({ kind: "timer" });
          });
          break;
        }
        case "look":
          this.#step({ kind: "looked", look: this.#look() });
          break;
        case "tell":
          tell(effect.metrics);
          break;
      }
    }
  }

  #look(): HostLook {
    const { random, now, running, rttMs } = this.#parts;
    const passedMs = now() - this.#lookedAt;
    this.#lookedAt = now();
    const wanted = this.#idleLoad + running() * PROCESS_CORES;
    this.#load += (wanted - this.#load) * (1 - Math.exp(-passedMs / LOAD_MS));
    const busy = Math.min(1, (wanted * (0.7 + 0.6 * random())) / CORES);
    this.#all += passedMs;
    this.#busy += passedMs * busy;
    return {
      load: this.#load,
      cores: CORES,
      cpuTime: { busy: this.#busy, all: this.#all },
      memoryBytes: MEMORY_BYTES,
      memoryFreeBytes: Math.max(0, MEMORY_BYTES - this.#otherBytes - running() * PROCESS_BYTES),
      diskBytes: DISK_BYTES,
      diskFreeBytes: this.#diskFreeBytes,
      rttMs: rttMs(),
    };
  }
}
