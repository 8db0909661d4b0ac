// The drawn tree: zoomed and moved by hand, pointed at, chosen from; painted at most once a frame, and only when needed.
import { quadtree, zoomIdentity, type Quadtree, type ZoomTransform } from "d3";
import { useCallback, useEffect, useMemo, useRef, useState, type JSX, type MouseEvent } from "react";
import { useStore } from "zustand";
import { LINK_WAY_WORDS } from "#shared/base/link-way.ts";
import { hostMenu } from "../marks/host-menu.ts";
import { StateGlyph } from "../marks/StateGlyph.tsx";
import { usePainting, useZoomedCanvas, type CanvasSize, type ZoomSettings } from "../marks/use-canvas.ts";
import { ancestorsOf, ROOT_NAME } from "#shared/host-query/host-facts.ts";
import type { HostRow } from "#shared/host-query/host-row.ts";
import { hostsStore } from "../state/hosts-store.ts";
import { requestTerminal } from "../state/requests.ts";
import { selectionStore, setCurrentHost, toggleHost } from "../state/selection-store.ts";
import { settingsStore } from "../state/settings-store.ts";
import { hopStep } from "#shared/host-query/metric-scale.ts";
import { drawTree, readPalette, type DrawnNode } from "./draw-tree.ts";
import type { LayoutName } from "./tree-layout.ts";
import { useTreePlaces, type LivePlaces } from "./use-tree-places.ts";

interface TreeCanvasProps {
  readonly rows: readonly HostRow[];
  readonly layout: LayoutName;
  readonly matching: ReadonlySet<string> | undefined;
  /** Raised to show the whole tree again. */
  readonly fit: number;
}

const ZOOM_MAX = 40;
const MARGIN = 34;
/** Names beside marks only where they do not cover one another. */
const LABEL_SPACING_PX = 56;
const HIT_PX = 14;

interface Scene {
  readonly nodes: ReadonlyMap<string, DrawnNode>;
  readonly tree: Quadtree<DrawnNode>;
}

const ZOOM: ZoomSettings = {
  scaleMin: 0.5,
  scaleMax: ZOOM_MAX,
  takes: (event) => event.type === "wheel" || event.button === 0,
};

export function TreeCanvas({ rows, layout, matching, fit }: TreeCanvasProps): JSX.Element {
  const { canvas, size, transform, zoomTo } = useZoomedCanvas(ZOOM);
  const scene = useRef<Scene>(undefined);
  const [hovered, setHovered] = useState<string | undefined>(undefined);
  const { hosts, current } = useStore(selectionStore);
  const theme = useStore(settingsStore, (state) => state.theme);
  const live = useTreePlaces(rows, layout);
  const byName = useMemo(() => new Map(rows.map((row) => [row.name, row])), [rows]);
  const pointed = hovered ?? current;
  const path = useMemo(() => {
    const row = pointed === undefined ? undefined : byName.get(pointed);
    return new Set(row === undefined ? [] : [row.name, ...ancestorsOf(row, byName)]);
  }, [pointed, byName]);
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
      const nodes = nodesAt(nowMs, { live, byName, transform, size, layout, isChosen });
      scene.current = { nodes, tree: treeOf(nodes) };
      const count = live.places.nodes.length + live.places.outside.length;
      drawTree(context, nodes, {
        palette: readPalette(element, theme),
        ...size,
        isRadial: layout === "radial",
        centre: nodes.get(ROOT_NAME) ?? { x: size.width / 2, y: size.height / 2 },
        path,
        withLabels: spacingOf(size, count, transform.k, layout) > LABEL_SPACING_PX,
        isDim: (name) => matching !== undefined && name !== ROOT_NAME && !matching.has(name),
      });
      return live.isMoving(nowMs);
    },
    [live, byName, transform, size, layout, hosts, current, theme, path, matching],
  );
  usePainting(canvas, size, paint);
  const nodeAt = (event: MouseEvent): DrawnNode | undefined => {
    const box = canvas.current?.getBoundingClientRect();
    if (box === undefined) return undefined;
    const node = scene.current?.tree.find(event.clientX - box.left, event.clientY - box.top, HIT_PX);
    return node?.name === ROOT_NAME ? undefined : node;
  };
  const row = hovered === undefined ? undefined : byName.get(hovered);
  const spot = hovered === undefined ? undefined : scene.current?.nodes.get(hovered);
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
      {row === undefined || spot === undefined ? null : (
        <Card row={row} x={spot.x} y={spot.y} width={size.width} />
      )}
    </>
  );
}

function stepOf(row: HostRow | undefined): number | undefined {
  const rttMs = row?.host.metrics?.rttMs;
  return rttMs === undefined ? undefined : hopStep(rttMs);
}

interface Placing {
  readonly live: LivePlaces;
  readonly byName: ReadonlyMap<string, HostRow>;
  readonly transform: ZoomTransform;
  readonly size: CanvasSize;
  readonly layout: LayoutName;
  readonly isChosen: (name: string) => boolean;
}

function nodesAt(nowMs: number, placing: Placing): ReadonlyMap<string, DrawnNode> {
  const { live, byName, transform, size, layout, isChosen } = placing;
  const nodes = new Map<string, DrawnNode>();
  for (const node of [...live.places.nodes, ...live.places.outside]) {
    const [x, y] = transform.apply(project(live.at(node, nowMs), size, layout));
    nodes.set(node.name, {
      name: node.name,
      x,
      y,
      mark: byName.get(node.name)?.mark ?? "root",
      parent: node.parent,
      radius: radiusOf(node.depth, byName.size, transform.k),
      isChosen: isChosen(node.name),
      step: stepOf(byName.get(node.name)),
    });
  }
  return nodes;
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

function treeOf(nodes: ReadonlyMap<string, DrawnNode>): Quadtree<DrawnNode> {
  return quadtree<DrawnNode>(
    [...nodes.values()],
    (node) => node.x,
    (node) => node.y,
  );
}

/** From the layout's box of 1 by 1 to the canvas; a radial one stays round. */
function project(
  spot: { readonly x: number; readonly y: number },
  size: { readonly width: number; readonly height: number },
  layout: LayoutName,
): [number, number] {
  const [width, height] = [size.width - 2 * MARGIN, size.height - 2 * MARGIN];
  if (layout !== "radial") return [MARGIN + spot.x * width, MARGIN + spot.y * height];
  const side = Math.max(40, Math.min(width, height));
  return [size.width / 2 + (spot.x - 0.5) * side, size.height / 2 + (spot.y - 0.5) * side];
}

function radiusOf(depth: number, count: number, zoomFactor: number): number {
  const base = count > 300 ? 3 - Math.min(1.2, depth * 0.3) : count > 60 ? 5 - Math.min(2, depth * 0.5) : 6.5;
  return Math.min(11, base * Math.sqrt(Math.max(1, zoomFactor)));
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
