// The order of the root's commands as a chain of digests: of each number a digest of for whom it and all before it are.
// Two nodes that share a digest were told the same.
import type { RankSet } from "./rank-set.ts";
import { TAG_BYTES } from "./topology.ts";

/** The digest of the next command, from that of the one before: of MemberSeals and RootSeals in topology.ts. */
interface Chaining {
  chain(before: Uint8Array, sequence: number, targets: RankSet): Uint8Array;
}

/** Before the first command. */
export const FIRST_CHAIN = new Uint8Array(TAG_BYTES);

export class CommandOrder {
  readonly #seals: Chaining;
  readonly #chains = new Map<number, Uint8Array>();
  #first: number;
  #last: number;
  #lastChain: Uint8Array;

  constructor(seals: Chaining, start: number, chain: Uint8Array) {
    this.#seals = seals;
    this.#first = start;
    this.#last = start;
    this.#lastChain = chain;
    this.#chains.set(start, chain);
  }

  get last(): number {
    return this.#last;
  }

  get lastChain(): Uint8Array {
    return this.#lastChain;
  }

  /** Undefined for what is forgotten, or yet to come. */
  at(sequence: number): Uint8Array | undefined {
    return this.#chains.get(sequence);
  }

  /** What the next command would have as its digest. */
  after(before: Uint8Array, sequence: number, targets: RankSet): Uint8Array {
    return this.#seals.chain(before, sequence, targets);
  }

  /** The next command. */
  add(targets: RankSet): void {
    this.#lastChain = this.#seals.chain(this.#lastChain, this.#last + 1, targets);
    this.#last += 1;
    this.#chains.set(this.#last, this.#lastChain);
  }

  forgetBelow(sequence: number): void {
    const end = Math.min(sequence, this.#last);
    for (; this.#first < end; this.#first += 1) this.#chains.delete(this.#first);
  }

  /** As if nothing had come behind this number, which is known. */
  cut(sequence: number): void {
    const chain = this.at(sequence);
    if (chain === undefined) return;
    for (let at = sequence + 1; at <= this.#last; at += 1) this.#chains.delete(at);
    this.#last = sequence;
    this.#lastChain = chain;
  }
}

export function isSameBytes(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  return (
    one !== undefined && one.length === other?.length && one.every((byte, place) => byte === other[place])
  );
}
