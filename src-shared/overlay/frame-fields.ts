// The fields of frames, one predicate each, and how large payloads may be: what each topology's door is made of.
import type { Payload } from "./overlay.ts";
import type { Trip } from "./round-trips.ts";
import type { Rank } from "./topology.ts";

/** Version and body of one frame: holds the largest command (an `execute` of some thousand blocks) many times over. */
export const FRAME_BYTES_MAX = 1024 * 1024;
/** What the frame around a payload may add: targets or origins as ranges of ranks (5 bytes a number), seals and tags. */
export const FRAME_OVERHEAD_BYTES = 64 * 1024;
export const PAYLOAD_BYTES_MAX = FRAME_BYTES_MAX - FRAME_OVERHEAD_BYTES;
/** Of a file or of output: small enough that a beacon never waits long behind it. */
export const BULK_CHUNK_BYTES = 64 * 1024;
/** A chunk and the names that go with it. */
export const BULK_PAYLOAD_BYTES_MAX = BULK_CHUNK_BYTES + 8 * 1024;
/** `host:port`, the host 255 characters at most. */
export const ADDRESS_CHARACTERS_MAX = 264;
/** A session that starts a client each millisecond reaches it after seven weeks; ranks are written into certificates and derived keys. */
export const RANK_MAX = 2 ** 32 - 1;

export type Fields = Readonly<Record<string, unknown>>;

/** Not -0: it has another spelling than 0 in a seal. */
export const isCount = (value: unknown): value is number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0 && !Object.is(value, -0);

export const isRank = (value: unknown): value is Rank => isCount(value) && value <= RANK_MAX;

export const isPayload = (value: unknown, bytesMax = PAYLOAD_BYTES_MAX): value is Payload =>
  value instanceof Uint8Array && value.length <= bytesMax;

export const isTrip = (value: unknown): value is Trip =>
  isRecord(value) && isCount(value["beacon"]) && isCount(value["us"]);

export const isListOf = <Element>(
  value: unknown,
  isElement: (element: unknown) => element is Element,
  max: number,
): value is Element[] => Array.isArray(value) && value.length <= max && value.every(isElement);

export const isRecord = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
