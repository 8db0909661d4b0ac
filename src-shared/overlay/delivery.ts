// Numbered delivery, exactly once and in order over links that break: the log of a sender that keeps what it sends,
// the window of one that keeps it elsewhere, and the judgement of a receiver.
import type { Payload } from "./overlay.ts";

/** What a receiver does with a number: `gap` cannot happen on a sound link and closes it. */
export type Arrival = "next" | "duplicate" | "gap";

/** `skips` numbers just before `sequence` will never come. */
export function judgeArrival(have: number, sequence: number, skips: number): Arrival {
  if (sequence <= have) return "duplicate";
  return sequence - skips <= have + 1 ? "next" : "gap";
}

export interface LogLimits {
  readonly window: number;
  readonly windowBytes: number;
  readonly kept: number;
  readonly keptBytes: number;
}

export interface LogEntry {
  readonly sequence: number;
  readonly payload: Payload;
}

/** Forgotten entries are cut off only from so many on, so that an acknowledgement costs O(1) on average. */
const CUT_MIN = 64;

/** Payloads numbered from 1, kept until acknowledged; at most a window of them is on its way. */
export class DeliveryLog {
  readonly #limits: LogLimits;
  #payloads: (Payload | undefined)[] = [];
  /** Entries at the front of #payloads that are acknowledged and not cut off yet. */
  #forgotten = 0;
  #acknowledged = 0;
  #sent = 0;
  #keptBytes = 0;
  #sentBytes = 0;

  constructor(limits: LogLimits) {
    this.#limits = limits;
  }

  get pending(): number {
    return this.#payloads.length - this.#forgotten;
  }

  get keptBytes(): number {
    return this.#keptBytes;
  }

  /** False when the log is full: whoever does not acknowledge so much is beyond saving. */
  append(payload: Payload): boolean {
    const full =
      this.pending >= this.#limits.kept || this.#keptBytes + payload.length > this.#limits.keptBytes;
    if (full) return false;
    this.#payloads.push(payload);
    this.#keptBytes += payload.length;
    return true;
  }

  /** A new link: all that is not acknowledged goes again. False for a number that this log cannot have reached. */
  restart(have: number): boolean {
    if (have < this.#acknowledged || have > this.#sent) return false;
    this.#forget(have);
    this.#sent = have;
    this.#sentBytes = 0;
    return true;
  }

  /** False for a number that was never sent on this link; older ones change nothing. */
  acknowledge(have: number): boolean {
    if (have > this.#sent) return false;
    this.#forget(have);
    return true;
  }

  /** The next one to go out, while the window has room; a single large one always has. */
  take(): LogEntry | undefined {
    const inFlight = this.#sent - this.#acknowledged;
    const payload = this.#payloads[this.#forgotten + inFlight];
    if (payload === undefined || inFlight >= this.#limits.window) return undefined;
    if (inFlight > 0 && this.#sentBytes + payload.length > this.#limits.windowBytes) return undefined;
    this.#sent += 1;
    this.#sentBytes += payload.length;
    return { sequence: this.#sent, payload };
  }

  #forget(upTo: number): void {
    while (this.#acknowledged < upTo) {
      const bytes = this.#payloads[this.#forgotten]?.length ?? 0;
      this.#payloads[this.#forgotten] = undefined;
      this.#forgotten += 1;
      this.#acknowledged += 1;
      this.#keptBytes -= bytes;
      this.#sentBytes = Math.max(0, this.#sentBytes - bytes);
    }
    if (this.#forgotten < CUT_MIN || this.#forgotten * 2 < this.#payloads.length) return;
    this.#payloads.splice(0, this.#forgotten);
    this.#forgotten = 0;
  }
}

export interface NumberRange {
  readonly from: number;
  readonly to: number;
}

/** The same for payloads that are kept elsewhere (the outbox on disk): numbers only, so its memory never grows. */
export class DeliveryWindow {
  readonly #window: number;
  #last: number;
  #acknowledged = 0;
  #sent = 0;

  constructor(window: number, last: number) {
    this.#window = window;
    this.#last = last;
  }

  get acknowledged(): number {
    return this.#acknowledged;
  }

  get allAcknowledged(): boolean {
    return this.#acknowledged >= this.#last;
  }

  noteLast(sequence: number): void {
    this.#last = Math.max(this.#last, sequence);
  }

  restart(have: number): boolean {
    if (have < this.#acknowledged || have > this.#last) return false;
    this.#acknowledged = have;
    this.#sent = have;
    return true;
  }

  /** False for a number that was never sent; older ones change nothing. */
  acknowledge(have: number): boolean {
    if (have > this.#sent) return false;
    this.#acknowledged = Math.max(this.#acknowledged, have);
    return true;
  }

  /** What may go out now, as one range. */
  take(): NumberRange | undefined {
    const to = Math.min(this.#last, this.#acknowledged + this.#window);
    if (to <= this.#sent) return undefined;
    const from = this.#sent + 1;
    this.#sent = to;
    return { from, to };
  }
}
