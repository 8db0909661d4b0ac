// Where a metric's line goes: time to the right up to now, steps from one told value to the next. Pure.

export interface SparkPoint {
  readonly atMs: number;
  readonly value: number | undefined;
}

export interface SparkFrame {
  readonly most: number | undefined;
  readonly nowMs: number;
  readonly width: number;
  readonly height: number;
}

/** As much as is kept of a host at the usual pace. */
export const SPARK_MS = 10 * 60 * 1000;
/** A line as wide as it is drawn stays inside. */
const MARGIN_PX = 1.5;

/** Undefined: nothing is known. `area` is closed below the line. */
export function sparklineOf(
  points: readonly SparkPoint[],
  { most, nowMs, width, height }: SparkFrame,
): { readonly line: string; readonly area: string } | undefined {
  const known = points.flatMap(({ atMs, value }) => (value === undefined ? [] : [{ atMs, value }]));
  const [first] = known;
  if (first === undefined) return undefined;
  // A host that has just come fills its line, too.
  const spanMs = Math.min(SPARK_MS, Math.max(1, nowMs - first.atMs));
  const highest = Math.max(most ?? 0, ...(most === undefined ? known.map(({ value }) => value) : []));
  const x = (atMs: number): number => Math.max(0, width * (1 - Math.max(0, nowMs - atMs) / spanMs));
  const y = (value: number): number => {
    const share = highest === 0 ? 0 : Math.min(1, value / highest);
    return height - MARGIN_PX - share * (height - 2 * MARGIN_PX);
  };
  const steps = known.map(({ atMs, value }, at) =>
    at === 0 ? `M${n(x(atMs))} ${n(y(value))}` : `H${n(x(atMs))}V${n(y(value))}`,
  );
  const line = `${steps.join("")}H${n(width)}`;
  return { line, area: `${line}V${n(height)}H${n(x(first.atMs))}Z` };
}

const n = (value: number): string => String(Math.round(value * 10) / 10);
