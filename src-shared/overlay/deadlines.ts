// Timers by name with their deadlines: one that fires early is set again, one that was cleared does nothing.

export type TimerEffect =
  | { readonly kind: "setTimer"; readonly name: string; readonly delayMs: number }
  | { readonly kind: "clearTimer"; readonly name: string };

export interface DeadlinesEnd {
  readonly now: number;
  timer(effect: TimerEffect): void;
}

export class Deadlines<Name extends string> {
  readonly #end: DeadlinesEnd;
  readonly #at = new Map<Name, number>();

  constructor(end: DeadlinesEnd) {
    this.#end = end;
  }

  has(name: Name): boolean {
    return this.#at.has(name);
  }

  arm(name: Name, delayMs: number): void {
    this.#at.set(name, this.#end.now + delayMs);
    this.#end.timer({ kind: "setTimer", name, delayMs });
  }

  disarm(...names: readonly Name[]): void {
    for (const name of names) if (this.#at.delete(name)) this.#end.timer({ kind: "clearTimer", name });
  }

  disarmAll(): void {
    this.disarm(...this.#at.keys());
  }

  /** The timer that is due, if it is one of these and it is its time. */
  due(fired: string): Name | undefined {
    const name = [...this.#at.keys()].find((known) => known === fired);
    if (name === undefined) return undefined;
    const leftMs = (this.#at.get(name) ?? 0) - this.#end.now;
    if (leftMs > 0) {
      this.arm(name, leftMs);
      return undefined;
    }
    this.#at.delete(name);
    return name;
  }

  /** Moves those that are set by so much; none of them is due before `leastMs` from now. */
  postpone(names: readonly Name[], ms: number, leastMs: number): void {
    for (const name of names) {
      const at = this.#at.get(name);
      if (at !== undefined) this.arm(name, Math.max(at + ms - this.#end.now, leastMs));
    }
  }
}
