// Lines of metrics: steps in time, up to now, inside their frame.
import { expect, test } from "vitest";
import { SPARK_MS, sparklineOf } from "../../../src-renderer/marks/sparkline-layout.ts";

const FRAME = { most: 1, nowMs: 1_000_000, width: 100, height: 23 };

test("nothing is drawn of what is not known", () => {
  expect(sparklineOf([], FRAME)).toBeUndefined();
  expect(sparklineOf([{ atMs: 999_000, value: undefined }], FRAME)).toBeUndefined();
});

test("a value holds until the next one, and the last until now", () => {
  const points = [
    { atMs: 900_000, value: 0 },
    { atMs: 950_000, value: 1 },
  ];
  const path = sparklineOf(points, FRAME)!;
  expect(path.line).toBe("M0 21.5H50V1.5H100");
  expect(path.area).toBe("M0 21.5H50V1.5H100V23H0Z");
});

test("without an end of the scale the highest is at the top, and all that is 0 lies at the bottom", () => {
  const points = [2, 4].map((value, at) => ({ atMs: 900_000 + at * 50_000, value }));
  expect(sparklineOf(points, { ...FRAME, most: undefined })!.line).toBe("M0 11.5H50V1.5H100");
  expect(sparklineOf([{ atMs: 900_000, value: 0 }], { ...FRAME, most: undefined })!.line).toBe("M0 21.5H100");
});

test("what is older than the line is long begins at its left", () => {
  const points = [
    { atMs: FRAME.nowMs - 3 * SPARK_MS, value: 0 },
    { atMs: FRAME.nowMs - SPARK_MS / 2, value: 2 },
  ];
  expect(sparklineOf(points, FRAME)!.line).toBe("M0 21.5H50V1.5H100");
});
