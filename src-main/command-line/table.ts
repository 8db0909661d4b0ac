// Tables for people: columns as wide as needed, the widest cut or wrapped to the terminal.
import { cutToWidth, padToWidth, widthOf } from "./text-width.ts";

export interface Column {
  readonly title: string;
  readonly side?: "left" | "right";
}

/** Between two columns. */
const GAP = "  ";
/** Narrower than this, a cut cell says nothing any more; lines may then be wider than the terminal. */
const COLUMN_WIDTH_MIN = 4;

/** Lines without trailing blanks; `columns` is the width to fit into, undefined = as wide as it gets. */
export function renderTable(
  titles: readonly Column[],
  rows: readonly (readonly string[])[],
  columns: number | undefined,
  heading: (text: string) => string = (text) => text,
): readonly string[] {
  const widths = fitWidths(
    titles.map((title, index) =>
      Math.max(widthOf(title.title), ...rows.map((row) => widthOf(row[index] ?? ""))),
    ),
    columns,
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, index) => {
        const width = widths[index] ?? 0;
        return padToWidth(cutToWidth(cell, width), width, titles[index]?.side === "right" ? "left" : "right");
      })
      .join(GAP)
      .trimEnd();
  return [heading(line(titles.map((title) => title.title))), ...rows.map(line)];
}

/** Takes columns from the widest one until the line fits. */
function fitWidths(wanted: readonly number[], columns: number | undefined): readonly number[] {
  const widths = [...wanted];
  if (columns === undefined) return widths;
  const room = columns - GAP.length * (widths.length - 1);
  let surplus = widths.reduce((sum, width) => sum + width, 0) - room;
  while (surplus > 0) {
    const widest = widths.indexOf(Math.max(...widths));
    const width = widths[widest] ?? 0;
    if (width <= COLUMN_WIDTH_MIN) break;
    widths[widest] = width - 1;
    surplus -= 1;
  }
  return widths;
}

/** "1 host", "3 hosts". */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** 850 ms, 3.2 s, 2 min 5 s, 1 h 3 min. */
export function durationText(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min${restText(seconds % 60, "s")}`;
  return `${Math.floor(seconds / 3600)} h${restText(Math.floor((seconds % 3600) / 60), "min")}`;
}

function restText(count: number, unit: string): string {
  return count === 0 ? "" : ` ${count} ${unit}`;
}
