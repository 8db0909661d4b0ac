// A connection between two simulated programs: in order within each of its two lanes while it lives, held up while a
// partition lasts, and broken in every way that real ones break.
import type { Random } from "../base/random.ts";
import type { LinkId } from "../overlay/overlay.ts";
import type { NetworkModel } from "./network-model.ts";
import type { VirtualTime } from "./virtual-time.ts";

/** A program, as its connections see it. */
export interface ConnectedProgram<Frame> {
  /** Where its host stands in the network. */
  readonly place: number;
  readonly rank: number;
  frameArrived(link: LinkId, frame: Frame, bytes: number): void;
  linkLost(link: LinkId, reason: string): void;
}

/** What connections need of the world. */
export interface Ether<Frame> {
  readonly time: VirtualTime;
  readonly random: Random;
  readonly network: NetworkModel;
  /** More than the network says, for a while. */
  slownessMs(from: number, to: number): number;
  isBlocked(from: number, to: number): boolean;
  /** It waits for the end of a partition. */
  held(connection: VirtualConnection<Frame>): void;
}

/** 0 has dialled, 1 was dialled. */
export type Side = 0 | 1;

interface End<Frame> {
  readonly program: ConnectedProgram<Frame>;
  readonly link: LinkId;
  open: boolean;
  /** What is on its way here vanishes. */
  swallows: boolean;
  /** The last frame on its way here, urgent and bulk, arrives then: nothing overtakes it. */
  arrives: number;
  bulkArrives: number;
  /** What waits for the end of a partition on its way here. */
  readonly held: (() => void)[];
}

/** After a partition a sender's retransmission timer has grown to as much (RFC 6298, doubled from 200 ms). */
const RETRANSMISSION_MS_MAX = 3000;

export class VirtualConnection<Frame> {
  readonly #ether: Ether<Frame>;
  readonly #ends: readonly [End<Frame>, End<Frame>];
  /** The host of this side was started anew: its kernel knows nothing of this connection. */
  readonly #forgottenAt: [boolean, boolean] = [false, false];

  constructor(
    ether: Ether<Frame>,
    dialler: { readonly program: ConnectedProgram<Frame>; readonly link: LinkId },
    dialled: { readonly program: ConnectedProgram<Frame>; readonly link: LinkId },
  ) {
    this.#ether = ether;
    this.#ends = [endOf(dialler), endOf(dialled)];
  }

  program(side: Side): ConnectedProgram<Frame> {
    return this.#ends[side].program;
  }

  linkOf(side: Side): LinkId {
    return this.#ends[side].link;
  }

  isOpen(side: Side): boolean {
    return this.#ends[side].open;
  }

  /** From the side that has the program. */
  sideOf(program: ConnectedProgram<Frame>): Side {
    return this.#ends[0].program === program ? 0 : 1;
  }

  send(
    from: Side,
    frame: Frame,
    passage: { readonly bytes: number; readonly at: number; readonly bulk: boolean },
  ): void {
    const end = this.#ends[from];
    const to: Side = from === 0 ? 1 : 0;
    const other = this.#ends[to];
    if (!end.open) return;
    if (this.#forgottenAt[to]) return this.#answerReset(from);
    const { bytes, at, bulk } = passage;
    this.#carry(to, bytes, at, bulk, () => other.program.frameArrived(other.link, frame, bytes));
  }

  /** The end of the handshake, from the one who dialled: it comes before any frame. */
  carryFinish(at: number, arrive: () => void): void {
    this.#carry(1, 0, at, false, arrive);
  }

  /** This side is done with it; the other hears of it behind all that was sent before. */
  close(from: Side, reason: string, at: number): void {
    const end = this.#ends[from];
    if (!end.open) return;
    end.open = false;
    const to: Side = from === 0 ? 1 : 0;
    const other = this.#ends[to];
    // Behind both lanes.
    other.arrives = Math.max(other.arrives, other.bulkArrives);
    this.#carry(to, 0, at, false, () => this.breakAt(to, reason));
  }

  /** Only this side notices that it is broken, and nothing passes any more. */
  breakOneSided(side: Side): void {
    this.swallow(0);
    this.swallow(1);
    this.breakAt(side, "broken");
  }

  /** Nothing reaches this side any more, and nobody is told. */
  swallow(to: Side): void {
    this.#ends[to].swallows = true;
  }

  /** The host of this side forgets it: whatever comes from the other side is answered by a reset. */
  forget(side: Side): void {
    this.#ends[side].open = false;
    this.#forgottenAt[side] = true;
  }

  breakAt(side: Side, reason: string): void {
    const end = this.#ends[side];
    if (!end.open) return;
    end.open = false;
    end.program.linkLost(end.link, reason);
  }

  /** After a partition. */
  release(): void {
    for (const to of [0, 1] as const) {
      const end = this.#ends[to];
      if (end.held.length === 0 || this.#isBlocked(to)) continue;
      const { time, random } = this.#ether;
      const from = time.now + random() * RETRANSMISSION_MS_MAX;
      end.arrives = Math.max(end.arrives, from);
      end.bulkArrives = Math.max(end.bulkArrives, from);
      for (const arrive of end.held.splice(0)) this.#arriveAt(to, end.arrives, arrive);
    }
  }

  #isBlocked(to: Side): boolean {
    const from: Side = to === 0 ? 1 : 0;
    return this.#ether.isBlocked(this.#ends[from].program.place, this.#ends[to].program.place);
  }

  #carry(to: Side, bytes: number, at: number, bulk: boolean, arrive: () => void): void {
    const end = this.#ends[to];
    if (end.swallows) return;
    if (end.held.length > 0 || this.#isBlocked(to)) {
      end.held.push(arrive);
      return this.#ether.held(this);
    }
    const here = this.#ends[to === 0 ? 1 : 0].program.place;
    const there = end.program.place;
    const { network, random } = this.#ether;
    let arrives = network.arrivesAt({ from: here, to: there, bytes, at, bulk, random });
    arrives += this.#ether.slownessMs(here, there);
    if (bulk) {
      // One connection with two queues: what is urgent overtakes, bulk never does.
      arrives = Math.max(arrives, end.bulkArrives, end.arrives);
      end.bulkArrives = arrives;
    } else {
      arrives = Math.max(arrives, end.arrives);
      end.arrives = arrives;
    }
    this.#arriveAt(to, arrives, arrive);
  }

  #arriveAt(to: Side, at: number, arrive: () => void): void {
    const end = this.#ends[to];
    const { time } = this.#ether;
    time.after(at - time.now, () => {
      if (end.open && !end.swallows) arrive();
    });
  }

  #answerReset(to: Side): void {
    const { time, network } = this.#ether;
    const roundTripMs = 2 * network.latencyMs(this.#ends[0].program.place, this.#ends[1].program.place);
    if (this.#isBlocked(to)) return;
    time.after(roundTripMs, () => this.breakAt(to, "reset"));
  }
}

function endOf<Frame>(side: {
  readonly program: ConnectedProgram<Frame>;
  readonly link: LinkId;
}): End<Frame> {
  return { ...side, open: true, swallows: false, arrives: 0, bulkArrives: 0, held: [] };
}
