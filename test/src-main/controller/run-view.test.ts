// What a face shows of a run: a fold of the run's events.
import { describe, expect, test } from "vitest";
import { blockPathOf, hostIdOf } from "../../../src-shared/base/ids.ts";
import { RunViewFold } from "../../../src-main/controller/run-view.ts";
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
  processBlock("run"),
  barrierBlock("b", 'name="go" max="all"', "run"),
);
const TEXT = specification({ components: component("c", "2"), blocks: BLOCKS });
const BLOCK = blockPathOf("run", "cb", "e");
const USAGE = { wallMs: 1, cpuMs: 1, memoryBytesMax: 1 };

function foldOf(driver: RunDriver): RunViewFold {
  const fold = new RunViewFold(RUN, "/results");
  for (const body of driver.events) fold.add({ time: "2026-01-01T00:00:00.000Z", run: RUN, ...body });
  return fold;
}

function exits(driver: RunDriver, host: string, status: number, outcome: "succeeded" | "failed"): RunDriver {
  const exit = { status, signal: undefined, cause: "itself" } as const;
  const attempt = 1;
  driver.says(host, { kind: "processStarted", block: BLOCK, attempt, pid: 7 });
  driver.says(host, {
    kind: "processExited",
    block: BLOCK,
    attempt,
    exit,
    usage: USAGE,
    outputEnd: { stdout: 0, stderr: 0 },
  });
  return driver.says(host, { kind: "blockEnded", block: BLOCK, outcome, reason: "" });
}

describe("a run in progress", () => {
  test("what runs on a host goes with the host", () => {
    const fold = new RunViewFold(RUN, "/results");
    const base = { time: "2026-01-01T00:00:00.000Z", run: RUN, host: "h1", component: "c" } as const;
    const process = { ...base, event: "process", process: "p", block: BLOCK, attempt: 1 } as const;
    fold.add({ ...base, event: "host", state: "executing" });
    fold.add({ ...process, state: "started", pid: 7 });
    expect(fold.view().processes).toEqual({ running: 1, succeeded: 0, failed: 0 });
    fold.add({ ...base, event: "host", state: "failed", reason: "by hand" });
    expect(fold.view().processes).toEqual({ running: 0, succeeded: 0, failed: 0 });
    expect(fold.host("h1")?.processes).toMatchObject([{ state: "lost" }]);
  });

  test("hosts, stages and barriers", () => {
    const driver = new RunDriver(TEXT).executing("h1", "h2").reaches("go", "h1").ended("h1");
    const view = foldOf(driver).view();
    expect(view).toMatchObject({
      run: RUN,
      experiment: "e",
      state: "running",
      verdict: undefined,
      results: "/results",
    });
    expect(view.components).toEqual([
      {
        name: "c",
        hosts: "h[1-2]",
        stage: "running",
        connected: 2,
        prepared: 2,
        ended: 1,
        failed: 0,
        wanted: { min: 2, max: 2 },
      },
    ]);
    expect(view.barriers).toEqual([{ name: "go", arrived: 1, max: 2, released: false }]);
  });

  test("a replaced host leaves and its replacement appears", () => {
    const fold = foldOf(new RunDriver(TEXT).executing("h1", "h2").lost("h1"));
    expect(fold.view().components[0]).toMatchObject({ hosts: "h[2-3]", failed: 0 });
    expect(fold.host("h1")).toMatchObject({ component: null, state: "failed", reason: "connection: silent" });
  });

  test("processes count as their blocks do: what is ignored has not failed", () => {
    const driver = new RunDriver(TEXT).executing("h1", "h2");
    exits(exits(driver, "h1", 3, "succeeded"), "h2", 3, "failed");
    expect(foldOf(driver).view().processes).toEqual({ running: 0, succeeded: 1, failed: 1 });
    expect(foldOf(driver).host("h1")!.processes).toEqual([
      { process: "run", block: BLOCK, pid: 7, state: "succeeded" },
    ]);
  });

  test("the verdict comes with the last event", () => {
    const fold = foldOf(new RunDriver(TEXT).start());
    fold.add({
      event: "run",
      time: "t",
      run: RUN,
      state: "failed",
      version: 1,
      exitCode: 3,
      reason: "failed on h1",
    });
    expect(fold.view().verdict).toEqual({ exitCode: 3, reason: "failed on h1" });
    expect(fold.host(hostIdOf("h9"))).toBeUndefined();
  });
});
