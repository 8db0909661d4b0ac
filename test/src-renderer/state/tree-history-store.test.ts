// Hosts that lose their parents for one cause are one reconfiguration, from the first that is orphaned to the last that is settled.
import { beforeEach, expect, test } from "vitest";
import type { HostRow } from "../../../src-shared/host-query/host-row.ts";
import {
  forgetTreeHistory,
  takeTreeChange,
  treeHistoryStore,
} from "../../../src-renderer/state/tree-history-store.ts";

let rows = new Map<string, HostRow>();

function told(timeMs: number, states: Readonly<Record<string, string>>): void {
  const changed = Object.entries(states).map(
    ([name, state]) => ({ name, mark: state, member: { state, parent: "controller" } }) as unknown as HostRow,
  );
  const before = rows;
  rows = new Map([...rows, ...changed.map((row) => [row.name, row] as const)]);
  takeTreeChange(before, [...rows.values()], { changed, gone: [] }, timeMs);
}

const shown = () =>
  treeHistoryStore
    .getState()
    .reconfigurations.map(({ startMs, endMs, orphaned, attached, lost }) => [
      startMs,
      endMs,
      ...[orphaned, attached, lost].map((set) => [...set].join()),
    ]);

beforeEach(() => {
  rows = new Map();
  forgetTreeHistory();
});

test("from the first orphan to the last that has a place again, or is given up", () => {
  told(0, { a: "attached", b: "attached", c: "attached" });
  told(1000, { a: "orphaned", b: "orphaned" });
  const before = treeHistoryStore.getState().reconfigurations;
  told(1500, { c: "orphaned", a: "attached" });
  expect(shown()).toEqual([[1000, undefined, "a,b,c", "a", ""]]);
  // What somebody has seen does not change under their eyes.
  expect([...before[0]!.orphaned]).toEqual(["a", "b"]);
  told(2000, { b: "attached", c: "lost" });
  expect(shown()).toEqual([[1000, 2000, "a,b,c", "a,b", "c"]]);
  told(9000, { a: "orphaned" });
  told(9100, { a: "attached" });
  expect(shown().at(-1)).toEqual([9000, 9100, "a", "a", ""]);
});

test("ten thousand at once are one, and soon", () => {
  const all = (state: string) =>
    Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`n${String(n)}`, state]));
  told(0, all("attached"));
  told(1000, all("orphaned"));
  told(2000, all("attached"));
  const [one, ...more] = treeHistoryStore.getState().reconfigurations;
  expect([one?.endMs, one?.attached.size, more.length]).toEqual([2000, 10_000, 0]);
});
