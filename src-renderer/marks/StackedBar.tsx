// How many hosts are in which state, as one bar; whatever is not zero can be seen.
import type { JSX } from "react";
import { HOST_MARKS, type HostMark } from "#shared/host-query/host-mark.ts";

const ORDER: readonly HostMark[] = [
  "finished",
  "executing",
  "attached",
  "preparing",
  "connecting",
  "orphaned",
  "lost",
  "failed",
];

interface StackedBarProps {
  readonly counts: ReadonlyMap<HostMark, number>;
  readonly total: number;
  readonly height?: number;
}

export function StackedBar({ counts, total, height = 6 }: StackedBarProps): JSX.Element {
  const parts = ORDER.filter((mark) => (counts.get(mark) ?? 0) > 0);
  return (
    <div className="stacked-bar" style={{ height }} role="img" aria-label={wordsOf(counts, total)}>
      {parts.map((mark) => (
        <span key={mark} style={{ flexGrow: counts.get(mark) ?? 0, background: `var(--st-${mark})` }} />
      ))}
      <span
        className="rest"
        style={{
          flexGrow: Math.max(0, total - parts.reduce((sum, mark) => sum + (counts.get(mark) ?? 0), 0)),
        }}
      />
    </div>
  );
}

function wordsOf(counts: ReadonlyMap<HostMark, number>, total: number): string {
  const words = HOST_MARKS.flatMap((mark) => {
    const count = counts.get(mark) ?? 0;
    return count === 0 ? [] : [`${String(count)} ${mark}`];
  });
  return `${words.join(", ") || "none"} of ${String(total)}`;
}
