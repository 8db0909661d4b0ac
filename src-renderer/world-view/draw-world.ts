// Draws the map and what stands on it: land, the overlay's edges as great circles, and a donut for each place.
import { geoPath, type GeoProjection } from "d3";
import type { Feature, Geometry, MultiLineString } from "geojson";
import { countMarks, HOST_MARKS, type HostMark } from "#shared/host-query/host-mark.ts";
import type { HostRow } from "#shared/host-query/host-row.ts";
import { METRIC_STEPS, metricStep, RTT_STEPS } from "#shared/host-query/metric-scale.ts";
import { metricOf, type MetricName } from "#shared/host-query/metrics-text.ts";
import { CanvasLayer } from "../marks/canvas-layer.ts";
import type { MapEdge } from "./map-edges-layout.ts";
import { arcsOf, placeNames, type Cluster } from "./world-layout.ts";

export interface MapPalette {
  readonly sea: string;
  readonly land: string;
  readonly line: string;
  readonly panel: string;
  readonly text: string;
  /** By the round trip of the hop, short to long. */
  readonly edges: readonly string[];
  /** Of a metric, little to much. */
  readonly steps: readonly string[];
  readonly unknown: string;
  readonly select: string;
  readonly fill: Readonly<Record<HostMark, string>>;
  readonly font: string;
}

let read: { readonly theme: string; readonly palette: MapPalette } | undefined;

/** Read anew only when the theme has changed. */
export function readMapPalette(element: HTMLElement, theme: string): MapPalette {
  const shown = `${theme} ${document.documentElement.dataset["theme"] ?? ""}`;
  if (read?.theme !== shown) read = { theme: shown, palette: paletteOf(element) };
  return read.palette;
}

function paletteOf(element: HTMLElement): MapPalette {
  const style = getComputedStyle(element);
  const token = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return {
    sea: token("sunken"),
    land: token("land"),
    line: token("land-line"),
    panel: token("panel"),
    text: token("text"),
    edges: Array.from({ length: RTT_STEPS }, (_, step) => token(`r${String(step)}`)),
    steps: Array.from({ length: METRIC_STEPS }, (_, step) => token(`m${String(step)}`)),
    unknown: token("st-unused"),
    select: token("select"),
    fill: Object.fromEntries(HOST_MARKS.map((mark) => [mark, token(`st-${mark}`)])) as Record<
      HostMark,
      string
    >,
    font: token("ui"),
  };
}

export interface WorldScene {
  readonly land: Feature<Geometry>;
  readonly borders: MultiLineString;
  readonly projection: GeoProjection;
  readonly edges: readonly MapEdge[];
  /** What marks are coloured by; undefined: the state. */
  readonly metric: MetricName | undefined;
  readonly clusters: readonly Cluster[];
  readonly isDim: (name: string) => boolean;
  readonly isChosen: (name: string) => boolean;
  readonly width: number;
  readonly height: number;
}

const DIM = 0.25;

/** What of the map stays while hosts change: the ground, and the overlay's edges on it. */
export class MapLayers {
  readonly ground = new CanvasLayer();
  readonly edges = new CanvasLayer();
}

export function drawWorld(
  context: CanvasRenderingContext2D,
  scene: WorldScene,
  palette: MapPalette,
  layers: MapLayers,
): void {
  const { land, projection, edges } = scene;
  context.globalAlpha = 1;
  layers.ground.copyTo(context, scene, [land, projection, palette], (own) => drawGround(own, scene, palette));
  layers.edges.copyTo(context, scene, [edges, projection, palette], (own) => drawEdges(own, scene, palette));
  for (const cluster of scene.clusters) drawCluster(context, cluster, scene, palette);
  drawNames(context, scene, palette);
}

function drawGround(context: CanvasRenderingContext2D, scene: WorldScene, palette: MapPalette): void {
  const { width, height, projection } = scene;
  context.globalAlpha = 1;
  context.fillStyle = palette.sea;
  context.fillRect(0, 0, width, height);
  const path = geoPath(projection, context);
  context.beginPath();
  path(scene.land);
  context.fillStyle = palette.land;
  context.fill();
  context.lineWidth = 0.6;
  context.strokeStyle = palette.line;
  context.stroke();
  context.beginPath();
  path(scene.borders);
  context.stroke();
}

