// Where names stand beside marks: on no mark and on no other name, the first that fits of four places. Pure.
import { LabelRoom, type LabelPlace } from "../marks/label-boxes.ts";

export interface Label {
  readonly text: string;
  /** The middle of what it names. */
  readonly x: number;
  readonly y: number;
  readonly radius: number;
  readonly width: number;
}

export interface PlacedLabel extends LabelPlace {
  readonly text: string;
}

const HEIGHT_PX = 12;
const GAP_PX = 4;

/** One that fits nowhere stands below all the same: pointing at it tells more, but it is not to be without a name. */
export function placeLabels(
  labels: readonly Label[],
  marks: readonly Pick<Label, "x" | "y" | "radius">[],
): readonly PlacedLabel[] {
  const room = new LabelRoom(marks, HEIGHT_PX);
  return labels.map(({ text, x, y, radius, width }) => {
    const aside = radius + GAP_PX + width / 2;
    const below = { x, y: y + radius + GAP_PX };
    const others = [
      { x, y: y - radius - GAP_PX - HEIGHT_PX },
      { x: x + aside, y: y - HEIGHT_PX / 2 },
      { x: x - aside, y: y - HEIGHT_PX / 2 },
    ];
    const place = room.find([below, ...others], width) ?? below;
    room.take(place, width);
    return { text, ...place };
  });
}
