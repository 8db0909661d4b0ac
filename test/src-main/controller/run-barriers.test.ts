// Barriers of a run: released once, across hosts and components, told as impossible as soon as that is certain.
import { describe, expect, test } from "vitest";
import { hostIdOf } from "../../../src-shared/base/ids.ts";
import {
  barrierBlock,
  component,
  componentBlock,
  processBlock,
  specification,
} from "../../src-shared/application/specification-text.ts";
import { RunDriver } from "./run-driver.ts";

/** Components a (h1) and b (h2, h3), which share a barrier. */
function shared(max: string, more = ""): string {
  const barrier = barrierBlock("b", `name="go" max="${max}" ${more}`);
  return specification({
    components: component("a", "1") + component("b", '<num_hosts min="1" max="2"/>'),
    blocks: componentBlock("cba", "a", barrier) + componentBlock("cbb", "b", processBlock("run"), barrier),
  });
}

const BARRIER = barrierBlock("b", 'name="go" max="all"', "run");
const LAST = specification({ blocks: componentBlock("cb", "c", processBlock("run"), BARRIER) });

function told(driver: RunDriver): string[] {
  return driver
    .eventsOf("barrier")
    .map(({ state, arrived, max }) => `${state} ${String(arrived)}/${String(max)}`);
}

describe("release", () => {
  test("when max hosts of any component have come, once", () => {
    const driver = new RunDriver(shared("2")).executing("h1", "h2", "h3").reaches("go", "h1", "h1", "h3");
    driver.pass(5).reaches("go", "h2");
    expect(told(driver)).toEqual(["reached 1/2", "reached 2/2", "released 2/2"]);
    expect(driver.commands("release").map(({ hosts }) => hosts)).toEqual([["h1", "h2", "h3"]]);
    expect(driver.timers).not.toContain("barrier go");
  });

  test('"all" is every host that is still there', () => {
    const driver = new RunDriver(shared("all"), 3).executing("h1", "h2", "h3").reaches("go", "h1", "h2");
    expect(told(driver).at(-1)).toBe("reached 2/3");
    driver.lost("h3");
    expect(told(driver).at(-1)).toBe("released 2/2");
  });

  test("hosts that start after it pass at once", () => {
    const driver = new RunDriver(shared("1")).start().connected("h1").prepared("h1").reaches("go", "h1");
    expect(driver.commands("release").map(({ hosts }) => hosts)).toEqual([["h1"]]);
    driver.connected("h2", "h3").prepared("h2", "h3");
    expect(driver.commands("execute").at(-1)!.command.releasedBarriers).toEqual(["go"]);
  });

  test("a host replaced before it arrives again, one replaced after it passes", () => {
    const driver = new RunDriver(shared("2")).executing("h1", "h2", "h3").reaches("go", "h1").lost("h1");
    driver.reaches("go", "h2");
    expect(told(driver)).toEqual(["reached 1/2", "reached 1/2"]);
    driver.connected("h4").prepared("h4").reaches("go", "h4");
    expect(told(driver).at(-1)).toBe("released 2/2");
    driver.lost("h4").connected("h5").prepared("h5");
    expect(driver.commands("execute").at(-1)!.command.releasedBarriers).toEqual(["go"]);
    const before = told(driver).length;
    expect(told(driver.reaches("go", "h5"))).toHaveLength(before);
  });

  test("by hand, whatever is missing, also before anybody has come", () => {
    const driver = new RunDriver(shared("3")).executing("h1", "h2", "h3");
    driver.give({ kind: "force", name: "go" });
    driver.give({ kind: "force", name: "nothing" });
    expect(told(driver)).toEqual(["forced 0/3"]);
    expect(driver.sent("release")).toEqual(["h1", "h2", "h3"]);
  });

  test("says how long the first has waited", () => {
    const driver = new RunDriver(shared("2")).executing("h1", "h2", "h3").reaches("go", "h1").pass(4000);
    driver.reaches("go", "h2");
    expect(driver.eventsOf("barrier").at(-1)).toMatchObject({ state: "released", waitedMs: 4000 });
  });
});

