// Which key each host has shown last, and what a person has decided about those that nobody knew.
import type { SeenHostKey, LookedAtKey } from "#shared/controller-api/host-key-list.ts";

export interface Sighting {
  readonly seen: SeenHostKey;
  /** Writes it down, if it is unknown still; what went wrong in words. */
  readonly remember: () => Promise<string | undefined>;
}

/** Hosts of the largest directory that is tried; the oldest are forgotten. */
const SIGHTINGS_MAX = 20_000;

export class HostKeySightings {
  readonly #last = new Map<string, Sighting>();
  readonly #refused = new Set<string>();

  note(sighting: Sighting): void {
    const { name } = sighting.seen;
    this.#last.delete(name);
    this.#last.set(name, sighting);
    const [oldest] = this.#last.keys();
    if (this.#last.size > SIGHTINGS_MAX && oldest !== undefined) this.#last.delete(oldest);
  }

  isRefused(looked: LookedAtKey): boolean {
    return this.#refused.has(keyOf(looked));
  }

  list(): readonly SeenHostKey[] {
    return [...this.#last.values()].map(({ seen }) =>
      seen.state === "new" && this.isRefused(seen) ? { ...seen, state: "refused" } : seen,
    );
  }

  /** Gives, of those that could not be written down, why. */
  async accept(keys: readonly LookedAtKey[]): Promise<readonly string[]> {
    const troubles: string[] = [];
    for (const key of keys) {
      const sighting = this.#meant(key);
      if (sighting === undefined) {
        troubles.push(`${key.name} shows another key now, or none: look again`);
        continue;
      }
      const trouble = await sighting.remember();
      if (trouble !== undefined) troubles.push(`${key.name}: ${trouble}`);
      else {
        this.#refused.delete(keyOf(key));
        this.note({ ...sighting, seen: { ...sighting.seen, state: "known" } });
      }
    }
    return troubles;
  }

  refuse(keys: readonly LookedAtKey[]): void {
    for (const key of keys) if (this.#meant(key) !== undefined) this.#refused.add(keyOf(key));
  }

  #meant({ name, fingerprint }: LookedAtKey): Sighting | undefined {
    const sighting = this.#last.get(name);
    return sighting?.seen.fingerprint === fingerprint && sighting.seen.state === "new" ? sighting : undefined;
  }
}

const keyOf = ({ name, fingerprint }: LookedAtKey): string => `${name} ${fingerprint}`;
