// Who hangs below a node, and by which of its children: learnt from edge records, exact for what is attached now.
import { ranksIn, type RankSet } from "./rank-set.ts";
import { ROOT_RANK, type Candidate, type Rank } from "./topology.ts";
import type { EdgeRecord } from "./tree-frames.ts";

/** What a record has changed: `gone` are no more below, `come` are (again). */
export interface SubtreeChange {
  readonly gone: readonly Rank[];
  readonly come: readonly Rank[];
}

const UNCHANGED: SubtreeChange = { gone: [], come: [] };

export class Subtree {
  readonly #me: Rank;
  readonly #records = new Map<Rank, EdgeRecord>();
  readonly #children = new Map<Rank, Set<Rank>>();
  /**
   * Of each rank ever seen the highest attach: what is older changes nothing, however late it comes. Only at the root,
   * which checks the proofs: elsewhere a forged number would shut out the true ones long after the forger is gone, so
   * there the word of a child counts for as long as its link stands.
   */
  readonly #newest: Map<Rank, number> | undefined;
  /** Of the sets that were asked for since the last change. */
  #routes = new WeakMap<RankSet, ReadonlySet<Rank>>();

  constructor(me: Rank) {
    this.#me = me;
    this.#newest = me === ROOT_RANK ? new Map() : undefined;
  }

  /** Without the node itself. */
  get size(): number {
    return this.#records.size;
  }

  has(rank: Rank): boolean {
    return this.#records.has(rank);
  }

  record(rank: Rank): EdgeRecord | undefined {
    return this.#records.get(rank);
  }

  ranks(): IterableIterator<Rank> {
    return this.#records.keys();
  }

  childrenOf(rank: Rank): ReadonlySet<Rank> {
    return this.#children.get(rank) ?? new Set();
  }

  /** The child of this node that leads to a rank. */
  routeTo(rank: Rank): Rank | undefined {
    let at = rank;
    for (let hops = 0; hops <= this.#records.size; hops += 1) {
      const parent = this.#records.get(at)?.parent;
      if (parent === undefined) return undefined;
      if (parent === this.#me) return at;
      at = parent;
    }
    return undefined;
  }

  /** The children of this node that lead to any of these: asked for by each child in turn, so worked out once. */
  routesTo(targets: RankSet): ReadonlySet<Rank> {
    const known = this.#routes.get(targets);
    if (known !== undefined) return known;
    const routes = new Set<Rank>();
    for (const rank of ranksIn(targets)) {
      const route = this.routeTo(rank);
      if (route !== undefined) routes.add(route);
    }
    this.#routes.set(targets, routes);
    return routes;
  }

  /** From the child of this node down to the rank itself; empty when it is not below. */
  pathTo(rank: Rank): Rank[] {
    const path: Rank[] = [];
    let at: Rank | undefined = rank;
    while (at !== undefined && at !== this.#me && path.length <= this.#records.size) {
      path.unshift(at);
      at = this.#records.get(at)?.parent;
    }
    return at === this.#me ? path : [];
  }

  /** A record that a child has passed on; `via` undefined for an edge of this node itself. */
  learn(record: EdgeRecord, via: Rank | undefined): SubtreeChange {
    const { child, parent, attach } = record;
    const newest = this.#newest?.get(child) ?? 0;
    if (child === this.#me || attach < newest) return UNCHANGED;
    const known = this.#records.get(child);
    if (!record.up) {
      this.#newest?.set(child, attach);
      if (known === undefined || known.parent !== parent || known.attach !== attach) return UNCHANGED;
      // Only whoever leads to an edge can say that it is gone.
      if (via !== undefined && this.routeTo(child) !== via) return UNCHANGED;
      return { gone: this.drop(child), come: [] };
    }
    if (known?.attach === attach && known.parent === parent) return UNCHANGED;
    if (known !== undefined && !this.#mayReplace(known, record, via)) return UNCHANGED;
    // A child speaks for its own subtree only; and nobody hangs below one who hangs below him.
    if (via !== undefined && parent !== via && this.routeTo(parent) !== via) return UNCHANGED;
    if (via !== undefined && this.#isBelow(parent, child)) return UNCHANGED;
    this.#newest?.set(child, attach);
    // What hung below it is told anew by itself, behind this record.
    const gone = known === undefined ? [] : this.drop(child);
    this.#records.set(child, record);
    this.#routes = new WeakMap();
    const siblings = this.#children.get(parent) ?? new Set();
    siblings.add(child);
    this.#children.set(parent, siblings);
    return { gone, come: [child] };
  }

  /**
   * The newer edge counts. Where nothing can be proved, a link of one's own is the truth, and a child knows its own
   * subtree best: a claim by somebody else waits until that link has gone.
   */
  #mayReplace(known: EdgeRecord, record: EdgeRecord, via: Rank | undefined): boolean {
    if (this.#newest !== undefined) return record.attach > known.attach;
    if (via === undefined || this.routeTo(record.child) === via) return true;
    return known.parent !== this.#me && record.attach > known.attach;
  }

  /** Takes a rank and all below it away. */
  drop(rank: Rank): Rank[] {
    const gone: Rank[] = [];
    const stack = [rank];
    this.#routes = new WeakMap();
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      const record = this.#records.get(at);
      if (record === undefined) continue;
      gone.push(at);
      this.#records.delete(at);
      this.#children.get(record.parent)?.delete(at);
      stack.push(...(this.#children.get(at) ?? []));
      this.#children.delete(at);
    }
    return gone;
  }

  /** Takes all below a rank away, and leaves itself. */
  dropBelow(rank: Rank): Rank[] {
    return [...this.childrenOf(rank)].flatMap((child) => this.drop(child));
  }

  /** Each after its parent. Below one rank, or all. */
  recordsBelow(rank: Rank = this.#me): EdgeRecord[] {
    const records: EdgeRecord[] = [];
    const queue = [rank];
    for (let at = queue.shift(); at !== undefined; at = queue.shift()) {
      for (const child of this.childrenOf(at)) {
        const record = this.#records.get(child);
        if (record !== undefined) records.push(record);
        queue.push(child);
      }
    }
    return records;
  }

  /** How many are below a rank, and a number that two tables share only if they agree on all of them. */
  digestBelow(rank: Rank = this.#me): { readonly size: number; readonly digest: number } {
    let size = 0;
    let digest = 0;
    const stack = [rank];
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      for (const child of this.childrenOf(at)) {
        const record = this.#records.get(child);
        if (record === undefined) continue;
        size += 1;
        digest = (digest + mix(record)) >>> 0;
        stack.push(child);
      }
    }
    return { size, digest };
  }

  /** Those that can be dialled. */
  candidates(ranks: Iterable<Rank>): Candidate[] {
    const found: Candidate[] = [];
    for (const rank of ranks) {
      const address = this.#records.get(rank)?.address ?? "";
      if (address !== "") found.push({ rank, address });
    }
    return found;
  }

  #isBelow(rank: Rank, above: Rank): boolean {
    return rank === above || this.pathTo(rank).includes(above);
  }
}

/** Of one edge: 32 bits in which each of the three counts (splitmix's finish). */
function mix({ child, parent, attach }: EdgeRecord): number {
  let hash = Math.imul(child, 0x9e3779b1) ^ Math.imul(parent + 1, 0x85ebca6b) ^ Math.imul(attach, 0xc2b2ae35);
  hash = Math.imul(hash ^ (hash >>> 16), 0x21f0aaad);
  hash = Math.imul(hash ^ (hash >>> 15), 0x735a2d97);
  return (hash ^ (hash >>> 15)) >>> 0;
}
