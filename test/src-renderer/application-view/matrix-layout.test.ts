// The matrix and the waterfall of a run: rows, cells, order and folding; bars, bands and stragglers.
import { describe, expect, it } from "vitest";
import type { BlockSpan, SpanState } from "#shared/controller-api/block-spans.ts";
import {
  matrixRows,
  type MatrixColumn,
  type MatrixSorting,
  type SpansOf,
} from "../../../src-renderer/application-view/matrix-layout.ts";
import { bandsOf, hostBars } from "../../../src-renderer/application-view/waterfall-layout.ts";

const COLUMNS: readonly MatrixColumn[] = [
  { key: "a", name: "a", kind: "block", components: ["C"] },
  { key: ":go", name: "go", kind: "barrier", components: ["C", "D"] },
  { key: "b", name: "b", kind: "block", components: ["D"] },
];
const BY_NAME: MatrixSorting = { column: undefined, descending: false };

/** `1-5 failed`: from second 1 to 5; `1- running`: goes on. */
function span(host: string, block: string, words: string): BlockSpan {
  const [, start = "", end = "", state = ""] = /^(\d*)-(\d*) (\w+)$/.exec(words) ?? [];
  const time = (text: string): string | undefined => (text === "" ? undefined : text);
  return {
    host,
    block,
    attempt: 1,
    startedAt: time(start),
    endedAt: time(end),
    state: state as SpanState,
    reason: "",
  };
}
const timeOf = (text: string): number => Number(text) * 1000;

function world(
  told: Readonly<Record<string, readonly [component: string, Readonly<Record<string, string>>]>>,
) {
  const hosts = Object.entries(told).map(([name, [component]]) => ({ name, component }));
  const spans = new Map(
    Object.entries(told).map(([name, [, blocks]]) => [
      name,
      new Map(Object.entries(blocks).map(([block, words]) => [block, span(name, block, words)])),
    ]),
  );
  const spansOf: SpansOf = (host) => spans.get(host);
  return { hosts, spansOf };
}

describe("the matrix", () => {
  const { hosts, spansOf } = world({
    n10: ["C", { a: "1-2 succeeded", ":go": "2- waiting" }],
    n2: ["C", { a: "1-2 succeeded", ":go": "2- waiting" }],
    n3: ["C", { a: "1-4 failed" }],
    m1: ["D", {}],
  });
  const shown = (folded: boolean, sorting: MatrixSorting = BY_NAME): readonly string[] =>
    matrixRows(hosts, COLUMNS, spansOf, { folded, sorting }).map(
      (row) => `${row.hosts.join("+")} ${row.cells.join(" ")}`,
    );

  it("has a cell for each block in which a host has a part", () => {
    expect(shown(false)).toEqual([
      "m1 none toCome toCome",
      "n2 succeeded waiting none",
      "n3 failed toCome none",
      "n10 succeeded waiting none",
    ]);
  });

  it("folds hosts that are alike, but not those of different components", () => {
    expect(shown(true)).toEqual([
      "m1 none toCome toCome",
      "n2+n10 succeeded waiting none",
      "n3 failed toCome none",
    ]);
  });

  it("is sorted by the worst, or by a block", () => {
    expect(shown(true, { column: "worst", descending: false })[0]).toMatch(/^n3/);
    expect(shown(true, { column: 1, descending: false })[0]).toMatch(/^n2\+n10/);
    expect(shown(true, { column: 0, descending: true })[0]).toMatch(/^m1/);
  });

  it("has no row for hosts without a part", () => {
    expect(
      matrixRows([{ name: "x", component: undefined }], COLUMNS, spansOf, {
        folded: false,
        sorting: BY_NAME,
      }),
    ).toEqual([]);
  });
});

describe("the waterfall", () => {
  it("has bars only for what has begun", () => {
    const { hosts, spansOf } = world({
      n1: ["C", { a: "1-3 succeeded", ":go": "3- waiting", b: "-9 stopped" }],
      n2: ["C", {}],
    });
    expect(hostBars(hosts, COLUMNS, spansOf, timeOf)).toEqual([
      {
        host: "n1",
        bars: [
          { key: "a", name: "a", kind: "block", startMs: 1000, endMs: 3000, state: "succeeded", reason: "" },
          {
            key: ":go",
            name: "go",
            kind: "barrier",
            startMs: 3000,
            endMs: undefined,
            state: "waiting",
            reason: "",
          },
        ],
      },
    ]);
  });

  const many = (blockOf: (index: number) => Readonly<Record<string, string>>) =>
    world(
      Object.fromEntries(
        Array.from({ length: 100 }, (_, index) => [
          `n${String(index + 1)}`,
          ["C", blockOf(index + 1)] as const,
        ]),
      ),
    );

  it("joins many hosts to a band: median, p99, and who was last", () => {
    const { hosts, spansOf } = many((index) => ({
      a: `1-${String(index === 100 ? 90 : index > 50 ? 12 : 11)} ${index === 7 ? "failed" : "succeeded"}`,
    }));
    expect(bandsOf(hosts, COLUMNS, spansOf, timeOf)).toEqual([
      expect.objectContaining({
        key: "a",
        count: 100,
        running: 0,
        failed: 1,
        medianMs: 10_000,
        p99Ms: 11_000,
        medianEndMs: 11_000,
        p99EndMs: 12_000,
        lastEndMs: 90_000,
      }),
    ]);
    expect(bandsOf(hosts, COLUMNS, spansOf, timeOf)[0]?.stragglers[0]).toEqual({
      host: "n100",
      tookMs: 89_000,
    });
  });

  it("names whom most are waiting for, and nobody before", () => {
    const late = many((index) => ({ a: index > 95 ? "1- running" : "1-2 succeeded" }));
    expect(bandsOf(late.hosts, COLUMNS, late.spansOf, timeOf)[0]?.stragglers.map(({ host }) => host)).toEqual(
      ["n96", "n97", "n98", "n99", "n100"],
    );
    const early = many((index) => ({ a: index > 50 ? "1- running" : "1-2 succeeded" }));
    expect(bandsOf(early.hosts, COLUMNS, early.spansOf, timeOf)[0]?.stragglers).toEqual([]);
  });

  it("at a barrier, who is missing, and afterwards who came last", () => {
    const open = many((index) => (index === 42 ? {} : { ":go": "1- waiting" }));
    expect(bandsOf(open.hosts, COLUMNS, open.spansOf, timeOf)[0]).toMatchObject({
      running: 99,
      stragglers: [{ host: "n42" }],
    });
    const over = many((index) => ({ ":go": `${index === 42 ? "8" : "1"}-9 passed` }));
    expect(bandsOf(over.hosts, COLUMNS, over.spansOf, timeOf)[0]?.stragglers[0]).toMatchObject({
      host: "n42",
    });
  });
});
