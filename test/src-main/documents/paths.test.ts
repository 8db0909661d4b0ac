// The folders of each platform, and documents that cannot be read or must not be overwritten.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { examplesDirectoryFrom, findExample } from "../../../src-main/documents/examples.ts";
import { pathsOf } from "../../../src-main/documents/paths.ts";
import { readDocument, unreadableBecause } from "../../../src-main/documents/read-document.ts";
import { writeDocument } from "../../../src-main/documents/write-document.ts";

describe("pathsOf", () => {
  const linux = {
    environment: {},
    platform: "linux",
    homeDirectory: "/h/a",
    temporaryDirectory: "/tmp",
    userId: 1000,
  };

  test("XDG defaults", () => {
    expect(pathsOf(linux)).toEqual({
      config: "/h/a/.config/nebula",
      state: "/h/a/.local/state/nebula",
      cache: "/h/a/.cache/nebula",
      data: "/h/a/.local/share/nebula",
      runtime: "/tmp/nebula-1000",
    });
  });

  test("XDG variables; relative ones are ignored", () => {
    const environment = {
      XDG_CONFIG_HOME: "/c",
      XDG_STATE_HOME: "relative",
      XDG_CACHE_HOME: "",
      XDG_RUNTIME_DIR: "/run/user/1000",
    };
    expect(pathsOf({ ...linux, environment })).toMatchObject({
      config: "/c/nebula",
      state: "/h/a/.local/state/nebula",
      cache: "/h/a/.cache/nebula",
      runtime: "/run/user/1000/nebula",
    });
  });

  test("macOS", () => {
    expect(pathsOf({ ...linux, platform: "darwin", homeDirectory: "/u/a" })).toEqual({
      config: "/u/a/Library/Preferences/nebula",
      state: "/u/a/Library/Application Support/nebula/State",
      cache: "/u/a/Library/Caches/nebula",
      data: "/u/a/Library/Application Support/nebula",
      runtime: "/tmp/nebula-1000",
    });
  });

  test("Windows", () => {
    const environment = { APPDATA: "C:\\R", LOCALAPPDATA: "C:\\L" };
    expect(
      pathsOf({
        environment,
        platform: "win32",
        homeDirectory: "C:\\U",
        temporaryDirectory: "C:\\T",
        userId: undefined,
      }),
    ).toEqual({
      config: "C:\\R\\nebula",
      state: "C:\\L\\nebula\\State",
      cache: "C:\\L\\nebula\\Cache",
      data: "C:\\L\\nebula\\Data",
      runtime: "C:\\T\\nebula",
    });
  });
});

describe("documents", () => {
  const folder = mkdtempSync(join(tmpdir(), "nebula-documents-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("reading: plain words for what cannot be read", async () => {
    writeFileSync(join(folder, "a.xml"), "\uFEFFtext");
    expect(await readDocument(join(folder, "a.xml"))).toEqual({ kind: "ok", text: "\uFEFFtext" });
    expect(await readDocument(join(folder, "a.xml"), 3)).toMatchObject({
      kind: "unreadable",
      message: expect.stringContaining("too large"),
    });
    expect(await readDocument(folder)).toMatchObject({ message: "it is a directory, not a file" });
    expect(await readDocument(join(folder, "no"))).toMatchObject({ message: "there is no such file" });
    expect(await readDocument("/dev/null")).toMatchObject({ message: "it is not a regular file" });
    expect(await readDocument("a\0b")).toMatchObject({ kind: "unreadable" });
    for (const [code, message] of [
      ["EACCES", "you may not read it"],
      ["ELOOP", "circle"],
      ["EIO", "it cannot be read"],
    ] as const) {
      expect(unreadableBecause(Object.assign(new Error("x"), { code }))).toMatchObject({
        message: expect.stringContaining(message),
      });
    }
  });

  test("writing: a file that is there is left alone unless told otherwise, and nothing else is left behind", async () => {
    const inner = join(folder, "w");
    mkdirSync(inner);
    const path = join(inner, "f.txt");
    expect(await writeDocument(path, "one", false)).toEqual({ kind: "written" });
    expect(await writeDocument(path, "two", false)).toEqual({ kind: "exists" });
    expect(readFileSync(path, "utf8")).toBe("one");
    expect(await writeDocument(path, "three", true)).toEqual({ kind: "written" });
    expect(readFileSync(path, "utf8")).toBe("three");
    expect(await writeDocument(join(inner, "no", "f.txt"), "x", true)).toMatchObject({ kind: "failed" });
    expect(readdirSync(inner)).toEqual(["f.txt"]);
  });

  test("examples are found from a folder below", async () => {
    const start = join(folder, "dist", "deep");
    mkdirSync(start, { recursive: true });
    expect(await examplesDirectoryFrom(start)).toBeUndefined();
    const examples = join(folder, "assets", "examples");
    mkdirSync(join(examples, "hello"), { recursive: true });
    writeFileSync(join(examples, "hello", "application.xml"), "");
    expect(await examplesDirectoryFrom(start)).toBe(examples);
    expect(await findExample(examples, "hello")).toBeUndefined();
    writeFileSync(join(examples, "directory.xml"), "");
    expect(await findExample(examples, "hello")).toEqual({
      application: join(examples, "hello", "application.xml"),
      directory: join(examples, "directory.xml"),
    });
  });
});
