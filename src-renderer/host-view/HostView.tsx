// All hosts of the directory in a table: how they are, where they hang in the overlay, what they do; and one host's page.
import { useMemo, useState, type JSX } from "react";
import { useStore } from "zustand";
import { Empty } from "../marks/Empty.tsx";
import { QueryField } from "../marks/QueryField.tsx";
import { StateWord } from "../marks/StateGlyph.tsx";
import { countText } from "../marks/words.ts";
import { useMatchingHosts } from "../marks/use-matching-hosts.ts";
import { countMarks, HOST_MARKS, type HostMark } from "#shared/host-query/host-mark.ts";
import { hostsStore } from "../state/hosts-store.ts";
import { setCurrentHost, selectionStore } from "../state/selection-store.ts";
import { keepViewSetting, settingsStore } from "../state/settings-store.ts";
import { linesOf, type Column, type Sorting } from "./host-rows-layout.ts";
import { HostPage } from "./HostPage.tsx";
import { HostTable } from "./HostTable.tsx";

interface KeptSetting {
  readonly query?: string;
  readonly isGrouped?: boolean;
}

export function HostView(): JSX.Element {
  const sorted = useStore(hostsStore, (state) => state.sorted);
  const rows = useStore(hostsStore, (state) => state.rows);
  const current = useStore(selectionStore, (state) => state.current);
  const kept = useStore(settingsStore, (state) => state.views["host"]) as KeptSetting | undefined;
  const [text, setText] = useState(kept?.query ?? "");
  const [only, setOnly] = useState<HostMark | undefined>(undefined);
  const [sorting, setSorting] = useState<Sorting>({ column: "name", descending: false });
  const [isGrouped, setGrouped] = useState(kept?.isGrouped ?? true);
  const [closed, setClosed] = useState<ReadonlySet<HostMark>>(new Set());
  const matching = useMatchingHosts(text);
  const found = useMemo(
    () => (matching === undefined ? sorted : sorted.filter((row) => matching.has(row.name))),
    [sorted, matching],
  );
  const shown = useMemo(
    () => (only === undefined ? found : found.filter((row) => row.mark === only)),
    [found, only],
  );
  const lines = useMemo(
    () => linesOf(shown, { sorting, isGrouped, closed }),
    [shown, sorting, isGrouped, closed],
  );
  if (sorted.length === 0)
    return (
      <Empty title="No hosts">Open a resource directory, or an example: it says which hosts there are.</Empty>
    );
  const keep = (setting: KeptSetting): void =>
    keepViewSetting("host", { query: text, isGrouped, ...setting });
  const sortBy = (column: Column): void =>
    setSorting({ column, descending: sorting.column === column && !sorting.descending });
  const page = current === undefined ? undefined : rows.get(current);
  return (
    <div className="host-view">
      <section className="view">
        <div className="toolbar">
          <QueryField
            text={text}
            onText={(next) => {
              setText(next);
              keep({ query: next });
            }}
            found={`${countText(shown.length)} of ${countText(sorted.length)} hosts`}
          />
          <label className="radio">
            <input
              type="checkbox"
              checked={isGrouped}
              onChange={({ target }) => {
                setGrouped(target.checked);
                keep({ isGrouped: target.checked });
              }}
            />
            by state
          </label>
        </div>
        <Facets marks={found.map((row) => row.mark)} only={only} onOnly={setOnly} />
        <HostTable
          lines={lines}
          sorting={sorting}
          onSort={sortBy}
          onToggleGroup={(mark) => setClosed(toggled(closed, mark))}
        />
      </section>
      {page === undefined ? null : <HostPage row={page} onClose={() => setCurrentHost(undefined)} />}
    </div>
  );
}

function toggled(set: ReadonlySet<HostMark>, mark: HostMark): ReadonlySet<HostMark> {
  const next = new Set(set);
  if (!next.delete(mark)) next.add(mark);
  return next;
}

interface FacetsProps {
  readonly marks: readonly HostMark[];
  readonly only: HostMark | undefined;
  readonly onOnly: (mark: HostMark | undefined) => void;
}

function Facets({ marks, only, onOnly }: FacetsProps): JSX.Element {
  const counts = countMarks(marks);
  return (
    <div className="facets" role="group" aria-label="States">
      <button type="button" aria-pressed={only === undefined} onClick={() => onOnly(undefined)}>
        All <b>{countText(marks.length)}</b>
      </button>
      {HOST_MARKS.filter((mark) => counts.has(mark)).map((mark) => (
        <button
          key={mark}
          type="button"
          aria-pressed={only === mark}
          onClick={() => onOnly(only === mark ? undefined : mark)}
        >
          <StateWord mark={mark} /> <b>{countText(counts.get(mark) ?? 0)}</b>
        </button>
      ))}
    </div>
  );
}
