// The overlay over time: how many hosts were attached, and each time that some had to move, with how long that took.
import {
  useEffect,
  useRef,
  useState,
  type JSX,
  type KeyboardEvent,
  type PointerEvent,
  type ReactNode,
} from "react";
import { useStore } from "zustand";
import { useNow } from "../marks/use-now.ts";
import { clockText, durationText, plural } from "../marks/words.ts";
import { selectHosts } from "../state/selection-store.ts";
import { treeHistoryStore, type Reconfiguration } from "../state/tree-history-store.ts";

const HEIGHT = 50;
const AREA = 26;
const SPAN_MS_MIN = 30_000;

/** So near to the end is the present. */
const LIVE_PX = 6;
const INSET_PX = 12;
const STEP_MS = 1000;
/** The mean width of a letter of the strip's words. */
const LETTER_PX = 6.2;

interface TimeStripProps {
  /** The moment that is shown; undefined: the present. */
  readonly pastMs: number | undefined;
  readonly onPast: (pastMs: number | undefined) => void;
}

export function TimeStrip({ pastMs, onPast }: TimeStripProps): JSX.Element | null {
  const { growth, reconfigurations } = useStore(treeHistoryStore);
  const now = useNow();
  const hasBegun = growth.length > 0;
  const place = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    if (place.current === null) return undefined;
    const observer = new ResizeObserver(([entry]) => setWidth(entry?.contentRect.width ?? 0));
    observer.observe(place.current);
    return () => observer.disconnect();
  }, [hasBegun]);
  const [first] = growth;
  if (first === undefined) return null;
  const end = Math.max(now, growth.at(-1)?.timeMs ?? now);
  const span = Math.max(SPAN_MS_MIN, end - first.timeMs);
  const x = (timeMs: number): number => 12 + ((timeMs - first.timeMs) / span) * Math.max(0, width - 24);
  const most = Math.max(...growth.map((point) => point.attached), 1);
  const y = (attached: number): number => AREA - (attached / most) * (AREA - 8);
  const steps = growth.flatMap((point, index) => {
    const next = growth[index + 1]?.timeMs ?? end;
    return [
      `${String(x(point.timeMs))},${String(y(point.attached))}`,
      `${String(x(next))},${String(y(point.attached))}`,
    ];
  });
  const area = `${String(x(first.timeMs))},${String(AREA)} ${steps.join(" ")} ${String(x(end))},${String(AREA)}`;
  const labelled = withRoom(reconfigurations, x);
  return (
    <div ref={place} className="time-strip">
      <Scrubber {...{ firstMs: first.timeMs, endMs: end, spanMs: span, width, pastMs, onPast }}>
        <svg width={width} height={HEIGHT} role="img" aria-label={wordsOf(most, reconfigurations.length)}>
          <polygon points={area} className="growth" />
          <line x1={12} x2={Math.max(12, width - 12)} y1={AREA} y2={AREA} className="axis" />
          {pastMs === undefined ? null : (
            <line x1={x(pastMs)} x2={x(pastMs)} y1={0} y2={HEIGHT - 18} className="then" />
          )}
          {ticksOf(span).map((tick) => (
            <text
              key={tick}
              x={x(first.timeMs + tick)}
              y={HEIGHT - 8}
              className="tick"
              textAnchor={tick === 0 ? "start" : x(first.timeMs + tick) > width - 40 ? "end" : "middle"}
            >
              {clockText(tick)}
            </text>
          ))}
        </svg>
      </Scrubber>
      {reconfigurations.map((one) => (
        <button
          key={one.startMs}
          type="button"
          className={`change ${one.endMs === undefined ? "open" : ""} ${one.lost.size > 0 ? "lost" : ""}`}
          style={{ left: x(one.startMs) }}
          title={changeWords(
            one.orphaned.size,
            one.lost.size,
            one.endMs === undefined ? undefined : one.endMs - one.startMs,
          )}
          onClick={() => selectHosts(one.orphaned)}
        >
          <i />
          {labelled.has(one) ? <span>{labelOf(one)}</span> : null}
        </button>
      ))}
    </div>
  );
}

