// The map under the hand: the wheel zooms, the left button draws a box to zoom to, the right one moves; sites can be pointed at.
import { geoNaturalEarth1, select, zoom, zoomIdentity, type ZoomBehavior, type ZoomTransform } from "d3";
import { IconHome, IconMinus, IconPlus } from "@tabler/icons-react";
import { useEffect, useMemo, useRef, useState, type JSX, type MouseEvent } from "react";
import { useStore } from "zustand";
import { StateGlyph } from "../marks/StateGlyph.tsx";
import { plural } from "../marks/words.ts";
import type { HostRow } from "../state/hosts-store.ts";
import { requestTerminal } from "../state/requests.ts";
import { addHosts, selectHosts, selectionStore, setCurrentHost } from "../state/selection-store.ts";
import { settingsStore } from "../state/settings-store.ts";
import { tell } from "../state/window-store.ts";
import { drawWorld, readMapPalette } from "./draw-world.ts";
import { clustersOf, type Cluster, type Site } from "./world-layout.ts";
import { readWorldMap, type WorldMap } from "./world-map.ts";

interface WorldCanvasProps {
  readonly sites: readonly Site[];
  readonly rows: ReadonlyMap<string, HostRow>;
  readonly matching: ReadonlySet<string> | undefined;
  readonly withEdges: boolean;
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

export function WorldCanvas({ sites, rows, matching, withEdges }: WorldCanvasProps): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const zoomer = useRef<ZoomBehavior<HTMLCanvasElement, unknown>>(undefined);
  const [size, setSize] = useState({ width: 0, height: 0 });
  const [transform, setTransform] = useState<ZoomTransform>(zoomIdentity);
  const [map, setMap] = useState<WorldMap | undefined>(undefined);
  const [box, setBox] = useState<Box | undefined>(undefined);
  const [opened, setOpened] = useState<string | undefined>(undefined);
  const { hosts, current } = useStore(selectionStore);
  const theme = useStore(settingsStore, (state) => state.theme);

  useEffect(() => {
    readWorldMap().then(setMap, (error: unknown) => tell("error", "The map cannot be read", String(error)));
  }, []);

  useEffect(() => {
    const element = canvas.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(([entry]) => {
      if (entry !== undefined) setSize({ width: entry.contentRect.width, height: entry.contentRect.height });
    });
    observer.observe(element.parentElement ?? element);
    const behaviour = zoom<HTMLCanvasElement, unknown>()
      .scaleExtent([1, ZOOM_MAX])
      // As in 2007: the left button draws a box, the right one (or Shift) moves.
      .filter((event: globalThis.MouseEvent) => event.type === "wheel" || event.button === 2 || event.shiftKey)
      .on("zoom", (event: { transform: ZoomTransform }) => setTransform(event.transform));
    select(element).call(behaviour).on("dblclick.zoom", null);
    zoomer.current = behaviour;
    return () => {
      observer.disconnect();
      select(element).on(".zoom", null);
    };
  }, []);

  const projection = useMemo(() => {
    const { width, height } = size;
    const base = geoNaturalEarth1().fitSize([Math.max(1, width), Math.max(1, height)], { type: "Sphere" });
    const [x = 0, y = 0] = base.translate();
    return base
      .scale(base.scale() * transform.k)
      .translate([x * transform.k + transform.x, y * transform.k + transform.y]);
  }, [size, transform]);

