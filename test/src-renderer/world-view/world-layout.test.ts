// Where hosts stand on the map, and the edges between places: made anew only when somebody has moved.
import { expect, test } from "vitest";
import type { HostRow } from "../../../src-shared/host-query/host-row.ts";
import { EdgeIndex } from "../../../src-renderer/world-view/map-edges-layout.ts";
import { clustersOf, placeNames, SiteIndex } from "../../../src-renderer/world-view/world-layout.ts";

const at = (longitude: number) => ({ latitude: 10, longitude });
const row = (name: string, host: Partial<HostRow["host"]>, parent?: string): HostRow =>
  ({ name, mark: "attached", host: { host: name, site: undefined, ...host }, member: { parent } }) as HostRow;

test("hosts of one place stand together, as they are now; who moves stands elsewhere", () => {
  const index = new SiteIndex();
  const rows = [
    row("a", { place: at(1) }),
    row("b", { place: at(1) }),
    row("c", { site: "s", place: at(2) }),
  ];
  const shown = (some: readonly HostRow[]) => {
    const { sites, placeless } = index.of([...some, row("d", {})]);
    return [...sites.map((site) => [site.name, ...site.rows]), placeless.map(({ name }) => name)];
  };
  expect(shown(rows)).toEqual([["a", rows[0], rows[1]], ["s", rows[2]], ["d"]]);
  const changed = { ...rows[1]!, mark: "failed" as const };
  expect(shown([rows[0]!, changed, rows[2]!])).toEqual([["a", rows[0], changed], ["s", rows[2]], ["d"]]);
  const moved = row("b", { place: at(2), site: "s" });
  expect(shown([rows[0]!, moved, rows[2]!])).toEqual([["a", rows[0]], ["s", moved, rows[2]], ["d"]]);
  expect(shown([rows[2]!])).toEqual([["s", rows[2]], ["d"]]);
});

test("each edge between two places once, by its longest round trip; the same list while nothing of it changes", () => {
  const index = new EdgeIndex();
  const of = (...rows: HostRow[]) => index.of(new Map(rows.map((one) => [one.name, one])));
  const metrics = { rttMs: 500 } as HostRow["host"]["metrics"];
  const [a, b, near] = [
    row("a", { place: at(1) }),
    row("b", { place: at(2) }, "a"),
    row("n", { place: at(1) }, "a"),
  ];
  const first = of(a, b, near);
  expect(first).toEqual([{ from: [1, 10], to: [2, 10], step: undefined }]);
  expect(of(a, { ...b, mark: "failed" }, near, row("b2", { place: at(2) }, "a"))).toBe(first);
  expect(of(a, b, row("b2", { place: at(2), metrics }, "a"))).toEqual([
    { from: [1, 10], to: [2, 10], step: 3 },
  ]);
  expect(of(a, { ...b, member: { ...b.member!, parent: "controller" as never } })).toEqual([]);
});

test("marks that would hide each other's numbers are one; names lie on no mark and on no other name", () => {
  const many = (name: string, longitude: number, count: number) =>
    Array.from({ length: count }, (_, n) => row(`${name}${String(n)}`, { site: name, place: at(longitude) }));
  const rows = [
    ...many("large", 0, 400),
    ...many("near", 40, 400),
    ...many("far", 90, 1),
    ...many("right", 110, 1),
  ];
  const { sites } = new SiteIndex().of(rows);
  const clusters = clustersOf(sites, ({ longitude }) => [longitude, 0]);
  expect(clusters.map(({ x, rows: { length } }) => [x, length])).toEqual([
    [0, 800],
    [90, 2],
  ]);
  const wide = clustersOf(sites, ({ longitude }) => [longitude * 3, 0]);
  expect(wide.map(({ x }) => x)).toEqual([0, 120, 270, 330]);
  const names = placeNames(wide, (text) => text.length * 12);
  expect(names.map(({ text, y }) => [text, Math.sign(y)])).toEqual([
    ["large", 1],
    ["near", 1],
    ["far", 1],
    ["right", 1],
  ]);
  expect(placeNames(wide, () => 70).map(({ text, y }) => [text, Math.sign(y)])).toEqual([
    ["large", 1],
    ["near", 1],
    ["far", 1],
    ["right", -1],
  ]);
  expect(placeNames(wide, () => 300).map(({ text }) => text)).toEqual(["large", "near", "right"]);
});