function labelOf(one: Reconfiguration): string {
  return one.endMs === undefined
    ? `${String(one.orphaned.size - one.attached.size)} moving`
    : `${String(one.attached.size)} moved, ${durationText(one.endMs - one.startMs)}`;
}

/** Those whose words end before the next one begins: the others say them when they are pointed at. */
function withRoom(
  all: readonly Reconfiguration[],
  x: (timeMs: number) => number,
): ReadonlySet<Reconfiguration> {
  return new Set(
    all.filter((one, index) => {
      const next = all[index + 1];
      return next === undefined || x(next.startMs) - x(one.startMs) > labelOf(one).length * LETTER_PX + 8;
    }),
  );
}

interface ScrubberProps extends TimeStripProps {
  readonly firstMs: number;
  readonly endMs: number;
  readonly spanMs: number;
  readonly width: number;
  readonly children: ReactNode;
}

/** What is dragged along the strip, or moved by the arrow keys. */
function Scrubber(props: ScrubberProps): JSX.Element {
  const { firstMs, endMs, spanMs, width, pastMs, onPast, children } = props;
  const goTo = (timeMs: number): void => onPast(timeMs >= endMs ? undefined : Math.max(firstMs, timeMs));
  const drag = (event: PointerEvent<HTMLDivElement>): void => {
    if ((event.buttons & 1) === 0) return;
    if (event.type === "pointerdown") event.currentTarget.setPointerCapture(event.pointerId);
    const px = event.clientX - event.currentTarget.getBoundingClientRect().left - INSET_PX;
    const msPerPx = spanMs / Math.max(1, width - 2 * INSET_PX);
    goTo(firstMs + (px + LIVE_PX) * msPerPx >= endMs ? endMs : firstMs + px * msPerPx);
  };
  const onKey = (event: KeyboardEvent): void => {
    const step = event.shiftKey ? 10 * STEP_MS : STEP_MS;
    const steps: Readonly<Record<string, number>> = {
      ArrowLeft: (pastMs ?? endMs) - step,
      ArrowRight: (pastMs ?? endMs) + step,
      Home: firstMs,
      End: endMs,
    };
    const next = steps[event.key];
    if (next === undefined) return;
    event.preventDefault();
    goTo(next);
  };
  return (
    <div
      role="slider"
      tabIndex={0}
      aria-label="The overlay over time: drag, or use the arrow keys, to see it as it was"
      aria-valuemin={0}
      aria-valuemax={Math.round((endMs - firstMs) / 1000)}
      aria-valuenow={Math.round(((pastMs ?? endMs) - firstMs) / 1000)}
      aria-valuetext={pastMs === undefined ? "live" : `past, at ${clockText(pastMs - firstMs)}`}
      onPointerDown={drag}
      onPointerMove={drag}
      onKeyDown={onKey}
    >
      {children}
    </div>
  );
}

function wordsOf(most: number, changes: number): string {
  return `Up to ${plural(most, "host")} attached; ${plural(changes, "reconfiguration")}`;
}

function changeWords(orphaned: number, lost: number, durationMs: number | undefined): string {
  const what = `${plural(orphaned, "host")} lost ${orphaned === 1 ? "its" : "their"} parent`;
  if (durationMs === undefined) return `${what}; looking for a new one`;
  return `${what}; settled after ${durationText(durationMs)}${lost > 0 ? `, ${String(lost)} of them lost` : ""}`;
}

function ticksOf(spanMs: number): readonly number[] {
  const steps = [5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200].map((seconds) => seconds * 1000);
  const step = steps.find((one) => spanMs / one <= 8) ?? spanMs / 8;
  return Array.from({ length: Math.floor(spanMs / step) + 1 }, (_, index) => index * step);
}
