// The end of a run, step by step: stop, list, gather, clean, each with its deadline and without those that went away.
import { describe, expect, test } from "vitest";
import { hostIdOf } from "../../../src-shared/base/ids.ts";
import {
  component,
  componentBlock,
  processBlock,
  specification,
} from "../../src-shared/application/specification-text.ts";
import { RunDriver } from "./run-driver.ts";

const COLLECTS = specification({
  components: component("c", "2"),
  blocks: componentBlock("cb", "c", processBlock("run", '<collect path="out"/>')),
});
const FILE = { index: 0, path: "out", size: 3, mode: 0o644 };
const GRACE_MS = 5000;
const STOP_MS = GRACE_MS + 15_000;
const LIST_MS = 60_000;
const CLEAN_MS = 60_000;

function ending(): RunDriver {
  return new RunDriver(COLLECTS, 2).executing("h1", "h2").ended("h1", "h2");
}
const stopped = (driver: RunDriver, ...hosts: readonly string[]): RunDriver => {
  for (const host of hosts) driver.says(host, { kind: "stopped", leftovers: [] });
  return driver;
};
const listed = (driver: RunDriver, ...hosts: readonly string[]): RunDriver => {
  for (const host of hosts) driver.says(host, { kind: "collectable", files: [FILE], problems: [] });
  return driver;
};
const cleaned = (driver: RunDriver, ...hosts: readonly string[]): RunDriver => {
  for (const host of hosts) driver.says(host, { kind: "runEnded", problems: [] });
  return driver;
};
const gathers = (driver: RunDriver): string[][] =>
  driver.effects.flatMap((effect) => (effect.kind === "gather" ? [[...effect.files.keys()]] : []));
const problems = (driver: RunDriver): string[] =>
  driver.eventsOf("problem").map(({ hosts, step, message }) => `${hosts}: ${step}: ${message}`);

test("stop, list, gather, clean, in this order and each for all hosts", () => {
  const driver = stopped(ending(), "h1");
  expect(driver.sent("collect")).toEqual([]);
  stopped(driver, "h2");
  expect(driver.sent("collect")).toEqual(["h1", "h2"]);
  expect(gathers(listed(driver, "h1"))).toEqual([]);
  expect(gathers(listed(driver, "h2"))).toEqual([["h1", "h2"]]);
  expect(driver.sent("endRun")).toEqual([]);
  driver.give({ kind: "gathered", problems: [] });
  expect(driver.sent("endRun")).toEqual(["h1", "h2"]);
  expect(cleaned(driver, "h1").run.over).toBe(false);
  expect(cleaned(driver, "h2").exitCode).toBe(0);
  expect(driver.states.slice(-3)).toEqual(["stopping", "collecting", "cleaning up"]);
  expect(driver.timers).toEqual([]);
});

test("keep is passed on", () => {
  const driver = new RunDriver(COLLECTS, 2, { keep: true }).executing("h1", "h2").ended("h1", "h2").finish();
  expect(driver.commands("endRun")[0]!.command.keep).toBe(true);
});

test("hosts that have stopped by themselves are not asked to", () => {
  const driver = new RunDriver(COLLECTS, 2).executing("h1", "h2").ended("h1");
  stopped(driver, "h1").ended("h2");
  expect(driver.commands("stop")).toMatchObject([{ hosts: ["h2"] }]);
  stopped(driver, "h2");
  expect(driver.commands("collect")).toMatchObject([{ hosts: ["h1", "h2"] }]);
});

