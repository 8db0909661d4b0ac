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
import { hostsStore } from "../state/hosts-store.ts";
import { requestTerminal } from "../state/requests.ts";
import { selectHosts, selectionStore, setCurrentHost } from "../state/selection-store.ts";
import { WorldCanvas } from "./WorldCanvas.tsx";
import { sitesOf } from "./world-layout.ts";

const TRAY_SHOWN_MAX = 300;

export function WorldView(): JSX.Element {
  const sorted = useStore(hostsStore, (state) => state.sorted);
  const rows = useStore(hostsStore, (state) => state.rows);
  const [text, setText] = useState("");
  const [withEdges, setWithEdges] = useState(true);
  const matching = useMatchingHosts(text);
  const { sites, placeless } = useMemo(() => sitesOf(sorted), [sorted]);
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
      </div>
      <div className="world-place">
        <WorldCanvas sites={sites} rows={rows} matching={matching} withEdges={withEdges} />
        <Legend rows={sorted} />
      </div>
      {placeless.length === 0 ? null : <Tray rows={placeless} matching={matching} />}
    </section>
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
