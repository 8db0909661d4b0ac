// What children have sent for the root, on its way up: equal texts folded into one, in order for each host, bounded
// by credit from hop to hop, so that no node holds more than a window for each of its children.
import { FRAME_BYTES_MAX } from "./frame-fields.ts";
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
  /** Of its parts, as itemBytes counts them; what is said twice counts twice. */
  partBytes: number;
  /** By `sequence skips`: each host's tag. */
  readonly parts: Map<string, Map<Rank, Uint8Array>>;
  /** How many bytes of its credit each child has spent on it, by its link. */
  readonly spent: Map<LinkId, number>;
  /** How many bytes each child has sent for it, by its rank. */
  readonly sent: Map<Rank, number>;
}

/** Per host and part: a tag and its place in a set of ranks. */
const PART_BYTES = TAG_BYTES + 8;
/** Names and numbers of a part take up to twice what is counted for them, where no ranks stand in a row. */
const PART_FACTOR = 2;
/** Around the items of a frame. */
const AROUND_BYTES = 1024;
/** Parts of one item: half of what the door lets in (check-tree-frame.ts), so that a folded one can be folded again. */
const PARTS_MAX = 2048;

/** What an item counts for in windows and frames. */
export function itemBytes(item: FoldedItem): number {
  return item.payload.length + partBytesOf(item);
}

function partBytesOf({ parts }: FoldedItem): number {
  return parts.reduce((sum, { tags }) => sum + tags.length + PART_BYTES, 0);
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
  /** Of each child, over all its links. */
  readonly #held = new Map<Rank, number>();

  constructor(limits: UpQueueLimits) {
    this.#limits = limits;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  get isOpen(): boolean {
    return this.#inFlight < this.#limits.windowBytes;
  }

  /** What of this child's waits here. */
  heldOf(child: Rank): number {
    return this.#held.get(child) ?? 0;
  }

  /** `spent`: of the child's credit; nothing for what it says of itself, which others bound. */
  offer(
    { link, rank: child }: { readonly link: LinkId; readonly rank: Rank },
    item: FoldedItem,
    spent: number,
  ): void {
    const place = this.#placeFor(item);
    const waiting = this.#waiting[place - this.#first];
    if (waiting === undefined) return;
    for (const part of item.parts) addPart(waiting, part);
    waiting.partBytes += partBytesOf(item);
    for (const { ranks } of item.parts) for (const rank of ranksIn(ranks)) this.#newest.set(rank, place);
    if (spent > 0) raise(waiting.spent, link, spent);
    raise(waiting.sent, child, itemBytes(item));
    raise(this.#held, child, itemBytes(item));
  }

  /** What may go up now as one frame, and what each child may send again for it. */
  take(): { readonly items: FoldedItem[]; readonly freed: Map<LinkId, number> } {
    const items: FoldedItem[] = [];
    const freed = new Map<LinkId, number>();
    let bytes = 0;
    while (this.isOpen) {
      const next = this.#waiting[0];
      // A single one may be larger than a frame should be, but not stand behind others in it.
      if (next === undefined || (bytes > 0 && bytes + sizeOf(next) > this.#limits.frameBytes)) break;
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
    const place = places.findLast((at) => at >= after && this.#takes(at, item));
    if (place !== undefined) return place;
    const added = this.#first + this.#waiting.length;
    this.#waiting.push({
      payload: item.payload,
      partBytes: 0,
      parts: new Map(),
      spent: new Map(),
      sent: new Map(),
    });
    places.push(added);
    this.#byText.set(hash, places);
    return added;
  }

  /** The same text, and both together fit into a frame that the parent lets in. */
  #takes(place: number, item: FoldedItem): boolean {
    const known = this.#waiting[place - this.#first];
    if (known === undefined || known.parts.size + item.parts.length > PARTS_MAX) return false;
    const partBytes = PART_FACTOR * (known.partBytes + partBytesOf(item));
    if (item.payload.length + partBytes > FRAME_BYTES_MAX - AROUND_BYTES) return false;
    return isEqual(known.payload, item.payload);
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
    for (const [child, bytes] of waiting.sent)
      if (raise(this.#held, child, -bytes) <= 0) this.#held.delete(child);
    for (const part of waiting.parts.values())
      for (const rank of part.keys()) if (this.#newest.get(rank) === place) this.#newest.delete(rank);
    return waiting;
  }
}

function sizeOf({ payload, partBytes }: Waiting): number {
  return payload.length + partBytes;
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
  for (const [link, bytes] of spent) raise(freed, link, bytes);
}

function raise(counts: Map<number, number>, key: number, by: number): number {
  const count = (counts.get(key) ?? 0) + by;
  counts.set(key, count);
  return count;
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
