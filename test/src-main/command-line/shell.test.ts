// The shell on a scripted controller: scripts, the terminal, completion, words, history.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import type { HostView } from "#shared/controller-api/controller-api.ts";
import { runCommandLine } from "../../../src-main/command-line/command-line.ts";
import type { ControllerSettings } from "../../../src-main/documents/controller-settings.ts";
import { completeShellLine, type CompletionNames } from "../../../src-main/command-line/shell-completion.ts";
import { commandText, quoteForShell, splitShellLine } from "../../../src-main/command-line/shell-words.ts";
import { begun, recorded, runEnd, runState, successfulRun, commandRun } from "./recorded-runs.ts";
import { createScriptedController, type Script } from "./scripted-controller.ts";
import { createTestWorld } from "./test-world.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

const APPLICATION = `<plush><project name="simple">
  <component name="C"><rspec><num_hosts>1</num_hosts></rspec><resources><resource type="local" group="all"/></resources></component>
  <experiment name="simple"><execution><component_block name="cb"><component name="C"/>
    <process_block name="p"><process name="p"><path>true</path></process></process_block>
  </component_block></execution></experiment>
</project></plush>`;

const hostView = (host: string, more: Partial<HostView> = {}): HostView => ({
  host,
  managerType: "local",
  groups: ["all"],
  site: undefined,
  place: undefined,
  address: "127.0.0.1",
  component: undefined,
  state: "disconnected",
  reason: "",
  sinceMs: 1000,
  client: undefined,
  metrics: undefined,
  processes: [],
  ...more,
});
const HOSTS = [
  hostView("n1"),
  hostView("n2"),
  hostView("n3", { state: "failed", reason: "connection refused" }),
];

function setUp(script: Script, terminal: boolean) {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "app.xml"), APPLICATION);
  writeFileSync(join(folder, "bad.xml"), "<plush>");
  writeFileSync(
    join(folder, "directory.xml"),
    `<plush><resource_manager type="local"><node hostname="n[1-3]" group="all"/></resource_manager></plush>`,
  );
  const api = createScriptedController({ hosts: HOSTS, ...script });
  const world = createTestWorld({ api, workingDirectory: folder, terminal, environment: { NO_COLOR: "1" } });
  return { api, world, folder, plush: (...words: readonly string[]) => runCommandLine(words, world) };
}

