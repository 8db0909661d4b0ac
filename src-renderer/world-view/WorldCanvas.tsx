// The map under the hand: the wheel zooms, the left button draws a box to zoom to, the right one moves; sites can be pointed at.
import { geoNaturalEarth1, zoomIdentity, type GeoProjection, type ZoomTransform } from "d3";
import { IconHome, IconMinus, IconPlus } from "@tabler/icons-react";
import { useCallback, useEffect, useMemo, useRef, useState, type JSX, type MouseEvent } from "react";
import { useStore } from "zustand";
import { hostMenu } from "../marks/host-menu.ts";
import { StateGlyph } from "../marks/StateGlyph.tsx";
import { HostSparkline } from "../marks/HostSparkline.tsx";
import { useWatchedHosts } from "../marks/use-watched-hosts.ts";
import { usePainting, useZoomedCanvas, type CanvasSize, type ZoomSettings } from "../marks/use-canvas.ts";
import { plural } from "../marks/words.ts";
import type { HostRow } from "#shared/host-query/host-row.ts";
import { metricOf, METRIC_TITLES, metricText, type MetricName } from "#shared/host-query/metrics-text.ts";
import { openHostMenu } from "../state/host-menu-store.ts";
import { requestTerminal } from "../state/requests.ts";
import { addHosts, selectHosts, selectionStore, setCurrentHost } from "../state/selection-store.ts";
import { settingsStore } from "../state/settings-store.ts";
import { tell } from "../state/window-store.ts";
import { drawWorld, MapLayers, readMapPalette } from "./draw-world.ts";
import { EdgeIndex } from "./map-edges-layout.ts";
import { clustersOf, type Cluster, type Site } from "./world-layout.ts";
import { readWorldMap, type WorldMap } from "./world-map.ts";

interface WorldCanvasProps {
  readonly sites: readonly Site[];
  readonly rows: ReadonlyMap<string, HostRow>;
  readonly matching: ReadonlySet<string> | undefined;
  readonly withEdges: boolean;
  /** Undefined: by state. */
  readonly metric: MetricName | undefined;
}

interface Box {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
}

const ZOOM_MAX = 60;
/** A click that trembles draws no box. */
const BOX_PX_MIN = 6;
const HOSTS_IN_POPUP_MAX = 40;

/** As in 2007: the left button draws a box, the right one (or Shift) moves. */
const ZOOM: ZoomSettings = {
  scaleMin: 1,
  scaleMax: ZOOM_MAX,
  takes: (event) => event.type === "wheel" || event.button === 2 || event.shiftKey,
};

export function WorldCanvas({ sites, rows, matching, withEdges, metric }: WorldCanvasProps): JSX.Element {
  const { canvas, size, transform, zoomTo, scaleBy } = useZoomedCanvas(ZOOM);
  const map = useWorldMap();
  const pressed = useRef<readonly [number, number]>(undefined);
  const [box, setBox] = useState<Box | undefined>(undefined);
  const [opened, setOpened] = useState<string | undefined>(undefined);
  const { hosts, current } = useStore(selectionStore);
  const theme = useStore(settingsStore, (state) => state.theme);
  const projection = useMemo(() => projectionOf(size, transform), [size, transform]);
  const clusters = useMemo(
    () => clustersOf(sites, ({ longitude, latitude }) => projection([longitude, latitude]) ?? undefined),
    [sites, projection],
  );
  const [index] = useState(() => new EdgeIndex());
  const edges = useMemo(() => (withEdges ? index.of(rows) : []), [index, rows, withEdges]);
  const layers = useRef<MapLayers>(undefined);
  const paint = useCallback(
    (context: CanvasRenderingContext2D, element: HTMLCanvasElement): boolean => {
      if (map === undefined) return false;
      const isDim = (name: string): boolean => matching !== undefined && !matching.has(name);
      const isChosen = (name: string): boolean => hosts.has(name) || name === current;
      const scene = { ...map, ...size, projection, clusters, edges, isDim, isChosen, metric };
      layers.current ??= new MapLayers();
      drawWorld(context, scene, readMapPalette(element, theme), layers.current);
      return false;
    },
    [map, size, projection, clusters, edges, matching, hosts, current, theme, metric],
  );
  usePainting(canvas, size, paint);
  const clusterAt = ([x, y]: readonly [number, number]): Cluster | undefined =>
    clusters.find((cluster) => Math.hypot(cluster.x - x, cluster.y - y) < cluster.radius + 5);
  const finish = (event: MouseEvent): void => {
    if (box === undefined) return;
    setBox(undefined);
    if (Math.max(Math.abs(box.x1 - box.x0), Math.abs(box.y1 - box.y0)) >= BOX_PX_MIN) {
      zoomTo(boxTransform(box, size, transform), 300);
      return;
    }
    const cluster = clusterAt([box.x1, box.y1]);
    const names = cluster?.rows.map((row) => row.name) ?? [];
    if (cluster === undefined) setOpened(undefined);
    else if (event.ctrlKey || event.metaKey) addHosts(names);
    else selectHosts(names, names[0]);
  };
  const popup = clusters.find((cluster) => cluster.key === opened);
  return (
    <>
      <canvas
        ref={canvas}
        className="world-canvas"
        style={{ width: size.width, height: size.height }}
        role="img"
        aria-label={`Map with ${plural(sites.length, "site")}. The Host View shows the same hosts for the keyboard.`}
        onContextMenu={(event) => event.preventDefault()}
        onPointerDown={(event) => {
          pressed.current = event.button === 2 ? placeOf(event) : undefined;
        }}
        onPointerUp={(event) => {
          const [from, to] = [pressed.current, placeOf(event)];
          // The right button also moves the map: only where it stayed it asks for the menu.
          if (event.button !== 2 || from === undefined) return;
          if (Math.hypot(to[0] - from[0], to[1] - from[1]) >= BOX_PX_MIN) return;
          openHostMenu(clusterAt(to)?.rows.map((row) => row.name) ?? [], event.clientX, event.clientY);
        }}
        onMouseDown={(event) => {
          if (event.button !== 0 || event.shiftKey) return;
          const [x, y] = placeOf(event);
          setBox({ x0: x, y0: y, x1: x, y1: y });
        }}
        onMouseMove={(event) => {
          if (box === undefined) return;
          const [x, y] = placeOf(event);
          setBox({ ...box, x1: x, y1: y });
        }}
        onMouseUp={finish}
        onMouseLeave={() => setBox(undefined)}
        onDoubleClick={(event) => setOpened(clusterAt(placeOf(event))?.key)}
      />
      {box === undefined ? null : <ZoomBox box={box} />}
      <MapTools onScale={(factor) => scaleBy(factor, 160)} onHome={() => zoomTo(zoomIdentity, 300)} />
      {popup === undefined ? null : (
        <SitePopup
          cluster={popup}
          size={size}
          metric={metric ?? "load"}
          onClose={() => setOpened(undefined)}
        />
      )}
    </>
  );
}

