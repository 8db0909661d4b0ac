// Names of a tree stand beside their marks without lying on one another, as far as there is room.
import { expect, test } from "vitest";
import { placeLabels } from "../../../src-renderer/tree-view/place-labels-layout.ts";

const label = (text: string, x: number, y: number, width = 60) => ({ text, x, y, radius: 6, width });

test("below; where that is taken above, or aside; and below all the same where nothing is free", () => {
  const one = label("a", 0, 0);
  expect(placeLabels([one], [one])).toEqual([{ text: "a", x: 0, y: 10 }]);
  const row = [label("a", 0, 0), label("b", 40, 0), label("c", 80, 0)];
  expect(placeLabels(row, row).map(({ text, x, y }) => [text, x, y])).toEqual([
    ["a", 0, 10],
    ["b", 40, -22],
    ["c", 80, 10],
  ]);
  const between = [label("a", 0, 0), label("up", 0, -20, 10), label("down", 0, 20, 10)];
  expect(placeLabels(between, between)[0]).toEqual({ text: "a", x: 40, y: -6 });
  const crowd = Array.from({ length: 9 }, (_, n) => label("x", (n % 3) * 12, Math.floor(n / 3) * 12));
  expect(placeLabels(crowd, crowd)).toHaveLength(9);
});
