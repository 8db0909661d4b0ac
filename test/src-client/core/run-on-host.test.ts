// One run on one host: the order of blocks, exit policies, restarts, services, barriers and stopping.
import { describe, expect, test } from "vitest";
import { barrierBlock, processBlock } from "../../src-shared/application/specification-text.ts";
import { CoreDriver, executeOf, RUN } from "./block-text.ts";

const policy = (condition: string, action: string): string =>
  `<exit_policy ${condition} action="${action}"/>`;
const process = (name: string, attributes: string, inside = "", ...predecessors: readonly string[]): string =>
  processBlock(name, inside, ...predecessors).replace("<process>", `<process ${attributes}>`);
const HEALTH = '<health_check port="80" interval="5s" failures="2" start="30s"/>';

describe("order", () => {
  test("blocks without predecessors start at once, others when all theirs have passed", () => {
    const blocks = processBlock("a") + processBlock("b") + processBlock("c", "", "a", "b");
    const driver = new CoreDriver().execute(blocks);
    expect(driver.spawned).toEqual(["a 1", "b 1"]);
    driver.runs("a");
    expect(driver.spawned).toEqual(["a 1", "b 1"]);
    driver.runs("b");
    expect(driver.spawned).toEqual(["a 1", "b 1", "c 1"]);
    expect(driver.hostEnded).toEqual([]);
    expect(driver.runs("c").hostEnded).toEqual(["finished: "]);
  });

  test("behind a failed block nothing starts, near or far, and the host ends", () => {
    const blocks =
      processBlock("a") + processBlock("b", "", "a") + processBlock("c", "", "b") + processBlock("d");
    const driver = new CoreDriver().execute(blocks).runs("a", 3);
    expect(driver.hostEnded).toEqual([]);
    driver.runs("d");
    expect(driver.spawned).toEqual(["a 1", "d 1"]);
    expect(driver.hostEnded).toEqual(["failed: a"]);
  });

  test("what a short process has printed is told before its end", () => {
    const printed = { stdout: Uint8Array.of(65), stderr: new Uint8Array() };
    const driver = new CoreDriver().execute(processBlock("a")).started("a").printed("a", printed).exited("a");
    const kinds = driver.reports.map(({ kind }) => kind);
    expect(kinds.slice(1, 4)).toEqual(["processStarted", "wholeOutput", "processExited"]);
    expect(driver.reports[2]).toMatchObject({ attempt: 1, ...printed });
  });

  test("no blocks: the host has ended at once", () => {
    expect(new CoreDriver().execute("").hostEnded).toEqual(["finished: "]);
  });

  test("many blocks in a row or in layers take moderate time and no deep stack", () => {
    const row = Array.from({ length: 4000 }, (_, place) =>
      barrierBlock(
        `b${String(place)}`,
        'name="go" max="1"',
        ...(place === 0 ? [] : [`b${String(place - 1)}`]),
      ),
    );
    const driver = new CoreDriver().execute(row.join(""), { releasedBarriers: ["go"] });
    expect(driver.hostEnded).toEqual(["finished: "]);
    const layers = Array.from({ length: 40 }, (_, layer) =>
      ["x", "y"].map((side) =>
        processBlock(
          `${side}${String(layer)}`,
          "",
          ...(layer === 0 ? [] : [`x${String(layer - 1)}`, `y${String(layer - 1)}`]),
        ),
      ),
    );
    const layered = new CoreDriver().execute(layers.flat().join("")).runs("x0", 1).runs("y0");
    expect(layered.hostEnded).toEqual(["failed: x0"]);
  });
});

