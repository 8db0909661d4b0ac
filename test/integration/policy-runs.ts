// What a specification says about ends that are not plain successes, on real processes: exit policies, deadlines, counts.
import { expect } from "vitest";
import { applicationXml, barrierXml, processXml, shellXml, type ComponentText } from "./application-text.ts";
import type { PlushEnd } from "./plush-process.ts";
import { expectEnd, runTest, type RunPlace } from "./run-place.ts";
import type { RunWorld } from "./run-world.ts";

export function policyRuns(world: RunWorld): void {
  restartRuns(world);

  runTest(world, "replace: a spare host takes over, and the run is a success", async (place) => {
    place.directory("h[1-3]");
    const blocks = shellXml("[ ${host.name} != h1 ] || exit 9", {
      inside: '<exit_policy status="9" action="replace"/>',
    });
    const end = await runComponents(place, [{ hosts: "2", blocks }]);
    expectEnd(end, 0);
    expect(end.last.hosts).toEqual({ succeeded: "h[2-3]", failed: "", unreachable: "", replaced: "h1" });
    expect(end.events.filter((event) => event.event === "replaced")).toMatchObject([
      { host: "h1", by: "h3", reason: expect.stringContaining("exited with status 9") as string },
    ]);
  });

  runTest(
    world,
    "ignore counts as a success, continue as a failure; what follows runs after both",
    async (place) => {
      place.directory("h1");
      const blocks =
        shellXml("exit 3", { name: "ignored", inside: '<exit_policy status="1-3" action="ignore"/>' }) +
        shellXml("true", { name: "after ignored", after: ["ignored"] }) +
        shellXml("kill -SEGV $$", {
          name: "continued",
          inside: '<exit_policy on="signal:SIGSEGV" action="continue"/>',
        }) +
        shellXml("true", { name: "after continued", after: ["continued"] }) +
        shellXml("exit 5", { name: "failed" }) +
        shellXml("true", { name: "after failed", after: ["failed"] });
      const end = await runComponents(place, [{ hosts: "1", blocks }]);
      expectEnd(end, 3);
      expect(blockOutcomes(end)).toMatchObject({
        ignored: "succeeded",
        "after ignored": "succeeded",
        continued: "failed",
        "after continued": "succeeded",
        failed: "failed",
      });
      const started = end.events.filter((event) => event.event === "process" && event.state === "started");
      expect(started.map((event) => event.event === "process" && event.process)).not.toContain(
        "after failed",
      );
    },
  );

  runTest(world, "abort ends the run on all hosts", async (place) => {
    place.directory({ hosts: "a", group: "a" }, { hosts: "b", group: "b" });
    const aborting = shellXml(`while [ ! -e ${place.path("go")} ]; do sleep 0.05; done; exit 4`, {
      inside: '<exit_policy status="4" action="abort"/>',
    });
    const plush = place.start(
      application(place, [
        { group: "a", hosts: "1", blocks: aborting },
        { group: "b", hosts: "1", blocks: processXml("sleep", ["1000"]) },
      ]),
    );
    await plush.event("process", (event) => event.host === "b" && event.state === "started");
    place.write("go", "");
    const end = await plush.ended;
    expectEnd(end, 3);
    expect(end.last).toMatchObject({
      state: "aborted",
      reason: expect.stringContaining("the exit policy aborts the run: a") as string,
    });
    const stopped = end.events.find(
      (event) => event.event === "process" && event.host === "b" && event.state === "exited",
    );
    expect(stopped).toMatchObject({ exit: { cause: "stopped" } });
  });

  runTest(world, "a program that is not there says so, and can be answered by a policy", async (place) => {
    place.directory("h[1-2]");
    const blocks = processXml("no-such-program", []);
    const end = await runComponents(place, [{ hosts: "1", blocks }]);
    expectEnd(end, 3);
    expect(
      end.events.find((event) => event.event === "process" && event.state === "notStarted"),
    ).toMatchObject({ reason: expect.stringContaining("no-such-program") as string });
  });

  deadlineRuns(world);
  earlyDeadlineRuns(world);
  countRuns(world);
}

function restartRuns(world: RunWorld): void {
  runTest(world, "restart: again with growing pauses, until it works", async (place) => {
    place.directory("h1");
    const inside = '<exit_policy status="nonzero" action="restart" limit="5" delay="100ms"/>';
    const end = await runComponents(place, [
      { hosts: "1", blocks: shellXml("echo try >> tries; test $(wc -l < tries) -ge 4", { inside }) },
    ]);
    expectEnd(end, 0);
    const processes = end.events.filter((event) => event.event === "process");
    expect(processes.map(({ state, attempt }) => `${state} ${String(attempt)}`)).toEqual([
      ...["started 1", "exited 1", "restarting 2", "started 2", "exited 2", "restarting 3"],
      ...["started 3", "exited 3", "restarting 4", "started 4", "exited 4"],
    ]);
    const delays = processes.flatMap((event) => (event.state === "restarting" ? [event.delayMs] : []));
    expect(delays).toEqual([100, 200, 400]);
    const times = processes
      .filter(({ state }) => state === "restarting" || state === "started")
      .map(({ time }) => Date.parse(time));
    // From "restarting 4" to "started 4"; reports of one host may share a frame, so a little less than the delay.
    expect((times.at(-1) ?? 0) - (times.at(-2) ?? 0)).toBeGreaterThan(300);
  });

  runTest(world, "restart: no more often than its limit", async (place) => {
    place.directory("h1");
    const inside = '<exit_policy status="nonzero" action="restart" limit="2" delay="10ms"/>';
    const end = await runComponents(place, [{ hosts: "1", blocks: shellXml("exit 3", { inside }) }]);
    expectEnd(end, 3);
    expect(end.events.filter((event) => event.event === "process" && event.state === "started")).toHaveLength(
      3,
    );
    expect(end.events.find((event) => event.event === "block")).toMatchObject({
      outcome: "failed",
      reason: "exited with status 3; restarted 2 times in vain",
    });
  });
}

