// How the overlay was: each change of a host's place or state with its time, so that any moment since can be shown again. Pure.
import type { HostRow } from "#shared/host-query/host-row.ts";

interface Change {
  readonly timeMs: number;
  readonly name: string;
  /** Undefined: it is in the directory no more. */
  readonly row: HostRow | undefined;
}

/** Kept one by one: hours of a busy tree; the oldest half then becomes one moment, before which nothing is known. */
const CHANGES_MAX = 20_000;

export class TreePast {
  readonly #max: number;
  #base = new Map<string, HostRow>();
  #changes: Change[] = [];
  /** As recorded last. */
  readonly #now = new Map<string, HostRow>();

  constructor(max: number = CHANGES_MAX) {
    this.#max = max;
  }

  forget(): void {
    this.#base = new Map();
    this.#changes = [];
    this.#now.clear();
  }

  /** `changed`: all that may have; `gone`: from the directory. */
  record(changed: readonly HostRow[], gone: readonly string[], timeMs: number): void {
    for (const row of changed) {
      const known = this.#now.get(row.name);
      this.#now.set(row.name, row);
      if (known === undefined || differs(known, row)) this.#changes.push({ timeMs, name: row.name, row });
    }
    for (const name of gone) {
      if (this.#now.delete(name)) this.#changes.push({ timeMs, name, row: undefined });
    }
    if (this.#changes.length > this.#max) {
      for (const change of this.#changes.splice(0, this.#changes.length >> 1)) apply(this.#base, change);
    }
  }

  /** The hosts as they were then. */
  at(timeMs: number): ReadonlyMap<string, HostRow> {
    const rows = new Map(this.#base);
    for (const change of this.#changes) {
      if (change.timeMs > timeMs) break;
      apply(rows, change);
    }
    return rows;
  }
}

function apply(rows: Map<string, HostRow>, { name, row }: Change): void {
  if (row === undefined) rows.delete(name);
  else rows.set(name, row);
}

/** Only what the tree shows: the rest of a host changes all the time. */
function differs(before: HostRow, row: HostRow): boolean {
  return (
    before.mark !== row.mark ||
    before.member?.parent !== row.member?.parent ||
    before.member?.state !== row.member?.state
  );
}
