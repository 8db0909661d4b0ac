// The client's decisions around its runs: preparing, early commands, stopping, cleaning up, leaving.
import { describe, expect, test } from "vitest";
import { runIdOf } from "../../../src-shared/base/ids.ts";
import type { SoftwarePlan } from "../../../src-shared/protocol/commands.ts";
import { processBlock } from "../../src-shared/application/specification-text.ts";
import { CoreDriver, executeOf, RUN } from "./block-text.ts";

const PLAIN = processBlock("p");
const software = (name: string): SoftwarePlan => ({
  name,
  installer: "none",
  packages: [],
  deadlineMs: 1000,
  key: name,
});

function preparing(...names: readonly string[]): CoreDriver {
  const driver = new CoreDriver();
  driver.command({
    kind: "prepare",
    execute: undefined,
    run: RUN,
    component: "c",
    users: [],
    software: names.map(software),
  });
  return driver;
}
const installed = (driver: CoreDriver, name: string, alreadyThere = false): CoreDriver => {
  driver.give({ kind: "installed", run: RUN, software: name, directory: `/s/${name}`, alreadyThere });
  return driver;
};
const stopped = (driver: CoreDriver): CoreDriver => {
  driver.give({ kind: "runStopped", run: RUN, leftovers: [] });
  return driver;
};
const said = (driver: CoreDriver): string[] => driver.reports.map(({ kind }) => kind);

describe("preparing", () => {
  test("all software, then the work directory, then it says so", () => {
    const driver = installed(preparing("a", "b"), "b", true);
    expect(driver.kinds()).toEqual(["install", "install"]);
    expect(installed(driver, "a").kinds().at(-1)).toBe("makeWork");
    driver.give({ kind: "workReady", run: RUN, directory: "/w" });
    expect(driver.reports).toEqual([{ kind: "prepared", run: RUN, installed: 1, alreadyThere: 1 }]);
  });

  test("the first failure is told, with its words, and nothing goes on after it", () => {
    const driver = preparing("a", "b");
    driver.give({ kind: "installFailed", run: RUN, software: "a", step: "fetch", reason: "404" });
    driver.give({ kind: "installFailed", run: RUN, software: "b", step: "fetch", reason: "404" });
    driver.command(executeOf(PLAIN));
    driver.give({ kind: "workReady", run: RUN, directory: "/w" });
    expect(driver.reports).toEqual([
      { kind: "prepareFailed", run: RUN, software: "a", step: "fetch", reason: "404" },
    ]);
    expect(driver.spawned).toEqual([]);
  });

  test("a host has only so many runs", () => {
    const driver = new CoreDriver();
    for (let run = 0; run < 65; run += 1) {
      driver.command({
        kind: "prepare",
        execute: undefined,
        run: runIdOf(`r${String(run)}`),
        component: "c",
        users: [],
        software: [],
      });
    }
    expect(driver.reports).toHaveLength(1);
    expect(driver.reports[0]).toMatchObject({ kind: "prepareFailed", run: "r64" });
  });
});

describe("execute before the work directory is there", () => {
  test("is carried out then, with what came meanwhile", () => {
    const driver = preparing();
    driver.command(executeOf(PLAIN, { inputWanted: true }));
    driver.command({ kind: "input", run: RUN, bytes: Uint8Array.of(1), end: true });
    driver.give({ kind: "workReady", run: RUN, directory: "/w" });
    expect(driver.spawned).toEqual(["p 1"]);
    driver.started("p");
    expect(driver.effects.at(-1)).toMatchObject({ kind: "input", bytes: Uint8Array.of(1), end: true });
  });

  test("barriers and variables that come meanwhile are not lost", () => {
    const driver = preparing();
    const blocks = '<barrier_block name="b"><barrier name="go" max="1"/></barrier_block>';
    driver.command(executeOf(blocks));
    driver.release("go").give({ kind: "workReady", run: RUN, directory: "/w" });
    expect(driver.hostEnded).toEqual(["finished: "]);
  });

  test("and a stop meanwhile: nothing starts, and it says that it has stopped", () => {
    const driver = preparing();
    driver.command(executeOf(PLAIN, { inputWanted: true }));
    driver.stop();
    driver.command({ kind: "input", run: RUN, bytes: Uint8Array.of(1), end: true });
    driver.give({ kind: "workReady", run: RUN, directory: "/w" });
    expect(stopped(driver).spawned).toEqual([]);
    expect(said(driver)).toEqual(["stopped"]);
  });

  test("input beyond measure ends it instead of being cut", () => {
    const driver = preparing();
    const bytes = new Uint8Array(8 * 1024 * 1024);
    for (let count = 0; count < 4; count += 1) driver.command({ kind: "input", run: RUN, bytes, end: false });
    expect(said(driver)).toEqual(["prepareFailed"]);
  });
});

