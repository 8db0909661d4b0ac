// Which hosts stand together on the map: by place, and joined where their marks would cover one another. Pure.
import { LabelRoom, type LabelPlace } from "../marks/label-boxes.ts";
import type { HostRow } from "#shared/host-query/host-row.ts";

/** Hosts of one place: of one site, or with the same coordinates. */
export interface Site {
  readonly key: string;
  readonly name: string;
  readonly latitude: number;
  readonly longitude: number;
  readonly rows: readonly HostRow[];
}

export interface Cluster {
  readonly key: string;
  readonly x: number;
  readonly y: number;
  readonly radius: number;
  readonly sites: readonly Site[];
  readonly rows: readonly HostRow[];
}

export interface PlacedHosts {
  readonly sites: readonly Site[];
  readonly placeless: readonly HostRow[];
}

const NOWHERE = -1;

/** Remembers where hosts stand: of thousands that change ten times a second none moves. */
export class SiteIndex {
  #rows: readonly HostRow[] = [];
  /** By the row: which of the sites, or NOWHERE. */
  #at: readonly number[] = [];
  #heads: readonly Omit<Site, "rows">[] = [];

  of(rows: readonly HostRow[]): PlacedHosts {
    const stand =
      rows.length === this.#rows.length && rows.every((row, at) => standsLike(row, this.#rows[at]));
    if (!stand) this.#place(rows);
    this.#rows = rows;
    const sites = this.#heads.map((head) => ({ ...head, rows: [] as HostRow[] }));
    const placeless: HostRow[] = [];
    for (const [at, row] of rows.entries()) (sites[this.#at[at] ?? NOWHERE]?.rows ?? placeless).push(row);
    return { sites, placeless };
  }

  #place(rows: readonly HostRow[]): void {
    const known = new Map<string, number>();
    const heads: Omit<Site, "rows">[] = [];
    this.#heads = heads;
    this.#at = rows.map((row) => {
      const { place, site } = row.host;
      if (place === undefined) return NOWHERE;
      const { latitude, longitude } = place;
      const key = `${site ?? ""}@${latitude.toFixed(3)},${longitude.toFixed(3)}`;
      const at = known.get(key) ?? heads.push({ key, name: site ?? row.name, latitude, longitude }) - 1;
      known.set(key, at);
      return at;
    });
  }
}

function standsLike(row: HostRow, before: HostRow | undefined): boolean {
  if (row === before) return true;
  const [is, was] = [row.host, before?.host];
  return was !== undefined && row.name === before?.name && is.site === was.site && is.place === was.place;
}

/** Larger with more hosts, and never so large that a few hide a country. */
export const radiusOf = (count: number): number =>
  count === 1 ? 6 : Math.min(42, 9 + 1.55 * Math.sqrt(count));

/** Nearer than this, marks are joined to one; and nearer than this share of both radii, which leaves numbers to be read. */
const JOIN_PX = 26;
const JOIN_SHARE = 0.8;

/** Greedy, the largest first: stable while nothing moves, and few enough for every frame. */
export function clustersOf(
  sites: readonly Site[],
  project: (site: Site) => readonly [number, number] | undefined,
): readonly Cluster[] {
  const placed = sites
    .flatMap((site) => {
      const at = project(site);
      return at === undefined ? [] : [{ site, x: at[0], y: at[1] }];
    })
    .sort(
      (left, right) =>
        right.site.rows.length - left.site.rows.length || left.site.key.localeCompare(right.site.key),
    );
  const clusters: { x: number; y: number; sites: Site[]; rows: HostRow[] }[] = [];
  for (const { site, x, y } of placed) {
    const radius = radiusOf(site.rows.length);
    const near = clusters.find(
      (one) =>
        Math.hypot(one.x - x, one.y - y) <
        Math.max(JOIN_PX, JOIN_SHARE * (radius + radiusOf(one.rows.length))),
    );
    if (near === undefined) clusters.push({ x, y, sites: [site], rows: [...site.rows] });
    else {
      near.sites.push(site);
      near.rows.push(...site.rows);
    }
  }
  return clusters.map((cluster) => ({
    ...cluster,
    key: cluster.sites[0]?.key ?? "",
    radius: radiusOf(cluster.rows.length),
  }));
}

export interface PlaceName extends LabelPlace {
  readonly cluster: Cluster;
  readonly text: string;
}

const NAME_HEIGHT_PX = 13;
const NAME_GAP_PX = 5;

/** Below its mark or above it, the largest first; a name that would lie on another one or on a mark is left out. */
export function placeNames(
  clusters: readonly Cluster[],
  widthOf: (text: string) => number,
): readonly PlaceName[] {
  const room = new LabelRoom(clusters, NAME_HEIGHT_PX);
  return clusters
    .toSorted((left, right) => right.rows.length - left.rows.length)
    .flatMap((cluster): PlaceName[] => {
      const { x, y, radius } = cluster;
      const text = nameOf(cluster);
      const width = widthOf(text);
      const tops = [y + radius + NAME_GAP_PX, y - radius - NAME_GAP_PX - NAME_HEIGHT_PX];
      const places = tops.map((top) => ({ x, y: top }));
      const place = room.find(places, width);
      if (place === undefined) return [];
      room.take(place, width);
      return [{ cluster, text, ...place }];
    });
}

function nameOf({ sites }: Cluster): string {
  const [first] = sites;
  if (first === undefined) return "";
  return sites.length === 1 ? first.name : `${first.name} and ${String(sites.length - 1)} more`;
}

export interface Arc<Mark> {
  readonly mark: Mark;
  readonly count: number;
  readonly start: number;
  readonly end: number;
}

/** Of a donut, clockwise from twelve o'clock, in the order of `marks`. */
export function arcsOf<Mark>(
  counts: ReadonlyMap<Mark, number>,
  marks: readonly Mark[],
): readonly Arc<Mark>[] {
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  let at = -Math.PI / 2;
  return marks.flatMap((mark): Arc<Mark>[] => {
    const count = counts.get(mark) ?? 0;
    if (count === 0 || total === 0) return [];
    const start = at;
    at += (count / total) * Math.PI * 2;
    return [{ mark, count, start, end: at }];
  });
}
