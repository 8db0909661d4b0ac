// The drawn tree: zoomed and moved by hand, pointed at, chosen from; painted at most once a frame, and only when needed.
import { zoomIdentity } from "d3";
import { useCallback, useEffect, useMemo, useRef, useState, type JSX, type MouseEvent } from "react";
import { useStore } from "zustand";
import { LINK_WAY_WORDS } from "#shared/base/link-way.ts";
import { hostMenu } from "../marks/host-menu.ts";
import { StateGlyph } from "../marks/StateGlyph.tsx";
import { usePainting, useZoomedCanvas, type ZoomSettings } from "../marks/use-canvas.ts";
import { ancestorsOf, ROOT_NAME } from "#shared/host-query/host-facts.ts";
import type { HostRow } from "#shared/host-query/host-row.ts";
import { hostsStore } from "../state/hosts-store.ts";
import { requestTerminal } from "../state/requests.ts";
import { selectionStore, setCurrentHost, toggleHost } from "../state/selection-store.ts";
import { settingsStore } from "../state/settings-store.ts";
import { drawTree, readPalette, TreeLayers, type DrawnNode } from "./draw-tree.ts";
import type { LayoutName } from "./tree-layout.ts";
import { TreeScene } from "./tree-scene.ts";
import { useTreePlaces } from "./use-tree-places.ts";

interface TreeCanvasProps {
  readonly rows: readonly HostRow[];
  readonly layout: LayoutName;
  readonly matching: ReadonlySet<string> | undefined;
  /** Raised to show the whole tree again. */
  readonly fit: number;
}

const ZOOM_MAX = 40;
/** Names beside marks only where they do not cover one another. */
const LABEL_SPACING_PX = 56;
const HIT_PX = 14;
const GRID_EDGES_MAX = 150;

const ZOOM: ZoomSettings = {
  scaleMin: 0.5,
  scaleMax: ZOOM_MAX,
  takes: (event) => event.type === "wheel" || event.button === 0,
};

export function TreeCanvas({ rows, layout, matching, fit }: TreeCanvasProps): JSX.Element {
  const { canvas, size, transform, zoomTo } = useZoomedCanvas(ZOOM);
  const [scene] = useState(() => new TreeScene());
  const layers = useRef<TreeLayers>(undefined);
  const [hovered, setHovered] = useState<string | undefined>(undefined);
  const { hosts, current } = useStore(selectionStore);
  const theme = useStore(settingsStore, (state) => state.theme);
  const live = useTreePlaces(rows, layout);
  const byName = useMemo(() => new Map(rows.map((row) => [row.name, row])), [rows]);
  const pointed = hovered ?? current;
  const row = pointed === undefined ? undefined : byName.get(pointed);
  const way = (row === undefined ? [] : [row.name, ...ancestorsOf(row, byName)]).join("\n");
  const path = useMemo(() => new Set(way === "" ? [] : way.split("\n")), [way]);
  const fitted = useRef<string>(undefined);
  useEffect(() => {
    // Also run when the view is shown again, whose zoom is to be found as it was.
    const wanted = `${layout} ${String(fit)}`;
    if (fitted.current === wanted) return;
    fitted.current = wanted;
    zoomTo(zoomIdentity, 0);
  }, [fit, layout, zoomTo]);
  const paint = useCallback(
    (context: CanvasRenderingContext2D, element: HTMLCanvasElement): boolean => {
      const nowMs = performance.now();
      const isChosen = (name: string): boolean => hosts.has(name) || name === current;
      scene.take(nowMs, { live, byName, transform, size, layout, isChosen });
      const { nodes } = scene;
      const count = live.places.nodes.length + live.places.outside.length;
      layers.current ??= new TreeLayers();
      drawTree(context, scene, layers.current, {
        palette: readPalette(element, theme),
        ...size,
        isRadial: layout === "radial",
        withEdges: layout !== "grid" || count <= GRID_EDGES_MAX,
        centre: nodes.get(ROOT_NAME) ?? { x: size.width / 2, y: size.height / 2 },
        path,
        withLabels: spacingOf(size, count, transform.k, layout) > LABEL_SPACING_PX,
        matching,
      });
      return live.isMoving(nowMs);
    },
    [scene, live, byName, transform, size, layout, hosts, current, theme, path, matching],
  );
  usePainting(canvas, size, paint);
  const nodeAt = (event: MouseEvent): DrawnNode | undefined => {
    const box = canvas.current?.getBoundingClientRect();
    if (box === undefined) return undefined;
    const node = scene.find(event.clientX - box.left, event.clientY - box.top, HIT_PX);
    return node?.name === ROOT_NAME ? undefined : node;
  };
  const spot = hovered === undefined ? undefined : scene.nodes.get(hovered);
  return (
    <>
      <canvas
        ref={canvas}
        className="tree-canvas"
        style={{ width: size.width, height: size.height, cursor: hovered === undefined ? "grab" : "pointer" }}
        role="img"
        aria-label="The overlay tree. The layout List shows the same for the keyboard."
        onPointerMove={(event) => setHovered(nodeAt(event)?.name)}
        onPointerLeave={() => setHovered(undefined)}
        onClick={(event) => {
          const node = nodeAt(event);
          if (node === undefined) return;
          if (event.ctrlKey || event.metaKey || event.shiftKey) toggleHost(node.name);
          else setCurrentHost(node.name);
        }}
        {...hostMenu(() => (hovered === undefined ? [] : [hovered]))}
        onDoubleClick={(event) => {
          const node = nodeAt(event);
          if (node !== undefined) requestTerminal(node.name);
        }}
      />
      {row?.name !== hovered || row === undefined || spot === undefined ? null : (
        <Card row={row} x={spot.x} y={spot.y} width={size.width} />
      )}
    </>
  );
}

interface CardProps {
  readonly row: HostRow;
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

function Card({ row, x, y, width }: CardProps): JSX.Element {
  const rows = useStore(hostsStore, (state) => state.rows);
  const { name, mark, member, host } = row;
  const toLeft = x > width - 230;
  return (
    <div
      className="tree-card"
      style={{ top: y + 10, ...(toLeft ? { right: width - x + 10 } : { left: x + 10 }) }}
      role="tooltip"
    >
      <b>
        <StateGlyph mark={mark} /> <span className="mono">{name}</span>
      </b>
      <span style={{ color: `var(--ink-${mark})` }}>{[mark, host.reason].filter(Boolean).join(": ")}</span>
      {member === undefined ? null : (
        <span className="sub">
          {[...ancestorsOf(row, rows)].join(" < ")}
          {member.way === undefined ? "" : `, ${LINK_WAY_WORDS[member.way]}`}
        </span>
      )}
    </div>
  );
}

function spacingOf(
  size: { readonly width: number; readonly height: number },
  count: number,
  zoomFactor: number,
  layout: LayoutName,
): number {
  const along = layout === "radial" ? Math.PI * Math.min(size.width, size.height) * 0.9 : size.width;
  return (along / Math.max(1, layout === "grid" ? Math.sqrt(count * 1.6) : count)) * zoomFactor;
}
