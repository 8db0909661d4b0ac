// Frames as bytes: encoded, cut out of a stream, decoded and checked field by field.
//
//   offset  0        4         5
//           +--------+---------+------------------------------+
//           | length | version | body: one map in MessagePack |
//           +--------+---------+------------------------------+
//           u32, big-endian, counts version and body; u8; the map is a frame of the topology
import { Packr, Unpackr } from "msgpackr";
import { isRecord, type Fields } from "../overlay/frame-fields.ts";
import type { Payload } from "../overlay/overlay.ts";
import type { Topology } from "../overlay/topology.ts";
import { scanBody } from "./scan-body.ts";

/** Raised when the frame layout changes; the version of what is said inside is in `join`. */
export const WIRE_VERSION = 1;
const LENGTH_BYTES = 4;
const HEADER_BYTES = LENGTH_BYTES + 1;

export type Decoded<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly reason: string };

const fail = (reason: string): { readonly ok: false; readonly reason: string } => ({ ok: false, reason });

/** Turns payloads into bytes and back; holds the codec's buffers, so make one per program. */
export interface PayloadCodec {
  encodePayload(value: unknown): Payload;
  /** The result is plain data of unknown shape: check it before use. */
  decodePayload(payload: Payload): Decoded<unknown>;
}

export interface WireCodec<Frame> extends PayloadCodec {
  encodeFrame(frame: Frame): Uint8Array;
  /** Version and body, without the length. */
  decodeFrame(bytes: Uint8Array): Decoded<Frame>;
}

class Packer {
  // No records: a record's definition would be state shared by frames, and code is generated from it.
  readonly #packr = new Packr({ useRecords: false, variableMapSize: true });
  readonly #unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true });

  /** In a buffer that the next call uses again. */
  pack(value: unknown): Uint8Array {
    return this.#packr.pack(value) as Uint8Array;
  }

  unpack(bytes: Uint8Array, start: number): Decoded<unknown> {
    const fault = scanBody(bytes, start, bytes.length);
    if (fault !== undefined) return fail(fault);
    try {
      return { ok: true, value: this.#unpackr.unpack(bytes.subarray(start)) as unknown };
    } catch (error) {
      return fail(error instanceof Error ? error.message : String(error));
    }
  }
}

export function createPayloadCodec(packer = new Packer()): PayloadCodec {
  return {
    encodePayload: (value) => new Uint8Array(packer.pack(value)),
    decodePayload: (payload) => packer.unpack(payload, 0),
  };
}

/** In one payload. */
export const PAYLOADS_JOINED_MAX = 15;
/** MessagePack's head of an array of up to 15 things. */
const SHORT_ARRAY = 0x90;

/** A payload that is decoded as the list of these. */
export function joinPayloads(payloads: readonly Payload[]): Payload {
  if (payloads.length > PAYLOADS_JOINED_MAX) throw new RangeError(`${payloads.length} payloads to be joined`);
  const joined = new Uint8Array(payloads.reduce((sum, { length }) => sum + length, 1));
  joined[0] = SHORT_ARRAY | payloads.length;
  let at = 1;
  for (const payload of payloads) {
    joined.set(payload, at);
    at += payload.length;
  }
  return joined;
}

/** For frames that the topology's door lets in, and no others. */
export function createWireCodec<Frame>(topology: Pick<Topology<Frame>, "checkFrame">): WireCodec<Frame> {
  const packer = new Packer();
  return {
    ...createPayloadCodec(packer),
    encodeFrame(frame) {
      const body = packer.pack(frame);
      const bytes = new Uint8Array(HEADER_BYTES + body.length);
      new DataView(bytes.buffer).setUint32(0, body.length + 1);
      bytes[LENGTH_BYTES] = WIRE_VERSION;
      bytes.set(body, HEADER_BYTES);
      return bytes;
    },
    decodeFrame(bytes) {
      if (bytes[0] !== WIRE_VERSION)
        return fail(`version ${bytes[0] ?? "missing"} of the wire, not ${WIRE_VERSION}`);
      const body = packer.unpack(bytes, 1);
      if (!body.ok) return body;
      if (!isRecord(body.value)) return fail("not a map");
      const frame = topology.checkFrame(body.value);
      return frame === undefined
        ? fail(`a ${kindOf(body.value)} frame with wrong fields`)
        : { ok: true, value: frame };
    },
  };
}

/** For a log: a stranger's text is not quoted. */
function kindOf(fields: Fields): string {
  const { t } = fields;
  const letters = /^[A-Za-z]{1,16}$/u;
  return typeof t === "string" && letters.test(t) ? t : "nameless";
}
