// Addresses of the overlay: written and parsed is the same again; nothing else is one.
import { expect, test } from "vitest";
import { parseAddress, writeAddress } from "../../../src-shared/protocol/address.ts";

test.each([
  ["127.0.0.1", 4711, "127.0.0.1:4711"],
  ["node-1.example.org", 65_535, "node-1.example.org:65535"],
  ["::1", 1, "[::1]:1"],
  ["fe80::1%eth0", 22, "[fe80::1%eth0]:22"],
])("%s and %i are %s", (host, port, text) => {
  expect(writeAddress({ host, port })).toBe(text);
  expect(parseAddress(text)).toEqual({ host, port });
});

test("IPv4 inside IPv6 is IPv4", () => {
  expect(writeAddress({ host: "::ffff:10.0.0.1", port: 5 })).toBe("10.0.0.1:5");
});

test.each(["", "a", "a:", ":1", "a:0", "a:65536", "a:1x", "::1:5", "[::1]", "a b:1", "[]:1", "a:01"])(
  "%j is none",
  (text) => {
    expect(parseAddress(text)).toBeUndefined();
  },
);
