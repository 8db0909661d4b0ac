// Where a member hangs: the path from the root, the newest stamp heard, and the distance that keeps circles away.
import { FIRST_CHAIN, isSameBytes } from "./command-order.ts";
import type { MemberProofs } from "./member-proofs.ts";
import { compareStamps, isFeasible, nearer, NO_STAMP, NOWHERE, type Distance } from "./stamps.ts";
import type { Candidate, Rank } from "./topology.ts";
import type { Position } from "./tree-children.ts";
import { signedStampOf, type SignedStamp, type Stamp, type TreeFrame } from "./tree-frames.ts";

const NOTHING_SIGNED: SignedStamp = {
  stamp: NO_STAMP,
  stable: 0,
  last: 0,
  chain: FIRST_CHAIN,
  seal: new Uint8Array(0),
};

type Beacon = Extract<TreeFrame, { t: "beacon" }>;

export class TreePlace {
  readonly #me: Rank;
  readonly #proofs: MemberProofs;
  /** The newest that was heard. */
  #signed: SignedStamp = NOTHING_SIGNED;
  #distance: Distance = NOWHERE;
  /** When the newest stamp came. */
  #heardAt = 0;
  /** From the root to the parent. */
  #above: readonly Candidate[] = [];
  /** Asked for by each joiner and each child, and the same from beacon to beacon. */
  #position: Position | undefined;
  /** Outside of this node's subtree: for its children. */
  #elsewhere: readonly Candidate[] = [];

  constructor(me: Rank, proofs: MemberProofs) {
    this.#me = me;
    this.#proofs = proofs;
  }

  get stamp(): Stamp {
    return this.#signed.stamp;
  }

  get distance(): Distance {
    return this.#distance;
  }

  get above(): readonly Candidate[] {
    return this.#above;
  }

  get elsewhere(): readonly Candidate[] {
    return this.#elsewhere;
  }

  /** As seen by those who would like to hang below. */
  position(address: string): Position {
    const known = this.#position;
    if (known !== undefined && known.path.at(-1)?.address === address) return known;
    const path = [...this.#above, { rank: this.#me, address }];
    this.#position = { ...this.#signed, depth: this.#above.length, path };
    return this.#position;
  }

  /** Whether a path ends at the parent and does not lead over this node. */
  isSound(path: readonly Candidate[], parent: Rank): boolean {
    return path.at(-1)?.rank === parent && path.every(({ rank }) => rank !== this.#me);
  }

  /** Why whoever has taken us in cannot be believed. */
  wrongWith(accept: SignedStamp & { readonly path: readonly Candidate[] }, parent: Rank): string | undefined {
    const { stamp, path } = accept;
    // An honest one knows our distance. So what was passed on once (an older controller's, too) is of no use any more.
    if (!isFeasible(stamp, path.length - 1, this.#distance)) return "a beacon that was here before";
    if (!this.isSound(path, parent)) return "a path that is none";
    return this.isSigned(accept) ? undefined : "a beacon that the controller has not signed";
  }

  /** By the root; what is word for word what was heard last was checked already. */
  isSigned(signed: SignedStamp): boolean {
    return this.#isKnown(signed) || this.#proofs.isBeacon(signed);
  }

  #isKnown({ stamp, stable, last, chain, seal }: SignedStamp): boolean {
    const known = this.#signed;
    const isSame = compareStamps(stamp, known.stamp) === 0 && stable === known.stable && last === known.last;
    return isSame && isSameBytes(chain, known.chain) && isSameBytes(seal, known.seal);
  }

  /** How long ago the newest stamp came. */
  silentMs(now: number): number {
    return now - this.#heardAt;
  }

  take(signed: SignedStamp, path: readonly Candidate[], now: number): void {
    const { stamp } = signed;
    if (compareStamps(stamp, this.stamp) > 0) this.#heardAt = now;
    this.#signed = signedStampOf(signed);
    this.#above = path;
    this.#position = undefined;
    this.#distance = nearer(this.#distance, stamp, path.length);
  }

  /** What a beacon says that was not known: nothing, when it is repeated. */
  news({ stamp, path }: Beacon): { readonly order: number; readonly hasMoved: boolean } {
    const hasMoved =
      path.length !== this.#above.length || path.some(({ rank }, at) => rank !== this.#above[at]?.rank);
    return { order: compareStamps(stamp, this.stamp), hasMoved };
  }

  knowElsewhere({ alternatives, siblings }: Beacon): void {
    this.#elsewhere = [...alternatives, ...siblings];
  }

  leave(): void {
    this.#position = undefined;
    this.#above = [];
  }
}