describe("exit policies", () => {
  const after = (policies: string, how: (driver: CoreDriver) => CoreDriver): CoreDriver =>
    how(new CoreDriver().execute(processBlock("p", policies) + processBlock("next", "", "p")));
  const exits = (status: number) => (driver: CoreDriver) => driver.runs("p", status);
  const dies = (signal: string) => (driver: CoreDriver) => driver.started("p").exited("p", undefined, signal);

  test.each<readonly [string, CoreDriver, string, boolean]>([
    ["status 0 goes on", after("", exits(0)), "p succeeded", true],
    ["any other fails", after("", exits(3)), "p failed", false],
    ["a signal fails", after("", dies("SIGSEGV")), "p failed", false],
    [
      "continue goes on and still failed",
      after(policy('status="3"', "continue"), exits(3)),
      "p failed",
      true,
    ],
    ["ignore counts as success", after(policy('status="3"', "ignore"), exits(3)), "p succeeded", true],
    ["0 can be made a failure", after(policy('status="0"', "fail"), exits(0)), "p failed", false],
    ["within a range", after(policy('status="2-4"', "ignore"), exits(4)), "p succeeded", true],
    ["beyond the range", after(policy('status="2-4"', "ignore"), exits(5)), "p failed", false],
    ["nonzero", after(policy('status="nonzero"', "ignore"), exits(77)), "p succeeded", true],
    ["nonzero is no signal", after(policy('status="nonzero"', "ignore"), dies("SIGKILL")), "p failed", false],
    ["any signal", after(policy('on="signal"', "ignore"), dies("SIGKILL")), "p succeeded", true],
    ["this signal", after(policy('on="signal:SIGTERM"', "ignore"), dies("SIGTERM")), "p succeeded", true],
    ["not that signal", after(policy('on="signal:SIGTERM"', "ignore"), dies("SIGKILL")), "p failed", false],
    [
      "the first that applies",
      after(policy('status="3"', "ignore") + policy('status="1-9"', "fail"), exits(3)),
      "p succeeded",
      true,
    ],
  ])("%s", (_name, driver, ended, goesOn) => {
    expect(driver.ended[0]).toBe(ended);
    expect(driver.spawned.includes("next 1")).toBe(goesOn);
  });

  test("a process that does not start fails, or as its policy says", () => {
    const notStarted = (driver: CoreDriver): CoreDriver => {
      driver.give({ kind: "notStarted", process: `${RUN} p/cb/e 1`, step: "start", reason: "ENOENT" });
      return driver;
    };
    const driver = after("", notStarted);
    expect(driver.ended).toEqual(["p failed"]);
    expect(driver.reports.find(({ kind }) => kind === "processNotStarted")).toMatchObject({
      step: "start",
      reason: "ENOENT",
    });
    expect(after(policy('on="not_started"', "ignore"), notStarted).spawned).toContain("next 1");
  });

  test.each(["replace", "abort"] as const)("%s is passed on to the controller", (action) => {
    const blocks =
      processBlock("p", policy('status="3"', action)) + barrierBlock("b", 'name="go" max="1"', "p");
    const driver = new CoreDriver().execute(blocks).runs("p", 3);
    expect(driver.reports.slice(-4).map(({ kind }) => kind)).toEqual([
      "blockEnded",
      "escalated",
      "barrierMissed",
      "hostEnded",
    ]);
    expect(driver.reports.find(({ kind }) => kind === "escalated")).toMatchObject({
      action,
      reason: "exited with status 3",
    });
  });

  test("restart: so many times, each pause twice as long, up to its maximum", () => {
    const restart = '<exit_policy status="nonzero" action="restart" limit="3" delay="1s" delay_max="3s"/>';
    const driver = new CoreDriver().execute(processBlock("p", restart));
    for (const attempt of ["p", "p#2", "p#3"]) driver.runs(attempt, 1).timer("restart", attempt);
    expect(driver.timers()).toEqual(["restart 1000", "restart 2000", "restart 3000"]);
    driver.runs("p#4", 1);
    expect(driver.spawned).toEqual(["p 1", "p 2", "p 3", "p 4"]);
    expect(driver.ended).toEqual(["p failed"]);
    expect(driver.hostEnded).toEqual(["failed: p"]);
    const last = driver.reports.find((report) => report.kind === "blockEnded");
    expect(last).toMatchObject({ reason: "exited with status 1; restarted 3 times in vain" });
  });

  test("timers and exits of an attempt that is over do nothing", () => {
    const restart = '<exit_policy status="nonzero" action="restart" limit="3"/>';
    const driver = new CoreDriver().execute(process("p", 'deadline="9s"', restart)).runs("p", 1);
    const before = driver.effects.length;
    driver.timer("deadline", "p").exited("p", 1).started("p").probed("p", false);
    expect(driver.effects).toHaveLength(before);
    driver.timer("restart", "p");
    const again = driver.effects.length;
    driver.timer("restart", "p").timer("deadline", "p").exited("p", 0);
    expect(driver.effects).toHaveLength(again);
  });

  test("a deadline stops the process, which then fails, or as its policy says", () => {
    const driver = new CoreDriver().execute(process("p", 'deadline="9s"')).started("p");
    expect(driver.timers()).toEqual(["deadline 9000"]);
    expect(driver.timer("deadline", "p").kinds()).toContain("stopProcess");
    driver.exited("p", undefined, "SIGTERM");
    expect(driver.reports.find((report) => report.kind === "processExited")).toMatchObject({
      exit: { cause: "deadline" },
    });
    expect(driver.ended).toEqual(["p failed"]);
    const ignored = new CoreDriver().execute(
      process("p", 'deadline="9s"', policy('on="deadline"', "ignore")),
    );
    expect(ignored.started("p").timer("deadline", "p").exited("p", 0).ended).toEqual(["p succeeded"]);
  });
});

