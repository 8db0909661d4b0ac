// Draws the overlay on a canvas: edges first, then marks by state, so that colours are set a dozen times and not a thousand.
import { group } from "d3";
import { RTT_STEPS } from "#shared/host-query/metric-scale.ts";
import { HOST_MARKS, severityOf, type HostMark } from "#shared/host-query/host-mark.ts";
import { CanvasLayer } from "../marks/canvas-layer.ts";
import { placeLabels } from "./place-labels-layout.ts";
import { MarkSprites, topmost } from "./mark-sprites.ts";

export interface DrawnNode {
  readonly name: string;
  /** Device-independent pixels, the view's transform applied. */
  readonly x: number;
  readonly y: number;
  mark: HostMark | "root";
  readonly parent: string | undefined;
  readonly radius: number;
  isChosen: boolean;
  /** Of the edge to its parent, by its round trip (hopStep); undefined while it is not known. */
  step: number | undefined;
}

export interface Palette {
  readonly fill: Readonly<Record<HostMark, string>>;
  /** By the round trip, short to long. */
  readonly edges: readonly string[];
  readonly path: string;
  readonly root: string;
  readonly panel: string;
  readonly text: string;
  readonly font: string;
}

export interface DrawOptions {
  readonly palette: Palette;
  readonly width: number;
  readonly height: number;
  readonly isRadial: boolean;
  /** Else only those on the path: in a large grid they would hide the marks. */
  readonly withEdges: boolean;
  readonly centre: { readonly x: number; readonly y: number };
  /** Names on the way from the hovered host to the root. */
  readonly path: ReadonlySet<string>;
  readonly withLabels: boolean;
  /** Those for which a filter holds; the others are dimmed. Undefined: there is none. */
  readonly matching: ReadonlySet<string> | undefined;
}

/** What of the tree stays while hosts change: the edges, and how marks look. */
export class TreeLayers {
  readonly layer = new CanvasLayer();
  readonly sprites = new MarkSprites();
}

type MarkContext = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;
type Nodes = ReadonlyMap<string, DrawnNode>;

const isDim = ({ matching }: DrawOptions, { name, mark }: DrawnNode): boolean =>
  matching !== undefined && mark !== "root" && !matching.has(name);

/** What a filter leaves out recedes, and is still there. */
const DIM = 0.22;

let read: { readonly theme: string; readonly palette: Palette } | undefined;

/** Read anew only when the theme has changed: asking the page for its styles is dear. */
export function readPalette(element: HTMLElement, theme: string): Palette {
  const shown = `${theme} ${document.documentElement.dataset["theme"] ?? ""}`;
  if (read?.theme !== shown) read = { theme: shown, palette: paletteOf(element) };
  return read.palette;
}

function paletteOf(element: HTMLElement): Palette {
  const style = getComputedStyle(element);
  const token = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return {
    fill: Object.fromEntries(HOST_MARKS.map((mark) => [mark, token(`st-${mark}`)])) as Record<
      HostMark,
      string
    >,
    edges: Array.from({ length: RTT_STEPS }, (_, step) => token(`r${String(step)}`)),
    path: token("select"),
    root: token("accent-text"),
    panel: token("panel"),
    text: token("text-2"),
    font: token("mono"),
  };
}

export function drawTree(
  context: CanvasRenderingContext2D,
  { nodes, edges }: { readonly nodes: Nodes; readonly edges: number },
  { layer, sprites }: TreeLayers,
  options: DrawOptions,
): void {
  const { width, height, palette, path, matching } = options;
  context.clearRect(0, 0, width, height);
  layer.copyTo(context, options, [edges, palette, path, matching], (own) => drawEdges(own, nodes, options));
  drawMarks(context, nodes, sprites, options);
  if (options.withLabels) drawLabels(context, nodes, options);
  const root = [...nodes.values()].find((node) => node.mark === "root");
  if (root !== undefined) drawRoot(context, root, palette);
}

