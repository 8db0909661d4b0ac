// Reports of one moment go together, as one payload: one number, one proof and one acknowledgement for all of them.
import type { Report } from "#shared/protocol/reports.ts";
import { joinPayloads, PAYLOADS_JOINED_MAX, type PayloadCodec } from "#shared/protocol/wire.ts";
import type { Payload } from "#shared/overlay/overlay.ts";

/** What a patient report waits for the next one: most commands have ended by then, and people do not notice. */
const COMPANY_MS = 50;
/** Of what is put together: a report that is larger goes alone. */
const JOINED_BYTES_MAX = 16 * 1024;

export class ReportPack {
  readonly #codec: PayloadCodec;
  readonly #bytesMax: number;
  readonly #give: (payload: Payload) => void;
  #waiting: Payload[] = [];
  #bytes = 0;
  #soon: NodeJS.Immediate | undefined;
  #later: NodeJS.Timeout | undefined;

  /** `bytesMax`: of one report; `give`: in order. */
  constructor(codec: PayloadCodec, bytesMax: number, give: (payload: Payload) => void) {
    this.#codec = codec;
    this.#bytesMax = bytesMax;
    this.#give = give;
  }

  /** `patient`: it may wait a moment for the next one. Throws when it is too large for any frame. */
  add(report: Report, patient: boolean): void {
    const payload = this.#codec.encodePayload(report);
    if (payload.length > this.#bytesMax) {
      throw new RangeError(
        `a ${report.kind} report of ${String(payload.length)} bytes; ${String(this.#bytesMax)} is the limit`,
      );
    }
    const isFull = this.#waiting.length >= PAYLOADS_JOINED_MAX;
    if (isFull || this.#bytes + payload.length > JOINED_BYTES_MAX) this.flush();
    this.#waiting.push(payload);
    this.#bytes += payload.length;
    if (patient) this.#later ??= setTimeout(() => this.flush(), COMPANY_MS).unref();
    else this.#soon ??= setImmediate(() => this.flush());
  }

  /** What waits goes now. */
  flush(): void {
    this.#rest();
    const [first, ...others] = this.#waiting;
    if (first === undefined) return;
    this.#waiting = [];
    this.#bytes = 0;
    this.#give(others.length === 0 ? first : joinPayloads([first, ...others]));
  }

  /** Nothing goes any more. */
  close(): void {
    this.#rest();
    this.#waiting = [];
  }

  #rest(): void {
    clearImmediate(this.#soon);
    clearTimeout(this.#later);
    this.#soon = undefined;
    this.#later = undefined;
  }
}
