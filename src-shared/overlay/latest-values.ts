// What each host has said of itself last, on its way up: the newest replaces what has not gone on yet, so nothing ever
// queues. It goes with the answer to a beacon, and no second frame before the first has arrived.
import type { Trip } from "./round-trips.ts";
import { TAG_BYTES, type LatestValue, type Rank } from "./topology.ts";

/** What a value counts for in a frame, beside its payload. */
const VALUE_BYTES = TAG_BYTES + 12;

export class LatestValues {
  readonly #frameBytes: number;
  readonly #waiting = new Map<Rank, LatestValue>();
  /** Of this node: said again after a move, since it may have been lost on the way. */
  #own: LatestValue | undefined;
  /** The beacon whose answer the frame on its way has gone with. */
  #with: number | undefined;
  /** What the parent has measured. */
  #tripUs: number | undefined;

  constructor(frameBytes: number) {
    this.#frameBytes = frameBytes;
  }

  get size(): number {
    return this.#waiting.size;
  }

  get tripUs(): number | undefined {
    return this.#tripUs;
  }

  /** Of somebody below. Whoever waits keeps his place in the row, so that nobody starves where not all fit. */
  put(value: LatestValue): void {
    const known = this.#waiting.get(value.rank);
    if (known === undefined || known.number < value.number) this.#waiting.set(value.rank, value);
  }

  putOwn(value: LatestValue): void {
    if (this.#own !== undefined && this.#own.number >= value.number) return;
    this.#own = value;
    this.put(value);
  }

  forget(rank: Rank): void {
    this.#waiting.delete(rank);
  }

  /** At another parent, or at the same one by another way. */
  moved(): void {
    this.#with = undefined;
    this.#tripUs = undefined;
    if (this.#own !== undefined) this.put(this.#own);
  }

  /** What the parent says with a beacon. */
  heard(trip: Trip | undefined): void {
    if (trip === undefined) return;
    this.#tripUs = trip.us;
    if (this.#with !== undefined && trip.beacon >= this.#with) this.#with = undefined;
  }

  /** What goes with the answer to this beacon, as one frame. */
  take(beacon: number): readonly LatestValue[] {
    if (this.#with !== undefined || this.#waiting.size === 0) return [];
    this.#with = beacon;
    const values: LatestValue[] = [];
    let bytes = 0;
    for (const value of this.#waiting.values()) {
      if (bytes > 0 && bytes + VALUE_BYTES + value.payload.length > this.#frameBytes) break;
      bytes += VALUE_BYTES + value.payload.length;
      values.push(value);
    }
    for (const { rank } of values) this.#waiting.delete(rank);
    return values;
  }
}
