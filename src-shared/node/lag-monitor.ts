// Notices when the event loop stood still (a long computation, SIGSTOP, a sleeping laptop), before anyone is judged
// for a silence that was our own deafness (Lifeguard's idea in memberlist).
import type { Clock } from "../base/clock.ts";

/**
 * How often it looks: a sixth of a dead interval. A look costs an idle client 0.15 ms of processor time; what it does not
 * see, the time that is granted after a standstill makes good.
 */
const INTERVAL_MS = 500;
/** Timers are a few milliseconds late always; so late only when something is wrong. */
const LAG_MS_MIN = 250;

export interface LagMonitor {
  /** To be called before any timer is acted on: after a standstill, all of them are due at once. */
  check(): void;
  close(): void;
}

export function createLagMonitor(parts: { readonly clock: Clock; onLag(ms: number): void }): LagMonitor {
  const { clock } = parts;
  let lookedAt = clock.now();
  const check = (): void => {
    const now = clock.now();
    const late = now - lookedAt - INTERVAL_MS;
    lookedAt = now;
    if (late >= LAG_MS_MIN) parts.onLag(late);
  };
  const timer = setInterval(check, INTERVAL_MS);
  timer.unref();
  return { check, close: () => clearInterval(timer) };
}
