// Commands on hosts as runs of their own: chosen by node sets, started one by one, never held up by others.
import { describe, expect, test } from "vitest";
import { hostIdOf } from "../../../src-shared/base/ids.ts";
import { chooseHosts, planCommand } from "../../../src-main/controller/command-plan.ts";
import { directoryOf, RUN, RunDriver } from "./run-driver.ts";

function command(hosts: number, wantsInput = false): RunDriver {
  const directory = directoryOf(8);
  const names = directory.managers[0]!.hosts.slice(0, hosts).map((host) => host.id);
  return new RunDriver(
    planCommand(directory, {
      run: RUN,
      command: "echo ${HOME}",
      hosts: names,
      wantsInput,
      deadlineMs: undefined,
    }),
  );
}

describe("running", () => {
  test("each host starts as soon as it is there, with its software still to come", () => {
    const driver = command(3).start().connected("h2");
    expect(driver.sent("prepare")).toEqual(["h2"]);
    expect(driver.commands("prepare")[0]!.command.execute).toMatchObject({ kind: "execute", run: RUN });
    expect(driver.sent("execute")).toEqual([]);
    driver.prepared("h2").ended("h2").connected("h1").prepared("h1").ended("h1");
    expect(driver.states.at(-1)).toBe("running");
    driver.connected("h3").prepared("h3").ended("h3").finish();
    expect(driver.exitCode).toBe(0);
  });

  test("hosts clean up by themselves, and are then asked for nothing; what they could not remove is told", () => {
    const driver = command(2).start().connected("h1", "h2").prepared("h1", "h2").ended("h1");
    expect(driver.commands("prepare")[0]!.command.execute?.cleansUp).toBe(true);
    driver
      .says("h1", { kind: "stopped", leftovers: [] })
      .says("h1", { kind: "runEnded", problems: ["stuck"] });
    expect(driver.eventsOf("problem")).toMatchObject([{ hosts: "h1", step: "clean up", message: "stuck" }]);
    driver.ended("h2");
    driver.says("h2", { kind: "stopped", leftovers: [] }).says("h2", { kind: "runEnded", problems: [] });
    driver.give({ kind: "gathered", problems: [] });
    expect(driver.exitCode).toBe(0);
    expect([...driver.sent("stop"), ...driver.sent("endRun")]).toEqual([]);
    expect(driver.timers).toEqual([]);
  });

  test("one that says nothing of what is left is told to stop a moment later, however much is said meanwhile", () => {
    const driver = command(2).start().connected("h1", "h2").prepared("h1", "h2").ended("h1", "h2");
    driver.pass(40).says("h1", { kind: "stopped", leftovers: [] });
    expect(driver.sent("stop")).toEqual([]);
    driver.pass(10);
    expect(driver.sent("stop")).toEqual(["h2"]);
    driver.finish();
    expect(driver.exitCode).toBe(0);
  });

  test("one that goes away meanwhile is not waited for", () => {
    const driver = command(2).start().connected("h1", "h2").prepared("h1", "h2").ended("h1", "h2");
    driver.says("h1", { kind: "stopped", leftovers: [] }).lost("h2").finish();
    expect(driver.sent("stop")).toEqual([]);
    expect(driver.exitCode).toBe(0);
  });

  test("hosts that fail are not replaced and not waited for: 3, or 4 when one cannot be reached", () => {
    const failed = command(3)
      .start()
      .connected("h1", "h2")
      .prepared("h1", "h2")
      .ended("h1")
      .processFails("h2");
    failed.notConnected("h3", false).finish();
    expect(failed.exitCode).toBe(3);
    expect(failed.outcome.hosts).toMatchObject({ succeeded: ["h1"], failed: ["h2", "h3"] });
    const unreachable = command(2)
      .start()
      .connected("h1")
      .prepared("h1")
      .ended("h1")
      .notConnected("h2")
      .finish();
    expect(unreachable.exitCode).toBe(4);
  });

  test("all hosts unreachable: it ends, with 4", () => {
    const driver = command(2).start().notConnected("h1").notConnected("h2");
    driver.give({ kind: "gathered", problems: [] });
    expect(driver.exitCode).toBe(4);
    expect(driver.outcome.hosts).toMatchObject({ succeeded: [], unreachable: ["h1", "h2"] });
  });

  test("a host that never makes its work directory is given up", () => {
    const driver = command(2).start().connected("h1", "h2").prepared("h1").ended("h1").pass(30_000).finish();
    expect(driver.exitCode).toBe(3);
    expect(driver.givenUp()).toEqual(["h2"]);
  });

  test("input is wanted when it was asked for", () => {
    expect(
      command(1, true).start().connected("h1").commands("prepare")[0]!.command.execute?.inputWanted,
    ).toBe(true);
  });

  test("variables in the command are the shell's", () => {
    const block = command(1).run.plan.components[0]!.blocks[0]!.blocks[0]!;
    expect(block.kind === "process" ? block.process.args : []).toEqual(["-c", "echo $${HOME}"]);
  });
});

describe("choosing hosts", () => {
  const choose = (hosts?: string, exclude?: string, group?: string): string => {
    const choice = chooseHosts(directoryOf(4), { hosts, group, exclude });
    return choice.kind === "refused" ? choice.message : choice.hosts.join(" ");
  };

  test.each([
    [choose(), "h1 h2 h3 h4"],
    [choose("h[2-3]"), "h2 h3"],
    [choose("h[1-3]", "h2"), "h1 h3"],
    [choose("h[3-9]"), "not in the directory: h[5-9]"],
    [choose("h1", "h1"), "no hosts are left to run it on"],
    [choose(undefined, undefined, "web"), "no group 'web' in the directory"],
  ])("%s", (chosen, expected) => {
    expect(chosen).toBe(expected);
  });

  test("what is no node set is refused with the reason", () => {
    expect(choose("h[1-")).toMatch(/^hosts 'h\[1-': /);
  });

  test("only hosts of the directory are in the plan", () => {
    const settings = { run: RUN, command: "id", hosts: [hostIdOf("h2"), hostIdOf("x")], wantsInput: false };
    const plan = planCommand(directoryOf(4), { ...settings, deadlineMs: 5 });
    expect(plan.components[0]!.resources.map(({ hosts }) => hosts)).toEqual(["h2"]);
    expect(plan.deadlineMs).toBe(5);
  });
});
