// The table itself: ten thousand hosts, of which only those in sight are drawn; chosen by mouse and by keyboard.
import { IconChevronDown, IconChevronRight, IconArrowDown, IconArrowUp } from "@tabler/icons-react";
import { useVirtualizer } from "@tanstack/react-virtual";
import { memo, useEffect, useRef, type JSX, type KeyboardEvent, type MouseEvent } from "react";
import { useStore } from "zustand";
import { LINK_WAY_WORDS } from "#shared/base/link-way.ts";
import { metricOf, metricText } from "#shared/host-query/metrics-text.ts";
import { hostMenu } from "../marks/host-menu.ts";
import { useRowPx } from "../marks/use-row-px.ts";
import { StateGlyph, StateWord } from "../marks/StateGlyph.tsx";
import { useNow } from "../marks/use-now.ts";
import { useWatchedHosts } from "../marks/use-watched-hosts.ts";
import { clockText, countText } from "../marks/words.ts";
import type { HostMark } from "#shared/host-query/host-mark.ts";
import type { HostRow } from "#shared/host-query/host-row.ts";
import { requestTerminal } from "../state/requests.ts";
import {
  addHosts,
  selectHosts,
  selectionStore,
  setCurrentHost,
  toggleHost,
} from "../state/selection-store.ts";
import { COLUMNS, doingOf, type Column, type Sorting, type TableLine } from "./host-rows-layout.ts";

const TITLES: Readonly<Record<Column, string>> = {
  state: "State",
  name: "Host",
  site: "Site",
  component: "Component",
  doing: "Doing",
  parent: "Parent",
  depth: "Depth",
  way: "Link",
  address: "Address",
  since: "For",
  load: "Load",
  cpu: "CPU",
  memory: "Free mem.",
  rtt: "RTT",
};

const METRICS = ["load", "cpu", "memory", "rtt"] as const;

interface HostTableProps {
  readonly lines: readonly TableLine[];
  readonly sorting: Sorting;
  readonly onSort: (column: Column) => void;
  readonly onToggleGroup: (mark: HostMark) => void;
}

export function HostTable({ lines, sorting, onSort, onToggleGroup }: HostTableProps): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const { hosts, current } = useStore(selectionStore);
  const rowPx = useRowPx();
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => place.current,
    estimateSize: () => rowPx,
    overscan: 12,
  });
  const inSight = virtual.getVirtualItems().flatMap(({ index }) => {
    const line = lines[index];
    return line?.kind === "host" ? [line.row.name] : [];
  });
  useWatchedHosts(inSight, place);
  useEffect(() => virtual.measure(), [virtual, rowPx]);
  const rows = lines.flatMap((line) => (line.kind === "host" ? [line.row] : []));
  const onKey = (event: KeyboardEvent): void => {
    const at = lines.findIndex((line) => line.kind === "host" && line.row.name === current);
    const next = keyStep(event, at, lines.length);
    if (next !== undefined) {
      event.preventDefault();
      const down = next >= at;
      const index = nearestHost(lines, next, down);
      const line = lines[index];
      if (line?.kind !== "host") return;
      setCurrentHost(line.row.name);
      if (event.shiftKey) addHosts([line.row.name]);
      virtual.scrollToIndex(index);
    } else if (event.key === "Enter" && current !== undefined && event.target === event.currentTarget) {
      requestTerminal(current);
    } else if (event.key === " " && current !== undefined) {
      event.preventDefault();
      toggleHost(current);
    } else if (event.key === "a" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      selectHosts(rows.map((row) => row.name));
    }
  };
  const choose = (event: MouseEvent, row: HostRow): void => {
    if (event.ctrlKey || event.metaKey) toggleHost(row.name);
    else if (event.shiftKey) addHosts(between(rows, current, row.name));
    else setCurrentHost(row.name);
  };
  return (
    <div
      ref={place}
      className="scroll host-table"
      tabIndex={0}
      role="grid"
      aria-label="Hosts"
      aria-rowcount={lines.length}
      aria-multiselectable="true"
      onKeyDown={onKey}
      {...hostMenu(() => (current === undefined ? [...hosts] : [current]))}
    >
      <Head names={rows.map((row) => row.name)} sorting={sorting} onSort={onSort} />
      <div style={{ height: virtual.getTotalSize(), position: "relative" }} role="rowgroup">
        {virtual.getVirtualItems().map(({ index, start }) => {
          const line = lines[index];
          if (line === undefined) return null;
          return line.kind === "group" ? (
            <GroupLine
              key={`group-${line.mark}`}
              line={line}
              top={start}
              onToggle={() => onToggleGroup(line.mark)}
            />
          ) : (
            <HostLine
              key={line.row.name}
              row={line.row}
              top={start}
              isChosen={hosts.has(line.row.name)}
              isCurrent={current === line.row.name}
              onChoose={choose}
            />
          );
        })}
      </div>
    </div>
  );
}

interface HeadProps extends Pick<HostTableProps, "sorting" | "onSort"> {
  readonly names: readonly string[];
}

