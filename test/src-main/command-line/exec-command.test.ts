// `plush exec` on a scripted controller: prefixed and folded output, standard input, exit lists.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { HostView } from "#shared/controller-api/controller-api.ts";
import { runCommandLine } from "../../../src-main/command-line/command-line.ts";
import { begun, bringing, commandRun, recorded, runEnd } from "./recorded-runs.ts";
import { createScriptedController } from "./scripted-controller.ts";
import { createTestWorld } from "./test-world.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

function setUp(stdin: string | undefined, terminal = false) {
  const folder = temporaryFolder();
  writeFileSync(
    join(folder, "directory.xml"),
    `<plush><resource_manager type="local"><node hostname="n[1-5]" group="all"/></resource_manager></plush>`,
  );
  const api = createScriptedController({ events: commandRun });
  const world = createTestWorld({ api, workingDirectory: folder, terminal, environment: { NO_COLOR: "1" } });
  if (stdin !== undefined) world.input.end(stdin);
  return { api, folder, world, plush: (...words: readonly string[]) => runCommandLine(words, world) };
}

const ENDS = `plush: n5: connect: connection refused on port 22
  help: Start sshd there, or correct the port.
plush: n4: exit status 127
`;

describe("plush exec", () => {
  test("lines with their host, as they come; standard error apart", async () => {
    const { api, world, plush } = setUp("");
    expect(await plush("exec", "-w", "n[1-5]", "-x", "n9", "-g", "all", "--", "uname", "-r")).toBe(4);
    expect(world.out.text()).toBe("n2: 6.1\nn1: 6.1.0\nn3: 6.1.0\n");
    expect(world.err.text()).toBe(`n4: command not found: uname\n${ENDS}`);
    expect(api.commandOptions[0]).toMatchObject({
      command: "uname -r",
      hosts: "n[1-5]",
      exclude: "n9",
      group: "all",
      wantsInput: true,
      connectedOnly: false,
      stayConnected: false,
    });
  });

  test("-b folds identical output, largest group first", async () => {
    const { world, plush } = setUp("");
    expect(await plush("exec", "-b", "uname", "-r")).toBe(4);
    const rule = "-".repeat(15);
    expect(world.out.text()).toBe(`${rule}\nn[1,3] (2)\n${rule}\n6.1.0\n${rule}\nn2\n${rule}\n6.1\n`);
    expect(world.err.text()).toBe(`${rule}\nn4 stderr\n${rule}\ncommand not found: uname\n${ENDS}`);
  });

  test.each([[[]], [["-b"]]])("names the hosts to which a Node is brought, folded (%j)", async (flags) => {
    const { folder } = setUp("");
    const api = createScriptedController({
      events: recorded([begun, ...["n3", "n7"].map((name) => bringing(name, "sending", 44_617_929))]),
      untilEnded: () => recorded([runEnd("aborted", 130, "")]),
    });
    const world = createTestWorld({ api, workingDirectory: folder, environment: { NO_COLOR: "1" } });
    world.input.end("");
    const running = runCommandLine(["exec", ...flags, "true"], world);
    await api.played;
    world.advance(1000);
    expect(world.err.text()).toBe("plush: sending Node 24.21.0 (45 MB) to n[3,7]\n");
    world.signal("SIGINT");
    expect(await running).toBe(130);
  });

  test("--output json has the folded groups", async () => {
    const { world, plush } = setUp("");
    expect(await plush("exec", "--output", "json", "uname -r")).toBe(4);
    expect(JSON.parse(world.out.text())).toMatchObject({
      command: "uname -r",
      exitCode: 4,
      stdout: [
        { hosts: "n[1,3]", count: 2, text: "6.1.0\n" },
        { hosts: "n2", count: 1, text: "6.1\n" },
      ],
      stderr: [{ hosts: "n4" }],
      exits: [{ hosts: "n4", reason: "exit status 127" }],
      failures: [
        {
          hosts: "n5",
          reason: "connect: connection refused on port 22",
          remedy: "Start sshd there, or correct the port.",
        },
      ],
    });
  });

  test("standard input goes to all; not from a terminal, not when refused", async () => {
    const piped = setUp("some input\n");
    await piped.plush("exec", "cat");
    expect(piped.api.input.join("")).toContain("some input\n");
    const typed = setUp(undefined, true);
    await typed.plush("exec", "cat");
    expect(typed.api.commandOptions[0]).toMatchObject({ wantsInput: false });
    const refused = setUp("x");
    await refused.plush("exec", "--no-stdin", "cat");
    expect(refused.api.commandOptions[0]).toMatchObject({ wantsInput: false });
  });

  test("-w - reads the node set from standard input", async () => {
    const { api, plush } = setUp("n1\nn[3-4]\n");
    await plush("exec", "-w", "-", "true");
    expect(api.commandOptions[0]).toMatchObject({ hosts: "n1\nn[3-4]", wantsInput: false });
    const empty = setUp("\n");
    expect(await empty.plush("exec", "-w", "-", "true")).toBe(2);
  });

  test("without a command it is a usage error", async () => {
    const { world, plush } = setUp("");
    expect(await plush("exec", "-w", "n1")).toBe(2);
    expect(world.err.text()).toContain("missing required argument");
  });

  test("--where: of the hosts that are chosen, those for which the filter holds", async () => {
    const view = (name: string, site: string): HostView =>
      ({
        host: name,
        site,
        groups: ["all"],
        address: "",
        processes: [],
        reason: "",
        state: "disconnected",
        sinceMs: 0,
      }) as unknown as HostView;
    const folder = temporaryFolder();
    writeFileSync(
      join(folder, "directory.xml"),
      `<plush><resource_manager type="local"><node hostname="n[1-3]" group="all"/></resource_manager></plush>`,
    );
    const hosts = [view("n1", "ucsd"), view("n2", "sin"), view("n3", "sin")];
    const api = createScriptedController({ events: commandRun, hosts });
    const world = createTestWorld({ api, workingDirectory: folder, environment: { NO_COLOR: "1" } });
    world.input.end("");
    await runCommandLine(["exec", "-w", "n[1-2]", "-g", "all", "--where", "site:sin", "true"], world);
    expect(api.commandOptions[0]).toMatchObject({ hosts: "n2", group: "all" });
    expect(await runCommandLine(["exec", "--where", "site:", "true"], world)).toBe(2);
    expect(world.err.text()).toContain("plush: the filter is wrong: site of what?\n  site:\n  ^^^^^\n");
    expect(await runCommandLine(["test", "--where", "site:ams"], world)).toBe(6);
    expect(world.err.text()).toContain("the filter 'site:ams' holds for no host");
  });

  test("hosts that are not there: says which there are", async () => {
    const host = (name: string, groups: readonly string[]): HostView =>
      ({ host: name, groups, state: "disconnected" }) as unknown as HostView;
    const folder = temporaryFolder();
    writeFileSync(
      join(folder, "directory.xml"),
      `<plush><resource_manager type="local"><node hostname="n[1-2]" group="all"/></resource_manager></plush>`,
    );
    const api = createScriptedController({
      events: commandRun,
      hosts: [host("n1", ["all"]), host("n2", ["all", "web"])],
      refusal: { kind: "refused", exitCode: 6, problems: [], reason: "not in the directory: n9" },
    });
    const world = createTestWorld({ api, workingDirectory: folder, environment: { NO_COLOR: "1" } });
    world.input.end("");
    expect(await runCommandLine(["exec", "-w", "n9", "true"], world)).toBe(6);
    expect(world.err.text()).toBe(
      "plush: not started: not in the directory: n9\n  help: The directory's hosts are n[1-2]; its groups: all, web.\n",
    );
  });
});