function useWorldMap(): WorldMap | undefined {
  const [map, setMap] = useState<WorldMap | undefined>(undefined);
  useEffect(() => {
    readWorldMap().then(setMap, (error: unknown) => tell("error", "The map cannot be read", String(error)));
  }, []);
  return map;
}

function projectionOf({ width, height }: CanvasSize, transform: ZoomTransform): GeoProjection {
  const base = geoNaturalEarth1().fitSize([Math.max(1, width), Math.max(1, height)], { type: "Sphere" });
  const [x, y] = base.translate();
  return base
    .scale(base.scale() * transform.k)
    .translate([x * transform.k + transform.x, y * transform.k + transform.y]);
}

function placeOf(event: MouseEvent): readonly [number, number] {
  const bounds = event.currentTarget.getBoundingClientRect();
  return [event.clientX - bounds.left, event.clientY - bounds.top];
}

/** The zoom at which the box fills the map. */
function boxTransform({ x0, y0, x1, y1 }: Box, size: CanvasSize, transform: ZoomTransform): ZoomTransform {
  const [width, height] = [Math.max(1, Math.abs(x1 - x0)), Math.max(1, Math.abs(y1 - y0))];
  const k = Math.min(ZOOM_MAX, transform.k * Math.min(size.width / width, size.height / height));
  const [x, y] = transform.invert([(x0 + x1) / 2, (y0 + y1) / 2]);
  return zoomIdentity.translate(size.width / 2 - x * k, size.height / 2 - y * k).scale(k);
}

function ZoomBox({ box: { x0, y0, x1, y1 } }: { readonly box: Box }): JSX.Element {
  const place = {
    left: Math.min(x0, x1),
    top: Math.min(y0, y1),
    width: Math.abs(x1 - x0),
    height: Math.abs(y1 - y0),
  };
  return <div className="zoom-box" style={place} />;
}

interface MapToolsProps {
  readonly onScale: (factor: number) => void;
  readonly onHome: () => void;
}

function MapTools({ onScale, onHome }: MapToolsProps): JSX.Element {
  return (
    <div className="map-tools">
      <button type="button" className="icon-button" aria-label="Zoom in" onClick={() => onScale(1.6)}>
        <IconPlus size={15} />
      </button>
      <button type="button" className="icon-button" aria-label="Zoom out" onClick={() => onScale(1 / 1.6)}>
        <IconMinus size={15} />
      </button>
      <button type="button" className="icon-button" aria-label="The whole world" onClick={onHome}>
        <IconHome size={15} />
      </button>
    </div>
  );
}

interface SitePopupProps {
  readonly cluster: Cluster;
  readonly size: { readonly width: number; readonly height: number };
  /** Whose line is drawn. */
  readonly metric: MetricName;
  readonly onClose: () => void;
}

function SitePopup({ cluster, size, metric, onClose }: SitePopupProps): JSX.Element {
  const shown = cluster.rows.slice(0, HOSTS_IN_POPUP_MAX);
  const place = useRef<HTMLDivElement>(null);
  useWatchedHosts(
    shown.map(({ name }) => name),
    place,
  );
  const isRight = cluster.x > size.width / 2;
  return (
    <div
      ref={place}
      className="site-popup"
      role="dialog"
      aria-label="Hosts of the site"
      style={{
        top: Math.max(8, Math.min(cluster.y - 40, size.height - 230)),
        ...(isRight
          ? { right: size.width - cluster.x + cluster.radius + 12 }
          : { left: cluster.x + cluster.radius + 12 }),
      }}
      onKeyDown={(event) => {
        if (event.key === "Escape") onClose();
      }}
    >
      <h3>
        {cluster.sites.map((site) => site.name).join(", ")}{" "}
        <span className="badge">{plural(cluster.rows.length, "host")}</span>
      </h3>
      <ul>
        {shown.map((row) => (
          <li key={row.name} {...hostMenu(() => [row.name])} onDoubleClick={() => requestTerminal(row.name)}>
            <StateGlyph mark={row.mark} />
            <button type="button" className="link mono" onClick={() => setCurrentHost(row.name)}>
              {row.name}
            </button>
            <span style={{ color: `var(--ink-${row.mark})` }}>{row.mark}</span>
            <span className="grow" />
            <HostSparkline name={row.name} metric={metric} />
            <span className="numbers" title={METRIC_TITLES[metric]}>
              {metricText(metric, metricOf(row.host.metrics, metric))}
            </span>
            <button type="button" className="link" onClick={() => requestTerminal(row.name)}>
              SSH
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