describe("stopping", () => {
  test("a run that never executed", () => {
    const driver = preparing("a").stop();
    expect(driver.kinds().at(-1)).toBe("stopRun");
    installed(driver, "a").command(executeOf(PLAIN));
    expect(said(stopped(driver))).toEqual(["stopped"]);
    expect(driver.spawned).toEqual([]);
  });

  test("a run it has never heard of, and one that has stopped already", () => {
    const driver = stopped(new CoreDriver().stop());
    driver.prepare().command(executeOf(PLAIN));
    expect(said(driver.stop())).toEqual(["stopped", "stopped"]);
    expect(driver.spawned).toEqual([]);
  });

  test("needs no asking where all has ended and nothing is left", () => {
    const driver = new CoreDriver().execute(PLAIN).runs("p");
    expect(driver.effects.at(-1)).toEqual({ kind: "seekLeft", run: RUN });
    expect(said(driver)).not.toContain("stopped");
    driver.give({ kind: "nothingLeft", run: RUN, printed: true });
    expect(driver.reports.at(-1)).toEqual({ kind: "stopped", run: RUN, leftovers: [] });
    expect(driver.kinds()).not.toContain("cleanRun");
    driver.command({ kind: "endRun", run: RUN, keep: false });
    expect(driver.kinds().at(-1)).toBe("cleanRun");
  });

  test("is left to the controller while a service of the run goes on, and once it has asked", () => {
    const service = new CoreDriver()
      .execute(processBlock("p").replace("<process>", '<process service="true">'))
      .started("p");
    expect(service.kinds()).not.toContain("seekLeft");
    const asked = new CoreDriver().execute(PLAIN).runs("p").stop();
    expect(asked.kinds().at(-1)).toBe("stopRun");
    asked.give({ kind: "nothingLeft", run: RUN, printed: true });
    expect(said(asked)).not.toContain("stopped");
    expect(said(stopped(asked)).filter((kind) => kind === "stopped")).toHaveLength(1);
  });

  test("is left to the controller while a service waits for its restart", () => {
    const restart = '<exit_policy status="nonzero" action="restart" limit="3"/>';
    const service = processBlock("s", restart).replace("<process>", '<process service="true">');
    const driver = new CoreDriver()
      .execute(service + PLAIN)
      .started("s")
      .runs("p")
      .exited("s", 1);
    expect(driver.hostEnded).toEqual(["finished: "]);
    expect(driver.kinds()).not.toContain("seekLeft");
    expect(driver.timer("restart", "s").spawned.at(-1)).toBe("s 2");
  });

  test("says what is left over", () => {
    const driver = new CoreDriver().execute(PLAIN).started("p").stop().exited("p", undefined, "SIGKILL");
    driver.give({ kind: "runStopped", run: RUN, leftovers: ["process 9"] });
    expect(driver.reports.at(-1)).toEqual({ kind: "stopped", run: RUN, leftovers: ["process 9"] });
  });
});

