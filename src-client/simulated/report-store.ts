// Reports of one simulated host until the root has them: in memory, bounded, and what was dropped is told as such.
import type { Report } from "#shared/protocol/reports.ts";
import type { PayloadCodec } from "#shared/protocol/wire.ts";

/** A thousand hosts without their controller must not fill memory: for each some minutes of a busy run. */
const REPORTS_KEPT = 2000;

export interface StoredReport {
  readonly sequence: number;
  /** So many numbers before this one were dropped. */
  readonly skips: number;
  readonly payload: Uint8Array;
}

export class ReportStore {
  readonly #codec: PayloadCodec;
  readonly #kept = new Map<number, Uint8Array>();
  #last = 0;
  /** Up to here the root has them, or they were dropped. */
  #gone = 0;

  constructor(codec: PayloadCodec) {
    this.#codec = codec;
  }

  append(payload: Uint8Array): number {
    this.#last += 1;
    this.#kept.set(this.#last, payload);
    if (this.#kept.size > REPORTS_KEPT) this.forget(this.#gone + 1);
    return this.#last;
  }

  forget(upTo: number): void {
    for (let sequence = this.#gone + 1; sequence <= upTo; sequence += 1) this.#kept.delete(sequence);
    this.#gone = Math.max(this.#gone, upTo);
  }

  /** Of [from, to], in order. */
  read(from: number, to: number): readonly StoredReport[] {
    const records: StoredReport[] = [];
    const first = Math.max(from, Math.min(this.#gone, to));
    for (let sequence = first; sequence <= to; sequence += 1) {
      const skips = sequence === first ? first - from : 0;
      records.push({ sequence, skips, payload: this.#kept.get(sequence) ?? this.#dropped(skips + 1) });
    }
    return records;
  }

  #dropped(count: number): Uint8Array {
    return this.#codec.encodePayload({ kind: "reportsDropped", count } satisfies Report);
  }
}
