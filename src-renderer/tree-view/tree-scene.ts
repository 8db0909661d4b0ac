// What is drawn of the tree: its nodes with place and looks. Places are made anew only when something has moved.
import { quadtree, type Quadtree, type ZoomTransform } from "d3";
import type { HostRow } from "#shared/host-query/host-row.ts";
import { hopStep } from "#shared/host-query/metric-scale.ts";
import type { CanvasSize } from "../marks/use-canvas.ts";
import type { DrawnNode } from "./draw-tree.ts";
import type { LayoutName, PlacedNode } from "./tree-layout.ts";
import type { LivePlaces } from "./use-tree-places.ts";

export interface Placing {
  readonly live: LivePlaces;
  readonly byName: ReadonlyMap<string, HostRow>;
  readonly transform: ZoomTransform;
  readonly size: CanvasSize;
  readonly layout: LayoutName;
  readonly isChosen: (name: string) => boolean;
}

const MARGIN = 34;
/** What stands at the left above the drawing: states at the top, round trips at the bottom. */
const LEGEND_PX = 150;
const EDGE_LEGEND_PX = 196;

export class TreeScene {
  #nodes: ReadonlyMap<string, DrawnNode> = new Map();
  #tree: Quadtree<DrawnNode> | undefined;
  #from: readonly unknown[] = [];
  #isOnTheWay = false;
  #edges = 0;

  /** Another number when edges are not as they were. */
  get edges(): number {
    return this.#edges;
  }

  get nodes(): ReadonlyMap<string, DrawnNode> {
    return this.#nodes;
  }

  /** What is drawn nearest to there. */
  find(x: number, y: number, radius: number): DrawnNode | undefined {
    this.#tree ??= quadtree<DrawnNode>(
      [...this.#nodes.values()],
      (node) => node.x,
      (node) => node.y,
    );
    return this.#tree.find(x, y, radius);
  }

  /** Ten times a second for thousands of nodes, most of which stand where they stood. */
  take(nowMs: number, placing: Placing): void {
    const { live, byName, transform, size, layout, isChosen } = placing;
    const from = [live, transform, size, layout];
    const isMoving = live.isMoving(nowMs);
    if (isMoving || this.#isOnTheWay || from.some((one, place) => one !== this.#from[place])) {
      this.#nodes = placedAt(nowMs, placing);
      this.#tree = undefined;
      this.#edges += 1;
    }
    this.#from = from;
    this.#isOnTheWay = isMoving;
    let isNew = false;
    for (const node of this.#nodes.values()) {
      const row = byName.get(node.name);
      const mark = row?.mark ?? "root";
      const rttMs = row?.host.metrics?.rttMs;
      const step = rttMs === undefined ? undefined : hopStep(rttMs);
      isNew ||= step !== node.step || (mark === "orphaned") !== (node.mark === "orphaned");
      node.mark = mark;
      node.step = step;
      node.isChosen = isChosen(node.name);
    }
    if (isNew) this.#edges += 1;
  }
}

function placedAt(
  nowMs: number,
  { live, byName, transform, size, layout }: Placing,
): ReadonlyMap<string, DrawnNode> {
  const nodes = new Map<string, DrawnNode>();
  const add = (node: PlacedNode, place: [number, number]): void => {
    const [x, y] = transform.apply(place);
    nodes.set(node.name, {
      name: node.name,
      x,
      y,
      parent: node.parent,
      radius: radiusOf(node.depth, byName.size, transform.k),
      mark: "root",
      isChosen: false,
      step: undefined,
    });
  };
  for (const node of live.places.nodes) add(node, project(live.at(node, nowMs), size, layout));
  for (const node of live.places.outside) {
    const { x, y } = live.at(node, nowMs);
    const left = Math.min(EDGE_LEGEND_PX, size.width / 2);
    add(node, [left + x * (size.width - left - MARGIN), MARGIN + y * (size.height - 2 * MARGIN)]);
  }
  return nodes;
}

/** From the layout's box of 1 by 1 to the canvas; a radial one stays round. */
function project(
  spot: { readonly x: number; readonly y: number },
  size: CanvasSize,
  layout: LayoutName,
): [number, number] {
  const [width, height] = [size.width - 2 * MARGIN, size.height - 2 * MARGIN];
  if (layout === "grid")
    return [LEGEND_PX + spot.x * (size.width - LEGEND_PX), MARGIN / 2 + spot.y * (size.height - MARGIN)];
  if (layout !== "radial") return [MARGIN + spot.x * width, MARGIN + spot.y * height];
  const side = Math.max(40, Math.min(width, height));
  return [size.width / 2 + (spot.x - 0.5) * side, size.height / 2 + (spot.y - 0.5) * side];
}

function radiusOf(depth: number, count: number, zoomFactor: number): number {
  const base = count > 300 ? 3 - Math.min(1.2, depth * 0.3) : count > 60 ? 5 - Math.min(2, depth * 0.5) : 6.5;
  return Math.min(11, base * Math.sqrt(Math.max(1, zoomFactor)));
}
