// What the controller puts together is what was produced, but for declared gaps; never beyond its credit but for the tail.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CHUNK_BYTES } from "#shared/protocol/bulk.ts";
import { ASK_MS, CREDIT_WAIT_MS, FLUSH_MS, TAIL_BYTES } from "../../../src-client/core/output-sender.ts";
import { createBench, keyOf } from "./output-sender-bench.ts";

const WINDOW = 1024 * 1024;

describe("one stream", () => {
  test("the first output goes at once, the next ones wait to be gathered", () => {
    const bench = createBench(WINDOW);
    bench.open("a");
    bench.credit("a", WINDOW);
    bench.produce("a", 10);
    bench.answerAll();
    expect(bench.sent).toHaveLength(1);
    for (let line = 0; line < 50; line += 1) bench.produce("a", 10);
    bench.answerAll();
    expect(bench.sent).toHaveLength(1);
    bench.wait(FLUSH_MS);
    bench.answerAll();
    expect(bench.sent).toHaveLength(2);
    expect(bench.sent[1]).toMatchObject({ offset: 10, end: false });
    expect(bench.sent[1]?.bytes).toHaveLength(500);
    bench.produce("a", CHUNK_BYTES);
    bench.answerAll();
    expect(bench.sent).toHaveLength(3);
  });

  test("a piece says how old its end is; what has arrived is forgotten", () => {
    const bench = createBench(WINDOW);
    bench.open("a");
    bench.produce("a", 10);
    bench.wait(3000);
    bench.produce("a", 20);
    bench.wait(500);
    bench.credit("a", 10);
    bench.answerAll();
    bench.credit("a", WINDOW);
    bench.wait(FLUSH_MS);
    bench.answerAll();
    expect(bench.sent.map(({ offset, ageMs }) => [offset, ageMs])).toEqual([
      [0, 3500],
      [10, 500 + FLUSH_MS],
    ]);
    bench.credit("a", WINDOW);
    bench.wait(10_000);
    bench.produce("a", 5);
    bench.answerAll();
    expect(bench.sent.at(-1)).toMatchObject({ offset: 30, ageMs: 0 });
    expect(bench.sent).toHaveLength(3);
  });

  test("ages stay within the time in which it was printed, however often that was", () => {
    const bench = createBench(WINDOW);
    bench.open("a");
    for (let line = 0; line < 500; line += 1) {
      bench.produce("a", 10);
      bench.wait(100);
    }
    bench.credit("a", 2000);
    bench.answerAll();
    // The two hundredth of five hundred lines, thirty seconds ago: exact to what is left of the marks.
    expect(bench.sent[0]?.ageMs).toBeGreaterThanOrEqual(30_000);
    expect(bench.sent[0]?.ageMs).toBeLessThan(31_500);
  });

  test("nothing goes without credit, and nothing beyond it", () => {
    const bench = createBench(WINDOW);
    bench.open("a");
    bench.produce("a", 1000);
    bench.answerAll();
    expect(bench.sent).toHaveLength(0);
    bench.credit("a", 100);
    bench.answerAll();
    bench.wait(1000);
    bench.answerAll();
    expect(bench.source("a").have).toBe(100);
  });

  test("nothing of it has gone as long as there is no credit", () => {
    const bench = createBench(WINDOW);
    expect(bench.isUntouched("a")).toBe(false);
    bench.open("a");
    bench.produce("a", 10);
    expect(bench.isUntouched("a")).toBe(true);
    bench.credit("a", WINDOW);
    // It is being read.
    expect(bench.isUntouched("a")).toBe(false);
    bench.answerAll();
    expect(bench.sent).toHaveLength(1);
    expect(bench.isUntouched("a")).toBe(false);
  });

  test("an output that ends without a word ends", () => {
    const bench = createBench(WINDOW);
    bench.open("a");
    bench.credit("a", WINDOW);
    bench.finish("a");
    expect(bench.sent).toMatchObject([{ offset: 0, end: true }]);
  });

  test("when the controller wants no more, it gets the tail", () => {
    const bench = createBench(WINDOW);
    bench.open("a");
    bench.credit("a", 100_000);
    bench.produce("a", 500_000);
    bench.answerAll();
    bench.finish("a");
    bench.answerAll();
    // Perhaps there will be more credit: not all has been acknowledged.
    expect(bench.source("a")).toMatchObject({ have: 100_000, ended: 0 });
    bench.credit("a", 0);
    bench.answerAll();
    expect(bench.source("a")).toMatchObject({ have: 500_000, ended: 1, gaps: 1, beyondCredit: TAIL_BYTES });
  });

  test("a controller that says nothing any more gets the tail in the end", () => {
    const bench = createBench(WINDOW);
    bench.open("a");
    bench.credit("a", 100_000);
    bench.produce("a", 500_000);
    bench.answerAll();
    bench.finish("a");
    bench.answerAll();
    bench.wait(CREDIT_WAIT_MS - 1);
    expect(bench.source("a")).toMatchObject({ have: 100_000, ended: 0 });
    bench.wait(1);
    bench.answerAll();
    expect(bench.source("a")).toMatchObject({ have: 500_000, ended: 1 });
  });

  test("after a new link it goes on from what the controller has, over a gap beyond the window", () => {
    const bench = createBench(1000);
    bench.open("a");
    bench.credit("a", 500);
    bench.produce("a", 100);
    bench.answerAll();
    bench.linkDown();
    bench.produce("a", 10_000);
    bench.finish("a");
    bench.credit("a", 500);
    bench.answerAll();
    expect(bench.sent.at(-1)).toMatchObject({ offset: 9100, bytes: new Uint8Array(), end: false });
    bench.credit("a", 500);
    bench.answerAll();
    bench.credit("a", 500);
    bench.answerAll();
    expect(bench.source("a")).toMatchObject({
      have: 10_100,
      ended: 1,
      gaps: 1,
      beyondCredit: 0,
      sentBytes: 1100,
    });
  });

  test("an answer to a read from before the link broke is dropped", () => {
    const bench = createBench(WINDOW);
    bench.open("a");
    bench.credit("a", WINDOW);
    bench.produce("a", 10);
    bench.linkDown();
    bench.credit("a", WINDOW);
    bench.answer();
    expect(bench.sent).toHaveLength(0);
    bench.answerAll();
    expect(bench.source("a").have).toBe(10);
  });

  test("a piece that was lost is sent again when it is asked for, and nothing that came", () => {
    const bench = createBench(WINDOW);
    bench.open("a");
    bench.credit("a", WINDOW);
    bench.produce("a", 10);
    bench.answerAll();
    bench.lose(1);
    for (let line = 0; line < 3; line += 1) {
      bench.wait(FLUSH_MS);
      bench.produce("a", 10);
      bench.answerAll();
    }
    expect(bench.source("a")).toMatchObject({ have: 10, lost: true, gaps: 0 });
    bench.credit("a", WINDOW);
    bench.answerAll();
    expect(bench.source("a")).toMatchObject({ have: 40, gaps: 0 });
    expect(bench.sent.at(-1)).toMatchObject({ offset: 10, gone: 0 });
  });

  test("the last piece that was lost is missed after a while, and the question stops when all has come", () => {
    const bench = createBench(WINDOW);
    bench.open("a");
    bench.credit("a", WINDOW);
    bench.lose(1);
    bench.produce("a", 10);
    bench.answerAll();
    bench.wait(ASK_MS - 1);
    expect(bench.sent).toHaveLength(1);
    bench.wait(1);
    expect(bench.sent.at(-1)).toMatchObject({ offset: 10, gone: 0, bytes: new Uint8Array(), end: false });
    bench.credit("a", WINDOW);
    bench.answerAll();
    expect(bench.source("a").have).toBe(10);
    bench.credit("a", WINDOW);
    const { length } = bench.sent;
    bench.wait(10 * ASK_MS);
    expect(bench.sent).toHaveLength(length);
  });

  test("an end that was lost is sent again when it is asked for", () => {
    const bench = createBench(WINDOW);
    bench.open("a");
    bench.credit("a", WINDOW);
    bench.produce("a", 10);
    bench.answerAll();
    bench.lose(1);
    bench.finish("a");
    expect(bench.source("a").ended).toBe(0);
    bench.missEnd("a");
    bench.credit("a", WINDOW);
    expect(bench.source("a")).toMatchObject({ have: 10, ended: 1 });
  });

  test("once forgotten it is silent", () => {
    const bench = createBench(WINDOW);
    bench.open("a");
    bench.credit("a", WINDOW);
    bench.produce("a", 10);
    bench.step({ kind: "forget", stream: keyOf("a") });
    bench.answerAll();
    bench.credit("a", WINDOW);
    expect(bench.sent).toHaveLength(0);
  });
});

