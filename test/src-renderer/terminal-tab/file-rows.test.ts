// A host's files as rows: sorted for people, and names that show what is strange in them and do nothing.
import fc from "fast-check";
import { expect, test } from "vitest";
import type { FileEntry } from "../../../src-shared/controller-api/host-files.ts";
import {
  fileRows,
  joined,
  nameProblem,
  parentPath,
  pathSteps,
  shownName,
  sizeText,
} from "../../../src-renderer/terminal-tab/file-rows.ts";

const entry = (name: string, kind: FileEntry["kind"] = "file"): FileEntry => ({
  name,
  kind,
  size: 1,
  modifiedMs: 0,
  mode: 0o644,
});

test("directories come first, then names as people count", () => {
  const rows = fileRows([
    entry("run10"),
    entry("run9"),
    entry("Zoo", "directory"),
    entry("apps", "directory"),
  ]);
  expect(rows.map(({ shown }) => shown)).toEqual(["apps", "Zoo", "run9", "run10"]);
});

test("no name has an effect when it is shown", () => {
  expect(shownName("a\u001b[2J\u0007\n\u007f\u202eb")).toBe("a\u241b[2J\u2407\u240a\u2421\ufffdb");
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 60 }), (name) => {
      expect(shownName(name)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
    }),
  );
});

test.each([
  [0, "0 B"],
  [999, "999 B"],
  [1000, "1.0 kB"],
  [12_345, "12 kB"],
  [3_000_001, "3.0 MB"],
  [4e18, "4000 PB"],
])("%d bytes are %s", (bytes, words) => {
  expect(sizeText(bytes)).toBe(words);
});

test("times that are none are not shown, and do not throw", () => {
  expect(fileRows([{ ...entry("a"), modifiedMs: 1e20 }])[0]!.modified).toBe("");
});

test("what is made or renamed is one step of a path", () => {
  for (const name of ["", ".", "..", "a/b", "/", "a\0"]) expect(nameProblem(name), name).not.toBe(undefined);
  for (const name of ["a", ".bashrc", "a b", "…"]) expect(nameProblem(name)).toBe(undefined);
});

test("paths go up and down", () => {
  expect([
    joined("/", "a"),
    joined("/a", "b"),
    parentPath("/a/b"),
    parentPath("/a"),
    parentPath("/"),
  ]).toEqual([...["/a", "/a/b", "/a", "/", "/"]]);
  expect(pathSteps("/a/b")).toEqual([
    { name: "/", path: "/" },
    { name: "a", path: "/a" },
    { name: "b", path: "/a/b" },
  ]);
});
