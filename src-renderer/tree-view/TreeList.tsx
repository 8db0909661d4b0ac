// The overlay as an indented list: the same tree for the keyboard and for screen readers.
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useRef, type JSX, type KeyboardEvent } from "react";
import { useStore } from "zustand";
import { hostMenu } from "../marks/host-menu.ts";
import { rttText } from "#shared/host-query/metrics-text.ts";
import { useRowPx } from "../marks/use-row-px.ts";
import { StateGlyph } from "../marks/StateGlyph.tsx";
import { ROOT_NAME } from "#shared/host-query/host-facts.ts";
import type { HostRow } from "#shared/host-query/host-row.ts";
import { requestTerminal } from "../state/requests.ts";
import { selectionStore, setCurrentHost, toggleHost } from "../state/selection-store.ts";

interface TreeListProps {
  readonly rows: readonly HostRow[];
  readonly matching: ReadonlySet<string> | undefined;
}

interface Line {
  readonly row: HostRow;
  readonly level: number;
  readonly children: number;
}

export function TreeList({ rows, matching }: TreeListProps): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const { hosts, current } = useStore(selectionStore);
  const lines = useMemo(() => linesOf(rows), [rows]);
  const rowPx = useRowPx();
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => place.current,
    estimateSize: () => rowPx,
    overscan: 12,
  });
  useEffect(() => virtual.measure(), [virtual, rowPx]);
  const onKey = (event: KeyboardEvent): void => {
    const at = lines.findIndex(({ row }) => row.name === current);
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step !== 0) {
      event.preventDefault();
      const next = Math.max(0, Math.min(lines.length - 1, at + step));
      setCurrentHost(lines[next]?.row.name);
      virtual.scrollToIndex(next);
    } else if (event.key === "Enter" && current !== undefined) {
      requestTerminal(current);
    } else if (event.key === " " && current !== undefined) {
      event.preventDefault();
      toggleHost(current);
    }
  };
  return (
    <div
      ref={place}
      className="scroll"
      role="tree"
      aria-label="Overlay"
      tabIndex={0}
      onKeyDown={onKey}
      {...hostMenu(() => (current === undefined ? [...hosts] : [current]))}
    >
      <div style={{ height: virtual.getTotalSize(), position: "relative" }}>
        {virtual.getVirtualItems().map(({ index, start }) => {
          const line = lines[index];
          if (line === undefined) return null;
          const { row, level, children } = line;
          return (
            <div
              key={row.name}
              role="treeitem"
              aria-level={level}
              aria-selected={hosts.has(row.name)}
              className={`tree-line ${current === row.name ? "current" : ""} ${hosts.has(row.name) ? "chosen" : ""}`}
              style={{
                transform: `translateY(${String(start)}px)`,
                paddingInlineStart: 12 + (level - 1) * 18,
                opacity: matching === undefined || matching.has(row.name) ? 1 : 0.35,
              }}
              onClick={(event) => {
                if (event.ctrlKey || event.metaKey) toggleHost(row.name);
                else setCurrentHost(row.name);
              }}
              onDoubleClick={() => requestTerminal(row.name)}
              {...hostMenu(() => [row.name])}
            >
              <StateGlyph mark={row.mark} /> <span className="mono">{row.name}</span>
              <span style={{ color: `var(--ink-${row.mark})` }}>{row.mark}</span>
              {children === 0 ? null : <span className="sub">{children} below</span>}
              {row.host.metrics?.rttMs === undefined ? null : (
                <span className="sub numbers">{rttText(row.host.metrics.rttMs)} to its parent</span>
              )}
            </div>
          );
        })}
      </div>
    </div>
  );
}

/** Depth first, as it is drawn; hosts outside the overlay stand at the end. */
function linesOf(rows: readonly HostRow[]): readonly Line[] {
  const below = new Map<string, HostRow[]>();
  for (const row of rows) {
    const parent = row.member?.parent;
    if (parent !== undefined) below.set(parent, [...(below.get(parent) ?? []), row]);
  }
  const lines: Line[] = [];
  const seen = new Set<string>();
  const add = (row: HostRow, level: number): void => {
    if (seen.has(row.name)) return;
    seen.add(row.name);
    const children = below.get(row.name) ?? [];
    lines.push({ row, level, children: children.length });
    for (const child of children) add(child, level + 1);
  };
  for (const row of below.get(ROOT_NAME) ?? []) add(row, 1);
  for (const row of rows) add(row, 1);
  return lines;
}
