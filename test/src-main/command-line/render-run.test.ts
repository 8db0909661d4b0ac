// What a recorded run looks like to people: golden files for every kind of event.
import { describe, expect, test } from "vitest";
import {
  createRunText,
  GROUPING_MS,
  type RunTextOptions,
} from "../../../src-main/command-line/render-run.ts";
import { renderStatus } from "../../../src-main/command-line/render-status.ts";
import { summaryObject } from "../../../src-main/command-line/render-summary.ts";
import { COLOUR_STYLE, PLAIN_STYLE } from "../../../src-main/command-line/style.ts";
import { widthOf } from "../../../src-main/command-line/text-width.ts";
import type { RunEvent } from "#shared/controller-api/run-events.ts";
import { expectGolden } from "./golden.ts";
import { output, recorded, successfulRun, troubledRun, exited, started } from "./recorded-runs.ts";

const PLAIN: RunTextOptions = {
  style: PLAIN_STYLE,
  columns: () => undefined,
  live: false,
  quiet: false,
  verbose: false,
  fold: false,
};

function textOf(events: readonly RunEvent[], options: Partial<RunTextOptions> = {}): string {
  const text = createRunText({ ...PLAIN, ...options });
  const lines: string[] = [];
  for (const event of events) {
    const nowMs = Date.parse(event.time);
    lines.push(...text.tick(nowMs), ...text.event(event, nowMs));
  }
  return [...lines, ...text.end(), ""].join("\n");
}

describe("a run as lines", () => {
  test.each([
    ["successful", successfulRun, {}],
    ["successful-fold", successfulRun, { fold: true }],
    ["successful-quiet", successfulRun, { quiet: true }],
    ["troubled", troubledRun, {}],
    ["troubled-quiet", troubledRun, { quiet: true }],
    ["troubled-colour", troubledRun, { style: COLOUR_STYLE, live: true, columns: () => 60 }],
  ] as const)("%s", (name, events, options) => {
    expectGolden(`run-${name}`, textOf(events, options));
  });

  test("verbose has every event", () => {
    const text = textOf(troubledRun, { verbose: true });
    for (const event of troubledRun)
      if (event.event !== "output") expect(text).toContain(`"event":"${event.event}"`);
  });

  test("the same failure on many hosts is one line, once no more come", () => {
    const text = createRunText(PLAIN);
    const events = recorded(
      Array.from({ length: 100 }, (_, index) => exited(`n${index + 1}`, "C", 1)),
      1,
    );
    const at = (index: number): number => Date.parse(events[index]!.time);
    const during = events.flatMap((event, index) => text.event(event, at(index)));
    expect(during).toEqual([]);
    expect(text.tick(at(0) + GROUPING_MS - 1)).toEqual([]);
    expect(text.tick(at(0) + GROUPING_MS)).toEqual(["failed: p1 (C) on n[1-100]: exit status 1"]);
  });

  test("a line that does not end is shown after a while", () => {
    const text = createRunText(PLAIN);
    const [event] = recorded([output("n1", "Continue? ")]);
    expect(text.event(event!, 0)).toEqual([]);
    expect(text.tick(999)).toEqual([]);
    expect(text.tick(1000)).toEqual(["n1: Continue? "]);
    expect(text.tick(2000)).toEqual([]);
  });

  test("unfinished progress is told now and then only", () => {
    const text = createRunText(PLAIN);
    const [match, ...events] = recorded([
      { event: "matching", component: "C", hosts: "n[1-3]", count: 3, wanted: { min: 3, max: 3 } },
      { event: "host", host: "n1", component: "C", state: "preparing node" },
      { event: "host", host: "n2", component: "C", state: "preparing node" },
    ]);
    text.event(match!, 0);
    for (const event of events) expect(text.event(event, 10)).toEqual([]);
    expect(text.tick(1000)).toEqual([]);
    expect(text.tick(2100)).toEqual(["C: connected 2/3"]);
    expect(text.tick(9000)).toEqual([]);
  });
});

describe("status lines", () => {
  test("fit the terminal, and are gone at the end", () => {
    for (const columns of [20, 40, 80]) {
      const text = createRunText({ ...PLAIN, live: true });
      for (const event of troubledRun.slice(0, -1)) {
        text.event(event, Date.parse(event.time));
        const lines = renderStatus(text.model, Date.parse(event.time), columns, 24, COLOUR_STYLE);
        for (const line of lines) expect(widthOf(line)).toBeLessThan(columns);
      }
      expect(renderStatus(text.model, 0, columns, 3, PLAIN_STYLE)).toHaveLength(1);
      text.event(troubledRun.at(-1)!, 0);
      expect(renderStatus(text.model, 0, columns, 24, PLAIN_STYLE)).toEqual([]);
    }
  });

  test("golden in the middle of a run", () => {
    const text = createRunText({ ...PLAIN, live: true });
    for (const event of successfulRun.slice(0, 27)) text.event(event, Date.parse(event.time));
    expectGolden(
      "status",
      renderStatus(text.model, Date.parse(successfulRun[27]!.time), 80, 24, PLAIN_STYLE).join("\n"),
    );
  });
});

test("the JSON summary", () => {
  const text = createRunText(PLAIN);
  for (const event of troubledRun) text.event(event, 0);
  expectGolden("summary", JSON.stringify(summaryObject(text.model), null, 2));
});

test("a process that never told its end counts as stopped", () => {
  const text = createRunText(PLAIN);
  for (const event of recorded([started("n1", "C")])) text.event(event, 0);
  expect(summaryObject(text.model)).toMatchObject({
    components: [{ processes: { succeeded: 0, failed: 0, stopped: 1 } }],
  });
});
