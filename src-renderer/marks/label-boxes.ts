// The room that names and marks take in a drawing, to keep names off one another. Pure.

/** The middle of the upper edge of a name. */
export interface LabelPlace {
  readonly x: number;
  readonly y: number;
}

/** A round thing, by its middle. */
interface Mark {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
}

interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

export class LabelRoom {
  readonly #heightPx: number;
  readonly #taken: Box[];

  /** `heightPx`: of each name. */
  constructor(marks: readonly Mark[], heightPx: number) {
    this.#heightPx = heightPx;
    this.#taken = marks.map(({ x, y, radius }) => boxOf({ x, y: y - radius }, 2 * radius, 2 * radius));
  }

  /** The first of these places where nothing lies yet. */
  find(places: readonly LabelPlace[], widthPx: number): LabelPlace | undefined {
    return places.find((place) => {
      const box = boxOf(place, widthPx, this.#heightPx);
      return !this.#taken.some((other) => overlaps(box, other));
    });
  }

  take(place: LabelPlace, widthPx: number): void {
    this.#taken.push(boxOf(place, widthPx, this.#heightPx));
  }
}

function boxOf({ x, y }: LabelPlace, width: number, height: number): Box {
  return { left: x - width / 2, right: x + width / 2, top: y, bottom: y + height };
}

function overlaps(one: Box, other: Box): boolean {
  return one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom;
}
