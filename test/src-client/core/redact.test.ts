// No secret gets through, however the stream is cut, and all else does.
import fc from "fast-check";
import { expect, test } from "vitest";
import { createRedactor, MASK } from "../../../src-client/core/redact.ts";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (parts: readonly Uint8Array[]): string => Buffer.concat(parts).toString("latin1");

function masked(secrets: readonly string[], chunks: readonly Uint8Array[]): string {
  const redactor = createRedactor(secrets);
  return textOf([...chunks.map((chunk) => Uint8Array.from(redactor.push(chunk))), redactor.end()]);
}

/** The same by brute force, on the whole. */
function expected(secrets: readonly string[], whole: string): string {
  let result = "";
  let coveredTo = 0;
  for (let at = 0; at < whole.length; at += 1) {
    const length = Math.max(
      0,
      ...secrets.filter((secret) => whole.startsWith(secret, at)).map((secret) => secret.length),
    );
    if (length > 0 && at >= coveredTo) result += MASK;
    coveredTo = Math.max(coveredTo, at + length);
    if (at >= coveredTo) result += whole[at] ?? "";
  }
  return result;
}

test.each([
  [["secret"], ["a secret, a sec", "ret and a secre", "!"], "a ***, a *** and a secre!"],
  [["ab", "abcd"], ["ab", "c", "d ab"], "*** ***"],
  [["abc", "bcd"], ["xab", "cdx"], "x***x"],
  [["aa"], ["aaa", "a"], "***"],
  [["x"], ["xx"], "******"],
  [[""], ["all of it"], "all of it"],
  [["ünï"], ["ünïcode"], "***code"],
  [["secret"], ["sec"], "sec"],
])("%j hidden in %j", (secrets, chunks, result) => {
  expect(masked(secrets, chunks.map(bytesOf))).toBe(result);
});

test("nothing is held back that cannot be the beginning of a secret", () => {
  const redactor = createRedactor(["secret"]);
  expect(textOf([redactor.push(bytesOf("password: "))])).toBe("password: ");
  expect(textOf([redactor.push(bytesOf("yes"))])).toBe("ye");
});

test("the result is that of the whole, however it is cut", () => {
  const letters = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 5 });
  const stream = fc.array(fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 9 }), {
    maxLength: 12,
  });
  fc.assert(
    fc.property(fc.array(letters, { maxLength: 4 }), stream, (secrets, chunks) => {
      expect(masked(secrets, chunks.map(bytesOf))).toBe(expected(secrets, chunks.join("")));
    }),
    { numRuns: 2000 },
  );
});
