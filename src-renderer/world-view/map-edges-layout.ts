// The overlay's edges between the places of hosts, each once; the same list for as long as they are the same. Pure.
import type { HostRow } from "#shared/host-query/host-row.ts";
import { hopStep } from "#shared/host-query/metric-scale.ts";

export interface MapEdge {
  /** [longitude, latitude]. */
  readonly from: readonly [number, number];
  readonly to: readonly [number, number];
  /** By its round trip (hopStep); undefined while it is not known. */
  readonly step: number | undefined;
}

type Place = NonNullable<HostRow["host"]["place"]>;

/** More places than there are hosts: two numbers of places make one. */
const PLACES_MAX = 2 ** 26;

export class EdgeIndex {
  readonly #numbers = new Map<string, number>();
  readonly #known = new WeakMap<Place, number>();
  #edges: readonly MapEdge[] = [];
  #steps: ReadonlyMap<number, number | undefined> = new Map();

  /** Only between different places: within a site there is nothing to see. Of several the longest round trip counts. */
  of(rows: ReadonlyMap<string, HostRow>): readonly MapEdge[] {
    const steps = new Map<number, number | undefined>();
    const ends = new Map<number, readonly [Place, Place]>();
    for (const { host, member } of rows.values()) {
      const above = member?.parent === undefined ? undefined : rows.get(member.parent)?.host.place;
      if (above === undefined || host.place === undefined) continue;
      const [from, to] = [this.#numberOf(above), this.#numberOf(host.place)];
      if (from === to) continue;
      const key = from * PLACES_MAX + to;
      const rttMs = host.metrics?.rttMs;
      const step = rttMs === undefined ? undefined : hopStep(rttMs);
      if (!steps.has(key)) ends.set(key, [above, host.place]);
      steps.set(key, longer(steps.get(key), step));
    }
    const isSame =
      steps.size === this.#steps.size &&
      [...steps].every(([key, step]) => this.#steps.has(key) && this.#steps.get(key) === step);
    if (isSame) return this.#edges;
    this.#steps = steps;
    this.#edges = [...ends].map(([key, [from, to]]) => ({
      from: [from.longitude, from.latitude],
      to: [to.longitude, to.latitude],
      step: steps.get(key),
    }));
    return this.#edges;
  }

  #numberOf(place: Place): number {
    const known = this.#known.get(place);
    if (known !== undefined) return known;
    const text = `${String(place.longitude)},${String(place.latitude)}`;
    const number = this.#numbers.get(text) ?? this.#numbers.size;
    this.#numbers.set(text, number);
    this.#known.set(place, number);
    return number;
  }
}

function longer(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.max(one, other);
}
