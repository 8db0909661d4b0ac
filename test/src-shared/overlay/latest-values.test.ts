// Latest values at one hop: the newest wins, nothing queues, nobody starves, one frame is on its way at most.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LatestValues } from "../../../src-shared/overlay/latest-values.ts";
import type { LatestValue } from "../../../src-shared/overlay/topology.ts";

const FRAME_BYTES = 200;
const value = (rank: number, number: number, bytes = 10): LatestValue => ({
  rank,
  number,
  payload: new Uint8Array(bytes),
  tag: new Uint8Array(16),
});
const namesOf = (values: readonly LatestValue[]): string[] =>
  values.map(({ rank, number }) => `${rank}:${number}`);

describe("at one hop", () => {
  test("the newest of each goes up as one frame, and nothing goes twice", () => {
    const latest = new LatestValues(FRAME_BYTES);
    for (const [rank, number] of [
      [4, 1],
      [5, 7],
      [4, 3],
      [4, 2],
    ] as const)
      latest.put(value(rank, number));
    expect(namesOf(latest.take(1))).toEqual(["4:3", "5:7"]);
    latest.heard({ beacon: 1, us: 10 });
    expect(latest.take(2)).toEqual([]);
  });

  test("no second frame before the first was heard", () => {
    const latest = new LatestValues(FRAME_BYTES);
    latest.put(value(4, 1));
    latest.take(5);
    latest.put(value(4, 2));
    expect(latest.take(6)).toEqual([]);
    latest.heard({ beacon: 4, us: 10 });
    expect(latest.take(7)).toEqual([]);
    latest.heard({ beacon: 6, us: 10 });
    expect(namesOf(latest.take(8))).toEqual(["4:2"]);
  });

  test("after a move its own goes up again, and what waits", () => {
    const latest = new LatestValues(FRAME_BYTES);
    latest.putOwn(value(1, 1));
    latest.take(1);
    latest.put(value(4, 1));
    latest.moved();
    expect(namesOf(latest.take(1))).toEqual(["4:1", "1:1"]);
    expect(latest.tripUs).toBeUndefined();
  });

  test("of somebody who has gone nothing is kept", () => {
    const latest = new LatestValues(FRAME_BYTES);
    latest.put(value(4, 1));
    latest.forget(4);
    expect(latest.take(1)).toEqual([]);
  });

  test("where not all fit, who waits goes first, and one that is too large alone", () => {
    const latest = new LatestValues(FRAME_BYTES);
    for (let rank = 1; rank <= 8; rank += 1) latest.put(value(rank, 1));
    const first = namesOf(latest.take(1));
    expect(first.length).toBeLessThan(8);
    for (let rank = 1; rank <= 8; rank += 1) latest.put(value(rank, 2));
    latest.heard({ beacon: 1, us: 1 });
    const second = namesOf(latest.take(2));
    expect(second.slice(0, 2)).toEqual([`${first.length + 1}:2`, `${first.length + 2}:2`]);
    const alone = new LatestValues(FRAME_BYTES);
    alone.put(value(1, 1, FRAME_BYTES * 2));
    expect(namesOf(alone.take(1))).toEqual(["1:1"]);
  });
});

test("over any chain of hops what arrives of each only gets newer, and the last of each arrives", () => {
  const act = fc.oneof(
    fc.record({ kind: fc.constant("say" as const), rank: fc.integer({ min: 1, max: 6 }) }),
    fc.record({ kind: fc.constant("beacon" as const), isHeard: fc.boolean() }),
  );
  fc.assert(
    fc.property(fc.array(act, { maxLength: 80 }), (acts) => {
      const hops = [new LatestValues(FRAME_BYTES), new LatestValues(FRAME_BYTES)];
      const said = new Map<number, number>();
      const arrived = new Map<number, number>();
      let beacon = 0;
      const pass = (isHeard: boolean): void => {
        beacon += 1;
        for (const [at, hop] of hops.entries()) {
          const values = hop.take(beacon);
          expect(new Set(values.map(({ rank }) => rank)).size).toBe(values.length);
          for (const one of values) {
            const above = hops[at - 1];
            if (above !== undefined) above.put(one);
            else {
              expect(one.number).toBeGreaterThan(arrived.get(one.rank) ?? 0);
              arrived.set(one.rank, one.number);
            }
          }
          if (isHeard) hop.heard({ beacon, us: 1 });
        }
      };
      for (const one of acts) {
        if (one.kind === "beacon") pass(one.isHeard);
        else {
          said.set(one.rank, (said.get(one.rank) ?? 0) + 1);
          hops.at(-1)!.put(value(one.rank, said.get(one.rank)!));
        }
        for (const hop of hops) expect(hop.size).toBeLessThanOrEqual(6);
      }
      for (let more = 0; more < 8; more += 1) {
        pass(true);
        for (const hop of hops) hop.heard({ beacon, us: 1 });
      }
      expect(arrived).toEqual(said);
    }),
  );
});