test("one that prints without end does not starve the others", () => {
  const bench = createBench(8 * WINDOW);
  for (const name of ["loud", "quiet-1", "quiet-2"]) {
    bench.open(name);
    bench.credit(name, 8 * WINDOW);
  }
  bench.produce("loud", 4 * WINDOW);
  bench.produce("quiet-1", 10);
  bench.produce("quiet-2", 10);
  for (let turn = 0; turn < 4; turn += 1) bench.answer();
  expect(new Set(bench.sent.slice(0, 4).map((message) => message.block)).size).toBe(3);
});

type Deed =
  | { readonly do: "produce"; readonly name: string; readonly count: number }
  | { readonly do: "finish" | "credit"; readonly name: string }
  | { readonly do: "answer" | "linkDown" }
  | { readonly do: "lose"; readonly count: number }
  | { readonly do: "wait"; readonly ms: number };

const NAMES = ["a", "b", "c"];
const CAPACITY = 300_000;
const name = fc.constantFrom(...NAMES);
const deeds = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constant("produce" as const),
        name,
        count: fc.integer({ min: 1, max: 150_000 }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("finish" as const), name }) },
    { weight: 5, arbitrary: fc.record({ do: fc.constant("credit" as const), name }) },
    { weight: 8, arbitrary: fc.record({ do: fc.constant("answer" as const) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("linkDown" as const) }) },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constant("lose" as const), count: fc.integer({ min: 1, max: 3 }) }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: 50 }) }),
    },
  ),
  { maxLength: 60 },
);