describe("a script on standard input", () => {
  const perform = async (script: Script, lines: readonly string[], ...words: readonly string[]) => {
    const parts = setUp(script, false);
    parts.world.input.end(lines.join("\n"));
    const exitCode = await parts.plush(...words);
    return { ...parts, exitCode, out: parts.world.out.text(), err: parts.world.err.text() };
  };

  test("what is not loaded is said with how to load it; help lists the arguments", async () => {
    const { err } = await perform({ events: successfulRun }, ["run"], "shell");
    expect(err).toContain("no application is loaded\n  help: Load one: load APPLICATION.xml");
    const { out } = await perform({ events: successfulRun }, ["help", "help run"], "shell");
    expect(out).toMatch(/^load APPLICATION\.xml {2,}read and check/m);
    expect(out).toContain("--variable NAME=VALUE");
  });

  test("the overlay is chosen where the controller is started, not for one of its runs", async () => {
    const parts = setUp({ events: successfulRun }, false);
    let overlay: unknown;
    const world = {
      ...parts.world,
      startController: (settings: ControllerSettings) => {
        overlay = [settings.overlay, settings.degree];
        return Promise.resolve(parts.api);
      },
    };
    parts.world.input.end("load app.xml\nrun --overlay star");
    expect(await runCommandLine(["shell", "--overlay", "k-ary", "--degree", "3"], world)).toBe(2);
    expect(overlay).toEqual(["k-ary", 3]);
    expect(parts.world.err.text()).toContain("unknown option '--overlay'");
  });

  test("load, run and wait: no prompts, the run's lines", async () => {
    const { exitCode, out, api } = await perform({ events: successfulRun }, [
      "# a comment",
      "",
      "load app.xml",
      "run --fanout 2 --keep",
      "info nodes",
      "quit",
      "never",
    ]);
    expect(exitCode).toBe(0);
    expect(out).not.toContain("plush>");
    expect(out).toContain("using directory.xml: 3 hosts");
    expect(out).toContain("project     simple");
    expect(out).toContain("finished after 4.2 s");
    expect(out).toContain("n[1-2]  2      local  all     -          disconnected");
    expect(api.calls).toEqual(["startRun", "quit"]);
    expect(api.runOptions[0]).toMatchObject({ fanout: 2, keep: true, stayConnected: true });
  });

  test("stops at the first error with its code", async () => {
    const { exitCode, out, err } = await perform({ events: [] }, ["load bad.xml", "info nodes"]);
    expect(exitCode).toBe(6);
    expect(out).toContain("bad.xml:1:");
    expect(out).not.toContain("disconnected");
    expect(err).toBe("");
  });

  test("--keep-going goes on, and keeps the strongest code", async () => {
    const { exitCode, out, err } = await perform(
      { events: [] },
      ["lod x", "load nothing.xml", "info nodes"],
      "shell",
      "--keep-going",
    );
    expect(exitCode).toBe(6);
    expect(err).toContain("there is no command 'lod'\n  help: Did you mean 'load'?");
    expect(err).toContain("cannot read the application specification nothing.xml: there is no such file");
    expect(out).toContain("disconnected");
  });

  test("hosts by a filter: each command takes the same ones", async () => {
    const { api, out, exitCode } = await perform({ events: commandRun }, [
      "use directory.xml",
      "info nodes state:failed OR n1",
      "connect --where 'NOT state:failed'",
      "connect n[2-3] --where state:failed",
      "disconnect --keep --where 'reason:refused'",
      "fail --where host:n[1-2] it smells",
      "shell --where 'site:sin OR n2' uname -r",
    ]);
    expect(out).toMatch(/^n1 .*\nn3 .*connection refused$/m);
    expect(out).not.toMatch(/^n2 /m);
    expect(api.calls).toEqual([
      "connect n[1-2]",
      "connect n3",
      "disconnect n3 keep",
      "failHost n1",
      "failHost n2",
      "startCommand",
      "quit",
    ]);
    expect(api.commandOptions[0]).toMatchObject({ hosts: "n2", command: "uname -r" });
    expect(exitCode).toBe(4);
  });

  test("a filter that is wrong is shown with its place; one that holds for nobody ends the command", async () => {
    const { api, err } = await perform(
      { events: [] },
      [
        "use directory.xml",
        "info nodes @all AND stat:failed",
        "connect --where",
        "connect --where depth>2",
        "connect n1 --where state:failed",
        "connect n9 --where state:failed",
      ],
      "shell",
      "--keep-going",
    );
    expect(err).toContain(
      "hosts have no 'stat'; did you mean state?\n  @all AND stat:failed\n           ^^^^\n",
    );
    expect(err).toContain("--where needs a filter");
    expect(err).toContain("the filter 'depth>2' holds for no host\n  help: No host is connected yet");
    expect(err).toContain("the filter holds for none of n1\n  help: It holds for n3.");
    expect(api.calls).toEqual(["connect n9", "quit"]);
  });

  test("every command reaches the controller", async () => {
    const { api, out, exitCode } = await perform(
      {
        events: recorded([begun, runState("running")]),
        untilEnded: () => recorded([runEnd("aborted", 1, "aborted")]),
      },
      [
        "load app.xml",
        "run &",
        "info node n3",
        "info mesh",
        "info waiting",
        "info control",
        "force 'b 1'",
        "fail n1 it smells",
        "connect n[1-2]",
        "disconnect n1 --keep",
        "history",
        "help",
        "help run",
        "abort enough",
      ],
    );
    expect(api.calls).toEqual([
      "startRun",
      "force b 1",
      "failHost n1",
      "connect n[1-2]",
      "disconnect n1 keep",
      "endRun abort",
      "quit",
    ]);
    for (const text of [
      "connection refused",
      "overlay",
      "session",
      "    1  load app.xml",
      "start the loaded application",
      "aborted after",
    ])
      expect(out).toContain(text);
    expect(exitCode).toBe(1);
  });

  test("shell runs on connected hosts with folded output", async () => {
    const { api, out, err, exitCode } = await perform({ events: commandRun }, ['shell "uname -r"']);
    expect(exitCode).toBe(4);
    expect(api.commandOptions[0]).toMatchObject({
      command: "uname -r",
      connectedOnly: true,
      stayConnected: true,
    });
    expect(out).toContain("n[1,3] (2)\n---------------\n6.1.0\n");
    expect(err).toContain("n4: exit status 127");
  });

  test.each([
    "info",
    "info node",
    "info node nx",
    "force x",
    "stop",
    "abort",
    "fail",
    "load",
    "load a b",
    "run --nonsense",
    "load 'a",
    "shell",
  ])("%s is told to be wrong", async (line) => {
    const { exitCode, err } = await perform({ events: [] }, [line]);
    expect(exitCode).toBeGreaterThan(0);
    expect(err).toMatch(/^plush: /);
  });
});

