// The matrix: which host is how far in which block. Hosts that are alike share a row; whoever is odd stands out.
import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef, useState, type JSX, type KeyboardEvent, type MouseEvent } from "react";
import { useStore } from "zustand";
import type { RunView } from "#shared/controller-api/controller-api.ts";
import { hostMenu } from "../marks/host-menu.ts";
import { QueryField } from "../marks/QueryField.tsx";
import { useMatchingHosts } from "../marks/use-matching-hosts.ts";
import { countText, durationText, plural, shortSet } from "../marks/words.ts";
import { hostsStore } from "../state/hosts-store.ts";
import { selectHosts, selectionStore, addHosts } from "../state/selection-store.ts";
import type { DiagramPlaces } from "./block-layout.ts";
import { CELL_MARKS, CELL_WORDS, CellGlyph } from "./CellGlyph.tsx";
import {
  CELL_STATES,
  columnsOf,
  matrixRows,
  type MatrixColumn,
  type MatrixRow,
  type MatrixSorting,
  type SpansOf,
} from "./matrix-layout.ts";
import { timeOf, useRunSpans } from "./use-run-spans.ts";

const ROW_PX = 22;
/** More hosts than that are seen better when those that are alike share a row. */
const FOLDED_ABOVE = 50;

interface MatrixProps {
  readonly places: DiagramPlaces;
  readonly run: RunView | undefined;
}

interface Cell {
  readonly row: number;
  readonly column: number;
}

export function Matrix({ places, run }: MatrixProps): JSX.Element {
  const sorted = useStore(hostsStore, (state) => state.sorted);
  const [text, setText] = useState("");
  const [wantsFolded, setFolded] = useState<boolean | undefined>(undefined);
  const [sorting, setSorting] = useState<MatrixSorting>({ column: undefined, descending: false });
  const [cell, setCell] = useState<Cell | undefined>(undefined);
  const matching = useMatchingHosts(text);
  const spansOf = useRunSpans(run?.run);
  const columns = useMemo(() => columnsOf(places), [places]);
  const hosts = useMemo(
    () => sorted.filter((row) => row.component !== undefined && (matching?.has(row.name) ?? true)),
    [sorted, matching],
  );
  const folded = wantsFolded ?? hosts.length > FOLDED_ABOVE;
  const rows = useMemo(
    () => matrixRows(hosts, columns, spansOf, { folded, sorting }),
    [hosts, columns, spansOf, folded, sorting],
  );
  const pointed = cell === undefined ? undefined : rows[cell.row];
  return (
    <>
      <div className="toolbar">
        <QueryField text={text} onText={setText} found={plural(hosts.length, "host")} />
        <label className="radio" title="Hosts of a component that are in the same states share a row">
          <input type="checkbox" checked={folded} onChange={({ target }) => setFolded(target.checked)} />
          fold equal hosts
        </label>
      </div>
      {rows.length === 0 ? (
        <p className="matrix-none sub">
          {run === undefined
            ? "In a run each host has a row here."
            : "No host with a part in the run is shown."}
        </p>
      ) : (
        <Grid {...{ rows, columns, sorting, cell }} onSort={setSorting} onCell={setCell} />
      )}
      <p className="matrix-words" aria-live="polite">
        {cell === undefined || pointed === undefined ? (
          <Legend />
        ) : (
          cellWords(pointed, columns[cell.column], cell.column, spansOf)
        )}
      </p>
    </>
  );
}

interface GridProps {
  readonly rows: readonly MatrixRow[];
  readonly columns: readonly MatrixColumn[];
  readonly sorting: MatrixSorting;
  readonly cell: Cell | undefined;
  readonly onSort: (sorting: MatrixSorting) => void;
  readonly onCell: (cell: Cell | undefined) => void;
}