describe("services", () => {
  const successor = processBlock("next", "", "s");

  test("one without a check lets others start as soon as it has started, and is not waited for", () => {
    const driver = new CoreDriver().execute(process("s", 'service="true"') + successor).started("s");
    expect(driver.spawned).toEqual(["s 1", "next 1"]);
    expect(driver.runs("next").hostEnded).toEqual(["finished: "]);
  });

  test("one with a check when it is healthy", () => {
    const driver = new CoreDriver().execute(process("s", 'service="true"', HEALTH) + successor).started("s");
    expect(driver.spawned).toEqual(["s 1"]);
    driver.timer("probe", "s").probed("s", false).timer("probe", "s").probed("s", true);
    expect(driver.spawned).toEqual(["s 1", "next 1"]);
    expect(driver.kinds().filter((kind) => kind === "probe")).toHaveLength(2);
    expect(driver.timers()).toEqual(["healthStart 30000", "probe 250", "probe 250", "probe 5000"]);
  });

  test("one that is not healthy in time is stopped and started again, and its successors wait on", () => {
    const driver = new CoreDriver().execute(process("s", 'service="true"', HEALTH) + successor).started("s");
    driver.timer("healthStart", "s").probed("s", true).exited("s", 0);
    expect(driver.timers()).toContain("restart 1000");
    driver.timer("restart", "s").started("s#2").probed("s#2", true);
    expect(driver.spawned).toEqual(["s 1", "s 2", "next 1"]);
  });

  test("so many failed checks in a row make it unhealthy", () => {
    const driver = new CoreDriver()
      .execute(process("s", 'service="true"', HEALTH))
      .started("s")
      .probed("s", true);
    driver.probed("s", false).probed("s", true).probed("s", false);
    expect(driver.kinds()).not.toContain("stopProcess");
    expect(driver.probed("s", false).kinds()).toContain("stopProcess");
    const healths = driver.reports.flatMap((report) => (report.kind === "health" ? [report.healthy] : []));
    expect(healths).toEqual([true, false]);
  });

  test("a host of services ends when one has failed for good", () => {
    const blocks = process("s", 'service="true"') + process("t", 'service="true"');
    expect(new CoreDriver().execute(blocks).started("s", "t").exited("s", 1).hostEnded).toEqual([
      "failed: s",
    ]);
  });

  test("or when all have ended by themselves", () => {
    const blocks = process("s", 'service="true"') + process("t", 'service="true"');
    const driver = new CoreDriver().execute(blocks).started("s", "t").exited("s");
    expect(driver.hostEnded).toEqual([]);
    expect(driver.exited("t").hostEnded).toEqual(["finished: "]);
  });

  test("one that fails for good holds back what still waits for something else too", () => {
    const blocks = process("s", 'service="true"') + processBlock("a") + processBlock("next", "", "s", "a");
    const driver = new CoreDriver().execute(blocks).started("s", "a").exited("s", 1).exited("a");
    expect(driver.spawned).toEqual(["s 1", "a 1"]);
    expect(driver.hostEnded).toEqual(["failed: s"]);
  });

  test("a health check on other work fails it", () => {
    const driver = new CoreDriver().execute(processBlock("p", HEALTH)).started("p").timer("healthStart", "p");
    expect(driver.exited("p", undefined, "SIGTERM").ended).toEqual(["p failed"]);
  });
});

