// Output as text, piece by piece: cutting it anywhere gives the same, and what is no UTF-8 stays visible.
import fc from "fast-check";
import { expect, test } from "vitest";
import { OutputDecoder } from "../../../src-main/controller/decode-output.ts";

function decode(...pieces: readonly Uint8Array[]): string {
  const decoder = new OutputDecoder();
  return pieces.map((piece) => decoder.decode(piece)).join("") + decoder.flush();
}

test("characters may be cut", () => {
  const bytes = new TextEncoder().encode("a€😀é");
  for (let cut = 0; cut <= bytes.length; cut += 1) {
    expect(decode(bytes.subarray(0, cut), bytes.subarray(cut))).toBe("a€😀é");
  }
});

test("bytes that are no text stand for themselves", () => {
  expect(decode(Uint8Array.of(0x61, 0xff, 0x62))).toBe("a\\xffb");
  expect(decode(Uint8Array.of(0xe2, 0x82))).toBe("\\xe2\\x82");
  expect(decode(Uint8Array.of(0xe2), Uint8Array.of(0x28))).toBe("\\xe2(");
});

test("for any bytes, in any pieces", () => {
  const bytes = fc.uint8Array({ maxLength: 40 });
  fc.assert(
    fc.property(fc.array(bytes, { maxLength: 6 }), (pieces) => {
      const whole = Uint8Array.from(pieces.flatMap((piece) => [...piece]));
      expect(decode(...pieces)).toBe(decode(whole));
    }),
  );
});

test("for any text, in any pieces", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.nat(), (text, cut) => {
      const bytes = new TextEncoder().encode(text);
      const place = bytes.length === 0 ? 0 : cut % bytes.length;
      expect(decode(bytes.subarray(0, place), bytes.subarray(place))).toBe(text);
    }),
  );
});
