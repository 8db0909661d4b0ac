// Bad input of every kind: a clear word, the right exit code, within bounded time, and nothing left behind.
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { checkApplication } from "../../src-shared/application/check-application.ts";
import { parseApplication } from "../../src-shared/application/parse-application.ts";
import {
  applicationOf,
  directoryOf,
  processBlock,
  UNREADABLE_TEXTS,
  WRONG_APPLICATIONS,
  WRONG_DIRECTORIES,
  type BadDocument,
} from "./bad-documents.ts";
import { PlushSandbox, type CommandOptions, type Ended } from "./plush-sandbox.ts";

const FIXTURES = join(dirname(fileURLToPath(import.meta.url)), "..", "fixtures");
const ONE_HOST = directoryOf('<node hostname="h1" group="all"/>');
const RUN = ["run", "application.xml", "-d", "directory.xml"];

const sandboxes: PlushSandbox[] = [];
afterAll(() => {
  for (const sandbox of sandboxes) sandbox.remove();
});

function sandboxWith(files: Readonly<Record<string, string | Uint8Array>>): PlushSandbox {
  const sandbox = new PlushSandbox();
  sandboxes.push(sandbox);
  for (const [name, content] of Object.entries(files)) sandbox.write(name, content);
  return sandbox;
}

async function refusedIn(
  sandbox: PlushSandbox,
  words: readonly string[],
  options: CommandOptions = {},
): Promise<Ended> {
  const ended = await sandbox.plush(words, options);
  expect(await sandbox.leftovers()).toEqual([]);
  expect(sandbox.runs(), "a refused run leaves no results").toEqual([]);
  return ended;
}

interface Placed {
  readonly text: string | Uint8Array;
  /** "12:3", or empty when the text marks no place. */
  readonly place: string;
}

function withoutMark(document: BadDocument["text"]): Placed {
  if (typeof document !== "string" || !document.includes("▸")) return { text: document, place: "" };
  const before = document.slice(0, document.indexOf("▸")).split("\n");
  return { text: document.replace("▸", ""), place: `${before.length}:${before.at(-1)!.length + 1}` };
}

function expectProblem(
  ended: Ended,
  file: string,
  place: string,
  { says, help }: Pick<BadDocument, "says" | "help">,
): void {
  expect(ended.stderr).toContain(place === "" ? file : `${file}:${place}: error: `);
  expect(ended.stderr).toMatch(says);
  expect(ended.stderr).toMatch(new RegExp(`^  help: .*${help.source}`, "m"));
  expect(ended).toMatchObject({ code: 6, stdout: "" });
}

describe.concurrent("an application that cannot be read", () => {
  it.each(UNREADABLE_TEXTS)("$title", async (document) => {
    const { text, place } = withoutMark(document.text);
    const sandbox = sandboxWith({ "application.xml": text, "directory.xml": ONE_HOST });
    expectProblem(await refusedIn(sandbox, RUN), "application.xml", place, document);
  });

  it("is told by check as by run", async () => {
    const sandbox = sandboxWith({ "application.xml": "<plush>\n<project>" });
    const ended = await refusedIn(sandbox, ["check", "application.xml", "--output", "json"]);
    const { errors, problems } = JSON.parse(ended.stdout) as { errors: number; problems: unknown[] };
    expect(errors).toBe(1);
    expect(problems).toMatchObject([
      { path: "application.xml", line: 2, column: 1, message: "<project> is never closed" },
    ]);
    expect(ended.code).toBe(6);
  });
});

describe.concurrent("an application that is cut off", () => {
  const whole = readFileSync(join(FIXTURES, "application", "file-distribution.gush.xml"));
  const end = whole.lastIndexOf(">") + 1;

  it("is refused wherever the cut is", () => {
    for (let length = 0; length < end; length += 1) {
      const text = whole.subarray(0, length).toString("utf8");
      const { specification, problems } = parseApplication(text);
      const found = specification === undefined ? [] : checkApplication(specification, text, undefined);
      const errors = [...problems, ...found].filter((problem) => problem.severity === "error");
      expect(errors.length, `cut after ${length} bytes`).toBeGreaterThan(0);
      for (const { line, column, message, remedy } of errors) {
        expect(Math.min(line, column, message.length, remedy.length), message).toBeGreaterThan(0);
      }
    }
  });

  it("is refused by the command, too", async () => {
    const sandbox = sandboxWith({});
    for (let part = 0; part < 10; part += 1) {
      sandbox.write("application.xml", whole.subarray(0, Math.floor((end * part) / 10)));
      const ended = await refusedIn(sandbox, ["check", "application.xml"]);
      expect(ended.stdout).toMatch(/^application\.xml:\d+:\d+: error: .+\n(?: .*\n)*? {2}help: .+/);
      expect(ended.code).toBe(6);
    }
  });
});

