// A member's own reports on their way to the root: in a window, sent again whenever the way has changed.
import { DeliveryWindow, type NumberRange } from "./delivery.ts";

/** Beacons without any progress, after which all is sent again: a relay that drops is not noticed otherwise. */
const STALLED_BEACONS = 5;

export class OwnReports {
  readonly #window: DeliveryWindow;
  #stalled = 0;

  constructor(window: number, last: number) {
    this.#window = new DeliveryWindow(window, last);
  }

  get allReceived(): boolean {
    return this.#window.allAcknowledged;
  }

  noteLast(sequence: number): void {
    this.#window.noteLast(sequence);
  }

  /** What may go out now. */
  take(): NumberRange | undefined {
    return this.#window.take();
  }

  /** The way is a new one: what was on the old one may be lost. */
  again(): void {
    this.#stalled = 0;
    this.#window.restart(this.#window.acknowledged);
  }

  beacon(): void {
    this.#stalled = this.#window.allAcknowledged ? 0 : this.#stalled + 1;
    if (this.#stalled >= STALLED_BEACONS) this.again();
  }

  /** The root has all up to here; false when that is no news. */
  received(upTo: number): boolean {
    if (upTo <= this.#window.acknowledged) return false;
    // It may answer what was sent before the way changed: then it has more than was sent again.
    if (!this.#window.acknowledge(upTo) && !this.#window.restart(upTo)) return false;
    this.#stalled = 0;
    return true;
  }
}
