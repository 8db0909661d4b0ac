// What children have sent for the root, on its way up: equal texts folded into one, in order for each host, bounded
// by credit from hop to hop, so that no node holds more than a window for each of its children.
import type { LinkId, Payload } from "./overlay.ts";
import { ranksIn } from "./rank-set.ts";
import { tagsOf, taggedRanksOf } from "./tagged-ranks.ts";
import { TAG_BYTES, type Rank } from "./topology.ts";
import type { FoldedItem, FoldedPart } from "./tree-frames.ts";

export interface UpQueueLimits {
  /** On the way to the parent and not yet passed on by it. */
  readonly windowBytes: number;
  /** In one frame. */
  readonly frameBytes: number;
}

interface Waiting {
  readonly payload: Payload;
  /** By `sequence skips`: each host's tag. */
  readonly parts: Map<string, Map<Rank, Uint8Array>>;
  /** How many bytes each child has spent on it. */
  readonly spent: Map<LinkId, number>;
}

/** Per host and part: a tag and its place in a set of ranks. */
const PART_BYTES = TAG_BYTES + 8;

/** What an item counts for in windows and frames. */
export function itemBytes(item: FoldedItem): number {
  const tags = item.parts.reduce((sum, part) => sum + part.tags.length, 0);
  return item.payload.length + tags + item.parts.length * PART_BYTES;
}

export class UpQueue {
  readonly #limits: UpQueueLimits;
  #waiting: Waiting[] = [];
  /** Places in #waiting count from here, so that they stay what they are when its front is taken. */
  #first = 0;
  readonly #byText = new Map<number, number[]>();
  /** The place of each host's newest text: nothing of it may go into an earlier one. */
  readonly #newest = new Map<Rank, number>();
  #inFlight = 0;

  constructor(limits: UpQueueLimits) {
    this.#limits = limits;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  get isOpen(): boolean {
    return this.#inFlight < this.#limits.windowBytes;
  }

  /** `spent`: of the child's credit; nothing for what it says of itself, which it bounds otherwise. */
  offer(from: LinkId, item: FoldedItem, spent: number): void {
    const place = this.#placeFor(item);
    const waiting = this.#waiting[place - this.#first];
    if (waiting === undefined) return;
    for (const part of item.parts) addPart(waiting, part);
    for (const { ranks } of item.parts) for (const rank of ranksIn(ranks)) this.#newest.set(rank, place);
    if (spent > 0) waiting.spent.set(from, (waiting.spent.get(from) ?? 0) + spent);
  }

  /** What may go up now as one frame, and what each child may send again for it. */
  take(): { readonly items: FoldedItem[]; readonly freed: Map<LinkId, number> } {
    const items: FoldedItem[] = [];
    const freed = new Map<LinkId, number>();
    let bytes = 0;
    while (this.isOpen && bytes < this.#limits.frameBytes) {
      const waiting = this.#shift();
      if (waiting === undefined) break;
      const item = itemOf(waiting);
      items.push(item);
      bytes += itemBytes(item);
      this.#inFlight += itemBytes(item);
      addSpent(freed, waiting);
    }
    return { items, freed };
  }

  /** The parent has passed on so much. */
  taken(bytes: number): void {
    this.#inFlight = Math.max(0, this.#inFlight - bytes);
  }

  /** The way up is gone: the hosts send it again. */
  clear(): Map<LinkId, number> {
    const freed = new Map<LinkId, number>();
    for (let waiting = this.#shift(); waiting !== undefined; waiting = this.#shift())
      addSpent(freed, waiting);
    this.#inFlight = 0;
    return freed;
  }

  /** Where this text may be folded in, or a new place at the end. */
  #placeFor(item: FoldedItem): number {
    const hash = hashOf(item.payload);
    const places = this.#byText.get(hash) ?? [];
    let after = this.#first;
    for (const { ranks } of item.parts)
      for (const rank of ranksIn(ranks)) after = Math.max(after, this.#newest.get(rank) ?? 0);
    // The newest is the likeliest to be late enough.
    const place = places.findLast((at) => at >= after && this.#isSame(at, item.payload));
    if (place !== undefined) return place;
    const added = this.#first + this.#waiting.length;
    this.#waiting.push({ payload: item.payload, parts: new Map(), spent: new Map() });
    places.push(added);
    this.#byText.set(hash, places);
    return added;
  }

  #isSame(place: number, payload: Payload): boolean {
    const known = this.#waiting[place - this.#first]?.payload;
    return known !== undefined && isEqual(known, payload);
  }

  #shift(): Waiting | undefined {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) return undefined;
    const place = this.#first;
    this.#first += 1;
    const hash = hashOf(waiting.payload);
    const left = (this.#byText.get(hash) ?? []).filter((at) => at !== place);
    if (left.length === 0) this.#byText.delete(hash);
    else this.#byText.set(hash, left);
    for (const part of waiting.parts.values())
      for (const rank of part.keys()) if (this.#newest.get(rank) === place) this.#newest.delete(rank);
    return waiting;
  }
}

function addPart(waiting: Waiting, part: FoldedPart): void {
  const key = `${part.sequence} ${part.skips}`;
  const tags = waiting.parts.get(key) ?? new Map<Rank, Uint8Array>();
  for (const [rank, tag] of tagsOf(part)) tags.set(rank, tag);
  waiting.parts.set(key, tags);
}

function itemOf(waiting: Waiting): FoldedItem {
  const parts = [...waiting.parts].map(([key, tags]): FoldedPart => {
    const [sequence = 0, skips = 0] = key.split(" ").map(Number);
    return { sequence, skips, ...taggedRanksOf(tags) };
  });
  // A host may say the same twice: its lower number comes first, whoever has opened the part.
  parts.sort((a, b) => a.sequence - b.sequence);
  return { payload: waiting.payload, parts };
}

function addSpent(freed: Map<LinkId, number>, { spent }: Waiting): void {
  for (const [link, bytes] of spent) freed.set(link, (freed.get(link) ?? 0) + bytes);
}

/** FNV-1a over at most so many bytes: texts that share them are compared in full. */
const HASHED_BYTES = 512;

function hashOf(payload: Payload): number {
  let hash = 0x811c9dc5 ^ payload.length;
  const end = Math.min(payload.length, HASHED_BYTES);
  for (let at = 0; at < end; at += 1) hash = Math.imul(hash ^ (payload[at] ?? 0), 0x01000193);
  return hash >>> 0;
}

function isEqual(one: Payload, other: Payload): boolean {
  if (one.length !== other.length) return false;
  for (let at = 0; at < one.length; at += 1) if (one[at] !== other[at]) return false;
  return true;
}
