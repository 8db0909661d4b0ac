// Small marks as pictures: of thousands on a canvas each is a copy, which costs a tenth of drawing its shape.
import type { HostMark } from "#shared/host-query/host-mark.ts";

/** Of the radius: the diamond reaches out, and strokes have a width. */
const REACH = 1.3;
const STROKE_PX = 2;

interface Sprite {
  readonly picture: ImageBitmap;
  /** CSS pixels from its corner to its middle. */
  readonly middle: number;
}

export class MarkSprites {
  /** By mark, then by radius. */
  readonly #sprites = new Map<HostMark, Map<number, Sprite>>();
  #from: readonly unknown[] = [];

  /** `from`: what all of them are painted from; `paint`: around (0, 0). */
  draw(
    context: CanvasRenderingContext2D,
    mark: HostMark,
    nodes: readonly { readonly x: number; readonly y: number; readonly radius: number }[],
    from: readonly unknown[],
    paint: (context: OffscreenCanvasRenderingContext2D, radius: number) => void,
  ): void {
    const ratio = window.devicePixelRatio;
    if ([ratio, ...from].some((one, place) => one !== this.#from[place])) {
      this.#from = [ratio, ...from];
      this.#sprites.clear();
    }
    const sprites = this.#sprites.get(mark) ?? new Map<number, Sprite>();
    this.#sprites.set(mark, sprites);
    for (const { x, y, radius } of nodes) {
      const sprite = sprites.get(radius) ?? spriteOf(ratio, radius, paint);
      sprites.set(radius, sprite);
      const { picture, middle } = sprite;
      // On whole pixels of the screen: copied as it is, and sharp.
      const [left, top] = [snapped(x - middle, ratio), snapped(y - middle, ratio)];
      context.drawImage(picture, left, top, picture.width / ratio, picture.height / ratio);
    }
  }
}

/** Of those that would cover one another on the same pixel of the screen only the first: as each is as large, it is what is seen. */
export function topmost<Node extends { readonly x: number; readonly y: number }>(
  nodes: Iterable<Node>,
  rankOf: (node: Node) => number,
): readonly Node[] {
  const ratio = window.devicePixelRatio;
  const shown = new Map<number, { readonly node: Node; readonly rank: number }>();
  for (const node of nodes) {
    const place = Math.round(node.x * ratio) * PLACES_MAX + Math.round(node.y * ratio);
    const [rank, other] = [rankOf(node), shown.get(place)];
    if (other === undefined || rank < other.rank) shown.set(place, { node, rank });
  }
  return [...shown.values()].map(({ node }) => node);
}

/** Of a canvas, also of what is zoomed out of it. */
const PLACES_MAX = 2 ** 24;

function snapped(at: number, ratio: number): number {
  return Math.round(at * ratio) / ratio;
}

function spriteOf(
  ratio: number,
  radius: number,
  paint: (context: OffscreenCanvasRenderingContext2D, radius: number) => void,
): Sprite {
  const pixels = 2 * Math.ceil((radius * REACH + STROKE_PX) * ratio);
  const canvas = new OffscreenCanvas(pixels, pixels);
  const context = canvas.getContext("2d");
  context?.setTransform(ratio, 0, 0, ratio, pixels / 2, pixels / 2);
  if (context !== null) paint(context, radius);
  return { picture: canvas.transferToImageBitmap(), middle: pixels / 2 / ratio };
}