describe("ending a run", () => {
  test("needs no asking where nobody will ask for anything, once all that was printed is on its way", () => {
    const driver = new CoreDriver().execute(PLAIN, { cleansUp: true }).runs("p");
    driver.give({ kind: "nothingLeft", run: RUN, printed: true });
    expect(said(driver).at(-1)).toBe("stopped");
    expect(driver.effects.at(-1)).toEqual({ kind: "cleanRun", run: RUN, keep: false });
    driver.give({ kind: "runCleaned", run: RUN, problems: [] });
    expect(said(driver).at(-1)).toBe("runEnded");
    const printing = new CoreDriver().execute(PLAIN, { cleansUp: true }).runs("p");
    printing.give({ kind: "nothingLeft", run: RUN, printed: false });
    expect(said(printing).at(-1)).toBe("stopped");
    expect(printing.kinds()).not.toContain("cleanRun");
  });

  test("cleans up what has stopped", () => {
    const driver = stopped(new CoreDriver().execute(PLAIN).runs("p").stop());
    driver.command({ kind: "endRun", run: RUN, keep: true });
    expect(driver.effects.at(-1)).toEqual({ kind: "cleanRun", run: RUN, keep: true });
    driver.give({ kind: "runCleaned", run: RUN, problems: ["p"] });
    expect(driver.reports.at(-1)).toEqual({ kind: "runEnded", run: RUN, problems: ["p"] });
    expect(driver.core.runs).toEqual([]);
  });

  test("stops what still runs first: nothing is removed under a process", () => {
    const driver = new CoreDriver().execute(PLAIN).started("p");
    driver.command({ kind: "endRun", run: RUN, keep: false });
    expect(driver.kinds().at(-1)).toBe("stopProcess");
    stopped(driver.exited("p", undefined, "SIGTERM"));
    expect(driver.kinds().at(-1)).toBe("cleanRun");
  });

  test("a host that is left out of one run goes on with the other", () => {
    const driver = new CoreDriver().execute(PLAIN).started("p");
    const other = runIdOf("run-2");
    driver.command({ kind: "endRun", run: other, keep: false });
    driver.give({ kind: "runStopped", run: other, leftovers: [] });
    driver.give({ kind: "runCleaned", run: other, problems: [] });
    expect(driver.core.runs).toEqual([RUN]);
    expect(driver.exited("p").hostEnded).toEqual(["finished: "]);
  });
});

describe("leaving", () => {
  test("at once when nothing is there", () => {
    const driver = new CoreDriver();
    driver.command({ kind: "leave", keep: true });
    expect(driver.kinds()).toEqual(["leave"]);
    driver.command({ kind: "leave", keep: true });
    expect(driver.kinds()).toEqual(["leave"]);
  });

  test("after everything has stopped, also what was prepared and never executed", () => {
    const driver = preparing("a");
    driver.command({ kind: "leave", keep: false });
    expect(driver.kinds()).toEqual(["install", "stopRun"]);
    expect(stopped(driver).kinds().at(-1)).toBe("leave");
    expect(said(driver)).toEqual(["stopped"]);
  });

  test("when the controller does not return", () => {
    const driver = new CoreDriver().execute(PLAIN).started("p");
    driver.give({ kind: "abandoned", reason: "no controller" });
    expect(driver.kinds().at(-1)).toBe("stopProcess");
    stopped(driver.exited("p", undefined, "SIGTERM"));
    expect(driver.effects.at(-1)).toEqual({ kind: "leave", keep: false, reason: "no controller" });
  });

  test("nothing new begins on the way out", () => {
    const driver = new CoreDriver().execute(PLAIN).started("p");
    driver.command({ kind: "leave", keep: false });
    const before = driver.effects.length;
    driver.command({
      kind: "prepare",
      execute: undefined,
      run: runIdOf("run-2"),
      component: "c",
      users: [],
      software: [],
    });
    driver.command({ ...executeOf(PLAIN), run: runIdOf("run-2") });
    expect(driver.effects).toHaveLength(before);
    stopped(driver.exited("p"));
    expect(driver.kinds().at(-1)).toBe("leave");
  });
});

test("events of runs and processes that it does not know do nothing", () => {
  const driver = new CoreDriver()
    .started("p")
    .exited("p")
    .probed("p", true)
    .timer("restart", "p")
    .release("go");
  driver.give({ kind: "workReady", run: RUN, directory: "/w" });
  driver.give({ kind: "installed", run: RUN, software: "a", directory: "/a", alreadyThere: false });
  expect(driver.effects).toEqual([]);
});
