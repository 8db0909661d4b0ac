// Frames as bytes: encoded, cut out of a stream, decoded and checked field by field.
//
//   offset  0        4         5
//           +--------+---------+------------------------------+
//           | length | version | body: one map in MessagePack |
//           +--------+---------+------------------------------+
//           u32, big-endian, counts version and body; u8; the map is an OverlayFrame
import { Packr, Unpackr } from "msgpackr";
import type { JoinFrame, OverlayFrame, Payload, RefusalReason } from "../overlay/overlay.ts";
import { OVERLAY_LIMITS } from "../overlay/overlay.ts";
import { CHUNK_BYTES } from "./bulk.ts";
import { scanBody } from "./scan-body.ts";

/** Raised when the frame layout changes; the version of what is said inside is in `join`. */
export const WIRE_VERSION = 1;
/** Version and body: holds the largest command (an `execute` of some thousand blocks) many times over. */
export const FRAME_BYTES_MAX = 1024 * 1024;
/** What the frame around a payload may add. */
const FRAME_OVERHEAD_BYTES = 64;
export const PAYLOAD_BYTES_MAX = FRAME_BYTES_MAX - FRAME_OVERHEAD_BYTES;
/** A chunk and the names that go with it: so long a beacon waits behind one at most. */
export const BULK_PAYLOAD_BYTES_MAX = CHUNK_BYTES + 8 * 1024;
const LENGTH_BYTES = 4;
const HEADER_BYTES = LENGTH_BYTES + 1;
const NAME_CHARACTERS_MAX = 255;

export type Decoded<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string };

const fail = (reason: string): { readonly ok: false; readonly reason: string } => ({ ok: false, reason });

/** Turns payloads and frames into bytes and back; holds the codec's buffers, so make one per program. */
export interface WireCodec {
  encodePayload(value: unknown): Payload;
  /** The result is plain data of unknown shape: check it before use. */
  decodePayload(payload: Payload): Decoded<unknown>;
  encodeFrame(frame: OverlayFrame): Uint8Array;
  /** Version and body, without the length. */
  decodeFrame(bytes: Uint8Array): Decoded<OverlayFrame>;
}

export function createWireCodec(): WireCodec {
  // No records: a record's definition would be state shared by frames, and code is generated from it.
  const packr = new Packr({ useRecords: false, variableMapSize: true });
  const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true });

  function unpack(bytes: Uint8Array, start: number): Decoded<unknown> {
    const fault = scanBody(bytes, start, bytes.length);
    if (fault !== undefined) return fail(fault);
    try {
      return { ok: true, value: unpackr.unpack(bytes.subarray(start)) as unknown };
    } catch (error) {
      return fail(error instanceof Error ? error.message : String(error));
    }
  }

  return {
    // A copy: the codec's own buffer is used again for the next one.
    encodePayload: (value) => new Uint8Array(packr.pack(value)),
    decodePayload: (payload) => unpack(payload, 0),
    encodeFrame(frame) {
      const body = packr.pack(frame) as Uint8Array;
      const bytes = new Uint8Array(HEADER_BYTES + body.length);
      new DataView(bytes.buffer).setUint32(0, body.length + 1);
      bytes[LENGTH_BYTES] = WIRE_VERSION;
      bytes.set(body, HEADER_BYTES);
      return bytes;
    },
    decodeFrame(bytes) {
      if (bytes[0] !== WIRE_VERSION)
        return fail(`version ${bytes[0] ?? "missing"} of the wire, not ${WIRE_VERSION}`);
      const body = unpack(bytes, 1);
      return body.ok ? checkFrame(body.value) : body;
    },
  };
}

const REFUSALS: readonly RefusalReason[] = ["unknown", "older", "version", "busy"];

const isCount = (value: unknown): value is number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
const isName = (value: unknown): value is string =>
  typeof value === "string" && value.length > 0 && value.length <= NAME_CHARACTERS_MAX;
const isPath = (value: unknown): value is string[] =>
  Array.isArray(value) && value.length <= OVERLAY_LIMITS.path && value.every(isName);
const isPayload = (value: unknown, max: number): value is Uint8Array =>
  value instanceof Uint8Array && value.length <= max;

/** Builds each frame anew from its known fields: nothing unknown passes. */
function checkFrame(body: unknown): Decoded<OverlayFrame> {
  if (typeof body !== "object" || body === null || Array.isArray(body)) return fail("not a map");
  const fields = body as Readonly<Record<string, unknown>>;
  const frame = frameOf(fields);
  return frame === undefined
    ? fail(`a ${kindOf(fields)} frame with wrong fields`)
    : { ok: true, value: frame };
}

/** For a log: a stranger's text is not quoted. */
function kindOf(fields: Readonly<Record<string, unknown>>): string {
  const { t } = fields;
  const letters = /^[a-z]{1,16}$/u;
  return typeof t === "string" && letters.test(t) ? t : "nameless";
}

function frameOf(fields: Readonly<Record<string, unknown>>): OverlayFrame | undefined {
  const { t, epoch, reportsHave, have, sequence, payload } = fields;
  switch (t) {
    case "join":
      return joinOf(fields);
    case "accept": {
      const { path } = fields;
      return isCount(epoch) && isCount(reportsHave) && isPath(path)
        ? { t, epoch, reportsHave, path }
        : undefined;
    }
    case "refuse": {
      const why = REFUSALS.find((known) => known === fields["why"]);
      const { backoffMs } = fields;
      return why !== undefined && isCount(backoffMs) ? { t, why, backoffMs } : undefined;
    }
    case "beacon": {
      const { beacon } = fields;
      const isSound = isCount(epoch) && isCount(beacon) && isCount(reportsHave);
      return isSound ? { t, epoch, beacon, reportsHave } : undefined;
    }
    case "acknowledge":
      return isCount(reportsHave) ? { t, reportsHave } : undefined;
    case "alive":
      return isCount(have) ? { t, have } : undefined;
    case "command":
      return isCount(sequence) && isPayload(payload, PAYLOAD_BYTES_MAX)
        ? { t, sequence, payload }
        : undefined;
    case "report": {
      const { skips } = fields;
      const isSound = isCount(sequence) && isCount(skips) && isPayload(payload, PAYLOAD_BYTES_MAX);
      return isSound ? { t, sequence, skips, payload } : undefined;
    }
    case "bulk":
      return isPayload(payload, BULK_PAYLOAD_BYTES_MAX) ? { t, payload } : undefined;
    case "leave":
      return { t };
    default:
      return undefined;
  }
}

function joinOf(fields: Readonly<Record<string, unknown>>): JoinFrame | undefined {
  const { protocol, incarnation, attempt, have } = fields;
  const isSound = isCount(protocol) && isCount(incarnation) && isCount(attempt) && isCount(have);
  return isSound ? { t: "join", protocol, incarnation, attempt, have } : undefined;
}
