// The waterfall: when each block began and ended; host by host, or, for many hosts, as bands that name who is behind.
import type { JSX } from "react";
import { useMemo } from "react";
import { useStore } from "zustand";
import type { RunView } from "#shared/controller-api/controller-api.ts";
import { hostMenu } from "../marks/host-menu.ts";
import { useNow } from "../marks/use-now.ts";
import { clockText, countText, durationText } from "../marks/words.ts";
import { hostsStore } from "../state/hosts-store.ts";
import { isOver } from "../state/runs-store.ts";
import { selectHosts } from "../state/selection-store.ts";
import type { DiagramPlaces } from "./block-layout.ts";
import { CELL_MARKS, CELL_WORDS, CellGlyph } from "./CellGlyph.tsx";
import { columnsOf } from "./matrix-layout.ts";
import { timeOf, useRunSpans } from "./use-run-spans.ts";
import { bandsOf, hostBars, ROWS_MAX, type Band, type Bar, type HostBars } from "./waterfall-layout.ts";

const SPAN_MS_MIN = 2000;
const TICKS_MAX = 8;

interface WaterfallProps {
  readonly places: DiagramPlaces;
  readonly run: RunView | undefined;
}

/** From a time to its place, in percent. */
type Place = (timeMs: number) => number;

export function Waterfall({ places, run }: WaterfallProps): JSX.Element {
  const sorted = useStore(hostsStore, (state) => state.sorted);
  const spansOf = useRunSpans(run?.run);
  const now = useNow();
  const columns = useMemo(() => columnsOf(places), [places]);
  const hosts = useMemo(
    () => sorted.filter((row) => row.component !== undefined || spansOf(row.name) !== undefined),
    [sorted, spansOf],
  );
  const isBanded = hosts.length > ROWS_MAX;
  const bars = useMemo(
    () => (isBanded ? [] : hostBars(hosts, columns, spansOf, timeOf)),
    [isBanded, hosts, columns, spansOf],
  );
  const bands = useMemo(
    () => (isBanded ? bandsOf(hosts, columns, spansOf, timeOf) : []),
    [isBanded, hosts, columns, spansOf],
  );
  if (run === undefined || bars.length + bands.length === 0)
    return <p className="matrix-none sub">When blocks begin and end on their hosts is drawn here.</p>;
  const startMs = timeOf(run.startedAt);
  const endMs = isOver(run) ? timeOf(run.endedAt ?? run.startedAt) : Math.max(now, startMs);
  const spanMs = Math.max(SPAN_MS_MIN, endMs - startMs);
  const place: Place = (timeMs) => Math.max(0, Math.min(100, ((timeMs - startMs) / spanMs) * 100));
  return (
    <div
      className={`scroll waterfall ${isBanded ? "banded" : ""}`}
      role="region"
      aria-label="Blocks over time"
      tabIndex={0}
    >
      <Axis spanMs={spanMs} />
      {bars.map((row) => (
        <HostLine key={row.host} row={row} place={place} nowMs={endMs} />
      ))}
      {bands.map((band) => (
        <BandLine key={band.key} band={band} place={place} nowMs={endMs} />
      ))}
    </div>
  );
}

function Axis({ spanMs }: { readonly spanMs: number }): JSX.Element {
  const steps = [0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200].map((seconds) => seconds * 1000);
  const stepMs = steps.find((one) => spanMs / one <= TICKS_MAX) ?? spanMs / TICKS_MAX;
  const ticks = Array.from({ length: Math.floor(spanMs / stepMs) + 1 }, (_, index) => index * stepMs);
  return (
    <div className="waterfall-line axis" aria-hidden="true">
      <span />
      <div className="track">
        {ticks.map((tick) => (
          <i key={tick} style={{ left: `${String((tick / spanMs) * 100)}%` }}>
            {stepMs < 1000 ? durationText(tick) : clockText(tick)}
          </i>
        ))}
      </div>
      <span />
    </div>
  );
}

interface LineProps {
  readonly place: Place;
  /** The end of what goes on. */
  readonly nowMs: number;
}

