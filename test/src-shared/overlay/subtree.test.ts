// Who hangs below a node, learnt from edge records that may come late, twice, or from the wrong side.
import { describe, expect, test } from "vitest";
import { Subtree } from "../../../src-shared/overlay/subtree.ts";
import type { EdgeRecord } from "../../../src-shared/overlay/tree-frames.ts";

const proof = new Uint8Array(16);
const edge = (child: number, parent: number, attach: number, up = true): EdgeRecord => ({
  child,
  parent,
  attach,
  up,
  address: `h${String(child)}:1`,
  proof,
});

/** 0 ─ 1 ─ 3 ─ 5, 1 ─ 4, 0 ─ 2 */
function sample(): Subtree {
  const subtree = new Subtree(0);
  subtree.learn(edge(1, 0, 1), undefined);
  subtree.learn(edge(2, 0, 1), undefined);
  for (const record of [edge(3, 1, 1), edge(4, 1, 1), edge(5, 3, 1)]) subtree.learn(record, 1);
  return subtree;
}

describe("a subtree", () => {
  test("knows by which child each is reached", () => {
    const subtree = sample();
    expect([1, 3, 4, 5, 2, 9].map((rank) => subtree.routeTo(rank))).toEqual([1, 1, 1, 1, 2, undefined]);
    expect(subtree.pathTo(5)).toEqual([1, 3, 5]);
    expect(subtree.recordsBelow().map(({ child }) => child)).toEqual([1, 2, 3, 4, 5]);
  });

  test("a child that is lost takes all below it away", () => {
    const subtree = sample();
    expect(new Set(subtree.learn(edge(1, 0, 1, false), undefined).gone)).toEqual(new Set([1, 3, 4, 5]));
    expect(subtree.size).toBe(1);
  });

  test("a move is one record, whatever comes of the old place afterwards", () => {
    const subtree = sample();
    const change = subtree.learn(edge(5, 2, 2), 2);
    expect(change).toEqual({ gone: [5], come: [5] });
    expect(subtree.routeTo(5)).toBe(2);
    expect(subtree.learn(edge(5, 3, 1, false), 1)).toEqual({ gone: [], come: [] });
    expect(subtree.learn(edge(5, 3, 1), 1)).toEqual({ gone: [], come: [] });
    expect(subtree.routeTo(5)).toBe(2);
  });

  test("an old edge stays old after its client has gone altogether", () => {
    const subtree = sample();
    subtree.learn(edge(5, 2, 2), 2);
    subtree.learn(edge(5, 2, 2, false), 2);
    expect(subtree.learn(edge(5, 3, 1), 1).come).toEqual([]);
    expect(subtree.has(5)).toBe(false);
  });

  test("the same again changes nothing", () => {
    const subtree = sample();
    expect(subtree.learn(edge(4, 1, 1), 1)).toEqual({ gone: [], come: [] });
  });

  test("a child speaks for its own subtree only", () => {
    const subtree = sample();
    expect(subtree.learn(edge(7, 4, 1), 2).come).toEqual([]);
    expect(subtree.learn(edge(7, 2, 1), 2).come).toEqual([7]);
  });

  test("nobody is put below what hangs below it", () => {
    const subtree = sample();
    expect(subtree.learn(edge(1, 5, 2), 1)).toEqual({ gone: [], come: [] });
    expect(subtree.routeTo(5)).toBe(1);
  });

  test("two that agree have one digest, two that do not have two", () => {
    const one = sample();
    const other = sample();
    expect(one.digestBelow(1)).toEqual(other.digestBelow(1));
    other.learn(edge(5, 4, 2), 1);
    expect(one.digestBelow(1).digest).not.toBe(other.digestBelow(1).digest);
    expect(one.digestBelow(1).size).toBe(other.digestBelow(1).size);
  });
});
