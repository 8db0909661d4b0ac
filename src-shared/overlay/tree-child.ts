// What a node of the tree knows of one child, and of one that is still asking.
import type { LinkId } from "./overlay.ts";
import { RoundTrips } from "./round-trips.ts";
import type { Candidate, Rank } from "./topology.ts";
import type { EdgeRecord, TreeFrame, TreeJoin } from "./tree-frames.ts";

type TreeState = Extract<TreeFrame, { t: "state" }>;

/** Sent and not yet acknowledged: number and size of each command. */
interface OnItsWay {
  readonly sequence: number;
  readonly bytes: number;
}

export class TreeChild {
  readonly link: LinkId;
  readonly rank: Rank;
  readonly attach: number;
  readonly address: string;
  readonly proof: Uint8Array;
  readonly trips = new RoundTrips();
  /** Places for children that it has itself. */
  room = 1;
  /** Hosts in its subtree, as it has said last, and joiners that were sent there since. */
  size: number;
  sentThere = 0;
  leaseEnds: number;
  /** All commands up to here were sent to it, or it had them. */
  sent: number;
  /** Whom it has named so far, while it names all that are below it. */
  #told: Set<Rank> | undefined;
  #onItsWay: OnItsWay[] = [];
  #bytes = 0;

  constructor(link: LinkId, rank: Rank, join: TreeJoin, leaseEnds: number) {
    this.link = link;
    this.rank = rank;
    this.attach = join.attach;
    this.address = join.address;
    this.proof = join.proof;
    this.sent = join.have;
    this.size = join.size;
    this.leaseEnds = leaseEnds;
  }

  /** Its own word, once a beacon. */
  alive(room: number, sizeBelow: number): void {
    this.room = room;
    this.size = sizeBelow + 1;
    this.sentThere = 0;
  }

  /** Whom it has named, this frame included, if it is naming all: with the last frame that is everybody. */
  tells({ whole, more, edges }: TreeState): ReadonlySet<Rank> | undefined {
    const told = whole ? new Set<Rank>() : this.#told;
    for (const { child, up } of edges) if (up) told?.add(child);
    this.#told = more ? told : undefined;
    return told;
  }

  get load(): number {
    return this.size + this.sentThere;
  }

  get candidate(): Candidate {
    return { rank: this.rank, address: this.address };
  }

  edgeTo(parent: Rank, up: boolean): EdgeRecord {
    const { rank, attach, address, proof } = this;
    return { child: rank, parent, attach, up, address, proof };
  }

  mayTake(windowCount: number, windowBytes: number, bytes: number): boolean {
    if (this.#onItsWay.length === 0) return true;
    return this.#onItsWay.length < windowCount && this.#bytes + bytes <= windowBytes;
  }

  noteSent(sequence: number, bytes: number): void {
    this.sent = sequence;
    this.#onItsWay.push({ sequence, bytes });
    this.#bytes += bytes;
  }

  acknowledged(upTo: number): void {
    let count = 0;
    for (const { sequence, bytes } of this.#onItsWay) {
      if (sequence > upTo) break;
      count += 1;
      this.#bytes -= bytes;
    }
    this.#onItsWay.splice(0, count);
  }
}

/** Somebody who has a link and no place: not yet asked, or asked and parked until a newer stamp allows it. */
export interface Applicant {
  readonly link: LinkId;
  readonly rank: Rank;
  readonly join: TreeJoin | undefined;
  readonly endsAt: number;
}