  const clusters = useMemo(
    () =>
      clustersOf(sites, ({ longitude, latitude }) => {
        const at = projection([longitude, latitude]);
        return at === null ? undefined : at;
      }),
    [sites, projection],
  );

  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext("2d");
    if (element == null || context == null || map === undefined || size.width === 0) return undefined;
    const frame = requestAnimationFrame(() => {
      const ratio = window.devicePixelRatio;
      element.width = Math.round(size.width * ratio);
      element.height = Math.round(size.height * ratio);
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      const scene = {
        ...map,
        ...size,
        projection,
        clusters,
        edges: withEdges ? edgesOf(rows) : [],
        isDim: (name: string) => matching !== undefined && !matching.has(name),
        isChosen: (name: string) => hosts.has(name) || name === current,
      };
      drawWorld(context, scene, readMapPalette(element));
    });
    return () => cancelAnimationFrame(frame);
  }, [map, size, projection, clusters, rows, withEdges, matching, hosts, current, theme]);

  const zoomTo = (next: ZoomTransform): void => {
    if (canvas.current !== null && zoomer.current !== undefined)
      select(canvas.current).transition().duration(300).call(zoomer.current.transform, next);
  };
  const scaleBy = (factor: number): void => {
    if (canvas.current !== null && zoomer.current !== undefined)
      select(canvas.current).transition().duration(160).call(zoomer.current.scaleBy, factor);
  };
  const clusterAt = (x: number, y: number): Cluster | undefined =>
    clusters.find((cluster) => Math.hypot(cluster.x - x, cluster.y - y) < cluster.radius + 5);
  const placeOf = (event: MouseEvent): readonly [number, number] => {
    const bounds = canvas.current?.getBoundingClientRect();
    return [event.clientX - (bounds?.left ?? 0), event.clientY - (bounds?.top ?? 0)];
  };
  const finish = (event: MouseEvent): void => {
    if (box === undefined) return;
    setBox(undefined);
    const { x0, y0, x1, y1 } = box;
    const [width, height] = [Math.abs(x1 - x0), Math.abs(y1 - y0)];
    if (width < BOX_PX_MIN && height < BOX_PX_MIN) {
      const cluster = clusterAt(x1, y1);
      if (cluster === undefined) setOpened(undefined);
      else choose(cluster, event.ctrlKey || event.metaKey);
      return;
    }
    const k = Math.min(ZOOM_MAX, transform.k * Math.min(size.width / width, size.height / height));
    const [cx, cy] = transform.invert([(x0 + x1) / 2, (y0 + y1) / 2]);
    zoomTo(zoomIdentity.translate(size.width / 2 - cx * k, size.height / 2 - cy * k).scale(k));
  };
  const choose = (cluster: Cluster, adds: boolean): void => {
    const names = cluster.rows.map((row) => row.name);
    if (adds) addHosts(names);
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
        onDoubleClick={(event) => setOpened(clusterAt(...placeOf(event))?.key)}
      />
      {box === undefined ? null : (
        <div
          className="zoom-box"
          style={{
            left: Math.min(box.x0, box.x1),
            top: Math.min(box.y0, box.y1),
            width: Math.abs(box.x1 - box.x0),
            height: Math.abs(box.y1 - box.y0),
          }}
        />
      )}
      <div className="map-tools">
        <button type="button" className="icon-button" aria-label="Zoom in" onClick={() => scaleBy(1.6)}>
          <IconPlus size={15} />
        </button>
        <button type="button" className="icon-button" aria-label="Zoom out" onClick={() => scaleBy(1 / 1.6)}>
          <IconMinus size={15} />
        </button>
        <button type="button" className="icon-button" aria-label="The whole world" onClick={() => zoomTo(zoomIdentity)}>
          <IconHome size={15} />
        </button>
      </div>
      {popup === undefined ? null : <SitePopup cluster={popup} size={size} onClose={() => setOpened(undefined)} />}
    </>
  );
}

interface SitePopupProps {
  readonly cluster: Cluster;
  readonly size: { readonly width: number; readonly height: number };
  readonly onClose: () => void;
}

function SitePopup({ cluster, size, onClose }: SitePopupProps): JSX.Element {
  const isRight = cluster.x > size.width / 2;
  return (
    <div
      className="site-popup"
      role="dialog"
      aria-label="Hosts of the site"
      style={{
        top: Math.max(8, Math.min(cluster.y - 40, size.height - 230)),
        ...(isRight ? { right: size.width - cluster.x + cluster.radius + 12 } : { left: cluster.x + cluster.radius + 12 }),
      }}
      onKeyDown={(event) => {
        if (event.key === "Escape") onClose();
      }}
    >
      <h3>
        {cluster.sites.map((site) => site.name).join(", ")} <span className="badge">{plural(cluster.rows.length, "host")}</span>
      </h3>
      <ul>
        {cluster.rows.slice(0, HOSTS_IN_POPUP_MAX).map((row) => (
          <li key={row.name}>
            <StateGlyph mark={row.mark} />
            <button type="button" className="link mono" onClick={() => setCurrentHost(row.name)}>
              {row.name}
            </button>
            <span style={{ color: `var(--ink-${row.mark})` }}>{row.mark}</span>
            <span className="grow" />
            <button type="button" className="link" onClick={() => requestTerminal(row.name)}>
              SSH
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** Only between different places: within a site there is nothing to see. */
function edgesOf(
  rows: ReadonlyMap<string, HostRow>,
): readonly (readonly [readonly [number, number], readonly [number, number]])[] {
  const edges = new Map<string, readonly [readonly [number, number], readonly [number, number]]>();
  for (const row of rows.values()) {
    const parent = row.member?.parent;
    const from = parent === undefined ? undefined : rows.get(parent)?.host.place;
    const to = row.host.place;
    if (from === undefined || to === undefined) continue;
    if (from.latitude === to.latitude && from.longitude === to.longitude) continue;
    const ends = [
      [from.longitude, from.latitude],
      [to.longitude, to.latitude],
    ] as const;
    edges.set(JSON.stringify(ends), ends);
  }
  return [...edges.values()];
}