function HostLine({ row, place, nowMs }: LineProps & { readonly row: HostBars }): JSX.Element {
  const { host, bars } = row;
  return (
    <div className="waterfall-line" {...hostMenu(() => [host])}>
      <button type="button" className="link mono" onClick={() => selectHosts([host], host)}>
        {host}
      </button>
      <div className="track">
        {bars.map((bar) => (
          <BarMark key={bar.key} bar={bar} place={place} nowMs={nowMs} />
        ))}
      </div>
      <span />
    </div>
  );
}

function BarMark({ bar, place, nowMs }: LineProps & { readonly bar: Bar }): JSX.Element {
  const { name, kind, state, startMs, endMs, reason } = bar;
  const [left, right] = [place(startMs), place(endMs ?? nowMs)];
  const words = [`${name}: ${CELL_WORDS[state]}`, durationText((endMs ?? nowMs) - startMs), reason];
  return (
    <span
      role="img"
      aria-label={words.filter(Boolean).join(", ")}
      title={words.filter(Boolean).join(", ")}
      className={`bar is-${kind} ${endMs === undefined ? "open" : ""}`}
      style={
        {
          left: `${String(left)}%`,
          width: `${String(right - left)}%`,
          "--state": `var(--st-${CELL_MARKS[state]})`,
        } as Record<string, string>
      }
    >
      <CellGlyph state={state} size={11} />
      <span className="words">{name}</span>
    </span>
  );
}

function BandLine({ band, place, nowMs }: LineProps & { readonly band: Band }): JSX.Element {
  const { name, kind, count, running, failed, firstStartMs, medianStartMs, stragglers } = band;
  const state =
    failed > 0 ? "failed" : running > 0 ? (kind === "barrier" ? "waiting" : "running") : "succeeded";
  const lastMs = band.lastEndMs ?? nowMs;
  const [first, left] = [place(firstStartMs), place(medianStartMs)];
  const [median, p99, last] = [
    place(band.medianEndMs ?? nowMs),
    place(band.p99EndMs ?? lastMs),
    place(lastMs),
  ];
  const names = stragglers.map(({ host }) => host);
  return (
    <div className="waterfall-line" {...hostMenu(() => names)}>
      <span className="state-word" title={`${kind} ${name}`}>
        <CellGlyph state={state} size={12} /> <b>{name}</b> <span className="sub">{countText(count)}</span>
      </span>
      <div
        className="track"
        role="img"
        aria-label={bandWords(band)}
        title={bandWords(band)}
        style={{ "--state": `var(--st-${CELL_MARKS[state]})` } as Record<string, string>}
      >
        <span className="range" style={{ left: `${String(first)}%`, width: `${String(last - first)}%` }} />
        <span className="band p99" style={{ left: `${String(left)}%`, width: `${String(p99 - left)}%` }} />
        <span className="band" style={{ left: `${String(left)}%`, width: `${String(median - left)}%` }} />
      </div>
      <span className="stragglers">
        {[
          running > 0 ? `${countText(running)} ${kind === "barrier" ? "wait" : "to go"}` : "",
          failed > 0 ? `${countText(failed)} failed` : "",
        ]
          .filter(Boolean)
          .join(", ")}{" "}
        {names.length === 0 ? null : (
          <button type="button" className="link" onClick={() => selectHosts(names)} title="Select them">
            {running === 0 ? "last: " : kind === "barrier" ? "for " : "waits for "}
            <span className="mono">{names.slice(0, 3).join(", ")}</span>
            {names.length > 3 ? ` and ${String(names.length - 3)} more` : ""}
          </button>
        )}
      </span>
    </div>
  );
}

function bandWords({ name, count, running, failed, medianMs, p99Ms }: Band): string {
  const took =
    medianMs === undefined || p99Ms === undefined
      ? ""
      : `: median ${durationText(medianMs)}, p99 ${durationText(p99Ms)}`;
  return `${name} on ${countText(count)} hosts${took}; ${String(running)} go on, ${String(failed)} failed`;
}
