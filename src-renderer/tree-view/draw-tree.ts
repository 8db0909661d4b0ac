// Draws the overlay on a canvas: edges first, then marks by state, so that colours are set a dozen times and not a thousand.
import { group } from "d3";
import { RTT_STEPS } from "#shared/host-query/metric-scale.ts";
import { HOST_MARKS, type HostMark } from "#shared/host-query/host-mark.ts";

export interface DrawnNode {
  readonly name: string;
  /** Device-independent pixels, the view's transform applied. */
  readonly x: number;
  readonly y: number;
  readonly mark: HostMark | "root";
  readonly parent: string | undefined;
  readonly radius: number;
  readonly isChosen: boolean;
  /** Of the edge to its parent, by its round trip (hopStep); undefined while it is not known. */
  readonly step: number | undefined;
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
  readonly centre: { readonly x: number; readonly y: number };
  /** Names on the way from the hovered host to the root. */
  readonly path: ReadonlySet<string>;
  readonly withLabels: boolean;
  /** Dimmed when there is a filter and they do not match. */
  readonly isDim: (name: string) => boolean;
}

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
  nodes: ReadonlyMap<string, DrawnNode>,
  options: DrawOptions,
): void {
  const { width, height, palette } = options;
  context.clearRect(0, 0, width, height);
  drawEdges(context, nodes, options);
  drawMarks(context, nodes, options);
  if (options.withLabels) drawLabels(context, nodes, options);
  const root = [...nodes.values()].find((node) => node.mark === "root");
  if (root !== undefined) drawRoot(context, root, palette);
}

function drawEdges(
  context: CanvasRenderingContext2D,
  nodes: ReadonlyMap<string, DrawnNode>,
  options: DrawOptions,
): void {
  const { palette, path } = options;
  const byStep = palette.edges.flatMap((color, step) =>
    [false, true].map((isDim) => ({
      color,
      // Long ones are wider: colour is not all that tells them.
      width: 1 + 0.5 * step,
      wanted: (node: DrawnNode) =>
        (node.step ?? 0) === step && !path.has(node.name) && options.isDim(node.name) === isDim,
      alpha: isDim ? DIM : 1,
    })),
  );
  const onPath = { color: palette.path, width: 2, wanted: ({ name }: DrawnNode) => path.has(name), alpha: 1 };
  const groups = [...byStep, onPath];
  for (const { color, width, wanted, alpha } of groups) {
    context.strokeStyle = color;
    context.lineWidth = width;
    context.globalAlpha = alpha;
    context.setLineDash([]);
    context.beginPath();
    for (const node of nodes.values()) {
      const parent = node.parent === undefined ? undefined : nodes.get(node.parent);
      if (parent !== undefined && node.mark !== "orphaned" && wanted(node))
        edge(context, parent, node, options);
    }
    context.stroke();
  }
  context.globalAlpha = 1;
  context.strokeStyle = palette.fill.orphaned;
  context.lineWidth = 1.5;
  context.setLineDash([4, 3]);
  context.beginPath();
  for (const node of nodes.values()) {
    const parent = node.parent === undefined ? undefined : nodes.get(node.parent);
    if (parent !== undefined && node.mark === "orphaned") edge(context, parent, node, options);
  }
  context.stroke();
  context.setLineDash([]);
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

function drawMarks(
  context: CanvasRenderingContext2D,
  nodes: ReadonlyMap<string, DrawnNode>,
  options: DrawOptions,
): void {
  const { palette, isDim } = options;
  const byMark = group(nodes.values(), ({ mark }) => mark);
  for (const mark of HOST_MARKS) {
    const members = byMark.get(mark) ?? [];
    for (const dim of [true, false]) {
      context.globalAlpha = dim ? DIM : 1;
      paint(
        context,
        mark,
        members.filter((node) => isDim(node.name) === dim),
        palette,
      );
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
  context: CanvasRenderingContext2D,
  mark: HostMark,
  nodes: readonly DrawnNode[],
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

function shape(
  context: CanvasRenderingContext2D,
  mark: HostMark,
  x: number,
  y: number,
  radius: number,
): void {
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

function drawLabels(
  context: CanvasRenderingContext2D,
  nodes: ReadonlyMap<string, DrawnNode>,
  options: DrawOptions,
): void {
  const { palette, isDim } = options;
  context.font = `11px ${palette.font}`;
  context.textAlign = "center";
  context.textBaseline = "top";
  context.fillStyle = palette.text;
  for (const { name, x, y, radius, mark } of nodes.values()) {
    if (mark === "root" || isDim(name)) continue;
    context.fillText(name, x, y + radius + 5);
  }
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
