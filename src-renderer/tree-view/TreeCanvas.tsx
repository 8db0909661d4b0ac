// The drawn tree: zoomed and moved by hand, pointed at, chosen from; painted at most once a frame, and only when needed.
import { quadtree, select, zoom, zoomIdentity, type Quadtree, type ZoomBehavior, type ZoomTransform } from "d3";
import { useEffect, useMemo, useRef, useState, type JSX, type PointerEvent } from "react";
import { useStore } from "zustand";
import { LINK_WAY_WORDS } from "#shared/base/link-way.ts";
import { StateGlyph } from "../marks/StateGlyph.tsx";
import { ancestorsOf, ROOT_NAME } from "../state/host-facts.ts";
import { hostsStore, type HostRow } from "../state/hosts-store.ts";
import { requestTerminal } from "../state/requests.ts";
import { selectionStore, setCurrentHost, toggleHost } from "../state/selection-store.ts";
import { settingsStore } from "../state/settings-store.ts";
import { drawTree, readPalette, type DrawnNode } from "./draw-tree.ts";
import type { LayoutName } from "./tree-layout.ts";
import { useTreePlaces } from "./use-tree-places.ts";

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

export function TreeCanvas({ rows, layout, matching, fit }: TreeCanvasProps): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const scene = useRef<Scene>(undefined);
  const transform = useRef<ZoomTransform>(zoomIdentity);
  const zoomer = useRef<ZoomBehavior<HTMLCanvasElement, unknown>>(undefined);
  const [size, setSize] = useState({ width: 0, height: 0 });
  const [hovered, setHovered] = useState<string | undefined>(undefined);
  const [zoomed, setZoomed] = useState(0);
  const { hosts, current } = useStore(selectionStore);
  const theme = useStore(settingsStore, (state) => state.theme);
  const live = useTreePlaces(rows, layout);
  const byName = useMemo(() => new Map(rows.map((row) => [row.name, row])), [rows]);
  const pointed = hovered ?? current;
  const path = useMemo(() => {
    const row = pointed === undefined ? undefined : byName.get(pointed);
    return new Set(row === undefined ? [] : [row.name, ...ancestorsOf(row, byName)]);
  }, [pointed, byName]);

  useEffect(() => {
    const element = canvas.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(([entry]) => {
      if (entry !== undefined) setSize({ width: entry.contentRect.width, height: entry.contentRect.height });
    });
    observer.observe(element.parentElement ?? element);
    const behaviour = zoom<HTMLCanvasElement, unknown>()
      .scaleExtent([0.5, ZOOM_MAX])
      .on("zoom", (event: { transform: ZoomTransform }) => {
        transform.current = event.transform;
        setZoomed((count) => count + 1);
      });
    select(element).call(behaviour).on("dblclick.zoom", null);
    zoomer.current = behaviour;
    return () => {
      observer.disconnect();
      select(element).on(".zoom", null);
    };
  }, []);

  useEffect(() => {
    if (canvas.current !== null && zoomer.current !== undefined)
      select(canvas.current).call(zoomer.current.transform, zoomIdentity);
  }, [fit, layout]);

  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext("2d");
    if (element == null || context == null || size.width === 0) return undefined;
    const palette = readPalette(element);
    let frame = 0;
    const paint = (): void => {
      const nowMs = performance.now();
      const nodes = nodesNow(nowMs);
      scene.current = { nodes, tree: treeOf(nodes) };
      const ratio = window.devicePixelRatio;
      if (element.width !== Math.round(size.width * ratio) || element.height !== Math.round(size.height * ratio)) {
        element.width = Math.round(size.width * ratio);
        element.height = Math.round(size.height * ratio);
      }
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      const { nodes: all, outside } = live.places;
      const centre = nodes.get(ROOT_NAME) ?? { x: size.width / 2, y: size.height / 2 };
      drawTree(context, nodes, {
        palette,
        ...size,
        isRadial: layout === "radial",
        centre,
        path,
        withLabels: spacingOf(size, all.length + outside.length, transform.current.k, layout) > LABEL_SPACING_PX,
        isDim: (name) => matching !== undefined && name !== ROOT_NAME && !matching.has(name),
      });
      if (live.isMoving(nowMs)) frame = requestAnimationFrame(paint);
    };
    const nodesNow = (nowMs: number): ReadonlyMap<string, DrawnNode> => {
      const nodes = new Map<string, DrawnNode>();
      const { k } = transform.current;
      for (const node of [...live.places.nodes, ...live.places.outside]) {
        const spot = live.at(node, nowMs);
        const [px, py] = project(spot, size, layout);
        const [x, y] = transform.current.apply([px, py]);
        const row = byName.get(node.name);
        nodes.set(node.name, {
          name: node.name,
          x,
          y,
          mark: row?.mark ?? "root",
          parent: node.parent,
          radius: radiusOf(node.depth, rows.length, k),
          isChosen: hosts.has(node.name) || node.name === current,
        });
      }
      return nodes;
    };
    frame = requestAnimationFrame(paint);
    return () => cancelAnimationFrame(frame);
  }, [live, byName, size, zoomed, path, hosts, current, matching, layout, theme, rows.length]);

  const nodeAt = (event: PointerEvent | React.MouseEvent): DrawnNode | undefined => {
    const box = canvas.current?.getBoundingClientRect();
    if (box === undefined) return undefined;
    return scene.current?.tree.find(event.clientX - box.left, event.clientY - box.top, HIT_PX);
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
        onPointerMove={(event) => {
          const name = nodeAt(event)?.name;
          setHovered(name === ROOT_NAME ? undefined : name);
        }}
        onPointerLeave={() => setHovered(undefined)}
        onClick={(event) => {
          const node = nodeAt(event);
          if (node === undefined || node.name === ROOT_NAME) return;
          if (event.ctrlKey || event.metaKey || event.shiftKey) toggleHost(node.name);
          else setCurrentHost(node.name);
        }}
        onDoubleClick={(event) => {
          const node = nodeAt(event);
          if (node !== undefined && node.name !== ROOT_NAME) requestTerminal(node.name);
        }}
      />
      {row === undefined || spot === undefined ? null : <Card row={row} x={spot.x} y={spot.y} width={size.width} />}
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
