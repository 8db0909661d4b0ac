// Where names stand beside marks: on no mark and on no other name, the first that fits of four places. Pure.
import { boxOf, overlaps, type Box } from "../marks/label-boxes.ts";

export interface Label {
  readonly text: string;
  /** The middle of what it names. */
  readonly x: number;
  readonly y: number;
  readonly radius: number;
  readonly width: number;
}

export interface PlacedLabel {
  readonly text: string;
  /** The middle of its upper edge. */
  readonly x: number;
  readonly y: number;
}

const HEIGHT_PX = 12;
const GAP_PX = 4;

/** One that fits nowhere stands below all the same: pointing at it tells more, but it is not to be without a name. */
export function placeLabels(
  labels: readonly Label[],
  marks: readonly Pick<Label, "x" | "y" | "radius">[],
): readonly PlacedLabel[] {
  const taken: Box[] = marks.map(({ x, y, radius }) => boxOf(x, y - radius, 2 * radius, 2 * radius));
  return labels.map(({ text, x, y, radius, width }) => {
    const aside = radius + GAP_PX + width / 2;
    const places = [
      { x, y: y + radius + GAP_PX },
      { x, y: y - radius - GAP_PX - HEIGHT_PX },
      { x: x + aside, y: y - HEIGHT_PX / 2 },
      { x: x - aside, y: y - HEIGHT_PX / 2 },
    ] as const;
    const isFree = (place: { readonly x: number; readonly y: number }): boolean => {
      const box = boxOf(place.x, place.y, width, HEIGHT_PX);
      return !taken.some((other) => overlaps(box, other));
    };
    const place = places.find(isFree) ?? places[0];
    taken.push(boxOf(place.x, place.y, width, HEIGHT_PX));
    return { text, ...place };
  });
}
