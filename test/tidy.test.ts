// Keeps the whole repository tidy: what no compiler or linter checks, and what people forget.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, extname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const ARCHITECTURE = "ARCHITECTURE.md";
const README = "README.md";

/** Not written by us, or kept byte for byte. */
const FOLDERS_LEFT_OUT = new Set([".git", "node_modules", "dist", "release", "fixtures"]);
const SOURCE = /\.([cm]?[jt]s|tsx)$/;
const TEXT = /\.([cm]?[jt]sx?|json|ya?ml|md|xml|html|css|svg|sh|py|txt)$/;

/** All files below a folder, as paths from the root with forward slashes. */
function filesBelow(folder: string): string[] {
  const path = join(ROOT, folder);
  if (!existsSync(path)) return [];
  return readdirSync(path, { withFileTypes: true }).flatMap((entry) => {
    const below = relative(ROOT, join(path, entry.name)).replaceAll("\\", "/");
    if (entry.isDirectory()) return FOLDERS_LEFT_OUT.has(entry.name) ? [] : filesBelow(below);
    return entry.isFile() ? [below] : [];
  });
}

function read(file: string): string {
  return readFileSync(join(ROOT, file), "utf8");
}

function readDocument(file: string): string {
  expect(existsSync(join(ROOT, file)), `${file} is missing: write it`).toBe(true);
  return read(file);
}

const FILES = filesBelow(".");
const PROGRAM_FILES = FILES.filter((file) => file.startsWith("src-"));
const SOURCES = FILES.filter((file) => SOURCE.test(file) && /^(src-[a-z]+|test|bench|tools)\//.test(file));
const TESTS = SOURCES.filter((file) => file.endsWith(".test.ts"));

describe("source files", () => {
  test("say in their first line what they are for", () => {
    const silent = SOURCES.filter((file) => {
      const lines = read(file).split("\n");
      const first = lines[0]?.startsWith("#!") ? lines[1] : lines[0];
      return !/^(\/\/|\/\*\*?) ?\S+ \S+ \S+/.test(first ?? "");
    });
    expect(silent, "first line: a comment that says what the file is for").toEqual([]);
  });

  test("are named in kebab-case, React components in PascalCase", () => {
    const misnamed = SOURCES.filter((file) => {
      const name = basename(file).replace(/(\.test|\.d|\.config)?\.[a-z]+$/, "");
      const kebab = /^[a-z0-9]+(-[a-z0-9]+)*$/.test(name);
      const pascal = /^([A-Z][a-z0-9]*)+$/.test(name);
      return !(kebab || (extname(file) === ".tsx" && pascal));
    });
    expect(misnamed).toEqual([]);
  });

  test("have names that occur once", () => {
    const named = PROGRAM_FILES.filter((file) => SOURCE.test(file) && !file.endsWith(".d.ts"));
    const names = named.map((file) => basename(file));
    const repeated = named.filter(
      (file) => names.indexOf(basename(file)) !== names.lastIndexOf(basename(file)),
    );
    expect(repeated, "say the file's name and everybody knows which one").toEqual([]);
  });

  test("hold no reminders", () => {
    // Put together here so that this file does not find itself.
    const reminder = new RegExp(`\\b(${["FIX" + "ME", "TO" + "DO", "XX" + "X"].join("|")})\\b`);
    const found = SOURCES.filter((file) => reminder.test(read(file)));
    expect(found, "do it, or open an issue").toEqual([]);
  });

  test("are no barrels", () => {
    const barrels = SOURCES.filter(
      (file) => /^index\./.test(basename(file)) || /^export \* /m.test(read(file)),
    );
    expect(barrels, "a folder's face is the file with the folder's name").toEqual([]);
  });
});

describe("documents", () => {
  test("ARCHITECTURE.md names every folder of the programs", () => {
    const architecture = readDocument(ARCHITECTURE);
    const folders = new Set(PROGRAM_FILES.map((file) => dirname(file)));
    const unnamed = [...folders].filter((folder) => {
      const name = basename(folder).replaceAll(".", "\\.");
      return !new RegExp(`(^|[^\\w-])${name}/`, "m").test(architecture);
    });
    expect(unnamed, `${ARCHITECTURE} must say what each folder is for`).toEqual([]);
  });

  test("README.md mentions every example", () => {
    const readme = readDocument(README);
    const examples = FILES.flatMap(
      (file) => /^assets\/examples\/([^/]+)\/application\.xml$/.exec(file)?.[1] ?? [],
    );
    expect(examples.length).toBeGreaterThan(0);
    const unmentioned = examples.filter((name) => !new RegExp(`^\\| \`${name}\` +\\|`, "m").test(readme));
    expect(unmentioned, `${README} must mention each example`).toEqual([]);
  });

  test("the licences of third parties are listed as the lock file has them", () => {
    const check = spawnSync(process.execPath, [join(ROOT, "tools", "licences.mjs"), "--check"], {
      encoding: "utf8",
    });
    expect(check.stderr).toBe("");
    expect(check.status).toBe(0);
  });

  test("no file knows a developer's machine", () => {
    // Other people's names in examples are written /home/user.
    const place = /(^|[\s"'`(=:,])\/((work|farm)\/|home\/(?!user\b)[a-z])/m;
    const found = FILES.filter((file) => TEXT.test(file) || !basename(file).includes(".")).filter((file) =>
      place.test(read(file)),
    );
    expect(found).toEqual([]);
  });
});

describe("tests", () => {
  const skips = JSON.parse(read("test/skips.json")) as { name: string; reason: string }[];
  const skipCalls = TESTS.flatMap((file) => {
    const calls = read(file).matchAll(
      /\b(?:test|it|describe)(?:\.\w+)*\.(?:skip|skipIf|runIf|todo)\b[^"'`]*(["'`])(.*?)\1/gs,
    );
    return [...calls].map((call) => ({ file, title: call[2] ?? "" }));
  });

  test("that may be skipped are listed in test/skips.json", () => {
    const unlisted = skipCalls.filter(({ title }) => !skips.some(({ name }) => name.includes(title)));
    expect(unlisted, "list each with its name and the reason").toEqual([]);
  });

  test("listed in test/skips.json exist and have a reason", () => {
    const stale = skips.filter(({ name }) => !skipCalls.some(({ title }) => name.includes(title)));
    expect(stale).toEqual([]);
    expect(skips.filter(({ reason }) => reason.trim().length < 10)).toEqual([]);
  });

  test("run all: none is singled out", () => {
    const single = TESTS.filter((file) => /^\s*(test|it|describe)(\.\w+)*\.only\b/m.test(read(file)));
    expect(single).toEqual([]);
  });

  test("have a time budget in every part", async () => {
    const parts = new URL("../tools/test-parts.mjs", import.meta.url).href;
    const { PARTS } = (await import(parts)) as { PARTS: readonly { name: string; budgetS: number }[] };
    expect(PARTS.map((part) => part.name)).toEqual(
      expect.arrayContaining(["static", "unit", "simulators", "integration"]),
    );
    const seconds = PARTS.map((part) => part.budgetS);
    expect(seconds.every((budget) => budget > 0)).toBe(true);
    // All parts together stay within what people wait for.
    expect(seconds.reduce((sum, budget) => sum + budget, 0)).toBeLessThanOrEqual(660);
  });

  test("run in continuous integration as README.md says, with nothing forgiven", () => {
    const script = read(".ci/run");
    expect(readDocument(README)).toContain("npm test");
    expect(script).toContain("npm test");
    expect(script).toContain("CI=true");
  });
});
