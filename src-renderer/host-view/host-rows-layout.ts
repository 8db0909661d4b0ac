// Which lines the host table shows, in which order: filtered, sorted, and grouped by state with the worst first. Pure.
import { group } from "d3";
import { compareNames, foldNames } from "#shared/node-set/node-set.ts";
import { HOST_MARKS, severityOf, type HostMark } from "#shared/host-query/host-mark.ts";
import type { HostRow } from "#shared/host-query/host-row.ts";
import { metricOf, type MetricName } from "#shared/host-query/metrics-text.ts";

export const COLUMNS = [
  "state",
  "name",
  "site",
  "component",
  "doing",
  "parent",
  "depth",
  "way",
  "address",
  "since",
  "load",
  "cpu",
  "memory",
  "rtt",
] as const;
export type Column = (typeof COLUMNS)[number];

export interface Sorting {
  readonly column: Column;
  readonly descending: boolean;
}

export type TableLine =
  | {
      readonly kind: "group";
      readonly mark: HostMark;
      readonly count: number;
      readonly words: string;
      readonly isOpen: boolean;
    }
  | { readonly kind: "host"; readonly row: HostRow };

export interface TableChoice {
  readonly sorting: Sorting;
  readonly isGrouped: boolean;
  readonly closed: ReadonlySet<HostMark>;
}

/** `rows` come by name: that is the order of those that are equal in what is sorted by. */
export function linesOf(rows: readonly HostRow[], choice: TableChoice): readonly TableLine[] {
  const sorted = sortedBy(rows, choice.sorting);
  if (!choice.isGrouped) return sorted.map((row) => ({ kind: "host", row }));
  const byMark = group(sorted, ({ mark }) => mark);
  return HOST_MARKS.flatMap((mark): TableLine[] => {
    const members = byMark.get(mark) ?? [];
    if (members.length === 0) return [];
    const isOpen = !choice.closed.has(mark);
    const head: TableLine = {
      kind: "group",
      mark,
      count: members.length,
      words: reasonsOf(members),
      isOpen,
    };
    return [head, ...(isOpen ? members.map((row): TableLine => ({ kind: "host", row })) : [])];
  });
}

/** The commonest reason stands for all where it is the only one; else their number and the commonest. */
function reasonsOf(rows: readonly HostRow[]): string {
  const counts = group(rows, ({ host }) => host.reason);
  counts.delete("");
  const [most] = [...counts].sort(([, left], [, right]) => right.length - left.length);
  if (most === undefined) return "";
  const [reason, hosts] = most;
  if (counts.size === 1 && hosts.length === rows.length) return reason;
  const where = hosts.length > 3 ? `${String(hosts.length)} hosts` : foldNames(hosts.map(({ name }) => name));
  return counts.size === 1
    ? `${reason} on ${where}`
    : `${String(counts.size)} reasons; ${reason} on ${where}`;
}

export function doingOf({ host }: HostRow): string {
  const running = host.processes.filter((process) => process.state !== "exited");
  const [process] = running.length > 0 ? running : host.processes;
  if (process === undefined) return "";
  const more = host.processes.length > 1 ? ` and ${String(host.processes.length - 1)} more` : "";
  return `${process.process}${more}`;
}

/** Who says nothing comes before all numbers. */
function compareMetrics(name: MetricName, left: HostRow, right: HostRow): number {
  const [one, other] = [left, right].map(({ host }) => metricOf(host.metrics, name) ?? -1);
  return (one ?? -1) - (other ?? -1);
}

function sortedBy(rows: readonly HostRow[], { column, descending }: Sorting): readonly HostRow[] {
  if (column === "name") return descending ? rows.toReversed() : rows;
  return descending
    ? rows.toSorted((left, right) => compareBy(column, right, left))
    : rows.toSorted((left, right) => compareBy(column, left, right));
}

function compareBy(column: Exclude<Column, "name">, left: HostRow, right: HostRow): number {
  switch (column) {
    case "state":
      return severityOf(left.mark) - severityOf(right.mark);
    case "site":
      return compareNames(left.host.site ?? "", right.host.site ?? "");
    case "component":
      return compareNames(left.component ?? "", right.component ?? "");
    case "doing":
      return compareNames(doingOf(left), doingOf(right));
    case "parent":
      return compareNames(left.member?.parent ?? "", right.member?.parent ?? "");
    case "depth":
      return (left.member?.depth ?? 0) - (right.member?.depth ?? 0);
    case "way":
      return compareNames(left.member?.way ?? "", right.member?.way ?? "");
    case "address":
      return compareNames(left.host.address, right.host.address);
    case "since":
      return left.host.since - right.host.since;
    case "load":
    case "cpu":
    case "memory":
    case "rtt":
      return compareMetrics(column, left, right);
  }
}
