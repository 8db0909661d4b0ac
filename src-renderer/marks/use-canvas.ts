// A canvas that fills its place: its size as the place changes, zoom and movement by d3, and one painting for each frame.
import { select, zoom, zoomIdentity, type ZoomBehavior, type ZoomTransform } from "d3";
import { useCallback, useEffect, useRef, useState, type RefObject } from "react";
import { isMotionReduced } from "../state/settings-store.ts";

export interface CanvasSize {
  readonly width: number;
  readonly height: number;
}

export interface ZoomedCanvas {
  readonly canvas: RefObject<HTMLCanvasElement | null>;
  readonly size: CanvasSize;
  readonly transform: ZoomTransform;
  /** Goes there in `ms`; 0 = at once. */
  readonly zoomTo: (next: ZoomTransform, ms: number) => void;
  readonly scaleBy: (factor: number, ms: number) => void;
}

export interface ZoomSettings {
  readonly scaleMin: number;
  readonly scaleMax: number;
  /** Which events zoom and move; the others are the view's own. */
  readonly takes: (event: MouseEvent) => boolean;
}

/** `settings` must be the same object each time. */
export function useZoomedCanvas(settings: ZoomSettings): ZoomedCanvas {
  const canvas = useRef<HTMLCanvasElement>(null);
  const behaviour = useRef<ZoomBehavior<HTMLCanvasElement, unknown>>(undefined);
  const [size, setSize] = useState<CanvasSize>({ width: 0, height: 0 });
  const [transform, setTransform] = useState<ZoomTransform>(zoomIdentity);
  useEffect(() => {
    const element = canvas.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(([entry]) => {
      if (entry !== undefined) setSize({ width: entry.contentRect.width, height: entry.contentRect.height });
    });
    observer.observe(element.parentElement ?? element);
    const zooming = zoom<HTMLCanvasElement, unknown>()
      .scaleExtent([settings.scaleMin, settings.scaleMax])
      .filter(settings.takes)
      .on("zoom", (event: { transform: ZoomTransform }) => setTransform(event.transform));
    select(element).call(zooming).on("dblclick.zoom", null);
    behaviour.current = zooming;
    return () => {
      observer.disconnect();
      select(element).on(".zoom", null);
    };
  }, [settings]);
  const zoomTo = useCallback((next: ZoomTransform, ms: number) => {
    const zooming = behaviour.current;
    if (canvas.current === null || zooming === undefined) return;
    select(canvas.current)
      .transition()
      .duration(isMotionReduced() ? 0 : ms)
      .call((selection) => zooming.transform(selection, next));
  }, []);
  const scaleBy = useCallback((factor: number, ms: number) => {
    const zooming = behaviour.current;
    if (canvas.current === null || zooming === undefined) return;
    select(canvas.current)
      .transition()
      .duration(isMotionReduced() ? 0 : ms)
      .call((selection) => zooming.scaleBy(selection, factor));
  }, []);
  return { canvas, size, transform, zoomTo, scaleBy };
}

/**
 * Calls `paint` in the next frame after anything in it has changed (it must be a new function then), and again for as
 * long as it says that something moves.
 */
export function usePainting(
  canvas: RefObject<HTMLCanvasElement | null>,
  size: CanvasSize,
  paint: (context: CanvasRenderingContext2D, element: HTMLCanvasElement) => boolean,
): void {
  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext("2d") ?? null;
    if (element === null || context === null || size.width === 0) return undefined;
    let frame = 0;
    const once = (): void => {
      const ratio = window.devicePixelRatio;
      const [width, height] = [Math.round(size.width * ratio), Math.round(size.height * ratio)];
      // Setting it, even to the same, would throw the picture away and cost a new one.
      if (element.width !== width || element.height !== height) Object.assign(element, { width, height });
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      if (paint(context, element)) frame = requestAnimationFrame(once);
    };
    frame = requestAnimationFrame(once);
    return () => cancelAnimationFrame(frame);
  }, [canvas, size, paint]);
}
