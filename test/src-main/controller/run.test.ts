// One run of an application, phase by phase: states, starting together, failures, replacements and ends.
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

const ONE = specification({ components: component("c", "3") });
const TWO = specification({
  components: component("a", "1") + component("b", "2"),
  blocks: componentBlock("cba", "a", processBlock("run")) + componentBlock("cbb", "b", processBlock("run")),
});
const SERVICE =
  '<process_block name="run"><process service="true"><path>true</path></process></process_block>';
const SERVICES = specification({
  components: component("c", "2"),
  blocks: componentBlock("cb", "c", SERVICE),
});

describe("from start to finish", () => {
  test("the run's states, the hosts' states and the components' stages", () => {
    const driver = new RunDriver(ONE).executing("h1", "h2", "h3").ended("h1", "h2", "h3").finish();
    expect(driver.states).toEqual([
      "matching",
      "connecting",
      "preparing",
      "running",
      "stopping",
      "cleaning up",
    ]);
    expect(driver.statesOf("h2")).toEqual(["connecting", "preparing node", "executing", "finished"]);
    const stages = driver
      .eventsOf("stage")
      .map(({ stage, done, total }) => `${stage} ${String(done)}/${String(total)}`);
    expect(stages).toEqual([
      "setting up the nodes 0/3",
      "setting up the nodes 1/3",
      "setting up the nodes 2/3",
      "setting up the nodes 3/3",
      "running 0/3",
      "running 1/3",
      "running 2/3",
      "finished 3/3",
    ]);
    expect(driver.outcome).toMatchObject({ end: "finished", verdict: { exitCode: 0 } });
    expect(driver.outcome.hosts).toEqual({
      succeeded: ["h1", "h2", "h3"],
      failed: [],
      unreachable: [],
      replaced: [],
    });
  });

  test("hosts with services that go on have not ended, and those where something failed are counted", () => {
    const stagesOf = (driver: RunDriver) =>
      driver
        .eventsOf("stage")
        .flatMap(({ stage, done, failed, serving }) =>
          stage === "setting up the nodes" ? [] : [{ stage, done, failed, serving }],
        );
    const mixed = componentBlock("cb", "c", SERVICE, processBlock("work"));
    const both = new RunDriver(specification({ components: component("c", "2"), blocks: mixed }));
    expect(stagesOf(both.executing("h1", "h2").ended("h1", "h2"))).toEqual([
      { stage: "running", done: 0, failed: undefined, serving: undefined },
      { stage: "running", done: 0, failed: undefined, serving: 1 },
      { stage: "running", done: 0, failed: undefined, serving: 2 },
    ]);
    const services = new RunDriver(SERVICES).executing("h1", "h2").processFails("h2");
    expect(stagesOf(services)).toEqual([
      { stage: "running", done: 0, failed: undefined, serving: 2 },
      { stage: "running", done: 1, failed: 1, serving: 1 },
    ]);
  });

  test("the first event says what the run is of", () => {
    const driver = new RunDriver(ONE).start();
    expect(driver.events[0]).toEqual({
      event: "run",
      state: "matching",
      version: 1,
      application: "app.xml",
      experiment: "e",
      controllerAbsenceMs: 600_000,
    });
    expect(driver.eventsOf("matching")).toEqual([
      { event: "matching", component: "c", hosts: "h[1-3]", count: 3, wanted: { min: 3, max: 3 } },
    ]);
  });

  test("all hosts of a component start together, when the slowest is ready", () => {
    const driver = new RunDriver(ONE).start().connected("h1", "h2", "h3").prepared("h1", "h2");
    expect(driver.sent("execute")).toEqual([]);
    driver.prepared("h3");
    expect(driver.commands("execute").map(({ hosts }) => hosts)).toEqual([["h1", "h2", "h3"]]);
  });

  test("components start independently of each other", () => {
    const driver = new RunDriver(TWO).start().connected("h1").prepared("h1");
    expect(driver.sent("execute")).toEqual(["h1"]);
    expect(driver.run.members.map(({ phase }) => phase)).toEqual(["executing", "connecting", "connecting"]);
  });

  test("the run goes on until every component has ended", () => {
    const driver = new RunDriver(TWO).executing("h1", "h2", "h3").ended("h1", "h2");
    expect(driver.states.at(-1)).toBe("running");
    driver.ended("h3").finish();
    expect(driver.exitCode).toBe(0);
  });

  test("no match: the run fails with the matcher's words, and no host is touched", () => {
    const driver = new RunDriver(ONE, 2).start();
    driver.finish();
    expect(driver.outcome).toMatchObject({ end: "failed", verdict: { exitCode: 1 } });
    expect(driver.outcome.verdict.reason).toContain("needs 3 hosts and there are 2");
    expect(driver.connects()).toEqual([]);
    expect(driver.givenUp()).toEqual([]);
  });

  test("an application without blocks ends at once", () => {
    const nothing =
      '<plush><project name="p"><experiment name="e"><execution/></experiment></project></plush>';
    const driver = new RunDriver(nothing).start().finish();
    expect(driver.exitCode).toBe(0);
    const empty = new RunDriver(specification({ blocks: componentBlock("cb", "c") })).executing(
      "h1",
      "h2",
      "h3",
    );
    expect(empty.ended("h1", "h2", "h3").finish().exitCode).toBe(0);
  });

  test("secrets are asked for before each execute, and no event carries one", () => {
    const definitions = '<secret name="token" from="env:TOKEN"/>';
    const driver = new RunDriver(specification({ definitions })).executing("h1", "h2", "h3").lost("h2");
    driver.connected("h4").prepared("h4");
    const order = driver.effects.flatMap((effect) => {
      if (effect.kind === "sendSecrets") return [`secrets ${effect.hosts.join(" ")}`];
      return effect.kind === "command" && effect.command.kind === "execute"
        ? [`execute ${effect.hosts.join(" ")}`]
        : [];
    });
    expect(order).toEqual(["secrets h1 h2 h3", "execute h1 h2 h3", "secrets h4", "execute h4"]);
    expect(driver.commands("execute")[0]!.command.secretNames).toEqual(["token"]);
  });
});

