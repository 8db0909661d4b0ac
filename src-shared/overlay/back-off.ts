// How long to wait before the next try: doubled from try to try, bounded, and spread over the whole span.

/** Full jitter: a thousand orphans of one root come back spread evenly, not in waves (AWS "exponential backoff and jitter"). */
export function backOffMs(failures: number, firstMs: number, maxMs: number, random: () => number): number {
  return Math.round(random() * doubledMs(failures, firstMs, maxMs));
}

/** firstMs, doubled `times` times, never above maxMs. */
export function doubledMs(times: number, firstMs: number, maxMs: number): number {
  /** 2^30 times anything is above any maximum; more would leave the safe integers. */
  const doublingsMax = 30;
  return Math.min(maxMs, firstMs * 2 ** Math.min(Math.max(0, times), doublingsMax));
}
