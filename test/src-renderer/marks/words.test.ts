// Times as people read them: by the clock on their wall, not by the controller's notation.
import { expect, test } from "vitest";
import { clockText, countText, dayTimeText } from "../../../src-renderer/marks/words.ts";

test("when something was is told by the reader's clock", () => {
  const at = new Date(2026, 0, 2, 3, 4, 5, 6).getTime();
  expect([dayTimeText(at), dayTimeText(at, true)]).toEqual(["03:04:05", "03:04:05.006"]);
  expect(dayTimeText(Date.parse("2026-11-25T21:07:26.421Z"))).toBe(
    new Date(Date.UTC(2026, 10, 25, 21, 7, 26)).toTimeString().slice(0, 8),
  );
});

test("how long, and how many", () => {
  expect([clockText(3000), clockText(222_000), clockText(3_723_000)]).toEqual(["0:03", "3:42", "1:02:03"]);
  expect([countText(1000), countText(12_400)]).toEqual(["1000", "12\u00a0400"]);
});
