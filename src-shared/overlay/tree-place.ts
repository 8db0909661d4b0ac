// Where a member hangs: the path from the root, the newest stamp heard, and the distance that keeps circles away.
import { compareStamps, nearer, NO_STAMP, NOWHERE, type Distance } from "./stamps.ts";
import type { Candidate, Rank } from "./topology.ts";
import type { Position } from "./tree-children.ts";
import type { Stamp, TreeFrame } from "./tree-frames.ts";

type Beacon = Extract<TreeFrame, { t: "beacon" }>;

export class TreePlace {
  readonly #me: Rank;
  #stamp: Stamp = NO_STAMP;
  #distance: Distance = NOWHERE;
  /** When the newest stamp came. */
  #heardAt = 0;
  /** From the root to the parent. */
  #above: readonly Candidate[] = [];
  /** Outside of this node's subtree: for its children. */
  #elsewhere: readonly Candidate[] = [];

  constructor(me: Rank) {
    this.#me = me;
  }

  get stamp(): Stamp {
    return this.#stamp;
  }

  get distance(): Distance {
    return this.#distance;
  }

  get above(): readonly Candidate[] {
    return this.#above;
  }

  get elsewhere(): readonly Candidate[] {
    return this.#elsewhere;
  }

  /** As seen by those who would like to hang below. */
  position(address: string): Position {
    const path = [...this.#above, { rank: this.#me, address }];
    return { stamp: this.#stamp, depth: this.#above.length, path };
  }

  /** Whether a path ends at the parent and does not lead over this node. */
  isSound(path: readonly Candidate[], parent: Rank): boolean {
    return path.at(-1)?.rank === parent && path.every(({ rank }) => rank !== this.#me);
  }

  /** An older controller's stamps count no more. */
  isOutdated(stamp: Stamp): boolean {
    return stamp.epoch < this.#distance.stamp.epoch;
  }

  /** How long ago the newest stamp came. */
  silentMs(now: number): number {
    return now - this.#heardAt;
  }

  take(stamp: Stamp, path: readonly Candidate[], now: number): void {
    if (compareStamps(stamp, this.#stamp) > 0) this.#heardAt = now;
    this.#stamp = stamp;
    this.#above = path;
    this.#distance = nearer(this.#distance, stamp, path.length);
  }

  /** What a beacon says that was not known: nothing, when it is repeated. */
  news({ stamp, path }: Beacon): { readonly order: number; readonly hasMoved: boolean } {
    const hasMoved =
      path.length !== this.#above.length || path.some(({ rank }, at) => rank !== this.#above[at]?.rank);
    return { order: compareStamps(stamp, this.#stamp), hasMoved };
  }

  knowElsewhere({ alternatives, siblings }: Beacon): void {
    this.#elsewhere = [...alternatives, ...siblings];
  }

  leave(): void {
    this.#above = [];
  }
}
