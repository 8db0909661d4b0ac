// A command that is started without the shell does what the shell would have done; all others are left to the shell.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { plainWords, withoutShell } from "../../../src-client/processes/plain-command.ts";

/** Shows its words, one a line, whatever they are. */
const SHOW = "/usr/bin/printf '%s\\n'";
const SHELLS = ["/bin/sh", "/bin/dash", "/bin/bash"].filter((shell) => existsSync(shell));

describe("words", () => {
  test.each([
    ["hostname", ["hostname"]],
    ["uname -r", ["uname", "-r"]],
    ["  ls   -l  a.b ", undefined],
    ["ls   -l  a.b ", ["ls", "-l", "a.b"]],
    ["/opt/x/run --set a=b,c=d +5% u@h:/p", ["/opt/x/run", "--set", "a=b,c=d", "+5%", "u@h:/p"]],
    ["./run", ["./run"]],
  ])("of %j", (text, words) => {
    expect(plainWords(text)).toEqual(words);
  });

  test.each([
    "a=b env",
    "echo x",
    "cd /tmp",
    "if x",
    "ls | wc",
    "ls; ls",
    "ls\nls",
    "ls\tx",
    "ls *",
    "ls ~",
    "ls {a,b}",
    "ls $HOME",
    "ls 'a'",
    'ls "a"',
    "ls \\a",
    "ls `a`",
    "ls >x",
    "ls <x",
    "ls &",
    "ls #x",
    "!ls",
    "(ls)",
    "ls [ab]",
    "ls a?",
    "ls ä",
    "%1",
    "-x",
    "-c ls",
    "",
    " ",
  ])("not of %j", (text) => {
    expect(plainWords(text)).toBeUndefined();
  });

  test("are those that real shells make of it", () => {
    const characters = fc.constantFrom(..."abzAZ09_.,:/@%+=- ");
    const texts = fc.array(fc.string({ unit: characters, minLength: 1, maxLength: 12 }), { maxLength: 30 });
    fc.assert(
      fc.property(texts, (all) => {
        const plain = all.filter((text) => plainWords(`x ${text}`) !== undefined);
        const words = plain.map((text) => plainWords(`x ${text}`)?.slice(1) ?? []);
        const expected = words.flatMap((some) => ["begin", ...some]);
        const script = plain.map((text) => `${SHOW} begin ${text}`).join("\n");
        for (const shell of SHELLS) {
          const { stdout } = spawnSync(shell, ["-c", script], { encoding: "utf8" });
          expect(stdout).toBe(expected.map((word) => `${word}\n`).join(""));
        }
      }),
      { numRuns: 40 },
    );
  });

  test("never begin with what these shells do themselves", () => {
    const names = SHELLS.flatMap((shell) => {
      const asked = "compgen -b; compgen -k; compgen -a; compgen -A function";
      return shell.endsWith("bash")
        ? spawnSync(shell, ["-c", asked], { encoding: "utf8" }).stdout.trim().split("\n")
        : [];
    });
    const own = names.filter((name) => plainWords(name) !== undefined);
    expect(own).toEqual([]);
  });
});

describe("a request", () => {
  const request = { path: "sh", args: ["-c", "env -u X"], cwd: "/w", environment: { PATH: "/bin" } };

  test("says where it is, as the shell does", () => {
    expect(withoutShell(request)).toEqual({
      path: "env",
      args: ["-u", "X"],
      cwd: "/w",
      environment: { PATH: "/bin", PWD: "/w" },
    });
  });

  test.each([
    { ...request, path: "bash" },
    { ...request, args: ["-ec", "env"] },
    { ...request, args: ["-c", "env", "name"] },
    { ...request, args: [] },
    { ...request, environment: { "BASH_FUNC_env%%": "() { :; }" } },
  ])("stays with its shell: %j", (other) => {
    expect(withoutShell(other)).toBeUndefined();
  });
});
