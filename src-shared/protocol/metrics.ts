// What a client measures of its host, as the latest value that it tells; and the door for it at the controller.
import { amount, count } from "./check-fields.ts";
import { check, numberOf, objectOf, orUndefined, type Checked } from "./shapes.ts";

/** Undefined: this host does not say (which depends on its system), or it is not known yet. */
export interface HostMetrics {
  /** Processes that run or want to, averaged over a minute. */
  readonly load: number | undefined;
  /** The share of all processors that was busy since the last look, 0 to 1. */
  readonly cpu: number | undefined;
  readonly cores: number | undefined;
  readonly memoryBytes: number | undefined;
  /** What programs can still get, caches included. */
  readonly memoryFreeBytes: number | undefined;
  /** Of the file system on which the client lives. */
  readonly diskBytes: number | undefined;
  readonly diskFreeBytes: number | undefined;
  /** To its parent in the overlay and back: the least of the last ones. */
  readonly rttMs: number | undefined;
}

/** How often a client looks when nobody has asked for more. */
export const METRICS_MS = 10_000;
/** Faster is not looked: each look costs, and values go up with beacons, one a second. */
export const METRICS_MS_MIN = 1000;

const share = numberOf({ whole: false, least: 0, most: 1 });

export const metricsShape = objectOf({
  load: orUndefined(amount),
  cpu: orUndefined(share),
  cores: orUndefined(count),
  memoryBytes: orUndefined(count),
  memoryFreeBytes: orUndefined(count),
  diskBytes: orUndefined(count),
  diskFreeBytes: orUndefined(count),
  rttMs: orUndefined(amount),
});

export function checkMetrics(value: unknown): Checked<HostMetrics> {
  return check(metricsShape, value);
}