describe("barriers", () => {
  const blocks = processBlock("a") + barrierBlock("b", 'name="go" max="2"', "a") + processBlock("c", "", "b");

  test("hold up what comes after until they are released", () => {
    const driver = new CoreDriver().execute(blocks).runs("a");
    expect(driver.reports.at(-1)).toMatchObject({ kind: "barrierReached", barrier: "go" });
    expect(driver.release("other").spawned).toEqual(["a 1"]);
    expect(driver.release("go").release("go").spawned).toEqual(["a 1", "c 1"]);
    expect(driver.ended).toEqual(["a succeeded", "b succeeded"]);
  });

  test("that were released before are passed at once", () => {
    expect(new CoreDriver().execute(blocks).release("go").runs("a").spawned).toEqual(["a 1", "c 1"]);
    expect(new CoreDriver().execute(blocks, { releasedBarriers: ["go"] }).runs("a").spawned).toEqual([
      "a 1",
      "c 1",
    ]);
  });

  test("that this host misses are told at once, and only when every way to them is closed", () => {
    const more = `${blocks}${processBlock("d")}${barrierBlock("b2", 'name="go" max="2"', "d")}`;
    const driver = new CoreDriver().execute(more).runs("a", 1);
    expect(driver.reports.filter(({ kind }) => kind === "barrierMissed")).toEqual([]);
    driver.runs("d", 1);
    expect(driver.reports.find(({ kind }) => kind === "barrierMissed")).toMatchObject({
      barrier: "go",
      reason: "d exited with status 1",
    });
  });
});

describe("stopping", () => {
  test("waits for what runs, starts nothing more and tells how each block ended", () => {
    const blocks = processBlock("a") + barrierBlock("b", 'name="go" max="2"') + processBlock("c", "", "a");
    const driver = new CoreDriver().execute(blocks).started("a").stop().release("go");
    expect(driver.kinds().slice(-1)).toEqual(["stopProcess"]);
    driver.exited("a", 1);
    expect(driver.ended).toEqual(["b stopped", "c stopped", "a stopped"]);
    expect(driver.kinds().at(-1)).toBe("stopRun");
    expect(driver.hostEnded).toEqual([]);
  });

  test("a process that is just starting is stopped as soon as it has started", () => {
    const driver = new CoreDriver().execute(processBlock("a")).stop();
    expect(driver.kinds()).not.toContain("stopRun");
    expect(driver.started("a").kinds().at(-1)).toBe("stopProcess");
    expect(driver.exited("a", undefined, "SIGTERM").kinds().at(-1)).toBe("stopRun");
  });

  test("or it does not start at all", () => {
    const driver = new CoreDriver().execute(processBlock("a")).stop();
    driver.give({ kind: "notStarted", process: `${RUN} a/cb/e 1`, step: "start", reason: "ENOENT" });
    expect(driver.ended).toEqual(["a stopped"]);
    expect(driver.kinds().at(-1)).toBe("stopRun");
  });

  test("nothing is restarted", () => {
    const restart = '<exit_policy status="nonzero" action="restart"/>';
    const pausing = new CoreDriver().execute(processBlock("p", restart)).runs("p", 1).stop();
    expect(pausing.timer("restart", "p").spawned).toEqual(["p 1"]);
    expect(pausing.kinds().at(-1)).toBe("stopRun");
    const running = new CoreDriver().execute(processBlock("p", restart)).started("p").stop().exited("p", 1);
    expect(running.spawned).toEqual(["p 1"]);
    expect(running.reports.find((report) => report.kind === "processExited")).toMatchObject({
      exit: { cause: "stopped" },
    });
  });
});

