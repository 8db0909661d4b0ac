// How the overlay was: any moment since the beginning, in bounded memory.
import { expect, test } from "vitest";
import type { HostRow } from "#shared/host-query/host-row.ts";
import { TreePast } from "../../../src-renderer/state/tree-past.ts";

const row = (name: string, parent: string, mark = "attached"): HostRow =>
  ({ name, mark, member: { parent, state: "attached" } }) as unknown as HostRow;
const shown = (past: TreePast, timeMs: number): string =>
  [...past.at(timeMs).values()]
    .map(({ name, mark, member }) => `${name}<${member?.parent ?? ""} ${mark}`)
    .join(", ");

test("each moment is as it was", () => {
  const past = new TreePast();
  const n1 = row("n1", "controller");
  past.record([n1], [], 100);
  past.record([row("n2", "n1")], [], 200);
  past.record([row("n1", "controller", "lost"), row("n2", "controller")], [], 300);
  past.record([], ["n1"], 400);
  expect(shown(past, 99)).toBe("");
  expect(shown(past, 100)).toBe("n1<controller attached");
  expect(shown(past, 299)).toBe("n1<controller attached, n2<n1 attached");
  expect(shown(past, 300)).toBe("n1<controller lost, n2<controller attached");
  expect(shown(past, 9999)).toBe("n2<controller attached");
});

test("what the tree does not show is no change; of too many the oldest become one moment", () => {
  const past = new TreePast(10);
  for (let at = 1; at <= 100; at += 1) past.record([row("n1", "controller")], [], at);
  expect(shown(past, 1)).toBe("n1<controller attached");
  for (let at = 101; at <= 140; at += 1) past.record([row("n1", at % 2 === 0 ? "n2" : "n3")], [], at);
  expect(shown(past, 140)).toBe("n1<n2 attached");
  expect(shown(past, 139)).toBe("n1<n3 attached");
  // Before what is kept one by one, the oldest moment that is known stands for all.
  expect(shown(past, 50)).toMatch(/^n1<n[23] attached$/);
});

test("nothing is left of a controller that is gone", () => {
  const past = new TreePast();
  past.record([row("n1", "controller")], [], 1);
  past.forget();
  past.record([], ["n1"], 2);
  expect(shown(past, 5)).toBe("");
});
