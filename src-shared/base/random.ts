// A seeded source of randomness, so that the same seed gives the same run everywhere.

/** Numbers in [0, 1), like Math.random. */
export type Random = () => number;

/** Mulberry32: 32 bits of state, fast, good enough for jitter and simulation; never for secrets. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
