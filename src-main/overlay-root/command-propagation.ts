// How long commands take: from when they are given until the root knows that all whom they are for have them.
import type { PropagationView } from "#shared/controller-api/controller-api.ts";

/** Not known to have arrived; a command more is measured with the next that has. */
const GIVEN_MAX = 1000;

export class CommandPropagation {
  /** The oldest first. */
  #given: { readonly sequence: number; readonly hosts: number; readonly atMs: number }[] = [];
  #last: PropagationView | undefined;

  get last(): PropagationView | undefined {
    return this.#last;
  }

  given(sequence: number, hosts: number, atMs: number): void {
    if (this.#given.length < GIVEN_MAX) this.#given.push({ sequence, hosts, atMs });
  }

  /** All commands up to this number have arrived: of those that arrive at once, the one that took longest counts. */
  stable(sequence: number, atMs: number): void {
    const arrived = this.#given.filter((one) => one.sequence <= sequence);
    this.#given = this.#given.filter((one) => one.sequence > sequence);
    const [first] = arrived;
    if (first === undefined) return;
    const hosts = Math.max(...arrived.map((one) => one.hosts));
    this.#last = { ms: Math.round(atMs - first.atMs), hosts };
  }
}
