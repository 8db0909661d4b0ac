// What a run waits for: who is missing and why, who stands still, until when, and what happens then.
import { describe, expect, test } from "vitest";
import { BlockSpans } from "../../../src-shared/controller-api/block-spans.ts";
import type { RunWait } from "../../../src-shared/controller-api/run-waits.ts";
import { blockPathOf } from "../../../src-shared/base/ids.ts";
import {
  barrierBlock,
  component,
  componentBlock,
  processBlock,
  specification,
} from "../../src-shared/application/specification-text.ts";
import { RUN, RunDriver } from "./run-driver.ts";

const BLOCKS = componentBlock(
  "cb",
  "c",
  processBlock("load") + barrierBlock("b", 'name="go" max="all"', "load") + processBlock("work", "b"),
);
const TEXT = specification({ components: component("c", "3"), blocks: BLOCKS });
const START_MS = Date.parse("2026-01-01T00:00:00.000Z");

/** As the controller's shell asks: events have the time of their moment here. */
function waitsOf(driver: RunDriver): readonly RunWait[] {
  const spans = new BlockSpans();
  for (const body of driver.events) spans.add({ time: new Date(START_MS).toISOString(), run: RUN, ...body });
  return driver.run.waits({
    nowMs: driver.nowMs,
    elapsedMs: driver.nowMs,
    spansOf: (host) => spans.of(host),
    ageOf: (time) => START_MS + driver.nowMs - Date.parse(time),
  });
}
const started = (driver: RunDriver, host: string, block: string): RunDriver =>
  driver.says(host, { kind: "processStarted", block: blockPathOf(block, "cb", "e"), attempt: 1, pid: 7 });

describe("a run waits", () => {
  test("for hosts on their way into it, with those that are ready", () => {
    const driver = new RunDriver(TEXT).start();
    driver.give({ kind: "hostConnected", host: driver.run.members[0]!.host });
    driver.says("h1", { kind: "prepared", installed: 0, alreadyThere: 0 });
    driver.pass(4000);
    const [connect, run] = waitsOf(driver);
    expect(connect).toMatchObject({
      kind: "connect",
      hosts: "h[2-3]",
      count: 2,
      waiting: "h1",
      sinceMs: 4000,
      deadlineMs: null,
    });
    expect(run).toMatchObject({ kind: "run", count: 3, sinceMs: 4000 });
  });

  test("at a barrier: for whom, what they do, who stands still, until when", () => {
    const driver = new RunDriver(TEXT).executing("h1", "h2", "h3");
    started(started(driver, "h2", "load"), "h3", "load").reaches("go", "h1");
    driver.give({ kind: "hostOrphaned", host: driver.run.members[2]!.host, reason: "silence" });
    driver.pass(5000);
    const waits = waitsOf(driver);
    expect(waits.map(({ kind }) => kind)).toEqual(["link", "barrier", "block", "run"]);
    const barrier = waits[1]!;
    expect(barrier).toMatchObject({
      name: "go",
      hosts: "h[2-3]",
      count: 2,
      waiting: "h1",
      waitingCount: 1,
      sinceMs: 5000,
    });
    expect(barrier.doing).toEqual([
      { words: "executes 'load'", hosts: "h2", count: 1 },
      { words: "its link is lost", hosts: "h3", count: 1 },
    ]);
    expect(barrier.then).toContain("exit code 5");
    const told = driver.events.length;
    driver.pass(barrier.deadlineMs! - 1);
    expect(driver.eventsOf("barrier").some(({ state }) => state === "timedOut")).toBe(false);
    driver.pass(1);
    // What was said to happen then has happened.
    expect(
      driver.events.slice(told).some((event) => event.event === "barrier" && event.state === "timedOut"),
    ).toBe(true);
    expect(waits[2]).toMatchObject({
      kind: "block",
      name: "load",
      hosts: "h[2-3]",
      blocked: ["barrier 'go'"],
      deadlineMs: null,
    });
  });

  test("at its end: for hosts that stop, then for those that clean up; over, for nothing", () => {
    const driver = new RunDriver(TEXT).executing("h1", "h2", "h3");
    driver.give({ kind: "end", cause: "abort", reason: "by hand" });
    expect(waitsOf(driver)).toMatchObject([{ kind: "end", what: "processes to be stopped", count: 3 }]);
    for (const host of ["h1", "h2", "h3"]) driver.says(host, { kind: "stopped", leftovers: [] });
    expect(waitsOf(driver)).toMatchObject([
      { kind: "end", count: 3, what: expect.stringContaining("clean up") },
    ]);
  });
});
