// Bad input of every kind, given to the built program: a clear word, the right exit code, within bounded time, and nothing
// left behind. The same of every document and command: test/src-main/command-line/bad-input.test.ts.
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { applicationOf, UNREADABLE_TEXTS, WRONG_APPLICATIONS, WRONG_DIRECTORIES } from "./bad-documents.ts";
import { expectProblem, expectRefused, ONE_HOST, refusedIn, RUN, sandboxWith } from "./refused-input.ts";
import { WRONG_COMMANDS } from "./wrong-commands.ts";

/** One of each kind, and those that could take memory or time. */
const AS_PROCESSES = [
  "a binary file",
  "billion laughs",
  "10 MB of nesting",
  "an attribute of 10 MB",
  "unknown software",
  "a package whose file is absent",
  "a node set bomb",
  "an application in its place",
];
const isShown = ({ title }: { readonly title: string }): boolean => AS_PROCESSES.includes(title);

describe.concurrent("a document with mistakes", () => {
  it.each([...UNREADABLE_TEXTS, ...WRONG_APPLICATIONS].filter(isShown))("$title", (document) =>
    expectRefused(document, "application.xml", { "directory.xml": ONE_HOST }),
  );

  it.each(WRONG_DIRECTORIES.filter(isShown))("$title", (document) =>
    expectRefused(document, "directory.xml", { "application.xml": applicationOf() }),
  );

  it("is told by check, too", async () => {
    const sandbox = sandboxWith({ "application.xml": "<plush>\n<project>" });
    const ended = await refusedIn(sandbox, ["check", "application.xml"]);
    expect(ended.stdout).toMatch(/^application\.xml:2:1: error: <project> is never closed\n/);
    expect(ended.code).toBe(6);
  });
});

describe.concurrent("a file that is none", () => {
  it("is absent", async () => {
    const sandbox = sandboxWith({ "directory.xml": ONE_HOST });
    const ended = await refusedIn(sandbox, RUN);
    expectProblem(ended, "application.xml", "", { says: /there is no such file/, help: /Check the name/ });
    const other = await refusedIn(sandbox, ["run", "directory.xml", "-d", "absent.xml"]);
    expectProblem(other, "absent.xml", "", {
      says: /resource directory absent\.xml: there is no such file/,
      help: /Check the name/,
    });
  });

  it("is a folder", async () => {
    const sandbox = sandboxWith({ "directory.xml": ONE_HOST });
    mkdirSync(join(sandbox.work, "application.xml"));
    sandbox.begin();
    expectProblem(await refusedIn(sandbox, RUN), "application.xml", "", {
      says: /it is a directory, not a file/,
      help: /Name the file/,
    });
  });

  it("is a named pipe that nobody writes to", async () => {
    const sandbox = sandboxWith({ "directory.xml": ONE_HOST });
    execFileSync("mkfifo", [join(sandbox.work, "application.xml")]);
    sandbox.begin();
    expectProblem(await refusedIn(sandbox, RUN), "application.xml", "", {
      says: /not a regular file/,
      help: /standard input/,
    });
  });
});

/** Root may read everything, unless it gives that up; util-linux has a program for it. */
const WITHOUT_POWERS =
  process.getuid?.() === 0 ? ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"] : [];
function cannotGiveUpPowers(): boolean {
  const [program, ...words] = [...WITHOUT_POWERS, "true"];
  try {
    execFileSync(program ?? "true", words, { stdio: "ignore" });
    return false;
  } catch {
    // No such program, or root of a container that may not: the tests cannot run here.
    return true;
  }
}

describe.skipIf(cannotGiveUpPowers()).concurrent("without permission", () => {
  it("an application may not be read", async () => {
    const sandbox = sandboxWith({ "application.xml": applicationOf(), "directory.xml": ONE_HOST });
    chmodSync(join(sandbox.work, "application.xml"), 0o000);
    const ended = await refusedIn(sandbox, RUN, { through: WITHOUT_POWERS });
    expectProblem(ended, "application.xml", "", { says: /you may not read it/, help: /permission/ });
  });

  it("results may not be written", async () => {
    const sandbox = sandboxWith({ "application.xml": applicationOf(), "directory.xml": ONE_HOST });
    mkdirSync(join(sandbox.work, "closed"), { mode: 0o500 });
    sandbox.begin();
    const ended = await refusedIn(sandbox, [...RUN, "--results", "closed/results"], {
      through: WITHOUT_POWERS,
    });
    expect(ended.stderr).toMatch(/results folder .*closed\/results cannot be made: .*permission denied/i);
    expect(ended.code).toBe(1);
  });
});

describe.concurrent("a results folder that is none", () => {
  it("is a file", async () => {
    const sandbox = sandboxWith({ "application.xml": applicationOf(), "directory.xml": ONE_HOST });
    const ended = await refusedIn(sandbox, [...RUN, "--results", "directory.xml"]);
    expect(ended.stderr).toMatch(/results folder .*directory\.xml cannot be made/);
    expect(ended.code).toBe(1);
    expect(readFileSync(join(sandbox.work, "directory.xml"), "utf8")).toBe(ONE_HOST);
  });
});

describe.concurrent("a controller that cannot start", () => {
  it("has a file for a state directory", async () => {
    const sandbox = sandboxWith({ "application.xml": applicationOf(), "directory.xml": ONE_HOST });
    const state = join(sandbox.work, "directory.xml");
    const ended = await refusedIn(sandbox, RUN, { environment: { XDG_STATE_HOME: state } });
    expect(ended.stderr).toMatch(
      /controller cannot be started: .*directory\.xml.*\n {2}help: .*set XDG_STATE_HOME/,
    );
    expect(ended.code).toBe(1);
  });

  it("wants a port that another program has", async () => {
    const other = createServer();
    await new Promise<void>((done) => other.listen(0, "127.0.0.1", done));
    const port = String((other.address() as AddressInfo).port);
    const sandbox = sandboxWith({ "application.xml": applicationOf(), "directory.xml": ONE_HOST });
    const ended = await refusedIn(sandbox, RUN, { environment: { PLUSH_CONTROLLER_PORT: port } });
    other.close();
    expect(ended.stderr).toMatch(/controller cannot be started: .*EADDRINUSE.*\n {2}help: .*controller_port/);
    expect(ended.code).toBe(1);
  });
});

/** One that the reader of arguments refuses, one that needs the controller. */
const COMMANDS_AS_PROCESSES = ["rum", "-w h7"];

describe.concurrent("a command with mistakes", () => {
  const shown = WRONG_COMMANDS.map((wrong) => ({ ...wrong, title: `plush ${wrong.words.join(" ")}` }));
  it.each(shown.filter(({ title }) => COMMANDS_AS_PROCESSES.some((part) => title.includes(part))))(
    "$title",
    async ({ words, code, says }) => {
      const sandbox = sandboxWith({ "application.xml": applicationOf(), "one.xml": ONE_HOST });
      const ended = await refusedIn(sandbox, words);
      expect(ended.stderr).toMatch(says);
      expect(ended).toMatchObject({ code, stdout: "" });
    },
  );
});
