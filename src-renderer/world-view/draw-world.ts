// Draws the map and what stands on it: land, the overlay's edges as great circles, and a donut for each place.
import { geoPath, type GeoProjection } from "d3";
import type { Feature, Geometry, MultiLineString } from "geojson";
import { countMarks, HOST_MARKS, type HostMark } from "#shared/host-query/host-mark.ts";
import { arcsOf, type Cluster } from "./world-layout.ts";

export interface MapPalette {
  readonly sea: string;
  readonly land: string;
  readonly line: string;
  readonly panel: string;
  readonly text: string;
  readonly edge: string;
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
    edge: token("r1"),
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
  /** Pairs of places, [longitude, latitude]. */
  readonly edges: readonly (readonly [readonly [number, number], readonly [number, number]])[];
  readonly clusters: readonly Cluster[];
  readonly isDim: (name: string) => boolean;
  readonly isChosen: (name: string) => boolean;
  readonly width: number;
  readonly height: number;
}

const DIM = 0.25;

export function drawWorld(context: CanvasRenderingContext2D, scene: WorldScene, palette: MapPalette): void {
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
  drawEdges(context, scene, palette);
  for (const cluster of scene.clusters) drawCluster(context, cluster, scene, palette);
}

function drawEdges(context: CanvasRenderingContext2D, scene: WorldScene, palette: MapPalette): void {
  if (scene.edges.length === 0) return;
  const path = geoPath(scene.projection, context);
  context.beginPath();
  path({ type: "MultiLineString", coordinates: scene.edges.map(([from, to]) => [[...from], [...to]]) });
  context.lineWidth = 1;
  context.globalAlpha = 0.55;
  context.strokeStyle = palette.edge;
  context.stroke();
  context.globalAlpha = 1;
}

function drawCluster(
  context: CanvasRenderingContext2D,
  cluster: Cluster,
  scene: WorldScene,
  palette: MapPalette,
): void {
  const { x, y, radius, rows } = cluster;
  const isDim = rows.every((row) => scene.isDim(row.name));
  context.globalAlpha = isDim ? DIM : 1;
  const counts = countMarks(rows.map((row) => row.mark));
  context.beginPath();
  context.arc(x, y, radius, 0, Math.PI * 2);
  context.fillStyle = palette.panel;
  context.fill();
  for (const { mark, start, end } of arcsOf(counts, HOST_MARKS)) {
    const [thickness, out] = ringOf(mark);
    context.beginPath();
    context.arc(x, y, radius + out - thickness / 2, start, end);
    context.lineWidth = thickness;
    context.strokeStyle = palette.fill[mark];
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
  context.font = `11px ${palette.font}`;
  context.textBaseline = "top";
  context.fillText(nameOf(cluster), x, y + radius + 5);
  context.globalAlpha = 1;
}

/** Trouble sticks out, what runs is full, what is done is half as wide, what is not in play is a hair. */
function ringOf(mark: HostMark): readonly [number, number] {
  if (mark === "failed" || mark === "lost" || mark === "orphaned") return [7, 2];
  if (mark === "finished") return [3, 0];
  if (mark === "unused") return [1.5, 0];
  return [5, 0];
}

function nameOf({ sites }: Cluster): string {
  const [first] = sites;
  if (first === undefined) return "";
  return sites.length === 1 ? first.name : `${first.name} and ${String(sites.length - 1)} more`;
}