function Head({ names, sorting, onSort }: HeadProps): JSX.Element {
  const hosts = useStore(selectionStore, (state) => state.hosts);
  return (
    <div className="host-line head" role="row">
      <span role="columnheader">
        <input
          type="checkbox"
          aria-label="Select all hosts shown"
          checked={names.length > 0 && names.every((name) => hosts.has(name))}
          onChange={({ target }) => selectHosts(target.checked ? names : [])}
        />
      </span>
      {COLUMNS.map((column) => (
        <span
          key={column}
          role="columnheader"
          className={`column-${column}`}
          aria-sort={sorting.column !== column ? "none" : sorting.descending ? "descending" : "ascending"}
        >
          <button type="button" onClick={() => onSort(column)}>
            {TITLES[column]}
            {sorting.column !== column ? null : sorting.descending ? (
              <IconArrowDown size={12} />
            ) : (
              <IconArrowUp size={12} />
            )}
          </button>
        </span>
      ))}
    </div>
  );
}

function keyStep(event: KeyboardEvent, at: number, count: number): number | undefined {
  const page = 20;
  const steps: Readonly<Record<string, number>> = {
    ArrowDown: at + 1,
    ArrowUp: at - 1,
    PageDown: at + page,
    PageUp: at - page,
    Home: 0,
    End: count - 1,
  };
  const next = steps[event.key];
  return next === undefined ? undefined : Math.max(0, Math.min(count - 1, next));
}

/** Lines of groups are passed over. */
function nearestHost(lines: readonly TableLine[], from: number, down: boolean): number {
  for (let index = from; index >= 0 && index < lines.length; index += down ? 1 : -1)
    if (lines[index]?.kind === "host") return index;
  return lines.findIndex((line) => line.kind === "host");
}

function between(rows: readonly HostRow[], from: string | undefined, to: string): readonly string[] {
  const names = rows.map((row) => row.name);
  const [a, b] = [from === undefined ? -1 : names.indexOf(from), names.indexOf(to)];
  return a < 0 ? [to] : names.slice(Math.min(a, b), Math.max(a, b) + 1);
}

interface GroupLineProps {
  readonly line: Extract<TableLine, { kind: "group" }>;
  readonly top: number;
  readonly onToggle: () => void;
}

function GroupLine({ line, top, onToggle }: GroupLineProps): JSX.Element {
  const { mark, count, words, isOpen } = line;
  return (
    <div className="host-group" role="row" style={{ transform: `translateY(${String(top)}px)` }}>
      <span role="gridcell">
        <button type="button" aria-expanded={isOpen} onClick={onToggle}>
          {isOpen ? <IconChevronDown size={14} /> : <IconChevronRight size={14} />}
          <StateWord mark={mark} /> <b>{countText(count)}</b> <span className="words">{words}</span>
        </button>
      </span>
    </div>
  );
}

interface HostLineProps {
  readonly row: HostRow;
  readonly top: number;
  readonly isChosen: boolean;
  readonly isCurrent: boolean;
  readonly onChoose: (event: MouseEvent, row: HostRow) => void;
}

const HostLine = memo(
  function HostLine({ row, top, isChosen, isCurrent, onChoose }: HostLineProps): JSX.Element {
    const { host, member, name, mark } = row;
    return (
      <div
        className={`host-line ${isChosen ? "chosen" : ""} ${isCurrent ? "current" : ""}`}
        role="row"
        aria-selected={isChosen}
        style={{ transform: `translateY(${String(top)}px)` }}
        onClick={(event) => onChoose(event, row)}
        onDoubleClick={() => requestTerminal(name)}
        {...hostMenu(() => [name])}
      >
        <span role="gridcell">
          <input
            type="checkbox"
            aria-label={`Select ${name}`}
            tabIndex={-1}
            checked={isChosen}
            onClick={(event) => event.stopPropagation()}
            onChange={() => toggleHost(name)}
          />
        </span>
        <span role="gridcell" className="column-state">
          <StateGlyph mark={mark} />
          <span style={{ color: `var(--ink-${mark})` }}>{mark}</span>
        </span>
        <span role="gridcell" className="column-name mono">
          {name}
        </span>
        <span role="gridcell">{host.site ?? "-"}</span>
        <span role="gridcell">{row.component ?? "-"}</span>
        <span role="gridcell" title={host.reason}>
          {doingOf(row) || host.reason || "-"}
        </span>
        <span role="gridcell" className="column-parent mono">
          {member?.parent ?? "-"}
        </span>
        <span role="gridcell" className="column-depth numbers">
          {member === undefined || member.depth === 0 ? "-" : member.depth}
        </span>
        <span role="gridcell">{member?.way === undefined ? "-" : LINK_WAY_WORDS[member.way]}</span>
        <span role="gridcell" className="column-address mono">
          {host.address}
        </span>
        <span role="gridcell" className="column-since numbers">
          <Since since={host.since} />
        </span>
        {METRICS.map((metric) => (
          <span key={metric} role="gridcell" className={`column-${metric} numbers`}>
            {metricText(metric, metricOf(host.metrics, metric))}
          </span>
        ))}
      </div>
    );
  },
  (before, after) =>
    before.row === after.row &&
    before.top === after.top &&
    before.isChosen === after.isChosen &&
    before.isCurrent === after.isCurrent,
);

function Since({ since }: { readonly since: number }): JSX.Element {
  const now = useNow();
  return <>{since === 0 ? "-" : clockText(now - since)}</>;
}