function Grid({ rows, columns, sorting, cell, onSort, onCell }: GridProps): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const chosen = useStore(selectionStore, (state) => state.hosts);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => place.current,
    estimateSize: () => ROW_PX,
    overscan: 10,
  });
  const onKey = (event: KeyboardEvent): void => {
    const next = step(event.key, cell, rows.length, columns.length);
    if (next !== undefined) {
      event.preventDefault();
      onCell(next);
      virtual.scrollToIndex(next.row);
    } else if ((event.key === " " || event.key === "Enter") && event.target === event.currentTarget) {
      event.preventDefault();
      const row = cell === undefined ? undefined : rows[cell.row];
      if (row !== undefined) choose(event.ctrlKey || event.metaKey, row);
    }
  };
  const sortBy = (column: MatrixSorting["column"]): void =>
    onSort({ column, descending: sorting.column === column && !sorting.descending });
  return (
    <div
      ref={place}
      className="scroll matrix"
      role="grid"
      aria-label="Hosts and blocks"
      aria-rowcount={rows.length + 1}
      aria-colcount={columns.length + 1}
      tabIndex={0}
      style={{ "--columns": columns.length } as Record<string, number>}
      onKeyDown={onKey}
      onMouseLeave={() => onCell(undefined)}
      {...hostMenu(() => (cell === undefined ? [] : (rows[cell.row]?.hosts ?? [])))}
    >
      <div className="matrix-line head" role="row">
        <span role="columnheader" className="matrix-hosts">
          <SortButton
            label="Hosts"
            isSorted={sorting.column === undefined}
            onSort={() => sortBy(undefined)}
          />
          <SortButton
            label="worst first"
            isSorted={sorting.column === "worst"}
            onSort={() => sortBy("worst")}
          />
        </span>
        {columns.map(({ key, name, kind }, index) => (
          <span key={key} role="columnheader" className={`is-${kind}`} title={`${kind} ${name}`}>
            <SortButton label={name} isSorted={sorting.column === index} onSort={() => sortBy(index)} />
          </span>
        ))}
      </div>
      <div style={{ height: virtual.getTotalSize(), position: "relative" }} role="rowgroup">
        {virtual.getVirtualItems().map(({ index, start }) => {
          const row = rows[index];
          if (row === undefined) return null;
          const isChosen = row.hosts.every((host) => chosen.has(host));
          return (
            <div
              key={row.key}
              role="row"
              aria-selected={isChosen}
              className={`matrix-line ${isChosen ? "chosen" : ""} ${cell?.row === index ? "current" : ""}`}
              style={{ transform: `translateY(${String(start)}px)` }}
              onClick={(event: MouseEvent) => choose(event.ctrlKey || event.metaKey, row)}
              {...hostMenu(() => row.hosts)}
            >
              <span
                role="rowheader"
                className="matrix-hosts mono"
                title={`${row.component}: ${shortSet(row.hosts, 300)}`}
              >
                {row.hosts.length > 1 ? <b className="numbers">{countText(row.hosts.length)}</b> : null}
                <span className="names">{shortSet(row.hosts, 40)}</span>
              </span>
              {row.cells.map((state, column) => (
                <span
                  key={columns[column]?.key}
                  role="gridcell"
                  aria-label={`${columns[column]?.name ?? ""}: ${CELL_WORDS[state]}`}
                  className={`cell ${state} ${cell?.row === index && cell.column === column ? "pointed" : ""}`}
                  style={{ "--state": `var(--st-${CELL_MARKS[state]})` } as Record<string, string>}
                  onMouseEnter={() => onCell({ row: index, column })}
                >
                  <CellGlyph state={state} />
                </span>
              ))}
            </div>
          );
        })}
      </div>
    </div>
  );
}

function choose(adds: boolean, row: MatrixRow): void {
  if (adds) addHosts(row.hosts);
  else selectHosts(row.hosts, row.hosts.length === 1 ? row.hosts[0] : undefined);
}

interface SortButtonProps {
  readonly label: string;
  readonly isSorted: boolean;
  readonly onSort: () => void;
}

function SortButton({ label, isSorted, onSort }: SortButtonProps): JSX.Element {
  return (
    <button type="button" tabIndex={-1} aria-pressed={isSorted} onClick={onSort}>
      {label}
    </button>
  );
}

function step(key: string, cell: Cell | undefined, rows: number, columns: number): Cell | undefined {
  const { row, column } = cell ?? { row: -1, column: 0 };
  const moves: Readonly<Record<string, Cell>> = {
    ArrowDown: { row: row + 1, column },
    ArrowUp: { row: row - 1, column },
    ArrowRight: { row: Math.max(0, row), column: column + 1 },
    ArrowLeft: { row: Math.max(0, row), column: column - 1 },
    Home: { row: 0, column },
    End: { row: rows - 1, column },
  };
  const next = moves[key];
  if (next === undefined) return undefined;
  return {
    row: Math.max(0, Math.min(rows - 1, next.row)),
    column: Math.max(0, Math.min(columns - 1, next.column)),
  };
}

function Legend(): JSX.Element {
  return (
    <>
      {CELL_STATES.filter((state) => state !== "none").map((state) => (
        <span key={state} className="state-word">
          <CellGlyph state={state} /> {CELL_WORDS[state]}
        </span>
      ))}
    </>
  );
}

function cellWords(
  row: MatrixRow,
  column: MatrixColumn | undefined,
  index: number,
  spansOf: SpansOf,
): JSX.Element {
  const state = row.cells[index] ?? "none";
  const [host] = row.hosts;
  const span = host === undefined || column === undefined ? undefined : spansOf(host)?.get(column.key);
  const { startedAt, endedAt, reason = "" } = span ?? {};
  const took =
    row.hosts.length > 1 || startedAt === undefined || endedAt === undefined
      ? ""
      : ` after ${durationText(timeOf(endedAt) - timeOf(startedAt))}`;
  return (
    <>
      <span className="state-word">
        <CellGlyph state={state} /> <b>{column?.name}</b> {CELL_WORDS[state]}
        {took}
      </span>
      <span>
        on {plural(row.hosts.length, "host")} of {row.component}:{" "}
        <span className="mono">{shortSet(row.hosts, 80)}</span>
      </span>
      {reason === "" ? null : <span className="sub">{reason}</span>}
    </>
  );
}
