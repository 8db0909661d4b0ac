// A picture of its own below what changes all the time: painted once, and copied until something in it is different.
import type { CanvasSize } from "./use-canvas.ts";

export class CanvasLayer {
  readonly #canvas = document.createElement("canvas");
  #from: readonly unknown[] = [];

  /** `from`: all that it is painted from, compared by identity. */
  copyTo(
    context: CanvasRenderingContext2D,
    { width, height }: CanvasSize,
    from: readonly unknown[],
    draw: (context: CanvasRenderingContext2D) => void,
  ): void {
    const ratio = window.devicePixelRatio;
    const wanted = [width, height, ratio, ...from];
    if (wanted.some((one, place) => one !== this.#from[place])) {
      this.#from = wanted;
      // Setting the size clears it.
      this.#canvas.width = Math.round(width * ratio);
      this.#canvas.height = Math.round(height * ratio);
      const own = this.#canvas.getContext("2d");
      own?.setTransform(ratio, 0, 0, ratio, 0, 0);
      if (own !== null) draw(own);
    }
    context.drawImage(this.#canvas, 0, 0, width, height);
  }
}
