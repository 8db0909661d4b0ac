// The real clock: monotonic, so that a step of the wall clock changes nothing.
import type { Clock } from "../base/clock.ts";

export function createSystemClock(): Clock {
  return { now: () => performance.now() };
}
