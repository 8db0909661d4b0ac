// The clock as everything but the adapters sees it, so that tests and the simulator can bring their own.

/** Milliseconds of a clock that never goes back; its zero means nothing. */
export interface Clock {
  now(): number;
}
