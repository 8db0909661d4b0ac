// The feasibility rule: whatever is adopted by it in whatever order, parents never form a circle.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  compareStamps,
  isFeasible,
  nearer,
  NOWHERE,
  type Distance,
} from "../../../src-shared/overlay/stamps.ts";

const at = (beacon: number, depth: number): Distance => ({ stamp: { epoch: 1, beacon }, depth });

describe("stamps", () => {
  test("an epoch counts more than a beacon", () => {
    expect(compareStamps({ epoch: 2, beacon: 0 }, { epoch: 1, beacon: 99 })).toBeGreaterThan(0);
    expect(compareStamps({ epoch: 1, beacon: 3 }, { epoch: 1, beacon: 3 })).toBe(0);
  });

  test("a distance only ever shrinks", () => {
    expect(nearer(at(5, 3), { epoch: 1, beacon: 5 }, 2)).toEqual(at(5, 2));
    expect(nearer(at(5, 3), { epoch: 1, beacon: 5 }, 4)).toEqual(at(5, 3));
    expect(nearer(at(5, 3), { epoch: 1, beacon: 6 }, 9)).toEqual(at(6, 9));
    expect(nearer(at(5, 3), { epoch: 1, beacon: 4 }, 1)).toEqual(at(5, 3));
  });

  test("adopts whoever heard less, or the same from further away", () => {
    expect(isFeasible({ epoch: 1, beacon: 6 }, 9, at(5, 1))).toBe(true);
    expect(isFeasible({ epoch: 1, beacon: 5 }, 1, at(5, 2))).toBe(true);
    expect(isFeasible({ epoch: 1, beacon: 5 }, 2, at(5, 2))).toBe(false);
    expect(isFeasible({ epoch: 1, beacon: 4 }, 0, at(5, 7))).toBe(false);
    expect(isFeasible({ epoch: 1, beacon: 1 }, 5, NOWHERE)).toBe(true);
  });

  /**
   * Nodes 1 to N, 0 is the root. Beacons flow along whatever edges there are, one edge at a time, in any order;
   * anybody may be adopted by anybody whom the rule allows. No interleaving may close a circle.
   */
  test("no circle, in any order of beacons and adoptions", () => {
    const nodes = 6;
    const move = fc.record({
      kind: fc.constantFrom("adopt", "beacon", "issue", "drop"),
      node: fc.integer({ min: 1, max: nodes }),
      other: fc.integer({ min: 0, max: nodes }),
    });
    fc.assert(
      fc.property(fc.array(move, { maxLength: 120 }), (moves) => {
        const parent = new Map<number, number>();
        const stamp = Array.from({ length: nodes + 1 }, () => ({ epoch: 1, beacon: 0 }));
        const depth = Array.from({ length: nodes + 1 }, () => 0);
        const distance: Distance[] = Array.from({ length: nodes + 1 }, () => NOWHERE);
        const hear = (node: number, from: number): void => {
          stamp[node] = stamp[from]!;
          depth[node] = depth[from]! + 1;
          distance[node] = nearer(distance[node]!, stamp[node], depth[node]);
        };
        for (const { kind, node, other } of moves) {
          if (kind === "issue") stamp[0] = { epoch: 1, beacon: stamp[0]!.beacon + 1 };
          if (kind === "drop") parent.delete(node);
          const above = parent.get(node);
          if (kind === "beacon" && above !== undefined && compareStamps(stamp[above]!, stamp[node]!) >= 0)
            hear(node, above);
          const isAttached = other === 0 || parent.has(other);
          if (kind === "adopt" && other !== node && isAttached && !parent.has(node)) {
            if (isFeasible(stamp[other]!, depth[other]!, distance[node]!)) {
              parent.set(node, other);
              hear(node, other);
            }
          }
          for (let start = 1; start <= nodes; start += 1) {
            let at = parent.get(start);
            for (let hops = 0; at !== undefined && at !== 0; hops += 1) {
              expect(hops, `a circle through ${String(start)}`).toBeLessThan(nodes);
              at = parent.get(at);
            }
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});
