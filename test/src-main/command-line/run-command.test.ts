// `plush run` on a scripted controller: forms of output, exit codes, interruption, clean-up.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { RunEvent } from "#shared/controller-api/run-events.ts";
import { runCommandLine } from "../../../src-main/command-line/command-line.ts";
import { expectGolden } from "./golden.ts";
import { recorded, runEnd, successfulRun, troubledRun, begun, runState } from "./recorded-runs.ts";
import { createScriptedController, type Script } from "./scripted-controller.ts";
import { createTestWorld, type TestWorldOptions } from "./test-world.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

const APPLICATION = `<plush>
  <project name="simple">
    <component name="C"><rspec><num_hosts>1</num_hosts></rspec><resources><resource type="local" group="all"/></resources></component>
    <experiment name="simple"><execution><component_block name="cb"><component name="C"/>
      <process_block name="p"><process name="p"><path>true</path></process></process_block>
    </component_block></execution></experiment>
  </project>
</plush>
`;
const DIRECTORY = `<plush><resource_manager type="local"><node hostname="n[1-2]" group="all"/></resource_manager></plush>\n`;

function setUp(script: Script, options: TestWorldOptions = {}) {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "app.xml"), APPLICATION);
  writeFileSync(join(folder, "dir.xml"), DIRECTORY);
  const api = createScriptedController(script);
  const world = createTestWorld({ api, workingDirectory: folder, ...options });
  const plush = (...words: readonly string[]): Promise<number> => runCommandLine(words, world);
  return { api, world, plush, folder };
}

/** Waits for an interruption, then ends as the controller would. */
const endless: Script = {
  events: recorded([begun, runState("running")]),
  untilEnded: (cause) =>
    recorded([
      cause === "stop"
        ? runEnd("finished", 0, "stopped")
        : runEnd("aborted", cause === "interrupt" ? 130 : 1, `ended: ${cause}`),
    ]),
};

describe("plush run", () => {
  test("text, on no terminal", async () => {
    const { api, world, plush } = setUp({ events: successfulRun });
    expect(
      await plush(
        "run",
        "app.xml",
        "-d",
        "dir.xml",
        "--fanout",
        "3",
        "--variable",
        "a=1",
        "--variable",
        "b=x=y",
        "--timeout",
        "2m",
      ),
    ).toBe(0);
    expectGolden("run-successful", world.out.text());
    expect(world.err.text()).toBe("");
    expect(api.calls).toEqual(["startRun", "quit"]);
    expect(api.runOptions).toEqual([
      {
        fanout: 3,
        keep: false,
        stayConnected: false,
        deadlineMs: 120_000,
        results: undefined,
        variables: { a: "1", b: "x=y" },
      },
    ]);
  });

  test("jsonl is every event as emitted, event and time first, the run's end last", async () => {
    const { world, plush } = setUp({ events: troubledRun });
    expect(await plush("run", "app.xml", "-d", "dir.xml", "--output", "jsonl")).toBe(4);
    const lines = world.out.text().trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line) as RunEvent)).toEqual(troubledRun);
    for (const line of lines) expect(line).toMatch(/^\{"event":"[a-z]+","time":"/);
    expect(JSON.parse(lines.at(-1)!)).toMatchObject({ event: "run", state: "failed", exitCode: 4 });
  });

  test("json is one object", async () => {
    const { world, plush } = setUp({ events: successfulRun });
    expect(await plush("run", "app.xml", "-d", "dir.xml", "--output", "json")).toBe(0);
    expect(JSON.parse(world.out.text())).toMatchObject({
      version: 1,
      exitCode: 0,
      state: "finished",
      components: [{ name: "Master" }, { name: "Clients" }],
    });
  });

  test.each([
    [
      "an absent file",
      ["run", "no.xml", "-d", "dir.xml"],
      "cannot read the application specification no.xml: there is no such file",
    ],
    ["a directory", ["run", ".", "-d", "dir.xml"], "it is a directory, not a file"],
    [
      "an absent directory file",
      ["run", "app.xml", "-d", "no.xml"],
      "cannot read the resource directory no.xml: there is no such file",
    ],
    ["a file below a file", ["check", "app.xml/x.xml"], "there is no such file"],
  ])("%s is exit code 6", async (_, words, message) => {
    const { api, world, plush } = setUp({ events: [] });
    expect(await plush(...words)).toBe(6);
    expect(world.err.text()).toContain(message);
    expect(world.err.text()).toContain("help: ");
    expect(api.calls).not.toContain("startRun");
  });

  test("an invalid specification is told with its places, and nothing runs", async () => {
    const { api, world, plush, folder } = setUp({ events: [] });
    writeFileSync(
      join(folder, "app.xml"),
      APPLICATION.replace('<component name="C"/>', '<component name="D"/>'),
    );
    expect(await plush("run", "app.xml", "-d", "dir.xml")).toBe(6);
    expect(world.err.text()).toMatch(/app\.xml:4:\d+: error: /);
    expect(world.err.text()).toMatch(/\n {3}4 \| .*\n {5}\| +\^\n/);
    expect(world.err.text()).toMatch(/\n\d errors?(, \d warnings?)?\n$/);
    expect(world.out.text()).toBe("");
    expect(api.calls).toEqual(["quit"]);
  });

  test("an invalid specification, in the machine-readable forms", async () => {
    for (const output of ["json", "jsonl"]) {
      const { world, plush, folder } = setUp({ events: [] });
      writeFileSync(join(folder, "app.xml"), "<plush><project");
      expect(await plush("run", "app.xml", "-d", "dir.xml", "--output", output)).toBe(6);
      const last = output === "json" ? world.out.text() : world.out.text().trimEnd().split("\n").at(-1)!;
      expect(JSON.parse(last)).toMatchObject({ state: "failed", exitCode: 6 });
    }
  });

  test("without a directory it says what to do", async () => {
    const { world, plush } = setUp({ events: [] });
    expect(await plush("run", "app.xml")).toBe(2);
    expect(world.err.text()).toContain("plush init");
  });

  test("a refusal of the controller has its exit code", async () => {
    const { world, plush } = setUp({
      events: [],
      refusal: { kind: "refused", exitCode: 7, problems: [], reason: "not allowed here" },
    });
    expect(await plush("run", "app.xml", "-d", "dir.xml")).toBe(7);
    expect(world.err.text()).toContain("not started: not allowed here");
  });
});

