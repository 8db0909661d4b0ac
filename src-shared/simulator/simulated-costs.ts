// What work costs in a simulated world, in one table: `npm run bench -- calibrate` measures the real figures.

/** Milliseconds of one core, unless the name says otherwise. */
export interface SimulatedCosts {
  /** Taking one frame from a link: decoding, the step of the core. */
  readonly frameInMs: number;
  /** Putting one frame on a link: encoding, the system call, encryption. */
  readonly frameOutMs: number;
  /** More for each kilobyte of a frame, in or out. */
  readonly kilobyteMs: number;
  /** A handshake at the side that is dialled, and at the one that dials (mutual TLS 1.3, P-256). */
  readonly acceptMs: number;
  readonly dialMs: number;
  /** More for a client's first dial: what a program that has just been started does for the first time. */
  readonly firstDialMs: number;
  /** Turning away a connection before its handshake. */
  readonly shedMs: number;
  /** Once for each time that a program which slept gets something to do. */
  readonly wakeMs: number;
  readonly timerMs: number;
  /** Dials are turned away while handshakes of so much work are waiting. */
  readonly shedAboveMs: number;
}

/**
 * Measured with Node 20 on 2 cores, over real TLS: 1.65 ms for each accept, 40 µs for each frame through a core and
 * both of its codecs.
 */
export const SIMULATED_COSTS: SimulatedCosts = {
  frameInMs: 0.03,
  frameOutMs: 0.012,
  kilobyteMs: 0.004,
  acceptMs: 1.65,
  dialMs: 1.65,
  firstDialMs: 0,
  shedMs: 0.05,
  wakeMs: 0.02,
  timerMs: 0.01,
  shedAboveMs: 300,
};

/** Length prefix, TLS record, type and small fields of any frame. */
export const FRAME_BYTES = 64;
