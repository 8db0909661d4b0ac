// Frames as bytes: whatever is written is read again, cut anywhere; whatever is not ours is refused, at bounded cost.
import fc from "fast-check";
import { Packr } from "msgpackr";
import { describe, expect, test } from "vitest";
import {
  BULK_PAYLOAD_BYTES_MAX,
  FRAME_BYTES_MAX,
  PAYLOAD_BYTES_MAX,
} from "../../../src-shared/overlay/frame-fields.ts";
import { star } from "../../../src-shared/overlay/star.ts";
import type { StarFrame } from "../../../src-shared/overlay/star-frames.ts";
import { FrameDecoder } from "../../../src-shared/protocol/frame-decoder.ts";
import { createWireCodec, joinPayloads, PAYLOADS_JOINED_MAX } from "../../../src-shared/protocol/wire.ts";

const codec = createWireCodec(star);
const count = fc.maxSafeNat();
const rank = fc.nat(2 ** 32 - 1);
const payload = fc.uint8Array({ maxLength: 300 });

const frame: fc.Arbitrary<StarFrame> = fc.oneof(
  fc.record({
    t: fc.constant("join" as const),
    protocol: count,
    attempt: count,
    have: count,
  }),
  fc.record({
    t: fc.constant("accept" as const),
    epoch: count,
    reportsHave: count,
    path: fc.array(rank, { maxLength: 6 }),
  }),
  fc.record({
    t: fc.constant("refuse" as const),
    why: fc.constantFrom("unknown", "older", "version", "busy"),
    backoffMs: count,
  }),
  fc.record({ t: fc.constant("beacon" as const), epoch: count, beacon: count, reportsHave: count }),
  fc.record({
    t: fc.constant("beacon" as const),
    epoch: count,
    beacon: count,
    reportsHave: count,
    trip: fc.record({ beacon: count, us: count }),
  }),
  fc.record({ t: fc.constant("acknowledge" as const), reportsHave: count }),
  fc.record({ t: fc.constant("alive" as const), have: count }),
  fc.record({ t: fc.constant("alive" as const), have: count, to: count }),
  fc.record({ t: fc.constant("latest" as const), number: count, payload }),
  fc.record({ t: fc.constant("command" as const), sequence: count, payload }),
  fc.record({ t: fc.constant("report" as const), sequence: count, skips: count, payload }),
  fc.record({ t: fc.constant("bulk" as const), payload }),
  fc.constant<StarFrame>({ t: "leave" }),
);

/** Everything that a payload may be made of. */
const plain = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.string({ unit: "grapheme", maxLength: 8 }),
    fc.maxSafeInteger(),
    // Zero has no sign on the wire.
    fc.double().map((value) => (value === 0 ? 0 : value)),
    fc.boolean(),
    fc.constantFrom(null, undefined),
    payload,
    fc.array(tie("value"), { maxLength: 6 }),
    fc.dictionary(fc.string({ maxLength: 12 }), tie("value"), { maxKeys: 6, noNullPrototype: true }),
  ),
})).value;

const isForbidden = (key: string): boolean => ["__proto__", "constructor", "prototype"].includes(key);
function hasForbiddenKey(value: unknown): boolean {
  if (value === null || typeof value !== "object" || value instanceof Uint8Array) return false;
  return Object.entries(value).some(([key, inner]) => isForbidden(key) || hasForbiddenKey(inner));
}

