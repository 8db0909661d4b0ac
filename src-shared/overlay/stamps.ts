// The rule that keeps the tree free of cycles at every instant, whatever is on its way (DSDV, Babel, RPL).
import type { Stamp } from "./tree-frames.ts";

export const NO_STAMP: Stamp = { epoch: 0, beacon: 0 };

/** Negative: `a` is older. */
export function compareStamps(a: Stamp, b: Stamp): number {
  return a.epoch - b.epoch || a.beacon - b.beacon;
}

/**
 * How near to the root a node has been, and when: the newest stamp that it has ever passed on, and its smallest
 * depth at that stamp. Along each edge it decreases strictly, so that edges cannot close a circle.
 */
export interface Distance {
  readonly stamp: Stamp;
  readonly depth: number;
}

export const NOWHERE: Distance = { stamp: NO_STAMP, depth: Number.MAX_SAFE_INTEGER };

/** The distance after a stamp was heard at a depth. */
export function nearer(distance: Distance, stamp: Stamp, depth: number): Distance {
  const order = compareStamps(stamp, distance.stamp);
  if (order < 0 || (order === 0 && depth >= distance.depth)) return distance;
  return { stamp, depth };
}

/** Whether somebody who heard `stamp` at `depth` may adopt a joiner: nobody in the joiner's subtree can be. */
export function isFeasible(stamp: Stamp, depth: number, joiner: Distance): boolean {
  const order = compareStamps(stamp, joiner.stamp);
  return order > 0 || (order === 0 && depth < joiner.depth);
}
