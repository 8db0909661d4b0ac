// Time of a simulated world: events in order of their time, and of their making when that is the same.

interface Planned {
  readonly at: number;
  readonly order: number;
  readonly act: () => void;
}

export class VirtualTime {
  /** A binary heap: each entry is before its children at 2i + 1 and 2i + 2. */
  readonly #heap: Planned[] = [];
  #order = 0;
  #now = 0;

  get now(): number {
    return this.#now;
  }

  /** When the earliest of what is planned is due; Infinity for nothing. */
  get next(): number {
    return this.#heap[0]?.at ?? Infinity;
  }

  after(delayMs: number, act: () => void): void {
    this.#order += 1;
    this.#push({ at: this.#now + Math.max(0, delayMs), order: this.#order, act });
  }

  /** Runs what is planned until then, and what comes of it. */
  runUntil(end: number): void {
    for (let next = this.#heap[0]; next !== undefined && next.at <= end; next = this.#heap[0]) {
      this.#pop();
      this.#now = next.at;
      next.act();
    }
    this.#now = end;
  }

  #push(planned: Planned): void {
    let place = this.#heap.length;
    this.#heap.push(planned);
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = this.#heap[above];
      if (parent === undefined || isBefore(parent, planned)) break;
      this.#heap[place] = parent;
      place = above;
    }
    this.#heap[place] = planned;
  }

  #pop(): void {
    const moved = this.#heap.pop();
    if (moved === undefined || this.#heap.length === 0) return;
    let place = 0;
    for (;;) {
      const child = this.#earlierChild(place);
      const below = this.#heap[child];
      if (below === undefined || isBefore(moved, below)) break;
      this.#heap[place] = below;
      place = child;
    }
    this.#heap[place] = moved;
  }

  #earlierChild(place: number): number {
    const left = this.#heap[2 * place + 1];
    const right = this.#heap[2 * place + 2];
    return left !== undefined && right !== undefined && isBefore(right, left) ? 2 * place + 2 : 2 * place + 1;
  }
}

function isBefore(a: Planned, b: Planned): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