/** The stream cut at these places, as copies of their own. */
function pieces(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const places = [0, ...[...cuts].map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return places.slice(1).map((end, place) => bytes.slice(places[place], end));
}

function concatenated(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

function headed(body: Uint8Array, version = 1): Uint8Array {
  const bytes = new Uint8Array(5 + body.length);
  new DataView(bytes.buffer).setUint32(0, body.length + 1);
  bytes[4] = version;
  bytes.set(body, 5);
  return bytes;
}

function malformedBy(body: unknown): string | undefined {
  return new FrameDecoder(codec).push(headed(new Packr({ useRecords: false }).pack(body))).malformed;
}

describe("what is written is read again", () => {
  test("frames, wherever the stream is cut", () => {
    fc.assert(
      fc.property(
        fc.array(frame, { maxLength: 8 }),
        fc.array(fc.nat(), { maxLength: 12 }),
        (frames, cuts) => {
          const decoder = new FrameDecoder(codec);
          const stream = concatenated(frames.map((each) => codec.encodeFrame(each)));
          const read = pieces(stream, cuts).flatMap((piece) => {
            const { frames: arrived, malformed } = decoder.push(piece);
            expect(malformed).toBeUndefined();
            return arrived;
          });
          expect(read).toEqual(frames.map((each) => normal(each)));
          expect(decoder.capacity).toBe(0);
        },
      ),
      { numRuns: 300 },
    );
  });

  test("frames, byte by byte", () => {
    const decoder = new FrameDecoder(codec);
    const sent: StarFrame = { t: "accept", epoch: 1, reportsHave: 2, path: [0, 2 ** 32 - 1] };
    const read = [...codec.encodeFrame(sent)].flatMap((byte) => decoder.push(new Uint8Array([byte])).frames);
    expect(read).toEqual([sent]);
  });

  test("payloads of any plain data", () => {
    fc.assert(
      fc.property(plain, (value) => {
        const decoded = codec.decodePayload(codec.encodePayload(value));
        if (hasForbiddenKey(value)) expect(decoded.ok).toBe(false);
        else expect(decoded).toEqual({ ok: true, value });
      }),
      { numRuns: 500 },
    );
  });

  test("the largest command, and the largest bulk", () => {
    const largest = new Uint8Array(PAYLOAD_BYTES_MAX).fill(7);
    const sent: StarFrame = { t: "command", sequence: Number.MAX_SAFE_INTEGER, payload: largest };
    const report: StarFrame = { t: "report", sequence: 2 ** 53 - 1, skips: 2 ** 53 - 1, payload: largest };
    const bulk: StarFrame = { t: "bulk", payload: new Uint8Array(BULK_PAYLOAD_BYTES_MAX) };
    for (const each of [sent, report, bulk]) {
      const { frames } = new FrameDecoder(codec).push(codec.encodeFrame(each));
      expect(frames).toHaveLength(1);
    }
  });
});

/** Payloads come back as views of the stream's bytes. */
function normal(sent: StarFrame): StarFrame {
  return "payload" in sent ? { ...sent, payload: new Uint8Array(sent.payload) } : sent;
}

describe("what is not ours is refused", () => {
  test("any bytes at any cut neither throw nor stay", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.array(fc.nat(), { maxLength: 6 }), (bytes, cuts) => {
        const decoder = new FrameDecoder(codec);
        for (const piece of pieces(bytes, cuts)) decoder.push(piece);
        expect(decoder.capacity).toBeLessThanOrEqual(4096);
      }),
      { numRuns: 2000 },
    );
  });

  test("frames with a changed byte neither throw nor reach a prototype", () => {
    fc.assert(
      fc.property(frame, fc.nat(), fc.nat(255), (sent, place, byte) => {
        const bytes = codec.encodeFrame(sent);
        bytes[5 + (place % (bytes.length - 5))] = byte;
        for (const read of new FrameDecoder(codec).push(bytes).frames) {
          expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test.each<[string, unknown, string]>([
    ["no map", [1, 2], "not a map"],
    ["nothing", null, "not a map"],
    ["an unknown kind", { t: "shutdown" }, "a shutdown frame"],
    ["a kind that is not for a log", { t: "\u001b[2J" }, "a nameless frame"],
    ["a missing field", { t: "alive" }, "a alive frame"],
    ["a negative number", { t: "alive", have: -1 }, "alive"],
    ["a fraction", { t: "alive", have: 1.5 }, "alive"],
    ["no number", { t: "alive", have: Number.NaN }, "alive"],
    ["an unsafe number", { t: "alive", have: 2 ** 53 }, "alive"],
    ["a rank that is too large", { t: "accept", epoch: 1, reportsHave: 0, path: [2 ** 32] }, "accept"],
    ["a text for bytes", { t: "bulk", payload: "x" }, "bulk"],
    ["too much bulk", { t: "bulk", payload: new Uint8Array(BULK_PAYLOAD_BYTES_MAX + 1) }, "bulk"],
    [
      "a long path",
      { t: "accept", epoch: 1, reportsHave: 0, path: Array.from({ length: 65 }, () => 1) },
      "accept",
    ],
    ["a text for a rank", { t: "accept", epoch: 1, reportsHave: 0, path: ["1"] }, "accept"],
    ["a date", { t: new Date(0) }, "type"],
    ["a big integer", { t: 2n ** 60n }, "type"],
  ])("%s", (_name, body, reason) => {
    expect(malformedBy(body)).toContain(reason);
  });

  test("a zero with a sign, which no writer of ours writes", () => {
    const body = [
      0x82,
      0xa1,
      ...Buffer.from("t"),
      0xa5,
      ...Buffer.from("alive"),
      0xa4,
      ...Buffer.from("have"),
    ];
    const minusZero = new Uint8Array([...body, 0xcb, 0x80, 0, 0, 0, 0, 0, 0, 0]);
    expect(new FrameDecoder(codec).push(headed(minusZero)).malformed).toContain("alive");
    expect(new FrameDecoder(codec).push(headed(new Uint8Array([...body, 0x00]))).frames).toHaveLength(1);
  });

  test("fields that are not known do not pass", () => {
    const bytes = headed(new Packr({ useRecords: false }).pack({ t: "leave", extra: 1 }));
    expect(new FrameDecoder(codec).push(bytes).frames).toEqual([{ t: "leave" }]);
  });

  test.each<[string, number[], string]>([
    ["a claim of four billion elements", [0xdd, 0xff, 0xff, 0xff, 0xff], "cut off"],
    ["a claim of four billion pairs", [0xdf, 0xff, 0xff, 0xff, 0xff], "cut off"],
    ["a claim of four gigabytes", [0xc6, 0xff, 0xff, 0xff, 0xff], "cut off"],
    ["nesting", Array.from({ length: 1000 }, () => 0x91), "nested deeper"],
    ["an extension type", [0xc7, 0x01, 0x78, 0x01], "0xc7"],
    ["a record", [0xd4, 0x72, 0x40], "extension type"],
    ["a number as a key", [0x81, 0x01, 0x01], "not a text"],
    [
      "a key that is too long",
      [0x81, 0xda, 0x20, 0x00, ...Array.from({ length: 0x2000 }, () => 0x61), 0x01],
      "too long",
    ],
    ["bytes after the end", [0xc0, 0xc0], "after the end"],
    ["no bytes", [], "cut off"],
    ["the key __proto__", [0x81, 0xa9, ...Buffer.from("__proto__"), 0x80], "__proto__"],
  ])("%s", (_name, body, reason) => {
    const decoded = codec.decodePayload(new Uint8Array(body));
    expect(!decoded.ok && decoded.reason).toContain(reason);
    if (body.length > 0)
      expect(new FrameDecoder(codec).push(headed(new Uint8Array(body))).malformed).toContain(reason);
  });

  test("very many small values", () => {
    const body = new Uint8Array(300_000).fill(0x90);
    body.set([0xdc, 0xff, 0xff]);
    const many = codec.encodePayload(Array.from({ length: 250_000 }, () => 0));
    expect(codec.decodePayload(many)).toMatchObject({ ok: false });
    expect(codec.decodePayload(body)).toMatchObject({ ok: false });
  });

  test("other versions, empty and oversized frames, before anything is held for them", () => {
    const reasons = [headed(new Uint8Array([0x80]), 2), new Uint8Array(4), oversized()].map((bytes) => {
      const decoder = new FrameDecoder(codec);
      const { malformed } = decoder.push(bytes);
      expect(decoder.capacity).toBe(0);
      return malformed;
    });
    expect(reasons[0]).toContain("version 2");
    expect(reasons[1]).toContain("an empty frame");
    expect(reasons[2]).toContain(`more than ${FRAME_BYTES_MAX}`);
  });

  test("nothing after the first fault is read", () => {
    const decoder = new FrameDecoder(codec);
    const good = codec.encodeFrame({ t: "leave" });
    const first = decoder.push(concatenated([good, new Uint8Array(4), good]));
    expect(first.frames).toEqual([{ t: "leave" }]);
    expect(first.malformed).toBeDefined();
    expect(decoder.push(good)).toEqual({ frames: [], malformed: first.malformed });
  });
});

function oversized(): Uint8Array {
  const bytes = new Uint8Array(100);
  new DataView(bytes.buffer).setUint32(0, FRAME_BYTES_MAX + 1);
  return bytes;
}

test("a frame that is claimed large takes memory only as it comes", () => {
  const decoder = new FrameDecoder(codec);
  const head = new Uint8Array(5);
  new DataView(head.buffer).setUint32(0, FRAME_BYTES_MAX);
  decoder.push(head);
  expect(decoder.capacity).toBeLessThanOrEqual(4096);
  for (let kilobyte = 0; kilobyte < 100; kilobyte += 1) decoder.push(new Uint8Array(1024));
  expect(decoder.capacity).toBeLessThanOrEqual(256 * 1024);
});

test("joined payloads are the list of what was joined", () => {
  const values = Array.from({ length: PAYLOADS_JOINED_MAX }, (_, at) => ({ at, text: "x".repeat(at * 10) }));
  const payloads = values.map((value) => codec.encodePayload(value));
  expect(codec.decodePayload(joinPayloads(payloads))).toEqual({ ok: true, value: values });
  expect(() => joinPayloads([...payloads, ...payloads])).toThrow(RangeError);
});
