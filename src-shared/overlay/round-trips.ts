// How long a neighbour takes to answer: beacons and their answers, which are there anyway, are the measure.

/** Beacons on their way at once: round trips of so many seconds are still measured; a lease is shorter. */
const ASKED_MAX = 4;
/**
 * The least of so many is told: what the network takes. A single one also counts what either end's processor was busy
 * with, and a way that has grown longer shows after as many beacons.
 */
const TRIPS_KEPT = 10;

/** Said with a beacon: the answer to that earlier beacon was heard, and the least of the last round trips took so long. */
export interface Trip {
  readonly beacon: number;
  readonly us: number;
}

export class RoundTrips {
  readonly #asked = new Map<number, number>();
  #took: number[] = [];
  #heard: number | undefined;

  /** A beacon that is said again is measured from its first time. */
  asked(beacon: number, now: number): void {
    if (this.#asked.has(beacon) || beacon === this.#heard) return;
    this.#asked.set(beacon, now);
    for (const older of this.#asked.keys()) {
      if (this.#asked.size <= ASKED_MAX) break;
      this.#asked.delete(older);
    }
  }

  /** What answers a beacon that nobody waits for measures nothing. */
  answered(beacon: number | undefined, now: number): void {
    const at = beacon === undefined ? undefined : this.#asked.get(beacon);
    if (beacon === undefined || at === undefined) return;
    this.#asked.delete(beacon);
    this.#heard = beacon;
    this.#took = [...this.#took, Math.max(0, Math.round((now - at) * 1000))].slice(-TRIPS_KEPT);
  }

  get trip(): { readonly trip?: Trip } {
    if (this.#heard === undefined) return {};
    return { trip: { beacon: this.#heard, us: Math.min(...this.#took) } };
  }
}
