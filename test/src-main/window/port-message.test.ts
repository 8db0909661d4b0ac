// The bound on messages from a page: ordinary ones pass, whatever grows without end does not.
import { expect, test } from "vitest";
import { fitsWithin } from "../../../src-main/window/port-message.ts";

const KILOBYTE = 1024;

test("takes ordinary messages", () => {
  const message = {
    kind: "request",
    id: 1,
    name: "writeTerminal",
    arguments: { bytes: new Uint8Array(100) },
  };
  expect(fitsWithin(message, KILOBYTE)).toBe(true);
  for (const value of [undefined, null, 1, "x", true, [], {}, 1n])
    expect(fitsWithin(value, KILOBYTE)).toBe(true);
});

test.each([
  ["a long text", "x".repeat(600)],
  ["many texts", { list: Array.from({ length: 100 }, () => "x".repeat(10)) }],
  ["bytes", new Uint8Array(2000)],
  ["a small piece of many bytes", new Uint8Array(new ArrayBuffer(2000), 0, 1)],
  ["a buffer", { buffer: new ArrayBuffer(2000) }],
  ["long names", { ["x".repeat(2000)]: 1 }],
  ["many numbers", Array.from({ length: 1000 }, () => 1)],
  ["maps", { map: new Map([["a", "x".repeat(2000)]]) }],
  ["sets", new Set(["x".repeat(2000)])],
])("refuses %s", (_what, message) => {
  expect(fitsWithin(message, KILOBYTE)).toBe(false);
});

test("comes to an end where a message contains itself, and where it is deep", () => {
  const loop: { self?: object } = {};
  loop.self = loop;
  expect(fitsWithin(loop, Number.POSITIVE_INFINITY)).toBe(false);
  let deep: object = {};
  for (let level = 0; level < 100_000; level += 1) deep = { deep };
  expect(fitsWithin(deep, 100 * KILOBYTE)).toBe(false);
});
