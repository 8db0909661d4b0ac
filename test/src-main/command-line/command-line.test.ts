// Usage of the command line as a whole: help, version, unknown commands and options, `plush check`, `plush init`.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseDirectory } from "#shared/resource-directory/parse-directory.ts";
import { parsePreferences } from "../../../src-main/documents/preferences.ts";
import { runCommandLine } from "../../../src-main/command-line/command-line.ts";
import { strongestExit } from "../../../src-main/command-line/exit-codes.ts";
import { createTestWorld, type TestWorldOptions } from "./test-world.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

function setUp(options: TestWorldOptions = {}) {
  const folder = temporaryFolder();
  const world = createTestWorld({ workingDirectory: folder, ...options });
  return { folder, world, plush: (...words: readonly string[]) => runCommandLine(words, world) };
}

describe("usage", () => {
  test.each([
    [["rnu"], "there is no command 'rnu'", "Did you mean 'plush run'?"],
    [["xyzzy"], "there is no command 'xyzzy'", "Commands: run, check"],
    [["run"], "missing required argument 'application'", "--help"],
    [["run", "a.xml", "b.xml"], "too many arguments", "--help"],
    [["run", "a.xml", "--fanuot", "3"], "unknown option '--fanuot'", "Did you mean --fanout?"],
    [["run", "a.xml", "--fanout", "0"], "a whole number from 1 to", ""],
    [["run", "a.xml", "--timeout", "soon"], "a time such as", ""],
    [["run", "a.xml", "--variable", "novalue"], "name=value", ""],
    [["run", "a.xml", "--output", "xml"], "one of text, json, jsonl", ""],
    [["help", "cods"], "there is no help on 'cods'", "Did you mean 'codes'?"],
    [["shell", "extra"], "too many arguments", ""],
  ])("%j is exit code 2 with a hint", async (words, message, hint) => {
    const { world, plush } = setUp();
    expect(await plush(...words)).toBe(2);
    expect(world.err.text()).toContain(message);
    expect(world.err.text()).toContain(hint);
    expect(world.out.text()).toBe("");
  });

  test("version and help", async () => {
    for (const words of [
      ["--version"],
      ["--help"],
      ["help"],
      ["help", "codes"],
      ["help", "CODES"],
      ["help", "nodesets"],
      ["help", "output"],
      ["help", "preferences"],
    ]) {
      const { world, plush } = setUp();
      expect(await plush(...words)).toBe(0);
      expect(world.out.text().length).toBeGreaterThan(5);
      expect(world.err.text()).toBe("");
    }
  });

  test.each(["run", "check", "exec", "shell", "init", "demo"])("%s has help with examples", async (name) => {
    const { world, plush } = setUp();
    expect(await plush(name, "--help")).toBe(0);
    const viaHelp = setUp();
    expect(await viaHelp.plush("help", name)).toBe(0);
    expect(viaHelp.world.out.text()).toBe(world.out.text());
    expect(world.out.text()).toMatch(/Examples:|Exits 0/);
  });

  test("the strongest exit code", () => {
    expect(strongestExit([])).toBe(0);
    expect(strongestExit([0, 1, 3, 4])).toBe(4);
    expect(strongestExit([5, 130, 3])).toBe(130);
    expect(strongestExit([6, 130])).toBe(6);
    expect(strongestExit([7, 0])).toBe(7);
  });
});

