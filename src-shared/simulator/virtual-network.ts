// Links of a simulated world: in order while they live, with latency, and broken in every way that real ones break.
import type { StarFrame } from "../overlay/star-frames.ts";
import type { VirtualTime } from "./virtual-time.ts";

/** What an end of a link hears. */
export interface LinkEnd {
  frame(frame: StarFrame): void;
  down(reason: string): void;
}

export type Side = "member" | "root";

const otherOf = (side: Side): Side => (side === "member" ? "root" : "member");

export class VirtualLink {
  readonly #time: VirtualTime;
  readonly #ends: Readonly<Record<Side, LinkEnd>>;
  readonly #latencyMs: () => number;
  readonly #isOpen: Record<Side, boolean> = { member: true, root: true };
  /** When the last thing on its way to this side arrives: nothing overtakes it. */
  readonly #arrivesAt: Record<Side, number> = { member: 0, root: 0 };
  /** Frames to this side vanish, and nobody is told. */
  readonly #swallows: Record<Side, boolean> = { member: false, root: false };

  constructor(time: VirtualTime, ends: Readonly<Record<Side, LinkEnd>>, latencyMs: () => number) {
    this.#time = time;
    this.#ends = ends;
    this.#latencyMs = latencyMs;
  }

  get isDead(): boolean {
    return !this.#isOpen.member && !this.#isOpen.root;
  }

  send(from: Side, frame: StarFrame): void {
    if (!this.#isOpen[from]) return;
    this.#arriveAt(otherOf(from), (end) => end.frame(frame));
  }

  /** This side is done with it; the other hears of it behind all that was sent before. */
  close(from: Side, reason: string): void {
    if (!this.#isOpen[from]) return;
    this.#isOpen[from] = false;
    const to = otherOf(from);
    this.#arriveAt(to, (end) => {
      this.#isOpen[to] = false;
      end.down(reason);
    });
  }

  /** Only this side notices that it is broken, and no more frames pass either way. */
  breakOneSided(side: Side): void {
    this.swallow("member");
    this.swallow("root");
    if (!this.#isOpen[side]) return;
    this.#isOpen[side] = false;
    this.#ends[side].down("broken");
  }

  swallow(to: Side): void {
    this.#swallows[to] = true;
  }

  #arriveAt(to: Side, arrive: (end: LinkEnd) => void): void {
    const at = Math.max(this.#time.now + this.#latencyMs(), this.#arrivesAt[to]);
    this.#arrivesAt[to] = at;
    this.#time.after(at - this.#time.now, () => {
      if (this.#isOpen[to] && !this.#swallows[to]) arrive(this.#ends[to]);
    });
  }
}