function drawEdges(context: CanvasRenderingContext2D, nodes: Nodes, options: DrawOptions): void {
  const { palette, path } = options;
  const all = [...nodes.values()].filter(({ parent }) => parent !== undefined);
  const [orphaned, others] = [all.filter(isOrphaned), all.filter((node) => !isOrphaned(node))];
  const byLooks = group(
    others.filter(({ name }) => options.withEdges && !path.has(name)),
    (node) => node.step ?? 0,
    (node) => isDim(options, node),
  );
  for (const [step, color] of palette.edges.entries()) {
    for (const dim of [false, true]) {
      context.strokeStyle = color;
      // Long ones are wider: colour is not all that tells them.
      context.lineWidth = (nodes.size > SHAPES_MAX ? 0.5 : 1) * (1 + 0.5 * step);
      context.globalAlpha = dim ? DIM : 1;
      strokeEdges(context, byLooks.get(step)?.get(dim) ?? [], nodes, options);
    }
  }
  context.globalAlpha = 1;
  context.strokeStyle = palette.path;
  context.lineWidth = 2;
  strokeEdges(
    context,
    others.filter(({ name }) => path.has(name)),
    nodes,
    options,
  );
  context.strokeStyle = palette.fill.orphaned;
  context.lineWidth = 1.5;
  context.setLineDash([4, 3]);
  strokeEdges(context, orphaned, nodes, options);
  context.setLineDash([]);
}

const isOrphaned = ({ mark }: DrawnNode): boolean => mark === "orphaned";

/** Each from the node's parent to it. */
function strokeEdges(
  context: CanvasRenderingContext2D,
  members: readonly DrawnNode[],
  nodes: Nodes,
  options: DrawOptions,
): void {
  if (members.length === 0) return;
  context.beginPath();
  for (const node of members) {
    const parent = node.parent === undefined ? undefined : nodes.get(node.parent);
    if (parent !== undefined) edge(context, parent, node, options);
  }
  context.stroke();
}

function edge(context: CanvasRenderingContext2D, from: DrawnNode, to: DrawnNode, options: DrawOptions): void {
  context.moveTo(from.x, from.y);
  if (options.isRadial) {
    const { centre } = options;
    const out = Math.hypot(to.x - centre.x, to.y - centre.y);
    const bend = out === 0 ? 0 : (out + Math.hypot(from.x - centre.x, from.y - centre.y)) / 2 / out;
    const [x, y] = [centre.x + (to.x - centre.x) * bend, centre.y + (to.y - centre.y) * bend];
    context.quadraticCurveTo(x, y, to.x, to.y);
    return;
  }
  const middle = (from.y + to.y) / 2;
  context.bezierCurveTo(from.x, middle, to.x, middle, to.x, to.y);
}

/** The least is on top. */
function rankOf(node: DrawnNode, options: DrawOptions): number {
  const severity = node.mark === "root" ? 0 : severityOf(node.mark);
  return isDim(options, node) ? severity + HOST_MARKS.length : severity;
}

/** More of them are small, and copied. */
const SHAPES_MAX = 300;

function drawMarks(
  context: CanvasRenderingContext2D,
  nodes: Nodes,
  sprites: MarkSprites,
  options: DrawOptions,
): void {
  const { palette } = options;
  const areMany = nodes.size > SHAPES_MAX;
  const shown = areMany ? topmost(nodes.values(), (node) => rankOf(node, options)) : nodes.values();
  const byLooks = group(
    shown,
    (node) => isDim(options, node),
    ({ mark }) => mark,
  );
  for (const dim of [true, false]) {
    context.globalAlpha = dim ? DIM : 1;
    // Where they overlap, the worst is on top.
    for (const mark of HOST_MARKS.toReversed()) {
      const members = byLooks.get(dim)?.get(mark) ?? [];
      if (areMany)
        sprites.draw(context, mark, members, [palette], (own, radius) =>
          paint(own, mark, [{ x: 0, y: 0, radius }], palette),
        );
      else paint(context, mark, members, palette);
    }
  }
  context.globalAlpha = 1;
  context.strokeStyle = palette.path;
  context.lineWidth = 2;
  context.beginPath();
  for (const node of nodes.values()) {
    if (!node.isChosen) continue;
    context.moveTo(node.x + node.radius + 3.5, node.y);
    context.arc(node.x, node.y, node.radius + 3.5, 0, Math.PI * 2);
  }
  context.stroke();
}

