// Processors that many simulated programs share, as on one computer: whoever has waited longest is next.
import type { VirtualTime } from "./virtual-time.ts";

/** Takes a processor, and returns until when. */
type Turn = () => number;

export class VirtualProcessors {
  readonly #time: VirtualTime;
  /** When each is free again. */
  readonly #free: number[];
  #waiting: Turn[] = [];
  #taken = 0;
  #isGoing = false;
  #planned = false;

  constructor(time: VirtualTime, count: number) {
    this.#time = time;
    this.#free = Array.from({ length: count }, () => 0);
  }

  /** As soon as one is free. */
  give(turn: Turn): void {
    this.#waiting.push(turn);
    if (!this.#isGoing) this.#go();
  }

  #go(): void {
    this.#isGoing = true;
    for (let turn = this.#waiting[this.#taken]; turn !== undefined; turn = this.#waiting[this.#taken]) {
      const earliest = Math.min(...this.#free);
      if (earliest > this.#time.now) {
        this.#plan(earliest);
        break;
      }
      this.#taken += 1;
      this.#free[this.#free.indexOf(earliest)] = turn();
    }
    if (this.#taken === this.#waiting.length) {
      this.#waiting = [];
      this.#taken = 0;
    }
    this.#isGoing = false;
  }

  #plan(at: number): void {
    if (this.#planned) return;
    this.#planned = true;
    this.#time.after(at - this.#time.now, () => {
      this.#planned = false;
      this.#go();
    });
  }
}
