// A dropped directory is read to its end, in as many steps as the browser wants.
import { expect, test } from "vitest";
import { isDirectory, treeOf } from "../../../src-renderer/terminal-tab/uploaded-tree.ts";

const file = (name: string): unknown => ({
  name,
  isFile: true,
  isDirectory: false,
  file: (resolve: (file: unknown) => void) => resolve({ name, size: 1 }),
});
const directory = (name: string, ...steps: readonly unknown[][]): FileSystemDirectoryEntry =>
  ({
    name,
    isFile: false,
    isDirectory: true,
    createReader() {
      const left = [...steps];
      return { readEntries: (resolve: (some: unknown[]) => void) => resolve(left.shift() ?? []) };
    },
  }) as unknown as FileSystemDirectoryEntry;

test("all that is in it, and in what is in it", async () => {
  const inner = directory("inner", [file("deep")]);
  const tree = treeOf(directory("outer", [file("a"), inner], [file("b")]));
  const { own, trees } = await tree.read();
  expect([tree.name, own.map(({ name }) => name), trees.map(({ name }) => name)]).toEqual([
    "outer",
    ["a", "b"],
    ["inner"],
  ]);
  expect((await trees[0]!.read()).own).toMatchObject([{ name: "deep" }]);
  expect([isDirectory(inner), isDirectory(null), isDirectory(file("a") as FileSystemEntry)]).toEqual([
    true,
    false,
    false,
  ]);
});

test("one that cannot be read says so", async () => {
  const denied = {
    createReader: () => ({
      readEntries: (_ok: unknown, no: (why: Error) => void) => no(new Error("denied")),
    }),
  };
  await expect(treeOf(denied as unknown as FileSystemDirectoryEntry).read()).rejects.toThrow("denied");
});
