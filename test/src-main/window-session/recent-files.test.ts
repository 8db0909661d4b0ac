// The files opened last: newest first, each once, kept from one start to the next, told to every window.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { RECENT_FILES_MAX, RecentFiles } from "../../../src-main/window-session/recent-files.ts";
import { WindowStateFile } from "../../../src-main/window-session/window-state-file.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

function open(path: string): RecentFiles {
  return new RecentFiles(
    new WindowStateFile(path, (text) => {
      throw new Error(text);
    }),
  );
}

test("keeps the newest first, each once, and tells", async () => {
  const path = join(temporaryFolder(), "state", "recent-files.json");
  const recent = open(path);
  const told: number[] = [];
  recent.onChange((files) => told.push(files.length));
  recent.add("application", "/a.xml");
  recent.add("directory", "/b.xml");
  recent.add("application", "/a.xml");
  await recent.close();
  const files = [
    { kind: "application", path: "/a.xml" },
    { kind: "directory", path: "/b.xml" },
  ];
  expect(await recent.files()).toEqual(files);
  expect(told).toEqual([1, 2, 2]);
  expect(JSON.parse(readFileSync(path, "utf8"))).toEqual(files);
  expect(await open(path).files()).toEqual(files);
});

test("is bounded, and can be emptied", async () => {
  const recent = open(join(temporaryFolder(), "recent-files.json"));
  for (let index = 0; index < 100; index += 1) recent.add("application", `/${String(index)}.xml`);
  expect(await recent.files()).toHaveLength(RECENT_FILES_MAX);
  recent.clear();
  expect(await recent.files()).toEqual([]);
  await recent.close();
});

test("begins anew when its file is none", async () => {
  const path = join(temporaryFolder(), "recent-files.json");
  for (const text of ["", "{", "{}", '[{"kind": "other", "path": "/a"}]', "[1]"]) {
    writeFileSync(path, text);
    expect(await open(path).files()).toEqual([]);
  }
});