function perform(bench: ReturnType<typeof createBench>, deed: Deed): void {
  switch (deed.do) {
    case "produce":
      bench.produce(deed.name, deed.count);
      return;
    case "finish":
      bench.finish(deed.name);
      return;
    case "credit":
      bench.credit(deed.name, 100_000);
      return;
    case "answer":
      bench.answer();
      return;
    case "linkDown":
      bench.linkDown();
      return;
    case "lose":
      bench.lose(deed.count);
      return;
    case "wait":
      bench.wait(deed.ms);
      return;
  }
}

test("any history ends with all that could be kept, within credit, and one end", () => {
  fc.assert(
    fc.property(deeds, (history: readonly Deed[]) => {
      const bench = createBench(CAPACITY);
      for (const one of NAMES) bench.open(one);
      for (const deed of history) perform(bench, deed);
      for (const one of NAMES) bench.finish(one);
      for (let round = 0; round < 40; round += 1) {
        for (const one of NAMES) bench.credit(one, 100_000);
        bench.answerAll();
        bench.wait(FLUSH_MS);
        bench.answerAll();
        if (round > 30) for (const one of NAMES) bench.missEnd(one);
      }
      for (const one of NAMES) {
        const { have, produced, ended, beyondCredit } = bench.source(one);
        expect({ have, ended, beyondCredit: beyondCredit <= TAIL_BYTES * 2 }).toEqual({
          have: produced,
          ended: 1,
          beyondCredit: true,
        });
      }
    }),
    { numRuns: 100 },
  );
});
