// A line of one metric's last minutes: steps, since what a host does not tell anew has not changed.
import type { JSX } from "react";
import { sparklineOf, type SparkPoint } from "./sparkline-layout.ts";

interface SparklineProps {
  readonly label: string;
  readonly points: readonly SparkPoint[];
  /** The scale's end; else the highest of the points. */
  readonly most?: number | undefined;
  readonly nowMs: number;
  readonly width?: number;
  readonly height?: number;
}

export function Sparkline({
  label,
  points,
  most,
  nowMs,
  width = 120,
  height = 22,
}: SparklineProps): JSX.Element {
  const path = sparklineOf(points, { most, nowMs, width, height });
  return (
    <svg className="sparkline" width={width} height={height} role="img" aria-label={label}>
      {path === undefined ? null : (
        <>
          <path className="under" d={path.area} />
          <path className="line" d={path.line} />
        </>
      )}
    </svg>
  );
}