function drawEdges(context: CanvasRenderingContext2D, scene: WorldScene, palette: MapPalette): void {
  if (scene.edges.length === 0) return;
  const path = geoPath(scene.projection, context);
  context.globalAlpha = 0.7;
  for (const step of [undefined, ...palette.edges.keys()]) {
    const edges = scene.edges.filter((edge) => edge.step === step);
    if (edges.length === 0) continue;
    context.beginPath();
    path({ type: "MultiLineString", coordinates: edges.map(({ from, to }) => [[...from], [...to]]) });
    // Long ones are wider: colour is not all that tells them.
    context.lineWidth = 1 + 0.4 * (step ?? 0);
    context.strokeStyle = palette.edges[step ?? 1] ?? palette.line;
    context.stroke();
  }
  context.globalAlpha = 1;
}

function drawCluster(
  context: CanvasRenderingContext2D,
  cluster: Cluster,
  scene: WorldScene,
  palette: MapPalette,
): void {
  const { x, y, radius, rows } = cluster;
  context.globalAlpha = isAllDim(cluster, scene) ? DIM : 1;
  context.beginPath();
  context.arc(x, y, radius, 0, Math.PI * 2);
  context.fillStyle = palette.panel;
  context.fill();
  for (const { colour, thickness, out, start, end } of ringsOf(rows, scene.metric, palette)) {
    context.beginPath();
    context.arc(x, y, radius + out - thickness / 2, start, end);
    context.lineWidth = thickness;
    context.strokeStyle = colour;
    context.stroke();
  }
  if (rows.some((row) => scene.isChosen(row.name))) {
    context.beginPath();
    context.arc(x, y, radius + 5, 0, Math.PI * 2);
    context.lineWidth = 2;
    context.strokeStyle = palette.select;
    context.stroke();
  }
  context.fillStyle = palette.text;
  context.textAlign = "center";
  context.textBaseline = "middle";
  if (rows.length > 1) {
    context.font = `600 11px ${palette.font}`;
    context.fillText(String(rows.length), x, y);
  }
  context.globalAlpha = 1;
}

function drawNames(context: CanvasRenderingContext2D, scene: WorldScene, palette: MapPalette): void {
  context.font = `11px ${palette.font}`;
  context.textAlign = "center";
  context.textBaseline = "top";
  context.lineJoin = "round";
  context.lineWidth = 3;
  context.strokeStyle = palette.sea;
  context.fillStyle = palette.text;
  for (const { cluster, text, x, y } of placeNames(
    scene.clusters,
    (name) => context.measureText(name).width,
  )) {
    context.globalAlpha = isAllDim(cluster, scene) ? DIM : 1;
    // Edges run below it.
    context.strokeText(text, x, y);
    context.fillText(text, x, y);
  }
  context.globalAlpha = 1;
}

const isAllDim = ({ rows }: Cluster, scene: WorldScene): boolean =>
  rows.every(({ name }) => scene.isDim(name));

interface Ring {
  readonly colour: string;
  readonly thickness: number;
  readonly out: number;
  readonly start: number;
  readonly end: number;
}

/** The donut of a place: shares by state, or by the steps of a metric. */
function ringsOf(
  rows: readonly HostRow[],
  metric: MetricName | undefined,
  palette: MapPalette,
): readonly Ring[] {
  if (metric === undefined) {
    const counts = countMarks(rows.map((row) => row.mark));
    return arcsOf(counts, HOST_MARKS).map(({ mark, start, end }) => {
      const [thickness, out] = ringOf(mark);
      return { colour: palette.fill[mark], thickness, out, start, end };
    });
  }
  const counts = new Map<number, number>();
  for (const { host } of rows) {
    const step = metricStep(metric, metricOf(host.metrics, metric)) ?? UNKNOWN;
    counts.set(step, (counts.get(step) ?? 0) + 1);
  }
  return arcsOf(counts, [UNKNOWN, ...palette.steps.keys()].toReversed()).map(({ mark, start, end }) => ({
    colour: palette.steps[mark] ?? palette.unknown,
    thickness: mark === UNKNOWN ? 1.5 : 4 + 0.5 * mark,
    out: 0,
    start,
    end,
  }));
}

/** The step of hosts that say nothing. */
const UNKNOWN = -1;

/** Trouble sticks out, what runs is full, what is done is half as wide, what is not in play is a hair. */
function ringOf(mark: HostMark): readonly [number, number] {
  if (mark === "failed" || mark === "lost" || mark === "orphaned") return [7, 2];
  if (mark === "finished") return [3, 0];
  if (mark === "unused") return [1.5, 0];
  return [5, 0];
}