describe("at a terminal", () => {
  const shown = (text: string): string => stripVTControlCharacters(text);

  test("prompt, load failure, run in the background above the prompt, quit", async () => {
    const { world, plush, api, folder } = setUp({ events: successfulRun }, true);
    const done = plush();
    const type = (line: string): void => void world.input.write(`${line}\r`);
    await vi.waitFor(() => expect(shown(world.out.text())).toContain("plush> "));
    type("load bad.xml");
    await vi.waitFor(() => expect(world.out.text()).toContain("bad.xml:1:"));
    type("load app.xml");
    await vi.waitFor(() => expect(shown(world.out.text())).toContain("plush simple> "));
    type("run");
    await vi.waitFor(() => expect(world.out.text()).toContain("finished after"));
    type("quit");
    expect(await done).toBe(0);
    expect(api.calls).toEqual(["startRun", "quit"]);
    expect(readFileSync(join(folder, "state", "history"), "utf8")).toBe(
      "load bad.xml\nload app.xml\nrun\nquit\n",
    );
  });

  test("Ctrl-C: clears the line, tells how to leave, stops the run, leaves at the second", async () => {
    const { world, plush, api } = setUp(
      { events: recorded([begun, runState("running")]), untilEnded: () => [] },
      true,
    );
    void plush();
    await vi.waitFor(() => expect(shown(world.out.text())).toContain("plush> "));
    world.input.write("quit\u0003");
    world.input.write("\u0003");
    await vi.waitFor(() => expect(world.out.text()).toContain("To leave, type quit or press Ctrl-D."));
    world.input.write("load app.xml\r");
    await vi.waitFor(() => expect(shown(world.out.text())).toContain("plush simple> "));
    world.input.write("run\r");
    await vi.waitFor(() => expect(shown(world.out.text())).toContain("plush simple [running]> "));
    world.input.write("\u0003");
    await vi.waitFor(() => expect(api.calls).toContain("endRun interrupt"));
    expect(world.left).toEqual([]);
    world.input.write("\u0003");
    await vi.waitFor(() => expect(world.left).toEqual([130]));
  });

  test("what is being typed survives the events of a run", async () => {
    const { world, plush, api } = setUp({ events: recorded([begun, runState("running")]) }, true);
    void plush();
    await vi.waitFor(() => expect(shown(world.out.text())).toContain("plush> "));
    world.input.write("load app.xml\r");
    await vi.waitFor(() => expect(shown(world.out.text())).toContain("plush simple> "));
    world.input.write("run\r");
    await vi.waitFor(() => expect(shown(world.out.text())).toContain("[running]> "));
    world.input.write("info no");
    const [event] = recorded([
      { event: "matching", component: "C", hosts: "n1", count: 1, wanted: { min: 1, max: 1 } },
    ]);
    api.emit(event!);
    expect(shown(world.out.text()).endsWith("C: 1 host: n1\nplush simple [running]> info no")).toBe(true);
  });

  test("Ctrl-D leaves and cleans up", async () => {
    const { world, plush, api } = setUp(
      {
        events: [],
        hosts: [
          hostView("n1", {
            client: { pid: 1, node: "20", directory: "/d", platform: "linux", way: "client" },
          }),
        ],
      },
      true,
    );
    const done = plush();
    await vi.waitFor(() => expect(shown(world.out.text())).toContain("plush> "));
    world.input.write("\u0004");
    expect(await done).toBe(0);
    expect(world.out.text()).toContain("cleaning up…");
    expect(api.calls).toEqual(["quit"]);
  });
});

