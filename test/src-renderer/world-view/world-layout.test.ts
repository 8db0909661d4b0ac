// Where hosts stand on the map, and the edges between places: made anew only when somebody has moved.
import { expect, test } from "vitest";
import type { HostRow } from "../../../src-shared/host-query/host-row.ts";
import { EdgeIndex } from "../../../src-renderer/world-view/map-edges-layout.ts";
import { SiteIndex } from "../../../src-renderer/world-view/world-layout.ts";

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