describe("plush check", () => {
  const GOOD = `<plush>
\t<project name="p">
\t\t<component name="C"><rspec><num_hosts>2</num_hosts></rspec><resources><resource type="local"/></resources></component>
\t\t<experiment name="e"><execution><component_block name="cb"><component name="C"/>
\t\t\t<process_block name="b"><predecessor name="x"/><process name="p"><path>true</path></process></process_block>
\t\t</component_block></execution></experiment>
\t</project>
</plush>`;

  test("a good file", async () => {
    const { folder, world, plush } = setUp();
    writeFileSync(join(folder, "a.xml"), GOOD.replace('<predecessor name="x"/>', ""));
    expect(await plush("check", "a.xml")).toBe(0);
    expect(world.out.text()).toBe("a.xml: ok\n");
  });

  test("like a compiler: place, line, caret below its place in spite of tabs, help, count", async () => {
    const { folder, world, plush } = setUp();
    writeFileSync(join(folder, "a.xml"), GOOD);
    expect(await plush("check", "a.xml")).toBe(6);
    const lines = world.out.text().split("\n");
    expect(lines[0]).toMatch(/^a\.xml:5:\d+: error: .*'x'/);
    const caret = lines[2]!.indexOf("^");
    expect(lines[1]!.slice(caret)).toMatch(/^(x"|<predecessor|"x")/);
    expect(lines[3]).toMatch(/^ {2}help: /);
    expect(lines.at(-2)).toBe("1 error");
  });

  test("as JSON and JSON lines, from standard input", async () => {
    const json = setUp();
    json.world.input.end(GOOD);
    expect(await json.plush("check", "-", "--output", "json")).toBe(6);
    expect(JSON.parse(json.world.out.text())).toMatchObject({
      version: 1,
      errors: 1,
      exitCode: 6,
      problems: [{ path: "standard input", line: 5, severity: "error" }],
    });
    const lines = setUp();
    lines.world.input.end(GOOD);
    expect(await lines.plush("check", "-", "--output", "jsonl")).toBe(6);
    expect(
      lines.world.out
        .text()
        .trimEnd()
        .split("\n")
        .map((line) => (JSON.parse(line) as { event: string }).event),
    ).toEqual(["problem", "check"]);
  });

  test("nothing in any beginning of a file crashes it, nor control characters in it reach the terminal", async () => {
    const { folder, world, plush } = setUp();
    const text = GOOD.replace("<path>", "<path>\u0007\u001b]0;x\u0007");
    for (let length = 0; length < text.length; length += 7) {
      writeFileSync(join(folder, "a.xml"), text.slice(0, length));
      expect(await plush("check", "a.xml")).toBe(6);
    }
    expect(world.out.text()).not.toMatch(/[\x07\x1b]/);
    expect(world.err.text()).toBe("");
  });

  test("binary files and UTF-16 are refused in plain words", async () => {
    const { folder, world, plush } = setUp();
    writeFileSync(join(folder, "a.xml"), Buffer.from([0xff, 0xfe, 0x3c, 0x00]));
    expect(await plush("check", "a.xml")).toBe(6);
    expect(world.err.text()).toContain(
      "it is UTF-16, not text in UTF-8\n  help: In your editor, save it as UTF-8.",
    );
    writeFileSync(join(folder, "a.xml"), Buffer.from([0x3c, 0xff, 0x00]));
    expect(await plush("check", "a.xml")).toBe(6);
    expect(world.err.text()).toContain("it is not text in UTF-8");
  });
});

describe("plush init", () => {
  test("writes a directory and preferences that can be read back", async () => {
    const { folder, plush } = setUp();
    expect(await plush("init", "--local", "3", "--group", "web", "--fanout", "9")).toBe(0);
    const { directory, problems } = parseDirectory(readFileSync(join(folder, "directory.xml"), "utf8"));
    expect(problems).toEqual([]);
    expect(directory?.managers[0]?.hosts.map((host) => [host.id, host.managerType, host.groups])).toEqual([
      ["node1", "local", ["web"]],
      ["node2", "local", ["web"]],
      ["node3", "local", ["web"]],
    ]);
    expect(parsePreferences(readFileSync(join(folder, "plush.prefs"), "utf8"), "x")).toEqual({
      preferences: { directory: "directory.xml", fanout: 9 },
      problems: [],
    });
  });

  test("hosts by SSH", async () => {
    const { folder, plush } = setUp();
    expect(await plush("init", "--hosts", "a[1-2],b", "--user", "me", "--port", "4000")).toBe(0);
    const { directory, problems } = parseDirectory(readFileSync(join(folder, "directory.xml"), "utf8"));
    expect(problems.filter((problem) => problem.severity === "error")).toEqual([]);
    expect(directory?.managers[0]?.hosts.map((host) => [host.id, host.user, host.port])).toEqual([
      ["a1", "me", 4000],
      ["a2", "me", 4000],
      ["b", "me", 4000],
    ]);
  });

  test("never overwrites unasked, and does with --force", async () => {
    const { folder, world, plush } = setUp();
    writeFileSync(join(folder, "directory.xml"), "mine");
    expect(await plush("init", "--local", "3")).toBe(1);
    expect(readFileSync(join(folder, "directory.xml"), "utf8")).toBe("mine");
    expect(world.err.text()).toContain("--force");
    expect(await plush("init", "--local", "3", "--force")).toBe(0);
    expect(readFileSync(join(folder, "directory.xml"), "utf8")).toContain("node[1-3]");
  });

  test("asks when there is a terminal, and takes no for an answer", async () => {
    const { folder, world, plush } = setUp({ terminal: true });
    writeFileSync(join(folder, "plush.prefs"), "mine");
    for (const answer of ["9", "1", "x", "2", "", "", "no"]) world.input.write(`${answer}\r`);
    expect(await plush("init")).toBe(1);
    expect(readFileSync(join(folder, "directory.xml"), "utf8")).toContain("node[1-2]");
    expect(readFileSync(join(folder, "plush.prefs"), "utf8")).toBe("mine");
    expect(world.out.text()).toContain("Type 1 or 2.");
  });

  test("Ctrl-C at a question writes nothing", async () => {
    const { folder, world, plush } = setUp({ terminal: true });
    world.input.write("1\r\u0003");
    expect(await plush("init")).toBe(130);
    expect(existsSync(join(folder, "directory.xml"))).toBe(false);
  });

  test.each([
    [[], "--local"],
    [["--hosts", "a[1-"], "--hosts"],
    [["--local", "0"], "whole number"],
    [["--local", "1", "--hosts", "a"], "exclude"],
  ])("%j is a usage error", async (words, message) => {
    const { world, plush } = setUp();
    expect(await plush("init", ...words)).toBe(2);
    expect(world.err.text()).toContain(message);
  });
});
