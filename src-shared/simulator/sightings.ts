// Counts the rare things that a simulated life went through. Those that a test demands must have been seen at least
// once over all its lives ("sometimes" assertions): a fault that reaches nothing proves nothing.

export class Sightings {
  readonly #counts = new Map<string, number>();

  note(name: string, times = 1): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + times);
  }

  count(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  add(other: Sightings): void {
    for (const [name, times] of other.#counts) this.note(name, times);
  }

  /** Those of the wanted that were never seen. */
  missing(wanted: readonly string[]): string[] {
    return wanted.filter((name) => this.count(name) === 0);
  }

  /** Sorted by name. */
  all(): readonly (readonly [string, number])[] {
    return [...this.#counts].sort(([one], [other]) => (one < other ? -1 : 1));
  }
}
