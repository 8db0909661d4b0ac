// How many have arrived or finished, over the run's time: where the curve bends are the stragglers.
import type { JSX } from "react";
import { clockText } from "../marks/words.ts";

const WIDTH = 220;
const HEIGHT = 62;
const BOTTOM = 14;

interface ArrivalCurveProps {
  readonly title: string;
  /** Milliseconds since 1970, in any order. */
  readonly times: readonly number[];
  readonly total: number;
  readonly startMs: number | undefined;
}

export function ArrivalCurve({ title, times, total, startMs }: ArrivalCurveProps): JSX.Element {
  const sorted = times.toSorted((left, right) => left - right);
  const first = startMs ?? sorted[0] ?? 0;
  const last = Math.max(sorted.at(-1) ?? first + 1, first + 1);
  const most = Math.max(total, sorted.length, 1);
  const x = (time: number): number => ((time - first) / (last - first)) * WIDTH;
  const y = (count: number): number => (HEIGHT - BOTTOM) * (1 - count / most) + 2;
  const points = sorted.flatMap((time, index) => [
    `${String(x(time))},${String(y(index))}`,
    `${String(x(time))},${String(y(index + 1))}`,
  ]);
  return (
    <figure className="curve">
      <figcaption>{title}</figcaption>
      <svg
        width={WIDTH}
        height={HEIGHT}
        role="img"
        aria-label={`${title}: ${String(sorted.length)} of ${String(total)}`}
      >
        <line x1={0} x2={WIDTH} y1={y(most)} y2={y(most)} className="whole" />
        <line x1={0} x2={WIDTH} y1={y(0)} y2={y(0)} className="axis" />
        {points.length === 0 ? null : (
          <polyline points={`0,${String(y(0))} ${points.join(" ")}`} className="line" />
        )}
        {sorted.length === 0 ? null : (
          <>
            <text x={0} y={HEIGHT - 1}>
              0:00
            </text>
            <text x={WIDTH} y={HEIGHT - 1} textAnchor="end">
              {clockText(last - first)}
            </text>
          </>
        )}
      </svg>
    </figure>
  );
}