/** Circles on their way, diamonds in doubt, squares given up; full, half or hollow by phase. */
function paint(
  context: MarkContext,
  mark: HostMark,
  nodes: readonly Pick<DrawnNode, "x" | "y" | "radius">[],
  palette: Palette,
): void {
  if (nodes.length === 0) return;
  context.fillStyle = palette.fill[mark];
  context.strokeStyle = palette.fill[mark];
  const isHollow = ["unused", "connecting", "attached", "preparing", "lost"].includes(mark);
  context.beginPath();
  for (const { x, y, radius } of nodes)
    shape(context, mark, x, y, mark === "finished" ? radius * 0.8 : radius);
  if (!isHollow) {
    context.fill();
    return;
  }
  // What lies behind a hollow mark is the edge that leads to it.
  context.fillStyle = palette.panel;
  context.fill();
  context.lineWidth = mark === "unused" ? 1.2 : 1.8;
  context.setLineDash(mark === "connecting" || mark === "lost" ? [2.5, 1.8] : []);
  context.stroke();
  context.setLineDash([]);
  if (mark !== "attached" && mark !== "preparing") return;
  context.fillStyle = palette.fill[mark];
  context.beginPath();
  for (const { x, y, radius } of nodes) {
    context.moveTo(x, y);
    if (mark === "attached") context.arc(x, y, radius * 0.4, 0, Math.PI * 2);
    else context.arc(x, y, radius * 0.75, -Math.PI / 2, Math.PI / 2);
  }
  context.fill();
}

function shape(context: MarkContext, mark: HostMark, x: number, y: number, radius: number): void {
  if (mark === "failed" || mark === "lost") {
    context.rect(x - radius, y - radius, radius * 2, radius * 2);
  } else if (mark === "orphaned") {
    const reach = radius * 1.3;
    context.moveTo(x, y - reach);
    context.lineTo(x + reach, y);
    context.lineTo(x, y + reach);
    context.lineTo(x - reach, y);
    context.closePath();
  } else {
    context.moveTo(x + radius, y);
    context.arc(x, y, radius, 0, Math.PI * 2);
  }
}

function drawLabels(context: CanvasRenderingContext2D, nodes: Nodes, options: DrawOptions): void {
  const { palette } = options;
  context.font = `11px ${palette.font}`;
  context.textAlign = "center";
  context.textBaseline = "top";
  context.fillStyle = palette.text;
  const shown = [...nodes.values()].filter((node) => !isDim(options, node));
  const marks = shown.map(({ x, y, radius }) => ({ x, y, radius: radius + 1 }));
  const named = shown.filter(({ mark }) => mark !== "root");
  const labels = named.map(({ name, x, y, radius }) => ({
    text: name,
    x,
    y,
    radius,
    width: context.measureText(name).width,
  }));
  for (const { text, x, y } of placeLabels(labels, marks)) context.fillText(text, x, y);
}

function drawRoot(context: CanvasRenderingContext2D, { x, y }: DrawnNode, palette: Palette): void {
  context.beginPath();
  context.arc(x, y, 9, 0, Math.PI * 2);
  context.fillStyle = palette.panel;
  context.fill();
  context.lineWidth = 2.5;
  context.strokeStyle = palette.root;
  context.stroke();
  context.beginPath();
  context.arc(x, y, 3.5, 0, Math.PI * 2);
  context.fillStyle = palette.root;
  context.fill();
}