describe("ending a run", () => {
  test("the first signal stops and cleans up, with exit code 130", async () => {
    const { api, world, plush } = setUp(endless);
    const done = plush("run", "app.xml", "-d", "dir.xml");
    await api.played;
    world.signal("SIGINT");
    expect(await done).toBe(130);
    expect(api.calls).toEqual(["startRun", "endRun interrupt", "quit"]);
    expect(world.err.text()).toContain("interrupted (SIGINT): stopping the processes");
    expect(world.left).toEqual([]);
  });

  test("a signal that comes when all is over is told so", async () => {
    const { api, world, plush } = setUp({ ...endless, isOver: true });
    const done = plush("run", "app.xml", "-d", "dir.xml");
    await api.played;
    world.signal("SIGINT");
    await done;
    expect(world.err.text()).toBe(
      "plush: the run has ended already, and its results are being written; once more leaves at once\n",
    );
  });

  test("the second signal says when the hosts clean up by themselves", async () => {
    const first = { ...begun, controllerAbsenceMs: 300_000 };
    const { api, world } = setUp({ events: recorded([first, runState("running")]), untilEnded: () => [] });
    void runCommandLine(["run", "app.xml", "-d", "dir.xml"], world);
    await api.played;
    world.signal("SIGINT");
    world.signal("SIGINT");
    expect(world.err.text()).toContain("by themselves within 5 min (controller_absence)");
  });

  test("on a terminal, too: the last word is written before the program ends", async () => {
    const { api, world } = setUp({ ...endless, untilEnded: () => [] }, { terminal: true });
    void runCommandLine(["run", "app.xml", "-d", "dir.xml"], world);
    await api.played;
    world.signal("SIGINT");
    world.signal("SIGINT");
    expect(world.left).toEqual([130]);
    expect(world.out.text()).toContain("by themselves within 10 min (controller_absence)");
  });

  test("a directory that lies beside the application is pointed at", async () => {
    const { world, plush, folder } = setUp(endless);
    mkdirSync(join(folder, "my app"));
    writeFileSync(join(folder, "my app", "app.xml"), APPLICATION);
    writeFileSync(join(folder, "my app", "directory.xml"), DIRECTORY);
    expect(await plush("run", "my app/app.xml")).toBe(2);
    expect(world.err.text()).toContain(
      "help: There is one beside the application: -d my\\ app/directory.xml",
    );
    const other = setUp(endless);
    expect(await other.plush("run", "app.xml")).toBe(2);
    expect(other.world.err.text()).toContain("write a first one with: npx plush init");
  });

  test("the second signal leaves at once", async () => {
    const { api, world } = setUp({ events: endless.events, untilEnded: () => [] });
    void runCommandLine(["run", "app.xml", "-d", "dir.xml"], world);
    await api.played;
    world.signal("SIGTERM");
    expect(world.left).toEqual([]);
    world.signal("SIGTERM");
    expect(world.left).toEqual([130]);
    expect(world.err.text()).toContain("clean up by themselves within 10 min (controller_absence)");
  });

  test("--for stops gracefully, as a success", async () => {
    const { api, world, plush } = setUp(endless);
    const done = plush("run", "app.xml", "-d", "dir.xml", "--for", "5");
    await api.played;
    world.advance(4999);
    expect(api.calls).not.toContain("endRun stop");
    world.advance(1);
    expect(await done).toBe(0);
    expect(api.calls).toContain("endRun stop");
  });

  test("a reader that goes away ends the run quietly, after cleaning up", async () => {
    const { api, world, plush } = setUp(endless);
    const done = plush("run", "app.xml", "-d", "dir.xml", "--output", "jsonl");
    await api.played;
    world.stdout.on("error", () => undefined);
    world.stdout.destroy(Object.assign(new Error("write EPIPE"), { code: "EPIPE" }));
    expect(await done).toBe(130);
    expect(api.calls).toEqual(["startRun", "endRun interrupt", "quit"]);
    expect(world.err.text()).toBe("");
  });
});

