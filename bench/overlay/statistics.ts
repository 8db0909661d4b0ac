// Medians and the like of samples, of which some have no value: those never came to an end.

export interface Spread {
  readonly count: number;
  /** How many never came to an end; they count as the largest. */
  readonly never: number;
  readonly min: number | null;
  readonly median: number | null;
  readonly p99: number | null;
  readonly max: number | null;
}

/** Nearest rank: what is told was seen. Undefined: not measured here. */
export function spreadOf(values: readonly (number | null | undefined)[]): Spread {
  const measured = values.filter((value) => value !== undefined);
  const sorted = measured.map((value) => value ?? Infinity).sort((a, b) => a - b);
  const at = (share: number): number | null => {
    const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
    return value === undefined || value === Infinity ? null : value;
  };
  return {
    count: sorted.length,
    never: sorted.filter((value) => value === Infinity).length,
    min: at(0),
    median: at(0.5),
    p99: at(0.99),
    max: at(1),
  };
}

export function groupBy<Thing>(
  things: readonly Thing[],
  keyOf: (thing: Thing) => string,
): Map<string, readonly Thing[]> {
  const groups = new Map<string, Thing[]>();
  for (const thing of things) {
    const key = keyOf(thing);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [thing]);
    else group.push(thing);
  }
  return groups;
}
