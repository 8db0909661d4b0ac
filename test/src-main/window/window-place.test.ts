// A window comes back where it stood, for each arrangement of screens, and never where nobody sees it.
import { expect, test } from "vitest";
import {
  parsePlaces,
  placeFor,
  SIZE_MIN,
  withPlace,
  type Rectangle,
  type WindowPlace,
} from "../../../src-main/window/window-place.ts";

const LAPTOP: Rectangle = { x: 0, y: 25, width: 1440, height: 875 };
const DESK: Rectangle = { x: 1440, y: -200, width: 2560, height: 1440 };
const PLACE: WindowPlace = {
  x: 1500,
  y: 0,
  width: 1800,
  height: 1000,
  isMaximised: false,
  isFullScreen: false,
};

test("is in the middle of the first screen at first, no larger than that", () => {
  expect(placeFor({}, [DESK])).toMatchObject({ x: 2000, y: 70, width: 1440, height: 900 });
  expect(placeFor({}, [LAPTOP])).toMatchObject({ x: 0, y: 25, width: 1440, height: 875 });
  expect(placeFor({}, [])).toMatchObject({ width: 1440, height: 900 });
});

test("is where it was, on the same screens only", () => {
  const places = withPlace({}, [LAPTOP, DESK], PLACE);
  expect(placeFor(places, [DESK, LAPTOP])).toEqual(PLACE);
  expect(placeFor(places, [LAPTOP])).toMatchObject({ x: 0 });
  expect(placeFor(parsePlaces(JSON.stringify(places)), [LAPTOP, DESK])).toEqual(PLACE);
});

test("is brought back when it would not be seen, or could not be dragged", () => {
  for (const gone of [{ x: 4000 }, { x: -1700 }, { y: -900 }, { y: 1230 }]) {
    const places = withPlace({}, [LAPTOP, DESK], { ...PLACE, ...gone });
    expect(placeFor(places, [LAPTOP, DESK]), JSON.stringify(gone)).toMatchObject({ x: 0, y: 25 });
  }
  const small = withPlace({}, [LAPTOP], { ...PLACE, x: 10, y: 30, width: 200, height: 100 });
  expect(placeFor(small, [LAPTOP])).toMatchObject(SIZE_MIN);
});

test("forgets the arrangements that were used least lately", () => {
  let places = withPlace({}, [LAPTOP], PLACE);
  for (let width = 1; width <= 20; width += 1) places = withPlace(places, [{ ...DESK, width }], PLACE);
  expect(Object.keys(places)).toHaveLength(20);
  expect(Object.keys(places)).not.toContain("1440x875+0+25");
});

test("starts as new when what was kept cannot be understood", () => {
  for (const text of [null, "", "[]x", "[1]", '{"a": {"x": 1}}', '{"a": {"x": "1"}}', "null"])
    expect(parsePlaces(text)).toEqual({});
});
