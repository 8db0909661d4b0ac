// The world: sites and their hosts by state, the overlay between them, and a tray for hosts that say no place.
import { useMemo, useState, type JSX } from "react";
import { useStore } from "zustand";
import { Empty } from "../marks/Empty.tsx";
import { hostMenu } from "../marks/host-menu.ts";
import { QueryField } from "../marks/QueryField.tsx";
import { StateGlyph, StateWord } from "../marks/StateGlyph.tsx";
import { countText, plural } from "../marks/words.ts";
import { useMatchingHosts } from "../marks/use-matching-hosts.ts";
import { countMarks, HOST_MARKS, type HostMark } from "#shared/host-query/host-mark.ts";
import type { HostRow } from "#shared/host-query/host-row.ts";
import { metricStep, metricStepWords } from "#shared/host-query/metric-scale.ts";
import { METRIC_NAMES, METRIC_TITLES, metricOf, type MetricName } from "#shared/host-query/metrics-text.ts";
import { hostsStore } from "../state/hosts-store.ts";
import { requestTerminal } from "../state/requests.ts";
import { selectHosts, selectionStore, setCurrentHost } from "../state/selection-store.ts";
import { keepViewSetting, settingsStore } from "../state/settings-store.ts";
import { WorldCanvas } from "./WorldCanvas.tsx";
import { SiteIndex } from "./world-layout.ts";

const TRAY_SHOWN_MAX = 300;
const MAP_METRICS = METRIC_NAMES.filter((name) => name !== "disk");

export function WorldView(): JSX.Element {
  const sorted = useStore(hostsStore, (state) => state.sorted);
  const rows = useStore(hostsStore, (state) => state.rows);
  const [text, setText] = useState("");
  const [withEdges, setWithEdges] = useState(true);
  const kept = useStore(settingsStore, (state) => state.views["world"]);
  const metric = MAP_METRICS.find((name) => name === kept);
  const matching = useMatchingHosts(text);
  const [index] = useState(() => new SiteIndex());
  const { sites, placeless } = useMemo(() => index.of(sorted), [index, sorted]);
  if (sorted.length === 0)
    return (
      <Empty title="No hosts">
        Open a resource directory. Hosts with latitude and longitude stand on the map, the others in a tray
        below it.
      </Empty>
    );
  return (
    <section className="view world-view">
      <div className="toolbar">
        <QueryField
          text={text}
          onText={setText}
          found={`${countText(matching?.size ?? sorted.length)} of ${plural(sorted.length, "host")}`}
        />
        <label className="radio">
          <input
            type="checkbox"
            checked={withEdges}
            onChange={({ target }) => setWithEdges(target.checked)}
          />
          overlay
        </label>
        <label className="radio">
          colour by
          <select
            className="field choice narrow"
            aria-label="Colour hosts by"
            value={metric ?? "state"}
            onChange={({ target }) => keepViewSetting("world", target.value)}
          >
            <option value="state">state</option>
            {MAP_METRICS.map((name) => (
              <option key={name} value={name}>
                {METRIC_TITLES[name]}
              </option>
            ))}
          </select>
        </label>
      </div>
      <div className="world-place">
        <WorldCanvas sites={sites} rows={rows} matching={matching} withEdges={withEdges} metric={metric} />
        {metric === undefined ? <Legend rows={sorted} /> : <MetricLegend rows={sorted} metric={metric} />}
      </div>
      {placeless.length === 0 ? null : <Tray rows={placeless} matching={matching} />}
    </section>
  );
}

interface MetricLegendProps {
  readonly rows: readonly HostRow[];
  readonly metric: MetricName;
}

/** Much at the top, as in the words that people use for it. */
function MetricLegend({ rows, metric }: MetricLegendProps): JSX.Element {
  const steps = rows.map(({ host }) => metricStep(metric, metricOf(host.metrics, metric)));
  const namesAt = (wanted: number | undefined): readonly string[] =>
    rows.filter((_, at) => steps[at] === wanted).map(({ name }) => name);
  const lines = metricStepWords(metric)
    .map((words, step) => ({ words, step, names: namesAt(step) }))
    .toReversed();
  const unknown = namesAt(undefined);
  return (
    <div className="world-legend" role="group" aria-label={`Hosts by ${METRIC_TITLES[metric]}`}>
      {lines.map(({ words, step, names }) => (
        <button
          key={words}
          type="button"
          disabled={names.length === 0}
          title={`Select these hosts`}
          onClick={() => selectHosts(names)}
        >
          <span className="swatch" style={{ background: `var(--m${String(step)})` }} />
          <span className="grow">{words}</span> <b className="numbers">{countText(names.length)}</b>
        </button>
      ))}
      {unknown.length === 0 ? null : (
        <button type="button" title="Select these hosts" onClick={() => selectHosts(unknown)}>
          <span className="swatch none" />
          <span className="grow">not known</span> <b className="numbers">{countText(unknown.length)}</b>
        </button>
      )}
    </div>
  );
}

function Legend({ rows }: { readonly rows: readonly HostRow[] }): JSX.Element {
  const counts = countMarks(rows.map((row) => row.mark));
  return (
    <div className="world-legend">
      {HOST_MARKS.filter((mark) => counts.has(mark)).map((mark) => (
        <button
          key={mark}
          type="button"
          title={`Select the ${mark} hosts`}
          onClick={() => selectHosts(namesOf(rows, mark))}
          {...hostMenu(() => namesOf(rows, mark))}
        >
          <StateWord mark={mark} /> <b className="numbers">{countText(counts.get(mark) ?? 0)}</b>
        </button>
      ))}
    </div>
  );
}

function namesOf(rows: readonly HostRow[], mark: HostMark): readonly string[] {
  return rows.filter((row) => row.mark === mark).map((row) => row.name);
}

interface TrayProps {
  readonly rows: readonly HostRow[];
  readonly matching: ReadonlySet<string> | undefined;
}

function Tray({ rows, matching }: TrayProps): JSX.Element {
  const { hosts, current } = useStore(selectionStore);
  return (
    <section className="tray" aria-label="Hosts without a place">
      <h3>{plural(rows.length, "host")} without a place</h3>
      <ul>
        {rows.slice(0, TRAY_SHOWN_MAX).map(({ name, mark }) => (
          <li key={name}>
            <button
              type="button"
              className={`${hosts.has(name) ? "chosen" : ""} ${current === name ? "current" : ""}`}
              style={{ opacity: matching === undefined || matching.has(name) ? 1 : 0.35 }}
              title={`${name} is ${mark}`}
              onClick={() => setCurrentHost(name)}
              onDoubleClick={() => requestTerminal(name)}
              {...hostMenu(() => [name])}
            >
              <StateGlyph mark={mark} size={12} /> <span className="mono">{name}</span>
            </button>
          </li>
        ))}
        {rows.length > TRAY_SHOWN_MAX ? (
          <li className="sub">and {rows.length - TRAY_SHOWN_MAX} more</li>
        ) : null}
      </ul>
    </section>
  );
}