describe("on a terminal", () => {
  test("live lines are redrawn in place and gone at the end", async () => {
    const { api, world, plush } = setUp(endless, { terminal: true, environment: { NO_COLOR: "1" } });
    const done = plush("run", "app.xml", "-d", "dir.xml");
    await api.played;
    world.advance(200);
    expect(world.out.text()).toContain("running ");
    world.signal("SIGINT");
    expect(await done).toBe(130);
    const last = world.out.text().split("\x1b[?2026h").at(-1)!;
    expect(last).toContain("aborted");
    expect(last).not.toContain("running ");
  });

  test.each([
    [{ TERM: "dumb" }, [], false],
    [{ NO_COLOR: "1" }, [], false],
    [{ NO_COLOR: "1", PLUSH_COLOUR: "always" }, [], true],
    [{}, ["--no-color"], false],
    [{}, [], true],
  ] as const)("colours with %j and %j: %s", async (environment, flags, coloured) => {
    const { world, plush } = setUp({ events: successfulRun }, { terminal: true, environment });
    expect(await plush("run", "app.xml", "-d", "dir.xml", ...flags)).toBe(0);
    expect(/\x1b\[3\dm/.test(world.out.text())).toBe(coloured);
  });
});

describe("preferences", () => {
  test("flag over environment over project over user", async () => {
    const { api, plush, folder } = setUp({ events: successfulRun }, { environment: { PLUSH_TIMEOUT: "7s" } });
    mkdirSync(join(folder, "config"));
    writeFileSync(join(folder, "config", "plush.prefs"), "fanout = 1\ntimeout = 1\nkeep = yes\n");
    writeFileSync(join(folder, "plush.prefs"), "directory = dir.xml\nfanout = 2\ntimeout = 2\n");
    expect(await plush("run", "app.xml", "--fanout", "9")).toBe(0);
    expect(api.runOptions[0]).toMatchObject({ fanout: 9, deadlineMs: 7000, keep: true });
  });

  test("an unknown key is a warning with the nearest name, a wrong value ends with code 2", async () => {
    const { world, plush, folder } = setUp({ events: successfulRun });
    writeFileSync(join(folder, "plush.prefs"), "directory = dir.xml\nfanuot = 2\n");
    expect(await plush("run", "app.xml")).toBe(0);
    expect(world.err.text()).toContain(
      "plush.prefs:2: warning: unknown key 'fanuot'\n  help: Did you mean 'fanout'?",
    );
    writeFileSync(join(folder, "plush.prefs"), "fanout = many\n");
    expect(await plush("run", "app.xml")).toBe(2);
    expect(world.err.text()).toContain(
      "plush.prefs:1: error: 'fanout' must be a whole number from 1 to 4096",
    );
  });
});
