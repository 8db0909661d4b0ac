// Durations, sizes and suggestions: what is understood, what is not, and that writing and reading agree.
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  DURATION_MS_MAX,
  parseDuration,
  parseSize,
  SIZE_BYTES_MAX,
  writeDuration,
  writeSize,
} from "../../../src-shared/application/durations.ts";
import { nearestName } from "../../../src-shared/application/nearest-name.ts";

test.each([
  ["30", 30_000],
  ["500ms", 500],
  ["30s", 30_000],
  ["5m", 300_000],
  ["2h", 7_200_000],
  ["1d", 86_400_000],
  ["1.5h", 5_400_000],
  [" 10 s ", 10_000],
  ["0", 0],
  ["365d", DURATION_MS_MAX],
  ["366d", undefined],
  ["", undefined],
  ["s", undefined],
  ["-1s", undefined],
  ["1e3", undefined],
  ["5 min", undefined],
  ["1h30m", undefined],
  ["Infinity", undefined],
  [`${"9".repeat(400)}s`, undefined],
])("duration %j", (text, durationMs) => {
  expect(parseDuration(text)).toBe(durationMs);
});

test.each([
  ["4096", 4096],
  ["64K", 65_536],
  ["64k", 65_536],
  ["512M", 512 * 1024 ** 2],
  ["2GiB", 2 * 1024 ** 3],
  ["1TB", 1024 ** 4],
  ["10B", 10],
  ["1024T", SIZE_BYTES_MAX],
  ["1025T", undefined],
  ["1.5G", undefined],
  ["-1", undefined],
  ["K", undefined],
])("size %j", (text, bytes) => {
  expect(parseSize(text)).toBe(bytes);
});

test("what is written is read back", () => {
  fc.assert(
    fc.property(fc.nat(DURATION_MS_MAX), fc.maxSafeNat(), (durationMs, size) => {
      expect(parseDuration(writeDuration(durationMs))).toBe(durationMs);
      const bytes = size % (SIZE_BYTES_MAX + 1);
      expect(parseSize(writeSize(bytes))).toBe(bytes);
    }),
  );
  expect(writeDuration(90_000)).toBe("90s");
  expect(writeDuration(120_000)).toBe("2m");
});

test.each([
  ["procces", ["process", "package"], "process"],
  ["Process", ["process"], "process"],
  ["teh", ["the"], "the"],
  ["zebra", ["process"], undefined],
  ["a", ["a"], undefined],
  ["", ["abc"], undefined],
])("nearest to %j", (name, candidates, nearest) => {
  expect(nearestName(name, candidates)).toBe(nearest);
});