describe.concurrent("an application that makes no sense", () => {
  it.each(WRONG_APPLICATIONS)("$title", async (document) => {
    const { text, place } = withoutMark(document.text);
    const sandbox = sandboxWith({ "application.xml": text, "directory.xml": ONE_HOST });
    expectProblem(await refusedIn(sandbox, RUN), "application.xml", place, document);
  });

  it("a barrier that can never release", async () => {
    const text = readFileSync(join(FIXTURES, "application", "file-distribution-max-30.gush.xml"), "utf8");
    const local = text.replace(/<resource [^>]*>/g, '<resource type="local"/>');
    const sandbox = sandboxWith({
      "application.xml": local,
      "directory.xml": directoryOf('<node hostname="h[1-3]"/>'),
    });
    const says = /barrier 'Barrier Block 1' waits for 30 hosts and at most 3 can reach it/;
    expectProblem(await refusedIn(sandbox, RUN), "application.xml", "41:59", {
      says,
      help: /Lower max to 3 or less/,
    });
  });

  it("a variable on the command line that it does not have", async () => {
    const sandbox = sandboxWith({ "application.xml": applicationOf(), "directory.xml": ONE_HOST });
    const ended = await refusedIn(sandbox, [...RUN, "--variable", "port=1"]);
    expect(ended.stderr).toMatch(/no variable '?port/);
    expect(ended.code).toBe(6);
  });
});

describe.concurrent("a directory with mistakes", () => {
  it.each(WRONG_DIRECTORIES)("$title", async (document) => {
    const { text, place } = withoutMark(document.text);
    const sandbox = sandboxWith({ "application.xml": applicationOf(), "directory.xml": text });
    const ended = await refusedIn(sandbox, RUN);
    expectProblem(ended, "directory.xml", place, document);
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

interface WrongCommand {
  readonly words: readonly string[];
  readonly code: number;
  readonly says: RegExp;
}

const WRONG_COMMANDS: readonly WrongCommand[] = [
  { words: ["rum"], code: 2, says: /no command 'rum'[^]*help: Did you mean 'plush run'/ },
  { words: ["frobnicate"], code: 2, says: /no command 'frobnicate'[^]*help: Commands: run, check/ },
  {
    words: ["-d", "one.xml", "run", "application.xml"],
    code: 2,
    says: /options stand behind the command[^]*help: Write: plush run -d one.xml application.xml/,
  },
  { words: ["run"], code: 2, says: /^plush: missing required argument 'application'/ },
  { words: ["run", "application.xml"], code: 2, says: /no resource directory[^]*help: Name one with -d/ },
  { words: ["run", "application.xml", "more.xml", "-d", "one.xml"], code: 2, says: /too many arguments/ },
  {
    words: [...RUN, "--output", "xml"],
    code: 2,
    says: /--output .*'xml' is invalid\. It must be one of text, json, jsonl/,
  },
  { words: [...RUN, "--timeout", "abc"], code: 2, says: /--timeout .*'abc' is invalid\. It must be a time/ },
  { words: [...RUN, "--timeout", "-5"], code: 2, says: /--timeout .*'-5' is invalid\. It must be a time/ },
  {
    words: [...RUN, "--fanout", "0"],
    code: 2,
    says: /--fanout .*'0' is invalid\. It must be a whole number from 1/,
  },
  {
    words: [...RUN, "--variable", "port"],
    code: 2,
    says: /--variable .*'port' is invalid\. It must have the form name=value/,
  },
  { words: [...RUN, "--frobnicate"], code: 2, says: /unknown option '--frobnicate'/ },
  { words: ["exec", "-d", "one.xml"], code: 2, says: /missing required argument 'command'/ },
  { words: ["exec", "-d", "one.xml", "--", " "], code: 2, says: /no command to run/ },
  { words: ["exec", "-d", "one.xml", "-w", "h7", "--", "touch", "ran"], code: 6, says: /h7/ },
  { words: ["exec", "-d", "one.xml", "-w", "h[1-", "--", "touch", "ran"], code: 6, says: /h\[1-/ },
  { words: ["exec", "-d", "one.xml", "-g", "none", "--", "touch", "ran"], code: 6, says: /group '?none/ },
  { words: ["exec", "-d", "one.xml", "-x", "h1", "--", "touch", "ran"], code: 6, says: /no hosts?/ },
];

describe.concurrent("a command with mistakes", () => {
  it.each(WRONG_COMMANDS.map((wrong) => ({ ...wrong, title: `plush ${wrong.words.join(" ")}` })))(
    "$title",
    async ({ words, code, says }) => {
      const sandbox = sandboxWith({
        "application.xml": applicationOf({ blocks: processBlock("p", "<path>true</path>") }),
        "one.xml": ONE_HOST,
      });
      const ended = await refusedIn(sandbox, words);
      expect(ended.stderr).toMatch(says);
      expect(ended).toMatchObject({ code, stdout: "" });
    },
  );
});
