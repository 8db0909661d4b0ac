// Hosts that fail, phase by phase: replaced at their place, done without, or the end of the run.
import { describe, expect, test } from "vitest";
import { unpackNames } from "../../../src-shared/application/packed-names.ts";
import { hostIdOf } from "../../../src-shared/base/ids.ts";
import {
  component,
  componentBlock,
  processBlock,
  specification,
} from "../../src-shared/application/specification-text.ts";
import { RunDriver } from "./run-driver.ts";

const ONE = specification({ components: component("c", "3") });
const TWO_TO_THREE = specification({ components: component("c", '<num_hosts min="2" max="3"/>') });

describe("a host fails", () => {
  test("while it connects: another takes its place", () => {
    const driver = new RunDriver(ONE).start().notConnected("h2");
    expect(driver.hosts).toEqual(["h1", "h4", "h3"]);
    expect(driver.connects()).toEqual(["h1", "h2", "h3", "h4"]);
    expect(driver.statesOf("h2")).toEqual(["connecting", "failed"]);
    expect(driver.eventsOf("replaced")).toEqual([
      { event: "replaced", component: "c", host: "h2", by: "h4", reason: "deploy: refused" },
    ]);
    driver.connected("h1", "h3", "h4").prepared("h1", "h3", "h4").ended("h1", "h3", "h4").finish();
    expect(driver.exitCode).toBe(0);
    expect(driver.outcome.hosts.replaced).toEqual(["h2"]);
  });

  test("while software is installed, with the host's own words", () => {
    const driver = new RunDriver(ONE).start().connected("h1", "h2", "h3").prepared("h1", "h3");
    driver.says("h2", { kind: "prepareFailed", software: "s", step: "unpack", reason: "disk full" });
    const failed = driver.eventsOf("host").find(({ state }) => state === "failed");
    expect(failed).toMatchObject({ host: "h2", step: "unpack of software 's'", reason: "disk full" });
    expect(driver.givenUp()).toEqual(["h2"]);
    driver.connected("h4").prepared("h4");
    expect(driver.commands("execute").map(({ hosts }) => hosts)).toEqual([["h1", "h4", "h3"]]);
  });

  test("while it executes: the replacement starts at once and takes over its index", () => {
    const driver = new RunDriver(ONE)
      .executing("h1", "h2", "h3")
      .lost("h2")
      .connected("h5", "h4")
      .prepared("h4");
    expect(driver.commands("execute").at(-1)!.hosts).toEqual(["h4"]);
    const { variables } = driver.commands("execute").at(-1)!.command;
    expect(variables.components[0]!.hosts).toEqual(["h1", "h4", "h3"]);
    const told = driver.commands("variables").at(-1)!;
    expect(told.hosts).toEqual(["h1", "h3"]);
    expect(told.command.table.components[0]!.hosts).toEqual(["h1", "h4", "h3"]);
  });

  test("a replacement that fails is replaced, until there is no candidate left", () => {
    const driver = new RunDriver(ONE, 5).executing("h1", "h2", "h3").lost("h2");
    driver.notConnected("h4", false).connected("h5");
    expect(driver.hosts).toEqual(["h1", "h5", "h3"]);
    driver.lost("h5");
    expect(driver.eventsOf("replaced").map(({ by }) => by)).toEqual(["h4", "h5", null]);
    driver.finish();
    expect(driver.exitCode).toBe(4);
    expect(driver.outcome.verdict.reason).toContain("component 'c' needs 3 hosts and has 2 left");
    expect(driver.outcome.hosts).toMatchObject({ replaced: ["h2", "h4"], unreachable: ["h5"], failed: [] });
  });

  test("what it says when hosts run out: which failed, and what to do; the reasons were told", () => {
    const none = new RunDriver(specification({ components: component("c", "1") }), 2).start();
    none.notConnected("h1").notConnected("h2").finish();
    expect(none.eventsOf("problem").at(-1)).toMatchObject({
      message: "component 'c' needs 1 host and none is left: h[1-2] failed",
      remedy: "Correct what failed above, or list more hosts of type 'ssh'.",
    });
    expect(none.outcome.verdict.reason).toBe("no host is left for component 'c'");
    const few = new RunDriver(ONE, 3).executing("h1", "h2", "h3").lost("h2").finish();
    expect(few.outcome.verdict.reason).toBe("component 'c' needs 3 hosts and has 2 left");
  });

  test("a component goes on with fewer, down to its minimum", () => {
    const driver = new RunDriver(TWO_TO_THREE, 3).executing("h1", "h2", "h3").lost("h1");
    expect(driver.hosts).toEqual(["h2", "h3"]);
    driver.ended("h2", "h3").finish();
    expect(driver.exitCode).toBe(4);
    const fails = new RunDriver(TWO_TO_THREE, 3).executing("h1", "h2", "h3").lost("h1", "h2");
    expect(fails.states.at(-1)).toBe("stopping");
    expect(fails.finish().exitCode).toBe(4);
  });

  test("after the start, a host that is lost for good keeps its place, so that every index stays what it was", () => {
    const text = specification({ components: component("c", '<num_hosts min="1" max="3"/>') });
    const driver = new RunDriver(text, 4)
      .executing("h1", "h2", "h3")
      .lost("h3", "h1")
      .connected("h4")
      .prepared("h4");
    expect(driver.hosts).toEqual(["h2", "h4"]);
    const { variables } = driver.commands("execute").at(-1)!.command;
    expect(unpackNames(variables.components[0]!.hosts)).toEqual(["h1", "h2", "h4"]);
    const before = new RunDriver(text, 3)
      .start()
      .notConnected("h1")
      .connected("h2", "h3")
      .prepared("h2", "h3");
    expect(unpackNames(before.commands("execute")[0]!.command.variables.components[0]!.hosts)).toEqual([
      "h2",
      "h3",
    ]);
  });

  test("those that wait for a host that fails start without it", () => {
    const driver = new RunDriver(TWO_TO_THREE, 3).start().connected("h1", "h2", "h3").prepared("h1", "h2");
    driver.lost("h3");
    expect(driver.commands("execute").map(({ hosts }) => hosts)).toEqual([["h1", "h2"]]);
  });

  test("a host that does not prepare in time is given up", () => {
    const driver = new RunDriver(ONE).start().connected("h1", "h2", "h3").prepared("h1", "h3").pass(30_000);
    expect(driver.givenUp()).toEqual(["h2"]);
    expect(driver.timers).not.toContain("prepare h1");
  });

  test("by hand, in every phase", () => {
    const reason = "it smells";
    const connecting = new RunDriver(ONE).start();
    connecting.give({ kind: "failHost", host: hostIdOf("h1"), reason });
    expect(connecting.hosts).toEqual(["h4", "h2", "h3"]);
    const executing = new RunDriver(ONE, 3).executing("h1", "h2", "h3");
    executing.give({ kind: "failHost", host: hostIdOf("h1"), reason });
    expect(executing.finish().exitCode).toBe(3);
    const ended = new RunDriver(ONE).executing("h1", "h2", "h3").ended("h1");
    ended.give({ kind: "failHost", host: hostIdOf("h1"), reason });
    expect(ended.hosts).toEqual(["h4", "h2", "h3"]);
  });

  test("an orphaned host is told of and stays; it fails when it counts as lost", () => {
    const driver = new RunDriver(ONE).executing("h1", "h2", "h3");
    driver.give({ kind: "hostOrphaned", host: hostIdOf("h1"), reason: "reset" });
    driver.give({ kind: "hostBack", host: hostIdOf("h1") });
    expect(driver.eventsOf("problem").map(({ severity, message }) => [severity, message])).toEqual([
      ["note", "link lost: reset"],
      ["note", "link is back"],
    ]);
    expect(driver.hosts).toEqual(["h1", "h2", "h3"]);
    expect(driver.lost("h1").hosts).toEqual(["h4", "h2", "h3"]);
  });

  test("a host whose work is done may go: nothing is done again", () => {
    const driver = new RunDriver(ONE).executing("h1", "h2", "h3").ended("h1").lost("h1", "h1");
    expect(driver.hosts).toEqual(["h1", "h2", "h3"]);
    expect(driver.eventsOf("replaced")).toEqual([]);
    driver.ended("h2", "h3");
    expect(driver.commands("stop").at(-1)!.hosts).toEqual(["h2", "h3"]);
    driver.finish();
    expect(driver.exitCode).toBe(0);
    expect(driver.outcome.hosts.succeeded).toEqual(["h1", "h2", "h3"]);
    expect(driver.commands("endRun").at(-1)!.hosts).toEqual(["h2", "h3"]);
  });

  test("unless files are still to be collected from it", () => {
    const blocks = componentBlock("cb", "c", processBlock("run", '<collect path="out"/>'));
    const driver = new RunDriver(specification({ blocks }))
      .executing("h1", "h2", "h3")
      .ended("h1")
      .lost("h1");
    expect(driver.hosts).toEqual(["h4", "h2", "h3"]);
  });

  test("when its reports are lost, nobody knows how it stands", () => {
    const driver = new RunDriver(ONE).executing("h1", "h2", "h3");
    driver.give({ kind: "report", host: hostIdOf("h1"), report: { kind: "reportsDropped", count: 7 } });
    expect(driver.hosts).toEqual(["h4", "h2", "h3"]);
  });
});