describe("impossible", () => {
  test("at the start, when there are fewer hosts than it waits for", () => {
    const driver = new RunDriver(shared("3"), 2).start().finish();
    expect(driver.exitCode).toBe(1);
    expect(driver.outcome.verdict.reason).toBe("barrier 'go' can never be released");
    expect(driver.eventsOf("problem").at(-1)?.message).toBe(
      "barrier 'go' can never be released: 0 of 3 arrived and only 2 can",
    );
    expect(driver.connects()).toEqual([]);
  });

  test("as soon as a block before it has failed on a host, though other blocks go on there", () => {
    const driver = new RunDriver(LAST).executing("h1", "h2", "h3").reaches("go", "h1");
    driver.says("h2", { kind: "barrierMissed", barrier: "go", reason: "run exited with status 3" });
    expect(told(driver).at(-1)).toBe("impossible 1/3");
    driver.finish();
    expect(driver.exitCode).toBe(1);
  });

  test("not while enough others can come", () => {
    const driver = new RunDriver(shared("2")).executing("h1", "h2", "h3");
    driver.says("h2", { kind: "barrierMissed", barrier: "go", reason: "" });
    driver.processFails("h2");
    expect(driver.states.at(-1)).toBe("running");
    expect(told(driver.reaches("go", "h1", "h3")).at(-1)).toBe("released 2/2");
  });

  test("when hosts have ended without coming, or have left for good", () => {
    expect(told(new RunDriver(LAST).executing("h1", "h2", "h3").processFails("h3")).at(-1)).toBe(
      "impossible 0/3",
    );
    const driver = new RunDriver(shared("3"), 3).executing("h1", "h2", "h3").reaches("go", "h1").lost("h3");
    expect(told(driver).at(-1)).toBe("impossible 1/3");
    expect(driver.finish().exitCode).toBe(4);
  });

  test("the replacement of a host that missed it can come", () => {
    const driver = new RunDriver(LAST).executing("h1", "h2", "h3").lost("h1").connected("h4").prepared("h4");
    expect(told(driver.reaches("go", "h4", "h2", "h3")).at(-1)).toBe("released 3/3");
  });
});

describe("deadline", () => {
  test("counts from the first arrival, names the missing hosts and ends the run with 5", () => {
    const driver = new RunDriver(shared("3", 'deadline="1m"')).executing("h1", "h2", "h3").pass(100_000);
    driver.reaches("go", "h2").pass(59_999);
    expect(driver.states.at(-1)).toBe("running");
    driver.pass(1).finish();
    expect(driver.exitCode).toBe(5);
    expect(driver.outcome.verdict.reason).toBe(
      "barrier 'go' was not released within 60 s: 1 of 3 arrived; missing: h[1,3]",
    );
    expect(told(driver).at(-1)).toBe("timedOut 1/3");
  });

  test("starts anew when the only one that waited has left", () => {
    const driver = new RunDriver(shared("all", 'deadline="1m"'))
      .executing("h1", "h2", "h3")
      .reaches("go", "h3");
    driver.pass(59_000).lost("h3").pass(10_000);
    expect(driver.states.at(-1)).toBe("running");
    driver.connected("h4").prepared("h4").reaches("go", "h4").pass(59_999);
    expect(driver.states.at(-1)).toBe("running");
    expect(driver.pass(1).states.at(-1)).toBe("stopping");
  });

  test("does not matter once it is open", () => {
    const driver = new RunDriver(shared("1", 'deadline="1m"'))
      .executing("h1", "h2", "h3")
      .reaches("go", "h1");
    driver.give({ kind: "timer", name: "barrier go" });
    expect(driver.states.at(-1)).toBe("running");
  });
});

test("a host that has not started, or of another component, does not count", () => {
  const text = specification({
    components: component("a", "1") + component("b", "1"),
    blocks:
      componentBlock("cba", "a", barrierBlock("b", 'name="go" max="1"')) +
      componentBlock("cbb", "b", processBlock("run")),
  });
  const driver = new RunDriver(text)
    .start()
    .connected("h1", "h2")
    .reaches("go", "h1")
    .prepared("h2")
    .reaches("go", "h2");
  expect(told(driver)).toEqual([]);
  driver.give({ kind: "hostBack", host: hostIdOf("h1") });
  expect(told(driver.prepared("h1").reaches("go", "h1")).at(-1)).toBe("released 1/1");
});