describe("processes fail", () => {
  test("the others go on, and the run ends with 3", () => {
    const driver = new RunDriver(ONE)
      .executing("h1", "h2", "h3")
      .processFails("h2")
      .ended("h1", "h3")
      .finish();
    expect(driver.exitCode).toBe(3);
    expect(driver.outcome.verdict.reason).toBe("failed on h2");
    expect(driver.outcome.hosts).toMatchObject({ succeeded: ["h1", "h3"], failed: ["h2"] });
    expect(driver.eventsOf("host").at(-1)!.state).toBe("finished");
    expect(driver.statesOf("h2").at(-1)).toBe("failed");
  });

  test("replace: the host is given up, and a replacement makes up for it", () => {
    const driver = new RunDriver(ONE).executing("h1", "h2", "h3");
    const block = driver.commands("execute")[0]!.command.componentBlocks[0]!.blocks[0]!.path;
    driver.says("h2", { kind: "blockEnded", block, outcome: "failed", reason: "status 3" });
    driver.says("h2", { kind: "escalated", block, action: "replace", reason: "status 3" });
    expect(driver.givenUp()).toEqual(["h2"]);
    driver.connected("h4").prepared("h4").ended("h1", "h3", "h4").finish();
    expect(driver.exitCode).toBe(0);
  });

  test("abort: the run ends as aborted", () => {
    const driver = new RunDriver(ONE).executing("h1", "h2", "h3");
    const block = driver.commands("execute")[0]!.command.componentBlocks[0]!.blocks[0]!.path;
    driver.says("h2", { kind: "escalated", block, action: "abort", reason: "status 3" }).finish();
    expect(driver.outcome).toMatchObject({ end: "aborted", verdict: { exitCode: 1 } });
    expect(driver.outcome.verdict.reason).toContain("the exit policy aborts the run: h2");
  });
});

describe("services", () => {
  test("are not waited for when there is other work", () => {
    const driver = new RunDriver(
      specification({
        components: component("server", "1") + component("client", "1"),
        blocks:
          componentBlock("cbs", "server", SERVICE) + componentBlock("cbc", "client", processBlock("run")),
      }),
    );
    driver.executing("h1", "h2").ended("h2").finish();
    expect(driver.exitCode).toBe(0);
    expect(driver.outcome.hosts.succeeded).toEqual(["h1", "h2"]);
  });

  test("alone, they run until they are stopped", () => {
    const driver = new RunDriver(SERVICES).executing("h1", "h2").pass(3_600_000);
    expect(driver.states.at(-1)).toBe("running");
    driver.end("stop").finish();
    expect(driver.outcome).toMatchObject({ end: "finished", verdict: { exitCode: 0 } });
    expect(driver.outcome.hosts.succeeded).toEqual(["h1", "h2"]);
  });

  test("alone, or until the duration is over", () => {
    const text = SERVICES.replace('<experiment name="e"', '<experiment name="e" duration="1m"');
    const driver = new RunDriver(text).executing("h1", "h2").pass(60_000).finish();
    expect(driver.outcome).toMatchObject({ end: "finished", verdict: { exitCode: 0 } });
  });

  test("alone, the run ends when they have failed on every host", () => {
    const driver = new RunDriver(SERVICES).executing("h1", "h2").processFails("h1");
    expect(driver.states.at(-1)).toBe("running");
    expect(driver.processFails("h2").finish().exitCode).toBe(3);
  });

  test("a host of services that is lost is replaced whenever it is lost", () => {
    const driver = new RunDriver(SERVICES).executing("h1", "h2").processFails("h1").lost("h1");
    expect(driver.hosts).toEqual(["h3", "h2"]);
  });
});

