// Too few hosts: the run ends once the others could say what is wrong with them, and names those that said nothing.
import { describe, expect, test } from "vitest";
import { component, componentBlock, specification } from "../../src-shared/application/specification-text.ts";
import { RunDriver } from "./run-driver.ts";

const THREE = specification({ components: component("c", "3") });

describe("a component that can have fewer hosts than it needs", () => {
  test("ends the run when each of its hosts has failed, and names them together", () => {
    const driver = new RunDriver(THREE, 3).start().notConnected("h2");
    expect(driver.states.at(-1)).toBe("connecting");
    driver.notConnected("h1").notConnected("h3");
    expect(driver.eventsOf("problem").at(-1)!.message).toBe(
      "component 'c' needs 3 hosts and none is left: h[1-3] failed",
    );
    driver.finish();
    expect(driver.exitCode).toBe(4);
    expect(driver.outcome.hosts.unreachable).toEqual(["h2", "h1", "h3"]);
    expect(driver.timers).toEqual([]);
  });

  test("starts nothing meanwhile, and ends the run when the last one has answered", () => {
    const driver = new RunDriver(THREE, 3).start().connected("h1").prepared("h1").notConnected("h2");
    expect(driver.states.at(-1)).toBe("preparing");
    driver.connected("h3");
    expect(driver.states.at(-1)).toBe("stopping");
    expect(driver.commands("execute")).toEqual([]);
    expect(driver.finish().exitCode).toBe(4);
    expect(driver.outcome.verdict.reason).toBe("component 'c' needs 3 hosts and has 2 left");
  });

  test("does not wait long for those that say nothing, and names them, too", () => {
    const driver = new RunDriver(THREE, 3).start().notConnected("h2", false).pass(2_999);
    expect(driver.states.at(-1)).toBe("connecting");
    driver.pass(1);
    expect(driver.eventsOf("problem").at(-1)!.message).toBe(
      "component 'c' needs 3 hosts and has 2 left: h2 failed; h[1,3] had not answered yet",
    );
    expect(driver.finish().exitCode).toBe(3);
  });

  test("holds back another component that is ready", () => {
    const text = specification({
      components: component("c", "1") + component("d", "3"),
      blocks: componentBlock("cb", "c") + componentBlock("db", "d"),
    });
    const driver = new RunDriver(text, 4).start().notConnected(driverHost(text, "d"));
    const [first = ""] = new RunDriver(text, 4).start().hosts;
    driver.connected(first).prepared(first);
    expect(driver.commands("execute")).toEqual([]);
    driver.pass(3_000);
    expect(driver.states.at(-1)).toBe("stopping");
  });

  test("of hosts that go away together all are named, not the first alone", () => {
    const driver = new RunDriver(THREE, 3).start().executing("h1", "h2", "h3").orphaned("h1", "h2");
    driver.lost("h1");
    expect(driver.states.at(-1)).toBe("running");
    driver.pass(10).lost("h2");
    expect(driver.eventsOf("problem").at(-1)!.message).toBe(
      "component 'c' needs 3 hosts and has 1 left: h[1-2] failed",
    );
    expect(driver.finish().exitCode).toBe(4);
  });

  test("one that comes back is not waited for", () => {
    const driver = new RunDriver(THREE, 3).start().executing("h1", "h2", "h3").orphaned("h1", "h2");
    driver.lost("h1").back("h2");
    expect(driver.states.at(-1)).toBe("stopping");
  });

  test("one that is neither back nor lost in time is named as such", () => {
    const driver = new RunDriver(THREE, 3).start().executing("h1", "h2", "h3").orphaned("h1", "h2");
    driver.lost("h1").pass(3_000);
    expect(driver.eventsOf("problem").at(-1)!.message).toBe(
      "component 'c' needs 3 hosts and has 2 left: h1 failed; h2 cannot be reached any more",
    );
  });

  test("an interrupt is not held up", () => {
    const driver = new RunDriver(THREE, 3).start().notConnected("h2");
    driver.end("interrupt").finish();
    expect(driver.exitCode).toBe(130);
  });
});

/** The first host that the component gets. */
function driverHost(text: string, name: string): string {
  const member = new RunDriver(text, 4).start().run.members.find((one) => one.component === name);
  return member?.host ?? "";
}
