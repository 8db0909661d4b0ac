// Bad input of every kind through the command line's entry, with the real controller behind it: the word, the place, the
// exit code, and nothing left. test/integration/bad-input.test.ts asks some of the same of the built program.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { checkApplication } from "#shared/application/check-application.ts";
import { parseApplication } from "#shared/application/parse-application.ts";
import {
  applicationOf,
  directoryOf,
  processBlock,
  UNREADABLE_TEXTS,
  WRONG_APPLICATIONS,
  WRONG_DIRECTORIES,
} from "../../integration/bad-documents.ts";
import {
  expectProblem,
  expectRefused,
  ONE_HOST,
  refusedIn,
  RUN,
  sandboxWith,
  type Files,
} from "../../integration/refused-input.ts";
import { WRONG_COMMANDS } from "../../integration/wrong-commands.ts";
import type { PlushSandbox } from "../../integration/plush-sandbox.ts";
import { InnerSandbox } from "./inner-sandbox.ts";

const FIXTURES = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "fixtures");

const innerWith = (files: Files): PlushSandbox => sandboxWith(files, new InnerSandbox());

describe("an application that cannot be read", () => {
  it.each(UNREADABLE_TEXTS)("$title", (document) =>
    expectRefused(document, "application.xml", { "directory.xml": ONE_HOST }, new InnerSandbox()),
  );

  it("is told by check as by run", async () => {
    const sandbox = innerWith({ "application.xml": "<plush>\n<project>" });
    const ended = await refusedIn(sandbox, ["check", "application.xml", "--output", "json"]);
    const { errors, problems } = JSON.parse(ended.stdout) as { errors: number; problems: unknown[] };
    expect(errors).toBe(1);
    expect(problems).toMatchObject([
      { path: "application.xml", line: 2, column: 1, message: "<project> is never closed" },
    ]);
    expect(ended.code).toBe(6);
  });
});

describe("an application that is cut off", () => {
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
    const sandbox = innerWith({});
    for (let part = 0; part < 10; part += 1) {
      sandbox.write("application.xml", whole.subarray(0, Math.floor((end * part) / 10)));
      const ended = await refusedIn(sandbox, ["check", "application.xml"]);
      expect(ended.stdout).toMatch(/^application\.xml:\d+:\d+: error: .+\n(?: .*\n)*? {2}help: .+/);
      expect(ended.code).toBe(6);
    }
  });
});

describe("an application that makes no sense", () => {
  it.each(WRONG_APPLICATIONS)("$title", (document) =>
    expectRefused(document, "application.xml", { "directory.xml": ONE_HOST }, new InnerSandbox()),
  );

  it("a barrier that can never release", async () => {
    const text = readFileSync(join(FIXTURES, "application", "file-distribution-max-30.gush.xml"), "utf8");
    const local = text.replace(/<resource [^>]*>/g, '<resource type="local"/>');
    const sandbox = innerWith({
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
    const sandbox = innerWith({ "application.xml": applicationOf(), "directory.xml": ONE_HOST });
    const ended = await refusedIn(sandbox, [...RUN, "--variable", "port=1"]);
    expect(ended.stderr).toMatch(/no variable '?port/);
    expect(ended.code).toBe(6);
  });
});

describe("a directory with mistakes", () => {
  it.each(WRONG_DIRECTORIES)("$title", (document) =>
    expectRefused(document, "directory.xml", { "application.xml": applicationOf() }, new InnerSandbox()),
  );
});

describe("a command with mistakes", () => {
  it.each(WRONG_COMMANDS.map((wrong) => ({ ...wrong, title: `plush ${wrong.words.join(" ")}` })))(
    "$title",
    async ({ words, code, says }) => {
      const sandbox = innerWith({
        "application.xml": applicationOf({ blocks: processBlock("p", "<path>true</path>") }),
        "one.xml": ONE_HOST,
      });
      const ended = await refusedIn(sandbox, words);
      expect(ended.stderr).toMatch(says);
      expect(ended).toMatchObject({ code, stdout: "" });
    },
  );
});
