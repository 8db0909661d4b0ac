// Hosts and blocks as a matrix: a column for each block and barrier in the order of the run, a row for each host, or for hosts that are alike. Pure.
import type { BlockSpan, SpanState } from "#shared/controller-api/block-spans.ts";
import { barrierKey } from "#shared/controller-api/block-spans.ts";
import { compareNames } from "#shared/node-set/node-set.ts";
import type { DiagramPlaces } from "./block-layout.ts";

export interface MatrixColumn {
  /** As spans name it. */
  readonly key: string;
  readonly name: string;
  readonly kind: "block" | "barrier";
  /** Whose hosts take part. */
  readonly components: readonly string[];
}

/** Worst first. `none`: the host has no part in it. */
export const CELL_STATES = [
  "failed",
  "restarting",
  "running",
  "waiting",
  "toCome",
  "stopped",
  "forced",
  "succeeded",
  "passed",
  "none",
] as const satisfies readonly (SpanState | "toCome" | "none")[];
export type CellState = (typeof CELL_STATES)[number];

export interface MatrixHost {
  readonly name: string;
  readonly component: string | undefined;
}

export interface MatrixRow {
  readonly key: string;
  /** By name. */
  readonly hosts: readonly string[];
  readonly component: string;
  readonly cells: readonly CellState[];
}

/** `column` undefined: by name. */
export interface MatrixSorting {
  readonly column: number | "worst" | undefined;
  readonly descending: boolean;
}

export type SpansOf = (host: string) => ReadonlyMap<string, BlockSpan> | undefined;

/** From left to right, as they stand in the diagram. */
export function columnsOf({ blocks, gates }: DiagramPlaces): readonly MatrixColumn[] {
  const placed = [
    ...blocks.map(({ path, name, component, x, y }) => ({
      x,
      y,
      column: { key: path, name, kind: "block", components: [component] } as const,
    })),
    ...gates.map(({ name, lanes, x, y }) => ({
      x,
      y,
      column: { key: barrierKey(name), name, kind: "barrier", components: lanes } as const,
    })),
  ];
  return placed.toSorted((left, right) => left.x - right.x || left.y - right.y).map(({ column }) => column);
}

/** Hosts without a component take no part, and have no row. */
export function matrixRows(
  hosts: readonly MatrixHost[],
  columns: readonly MatrixColumn[],
  spansOf: SpansOf,
  options: { readonly folded: boolean; readonly sorting: MatrixSorting },
): readonly MatrixRow[] {
  const rows = new Map<string, { hosts: string[]; component: string; cells: readonly CellState[] }>();
  for (const { name, component } of hosts) {
    if (component === undefined) continue;
    const spans = spansOf(name);
    const cells = columns.map((column) => cellOf(column, component, spans));
    const key = options.folded ? JSON.stringify([component, ...cells]) : name;
    const row = rows.get(key);
    if (row === undefined) rows.set(key, { hosts: [name], component, cells });
    else row.hosts.push(name);
  }
  return [...rows]
    .map(([key, row]) => ({ key, ...row, hosts: row.hosts.toSorted(compareNames) }))
    .toSorted((left, right) => compareRows(left, right, options.sorting));
}

function cellOf(
  column: MatrixColumn,
  component: string,
  spans: ReadonlyMap<string, BlockSpan> | undefined,
): CellState {
  return spans?.get(column.key)?.state ?? (column.components.includes(component) ? "toCome" : "none");
}

function compareRows(left: MatrixRow, right: MatrixRow, { column, descending }: MatrixSorting): number {
  const byName = compareNames(left.hosts[0] ?? "", right.hosts[0] ?? "");
  const sign = descending ? -1 : 1;
  if (column === undefined) return sign * byName;
  const rank = (row: MatrixRow): number =>
    column === "worst"
      ? Math.min(...row.cells.map((cell) => CELL_STATES.indexOf(cell)))
      : CELL_STATES.indexOf(row.cells[column] ?? "none");
  return sign * (rank(left) - rank(right)) || byName;
}