describe("variables and secrets", () => {
  const uses = (argument: string): string => processBlock("p", `<cmdline><arg>${argument}</arg></cmdline>`);

  test("are filled in at the start of each process; the index stays what it was at the beginning", () => {
    const blocks = `${uses("${host.index} ${component.c.hosts}")}${processBlock("q", "<cmdline><arg>${host.index} ${component.c.hosts}</arg></cmdline>", "p")}`;
    const driver = new CoreDriver().execute(blocks);
    const table = executeOf("").variables;
    const fewer = { ...table, components: [{ ...table.components[0]!, hosts: ["h2", "h9"] }] };
    driver.command({ kind: "variables", run: RUN, table: fewer });
    driver.runs("p");
    const args = driver.effects.flatMap((effect) => (effect.kind === "spawn" ? effect.request.args : []));
    expect(args).toEqual(["1 h1,h2,h3", "1 h2,h9"]);
  });

  test("one that does not exist is a process that does not start", () => {
    const driver = new CoreDriver().execute(uses("${var.nothing}"));
    expect(driver.spawned).toEqual([]);
    expect(driver.hostEnded).toEqual(["failed: p"]);
  });

  const secret = processBlock("p", '<environment><variable name="T" secret="token"/></environment>');

  test("a secret goes into the environment, and into no report", () => {
    const driver = new CoreDriver();
    driver.command({ kind: "secrets", run: RUN, values: { token: "s3cr3t" } });
    driver.execute(secret).runs("p", 1);
    const spawn = driver.effects.find((effect) => effect.kind === "spawn");
    expect(spawn?.request.environment).toEqual({ T: "s3cr3t" });
    expect(spawn?.request.secrets).toEqual(["s3cr3t"]);
    expect(JSON.stringify(driver.reports)).not.toContain("s3cr3t");
  });

  test("without it the process does not start", () => {
    expect(new CoreDriver().execute(secret).hostEnded).toEqual(["failed: p"]);
  });
});

describe("forcing a block", () => {
  test("what runs is stopped and counts as done; what follows starts", () => {
    const driver = new CoreDriver().execute(processBlock("a") + processBlock("b", "", "a"));
    driver.started("a");
    driver.command({ kind: "forceBlock", run: RUN, block: "a" });
    expect(driver.effects.filter((effect) => effect.kind === "stopProcess")).toHaveLength(1);
    driver.exited("a", undefined, "SIGTERM");
    expect(driver.spawned).toEqual(["a 1", "b 1"]);
    expect(driver.runs("b").hostEnded).toEqual(["finished: "]);
  });

  test("what waits is never started; what has failed stays failed", () => {
    const driver = new CoreDriver().execute(
      processBlock("a") + processBlock("b", "", "a") + processBlock("c", "", "b"),
    );
    driver.command({ kind: "forceBlock", run: RUN, block: "b" });
    expect(driver.spawned).toEqual(["a 1", "c 1"]);
    driver.runs("a").runs("c", 3);
    driver.command({ kind: "forceBlock", run: RUN, block: "c" });
    expect(driver.spawned).toEqual(["a 1", "c 1"]);
    expect(driver.hostEnded).toEqual(["failed: c"]);
  });
});
