// Decides when to look at the host and what of it is worth telling: cheap, because little changes. Pure.
import { METRICS_MS, METRICS_MS_MIN, type HostMetrics } from "#shared/protocol/metrics.ts";

/** What the host says at one look; counts that only grow are compared with those of the look before. */
export interface HostLook extends Omit<HostMetrics, "cpu"> {
  /** Processor time since the start of the host, in any unit. */
  readonly cpuTime: { readonly busy: number; readonly all: number } | undefined;
}

export type MetricsEvent =
  | { readonly kind: "start" }
  | { readonly kind: "timer" }
  | { readonly kind: "looked"; readonly look: HostLook }
  /** From the controller: for so long look so often. */
  | { readonly kind: "measure"; readonly everyMs: number; readonly forMs: number };

export type MetricsEffect =
  | { readonly kind: "setTimer"; readonly delayMs: number }
  /** Answered by `looked`. `disk`: ask anew; else what was known of it. */
  | { readonly kind: "look"; readonly disk: boolean }
  | { readonly kind: "tell"; readonly metrics: HostMetrics };

/** After the first look: the share of the processors needs two, the round trip two beacons. */
const SECOND_LOOK_MS = 2500;
/** Disks fill slowly, and asking for their room may wait for a file server. */
const DISK_MS = 30_000;
/** Also when nothing changes: whoever hears nothing for longer knows that something is wrong. */
const TELL_MS = 60_000;
const EVERY_MS_MAX = 60 * 60 * 1000;

export class MetricsCore {
  #everyMs = METRICS_MS;
  #fastUntil = 0;
  #looks = 0;
  /** When the timer is due. */
  #nextAt = 0;
  #diskAt = 0;
  #told: HostMetrics | undefined;
  #toldAt = 0;
  #cpuTime: HostLook["cpuTime"];

  step(event: MetricsEvent, now: number, random: () => number): MetricsEffect[] {
    switch (event.kind) {
      case "start":
        return [this.#look(now), this.#wait(SECOND_LOOK_MS, now)];
      case "timer":
        return this.#timer(now, random);
      case "looked":
        return this.#looked(event.look, now);
      case "measure":
        return this.#measure(event.everyMs, event.forMs, now);
    }
  }

  #timer(now: number, random: () => number): MetricsEffect[] {
    if (now >= this.#fastUntil) this.#everyMs = METRICS_MS;
    // All clients start together, and do not go on together: their looks are spread over the interval.
    const delayMs = this.#looks === 1 ? this.#everyMs * random() : this.#everyMs;
    return [this.#look(now), this.#wait(Math.max(delayMs, METRICS_MS_MIN), now)];
  }

  #measure(everyMs: number, forMs: number, now: number): MetricsEffect[] {
    this.#everyMs = Math.min(Math.max(everyMs, METRICS_MS_MIN), EVERY_MS_MAX);
    this.#fastUntil = now + forMs;
    // Sooner, never later: whoever asks again and again must not keep it from looking.
    return this.#nextAt > now + this.#everyMs ? [this.#wait(this.#everyMs, now)] : [];
  }

  #wait(delayMs: number, now: number): MetricsEffect {
    this.#nextAt = now + delayMs;
    return { kind: "setTimer", delayMs };
  }

  #look(now: number): MetricsEffect {
    this.#looks += 1;
    const disk = now >= this.#diskAt;
    if (disk) this.#diskAt = now + DISK_MS;
    return { kind: "look", disk };
  }

  #looked({ cpuTime, ...look }: HostLook, now: number): MetricsEffect[] {
    const cpu = shareOf(this.#cpuTime, cpuTime);
    this.#cpuTime = cpuTime;
    const metrics = rounded({ ...look, cpu });
    const isNews = this.#told === undefined || now - this.#toldAt >= TELL_MS || isWorth(this.#told, metrics);
    if (!isNews) return [];
    this.#told = metrics;
    this.#toldAt = now;
    return [{ kind: "tell", metrics }];
  }
}

function shareOf(before: HostLook["cpuTime"], after: HostLook["cpuTime"]): number | undefined {
  if (before === undefined || after === undefined || after.all <= before.all) return undefined;
  return Math.min(1, Math.max(0, (after.busy - before.busy) / (after.all - before.all)));
}

const to = (step: number, value: number | undefined): number | undefined =>
  value === undefined ? undefined : Math.round(value / step) * step;
/** To so many decimals: 0.1 * 3 is not 0.3. */
const decimals = (count: number, value: number | undefined): number | undefined =>
  value === undefined ? undefined : Number(value.toFixed(count));

const MEBIBYTE = 1024 * 1024;

/** What people read of it. */
function rounded(metrics: HostMetrics): HostMetrics {
  return {
    load: decimals(2, metrics.load),
    cpu: decimals(2, metrics.cpu),
    cores: metrics.cores,
    memoryBytes: to(MEBIBYTE, metrics.memoryBytes),
    memoryFreeBytes: to(MEBIBYTE, metrics.memoryFreeBytes),
    diskBytes: to(MEBIBYTE, metrics.diskBytes),
    diskFreeBytes: to(MEBIBYTE, metrics.diskFreeBytes),
    rttMs: decimals(2, metrics.rttMs),
  };
}

/** Whether somebody who looks at a number, a colour or a line would see the difference. */
function isWorth(told: HostMetrics, now: HostMetrics): boolean {
  return (
    differs(told.load, now.load, Math.max(0.05, 0.05 * (told.load ?? 0))) ||
    differs(told.cpu, now.cpu, 0.02) ||
    differs(told.rttMs, now.rttMs, Math.max(0.2, 0.1 * (told.rttMs ?? 0))) ||
    differs(told.memoryFreeBytes, now.memoryFreeBytes, 0.01 * (now.memoryBytes ?? 0)) ||
    differs(told.diskFreeBytes, now.diskFreeBytes, 0.01 * (now.diskBytes ?? 0)) ||
    told.cores !== now.cores ||
    told.memoryBytes !== now.memoryBytes ||
    told.diskBytes !== now.diskBytes
  );
}

function differs(before: number | undefined, after: number | undefined, least: number): boolean {
  if (before === undefined || after === undefined) return before !== after;
  return before !== after && Math.abs(after - before) >= least;
}