function deadlineRuns(world: RunWorld): void {
  runTest(world, "a barrier's deadline ends the run as timed out, and says who is missing", async (place) => {
    place.directory("h[1-3]");
    const blocks =
      shellXml("[ ${host.name} != h2 ] || sleep 1000", { name: "before" }) +
      barrierXml("all here", "all", { after: ["before"], attributes: 'deadline="500ms"' });
    const end = await runComponents(place, [{ hosts: "3", blocks }]);
    expectEnd(end, 5);
    expect(end.last).toMatchObject({
      state: "failed",
      reason: "barrier 'all here' was not released within 0.5 s: 2 of 3 arrived; missing: h2",
    });
  });

  runTest(world, "--timeout ends the run as timed out, and says what was not finished", async (place) => {
    place.directory("h[1-2]");
    const end = await runComponents(
      place,
      [{ hosts: "2", blocks: shellXml("[ ${host.name} != h2 ] || sleep 1000") }],
      ["--timeout", "2"],
    );
    expectEnd(end, 5);
    expect(end.last.reason).toMatch(/deadline of 2 s.*h2/);
  });
}

/** A deadline counts whatever the run is doing. */
function earlyDeadlineRuns(world: RunWorld): void {
  runTest(world, "--timeout while software is fetched", async (place) => {
    place.directory("h1");
    const server = await place.serve({ "/slow": "hang" });
    const definitions = `<software name="s" type="none"><package name="p" type="web" sha256="${"0".repeat(64)}"><path>${server.url}/slow</path><dest_path>f</dest_path></package></software>`;
    const components = [{ hosts: "1", software: ["s"], blocks: shellXml("true") }];
    const text = applicationXml({ managerType: place.managerType, definitions, components });
    expectEnd(await place.run(text, ["--timeout", "2"]), 5);
  });

  runTest(world, "fifty processes on one host", async (place) => {
    place.directory("h1");
    const names = Array.from({ length: 50 }, (_, index) => `p${String(index)}`);
    const blocks = names.map((name) => shellXml(`echo ${name}`, { name })).join("");
    const end = await runComponents(place, [
      { hosts: "1", blocks: blocks + shellXml("echo last", { name: "last", after: names }) },
    ]);
    expectEnd(end, 0);
    const started = end.events.flatMap((event) =>
      event.event === "process" && event.state === "started" ? [event.process] : [],
    );
    expect([...started].sort()).toEqual([...names, "last"].sort());
    expect(started.at(-1)).toBe("last");
  });
}

function countRuns(world: RunWorld): void {
  runTest(world, "fewer hosts than max are enough when they are min", async (place) => {
    place.directory("h[1-3]");
    const blocks =
      shellXml("[ ${host.name} != h1 ] || exit 9", {
        name: "fragile",
        inside: '<exit_policy status="9" action="replace"/>',
      }) + barrierXml("met", "all", { after: ["fragile"] });
    const end = await runComponents(place, [{ hosts: 'min="2" max="5"', blocks }]);
    expectEnd(end, 3);
    expect(end.last).toMatchObject({
      state: "failed",
      hosts: { succeeded: "h[2-3]", failed: "h1", unreachable: "", replaced: "" },
    });
    expect(end.events.find((event) => event.event === "barrier" && event.state === "released")).toMatchObject(
      { arrived: 2, max: 2 },
    );
  });

  runTest(world, "fewer hosts than min end the run, and say why", async (place) => {
    place.directory("h[1-2]");
    const blocks = shellXml("[ ${host.name} != h1 ] || exit 9; sleep 1000", {
      inside: '<exit_policy status="9" action="replace"/>',
    });
    const end = await runComponents(place, [{ name: "pair", hosts: "2", blocks }]);
    expectEnd(end, 3);
    expect(end.last.reason).toContain("component 'pair' needs 2 hosts and has 1 left");
  });

  runTest(world, "no match says how many were wanted and found", async (place) => {
    place.directory("h[1-2]");
    const end = await runComponents(place, [{ hosts: "3", blocks: shellXml("true") }]);
    expect([1, 6]).toContain(end.exitCode);
    expect(JSON.stringify(end.events)).toMatch(/3 .*2/);
  });
}

function application(place: RunPlace, components: readonly ComponentText[]): string {
  return applicationXml({ managerType: place.managerType, components });
}

function runComponents(
  place: RunPlace,
  components: readonly ComponentText[],
  flags: readonly string[] = [],
): Promise<PlushEnd> {
  return place.run(application(place, components), flags);
}

function blockOutcomes(end: PlushEnd): Record<string, string> {
  return Object.fromEntries(
    end.events.flatMap((event) =>
      event.event === "block" ? [[event.block.split("/")[0] ?? "", event.outcome]] : [],
    ),
  );
}