describe("completion", () => {
  const names: CompletionNames = {
    commands: ["load", "run", "info", "force", "fail"],
    hosts: ["node1", "node2"],
    groups: ["web"],
    blocks: ["p1", "Component Block 1"],
    barriers: ["Barrier 1", "p1"],
    components: ["Peers", "Two words"],
    sites: ["ucsd", "sin"],
    runFlags: ["--keep", "--timeout"],
    filesFrom: (beginning) =>
      ["app.xml", "apps/", "my file.xml"].filter((name) => name.startsWith(beginning)),
  };

  test.each([
    ["", [["load", "run", "info", "force", "fail"], ""]],
    ["f", [["force", "fail"], "f"]],
    ["lo", [["load "], "lo"]],
    ["load ", [["app.xml", "apps/", "my\\ file.xml"], ""]],
    ["load apps", [["apps/"], "apps"]],
    ["load my\\ f", [["my\\ file.xml "], "my\\ f"]],
    ["load 'my", [["'my file.xml' "], "'my"]],
    ["info ", [["nodes", "node", "mesh", "waiting", "control"], ""]],
    ["info node n", [["node1", "node2"], "n"]],
    ["connect @", [["@web "], "@"]],
    ["force ", [["Barrier\\ 1", "p1", "Component\\ Block\\ 1"], ""]],
    ['force "Comp', [['"Component Block 1" '], '"Comp']],
    ["run --t", [["--timeout "], "--t"]],
    ["shell l", [[], "l"]],
    ["shell --w", [["--where "], "--w"]],
    ["shell --where de", [["depth>"], "de"]],
    ["connect --where 'state:failed AND si", [["'state:failed AND site:"], "'state:failed AND si"]],
    ["fail --where '(site:", [["'(site:ucsd", "'(site:sin"], "'(site:"]],
    ["info nodes state:fa", [["state:failed"], "state:fa"]],
    ["info nodes NOT @", [["@web"], "@"]],
    ["test --where 'component:", [["'component:Peers", '\'component:"Two words"'], "'component:"]],
    ["shell --where x l", [[], "l"]],
  ] as const)("%j", (line, expected) => {
    expect(completeShellLine(line, names)).toEqual(expected);
  });
});

describe("words", () => {
  test("a quoted name is one word again", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.constantFrom("", "'", '"'), (name, quote) => {
        fc.pre(!(quote === "'" && name.includes("'")));
        const { words, openQuote } = splitShellLine(`cmd ${quoteForShell(name, quote)}`);
        expect(openQuote).toBeUndefined();
        expect(words.slice(1).map((word) => word.text)).toEqual([name]);
      }),
    );
  });

  test.each([
    ["uptime", "uptime"],
    ['"uptime -p"', "uptime -p"],
    ["'a' 'b'", "'a' 'b'"],
    ['echo "a b" | wc', 'echo "a b" | wc'],
    ["  date && df  ", "date && df"],
  ])("shell %s", (rest, command) => {
    expect(commandText(rest)).toBe(command);
  });
});