describe("deadlines", () => {
  test("a host that does not stop is named, and asked to clean up all the same", () => {
    const driver = stopped(ending(), "h1").pass(STOP_MS);
    expect(problems(driver)).toEqual(["h2: stopping: no answer within the time allowed"]);
    listed(driver, "h1").give({ kind: "gathered", problems: [] });
    expect(driver.sent("endRun")).toEqual(["h1", "h2"]);
    expect(cleaned(driver, "h1", "h2").exitCode).toBe(0);
  });

  test("nor one that does not list, or does not clean up", () => {
    const driver = listed(stopped(ending(), "h1", "h2"), "h1").pass(LIST_MS);
    expect(gathers(driver)).toEqual([["h1"]]);
    driver.give({ kind: "gathered", problems: [{ host: hostIdOf("h1"), message: "cannot write" }] });
    cleaned(driver, "h1").pass(CLEAN_MS);
    expect(problems(driver)).toEqual([
      "h2: listing: no answer within the time allowed",
      "h1: collect: cannot write",
      "h2: cleaning: no answer within the time allowed",
    ]);
    expect(driver.exitCode).toBe(0);
  });

  test("an orphaned host that never returns holds nothing up for longer than the three of them", () => {
    const driver = ending();
    driver.give({ kind: "hostOrphaned", host: hostIdOf("h2"), reason: "reset" });
    listed(stopped(driver, "h1"), "h1").pass(STOP_MS);
    listed(driver, "h1").give({ kind: "gathered", problems: [] });
    cleaned(driver, "h1").pass(CLEAN_MS);
    expect(driver.run.over).toBe(true);
  });
});

describe("hosts that are lost", () => {
  test.each([
    ["stopping", (driver: RunDriver) => stopped(driver, "h1")],
    ["listing", (driver: RunDriver) => listed(stopped(driver, "h1", "h2"), "h1")],
    ["gathering", (driver: RunDriver) => listed(stopped(driver, "h1", "h2"), "h1", "h2")],
    [
      "cleaning",
      (driver: RunDriver) => {
        listed(stopped(driver, "h1", "h2"), "h1", "h2").give({ kind: "gathered", problems: [] });
        return cleaned(driver, "h1");
      },
    ],
  ] as const)("while %s: told, and not waited for", (step, reach) => {
    const driver = reach(ending()).lost("h2");
    expect(problems(driver)).toEqual([
      `h2: ${step}: the host went away before it had confirmed that it is clean: connection: silent`,
    ]);
    expect(driver.givenUp()).toEqual(["h2"]);
    expect(driver.lost("h2").finish().exitCode).toBe(0);
  });

  test("all of them", () => {
    const driver = ending().lost("h1", "h2");
    driver.give({ kind: "gathered", problems: [] });
    expect(driver.run.over).toBe(true);
  });
});

test("leftovers and problems of cleaning up are told with their hosts", () => {
  const driver = ending().says("h1", { kind: "stopped", leftovers: ["process 7 (x)"] });
  stopped(driver, "h2").says("h1", { kind: "collectable", files: [], problems: ["no file matches out"] });
  listed(driver, "h2").give({ kind: "gathered", problems: [] });
  cleaned(driver.says("h1", { kind: "runEnded", problems: ["cannot remove work"] }), "h2");
  expect(problems(driver)).toEqual([
    "h1: stop: process 7 (x)",
    "h1: collect: no file matches out",
    "h1: clean up: cannot remove work",
  ]);
});

test("answers that come twice, too early or too late change nothing", () => {
  const driver = cleaned(listed(ending(), "h1"), "h1");
  stopped(driver, "h1", "h1", "h2", "h2");
  expect(driver.sent("collect")).toEqual(["h1", "h2"]);
  listed(driver, "h1", "h1", "h2");
  driver.give({ kind: "gathered", problems: [] });
  driver.give({ kind: "gathered", problems: [] });
  expect(driver.sent("endRun")).toEqual(["h1", "h2"]);
  listed(driver, "h1");
  expect(cleaned(driver, "h1", "h2").exitCode).toBe(0);
});

test("what processes do while they are stopped is no failure of the run", () => {
  const driver = new RunDriver(COLLECTS, 2).executing("h1", "h2").end("stop").processFails("h1").finish();
  expect(driver.exitCode).toBe(0);
});
