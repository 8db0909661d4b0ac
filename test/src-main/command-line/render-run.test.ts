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
import type { RunEvent, RunEventBody } from "#shared/controller-api/run-events.ts";
import { expectGolden } from "./golden.ts";
import {
  exited,
  host,
  output,
  recorded,
  runEnd,
  stage,
  started,
  successfulRun,
  troubledRun,
} from "./recorded-runs.ts";

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
    expect(text.tick(at(99) + GROUPING_MS - 1)).toEqual([]);
    expect(text.tick(at(99) + GROUPING_MS)).toEqual(["failed: p1 (C) on n[1-100]: exit status 1"]);
  });

  test("a failure now and then is not held back for ever", () => {
    const text = createRunText(PLAIN);
    const told = Array.from({ length: 10 }, (_, index) => {
      const [event] = recorded([exited(`n${index + 1}`, "C", 1)]);
      const nowMs = index * (GROUPING_MS - 50);
      return [...text.event(event!, nowMs), ...text.tick(nowMs)];
    }).flat();
    expect(told).toEqual(["failed: p1 (C) on n[1-6]: exit status 1"]);
  });

  test("replaced hosts are one line, too", () => {
    const text = createRunText(PLAIN);
    const replaced = (name: string, by: string): RunEventBody => ({
      event: "replaced",
      component: "C",
      host: name,
      by,
      reason: "refused",
    });
    const events = recorded([replaced("n1", "n3"), replaced("n2", "n4"), replaced("n4", "n5")]);
    for (const event of events) text.event(event, 0);
    expect(text.tick(GROUPING_MS)).toEqual(["replaced: n[1-2,4] by n[3-5]"]);
  });

  test("that a component has ended is told behind its last output", () => {
    const text = createRunText(PLAIN);
    const [, ...events] = recorded([
      host("n1", "C", "executing"),
      host("n1", "C", "executing"),
      stage("C", "running", 0, 1),
      { event: "stage", component: "C", stage: "finished", done: 1, total: 1, failed: 1 },
    ]);
    expect(events.flatMap((event) => text.event(event, 0))).toEqual(["C: running on 1 host"]);
    expect(text.tick(200)).toEqual([]);
    const [late] = recorded([output("n1", "the last word\n")]);
    expect(text.event(late!, 250)).toEqual(["n1: the last word"]);
    expect(text.tick(400)).toEqual([]);
    expect(text.tick(600)).toEqual(["C: ended 1/1, 1 failed"]);
    expect(text.end().join("\n")).not.toContain("ended");
  });

  test("services are told to serve, not to end", () => {
    const text = createRunText(PLAIN);
    const serving = (done: number): RunEventBody =>
      ({ ...stage("S", "running", 0, 2), serving: done }) as RunEventBody;
    const lines = recorded([serving(2), serving(2)]).flatMap((event) => text.event(event, 0));
    expect(lines).toEqual(["S: running as a service on 2 hosts"]);
    const later = createRunText(PLAIN);
    const seen = recorded([serving(0), serving(1), serving(2)]).flatMap((event) => later.event(event, 0));
    expect(seen).toEqual(["S: running on 2 hosts", "S: serving 2/2"]);
    expect(renderStatus(later.model, 0, 80, 24, PLAIN_STYLE)[1]).toContain("running, serving 2/2");
  });

  test("a failure is told once, and once more at the end when much has come since", () => {
    const failing = [exited("n1", "C", 3), host("n1", "C", "failed", { step: "run", reason: "p1" })];
    const noise = Array.from({ length: 30 }, () => output("n2", "noise\n"));
    const end = runEnd("failed", 3, "failed on n1");
    const count = (events: readonly RunEventBody[]): number =>
      textOf(recorded(events)).split("exit status 3").length - 1;
    expect(count([...failing, end])).toBe(1);
    expect(count([...failing, ...noise, end])).toBe(2);
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