describe("ended from outside", () => {
  const phases: readonly (readonly [string, (driver: RunDriver) => RunDriver])[] = [
    ["before the start", (driver) => driver],
    ["connecting", (driver) => driver.start()],
    ["preparing", (driver) => driver.start().connected("h1", "h2")],
    ["running", (driver) => driver.executing("h1", "h2", "h3")],
    ["stopping", (driver) => driver.executing("h1", "h2", "h3").ended("h1", "h2", "h3")],
    ["stopping after an abort", (driver) => driver.executing("h1", "h2", "h3").end("abort")],
  ];

  test.each(phases)("Ctrl-C %s: 130, and clean", (_name, reach) => {
    const driver = reach(new RunDriver(ONE)).end("interrupt");
    expect(driver.states).toContain("stopping");
    driver.start().finish();
    expect(driver.outcome).toMatchObject({
      end: "aborted",
      verdict: { exitCode: 130, reason: "it was interrupt" },
    });
    expect(driver.states[0]).toBe("matching");
    const started = driver.sent("prepare");
    expect(new Set(driver.sent("stop"))).toEqual(new Set(started));
    const connectedOrGivenUp = [...started, ...driver.givenUp()];
    expect(new Set(connectedOrGivenUp)).toEqual(new Set(driver.connects()));
    expect(driver.timers).toEqual([]);
  });

  test("nothing is collected after Ctrl-C", () => {
    const blocks = componentBlock("cb", "c", processBlock("run", '<collect path="out"/>'));
    const driver = new RunDriver(specification({ blocks }))
      .executing("h1", "h2", "h3")
      .end("interrupt")
      .finish();
    expect(driver.sent("collect")).toEqual([]);
  });

  test("abort: 1, as aborted", () => {
    const driver = new RunDriver(ONE).executing("h1", "h2", "h3").end("abort").finish();
    expect(driver.outcome).toMatchObject({ end: "aborted", verdict: { exitCode: 1 } });
  });

  test("the run's deadline: 5, with the hosts that are not finished", () => {
    const text = ONE.replace('<experiment name="e"', '<experiment name="e" deadline="1m"');
    const driver = new RunDriver(text).executing("h1", "h2", "h3").ended("h2").pass(60_000).finish();
    expect(driver.outcome).toMatchObject({ end: "failed", verdict: { exitCode: 5 } });
    expect(driver.outcome.verdict.reason).toBe("the run's deadline of 60 s has passed; not finished: h[1,3]");
  });

  test("a deadline that comes when all is done does not matter any more", () => {
    const driver = new RunDriver(ONE).executing("h1", "h2", "h3").ended("h1", "h2", "h3");
    driver.give({ kind: "timer", name: "run" });
    driver.end("timeout").finish();
    expect(driver.exitCode).toBe(0);
  });
});

describe("nothing harms it", () => {
  test("reports from strangers, of other runs, too late, twice", () => {
    const driver = new RunDriver(ONE).executing("h1", "h2", "h3");
    const before = driver.effects.length;
    driver.ended("h7").connected("h1", "h7").prepared("h1").lost("h8");
    driver.give({
      kind: "report",
      host: hostIdOf("h1"),
      report: { kind: "hostEnded", run: "other" as never, outcome: "failed", reason: "" },
    });
    driver.says("h1", { kind: "stopped", leftovers: [] }).says("h1", { kind: "runEnded", problems: [] });
    expect(driver.effects.slice(before)).toEqual([]);
    driver.ended("h1", "h1");
    expect(driver.statesOf("h1").filter((state) => state === "finished")).toHaveLength(1);
    driver.processFails("h1").ended("h2", "h3").finish();
    const after = driver.effects.length;
    driver.ended("h1").connected("h1").lost("h1").end("interrupt").start().pass(100_000_000);
    expect(driver.effects).toHaveLength(after);
  });

  test("a host that was given up is heard no more", () => {
    const driver = new RunDriver(ONE).executing("h1", "h2", "h3").lost("h2").processFails("h2");
    driver.connected("h4").prepared("h4").ended("h1", "h3", "h4").finish();
    expect(driver.exitCode).toBe(0);
  });

  test("a second start changes nothing", () => {
    const driver = new RunDriver(ONE).start();
    const before = driver.effects.length;
    driver.start();
    expect(driver.effects).toHaveLength(before);
  });
});

describe("waiting is told", () => {
  test("for hosts to connect and software to be installed, after ten seconds without a move", () => {
    const driver = new RunDriver(ONE).start().pass(9000).connected("h1").pass(9999);
    expect(driver.eventsOf("waiting")).toEqual([]);
    driver.pass(1001);
    expect(driver.eventsOf("waiting")).toEqual([
      { event: "waiting", for: "hosts to connect", hosts: "h[2-3]", sinceMs: 11_000, deadlineMs: null },
      { event: "waiting", for: "software to be installed", hosts: "h1", sinceMs: 11_000, deadlineMs: null },
    ]);
  });

  test("at a barrier, with the missing hosts and the time that is left, whatever else goes on", () => {
    const blocks = componentBlock("cb", "c", barrierBlock("b", 'name="go" max="3" deadline="1m"'));
    const driver = new RunDriver(specification({ blocks })).executing("h1", "h2", "h3").reaches("go", "h1");
    driver.pass(20_000);
    expect(driver.eventsOf("waiting").at(-1)).toEqual({
      event: "waiting",
      for: "barrier 'go'",
      hosts: "h[2-3]",
      sinceMs: 20_000,
      deadlineMs: 40_000,
    });
  });
});
