// The files of an embedded host: its own, whole or not at all, and nothing beside them.
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import type { FileAnswer } from "../../../src-shared/controller-api/host-files.ts";
import { LocalFiles } from "../../../src-main/host-doors/local-files.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

let [outside, root] = ["", ""];
let files: LocalFiles;

beforeEach(async () => {
  outside = temporaryFolder();
  root = join(outside, "host");
  mkdirSync(root);
  writeFileSync(join(outside, "secret"), "secret");
  files = valueOf(await LocalFiles.open(root));
});

function valueOf<Value>(answer: FileAnswer<Value> | { readonly kind: "exists" }): Value {
  if (answer.kind !== "ok") throw new Error(answer.kind === "failed" ? answer.reason : "exists");
  return answer.value;
}

async function put(
  path: string,
  text: string,
  replace = false,
): Promise<FileAnswer<null> | { kind: "exists" }> {
  const sink = await files.write(path, replace);
  if (sink.kind !== "ok") return sink;
  valueOf(await sink.value.add(new TextEncoder().encode(text)));
  return sink.value.finish();
}

test("nothing outside is looked at, made, renamed, deleted, read or written", async () => {
  symlinkSync(outside, join(root, "way-out"));
  symlinkSync(join(outside, "secret"), join(root, "link"));
  const paths = [outside, join(root, ".."), join(root, "way-out"), "/", "/etc"];
  for (const path of paths) expect(await files.list(path), path).toMatchObject({ kind: "failed" });
  for (const path of [join(outside, "secret"), join(root, "..", "secret"), join(root, "link")])
    expect(await files.read(path), path).toMatchObject({ kind: "failed" });
  for (const folder of [outside, join(root, "way-out"), join(root, "..")]) {
    expect(await files.makeDirectory(join(folder, "new"))).toMatchObject({ kind: "failed" });
    expect(await put(join(folder, "new"), "x")).toMatchObject({ kind: "failed" });
    expect(await files.remove(join(folder, "secret"), "file")).toMatchObject({ kind: "failed" });
    expect(await files.rename(join(folder, "secret"), join(root, "mine"))).toMatchObject({ kind: "failed" });
    writeFileSync(join(root, "own"), "");
    expect(await files.rename(join(root, "own"), join(folder, "given"))).toMatchObject({ kind: "failed" });
  }
  expect(readdirSync(outside).toSorted()).toEqual(["host", "secret"]);
});

test("a file is there when it is whole; one that is given up leaves nothing", async () => {
  const sink = valueOf(await files.write(join(root, "a"), false));
  valueOf(await sink.add(Buffer.from("half")));
  expect(readdirSync(root)).not.toContain("a");
  await sink.abandon();
  expect(readdirSync(root)).toEqual([]);
  valueOf((await put(join(root, "a"), "one")) as FileAnswer<null>);
  expect(await put(join(root, "a"), "two")).toEqual({ kind: "exists" });
  chmodSync(join(root, "a"), 0o640);
  valueOf((await put(join(root, "a"), "two", true)) as FileAnswer<null>);
  expect(readFileSync(join(root, "a"), "utf8")).toBe("two");
  expect(statSync(join(root, "a")).mode & 0o777).toBe(0o640);
  expect(readdirSync(root)).toEqual(["a"]);
});

test("what was put there meanwhile is not replaced, neither by a file nor by renaming", async () => {
  const sink = valueOf(await files.write(join(root, "a"), false));
  writeFileSync(join(root, "a"), "theirs");
  expect(await sink.finish()).toMatchObject({ kind: "failed" });
  writeFileSync(join(root, "b"), "ours");
  expect(await files.rename(join(root, "b"), join(root, "a"))).toMatchObject({ kind: "failed" });
  expect(readFileSync(join(root, "a"), "utf8")).toBe("theirs");
  expect(readdirSync(root).toSorted()).toEqual(["a", "b"]);
});

test("a pipe is no file, and is not waited for; a directory that is not empty stays", async () => {
  execFileSync("mkfifo", [join(root, "pipe")]);
  expect(await files.read(join(root, "pipe"))).toEqual({ kind: "failed", reason: "this is no file" });
  valueOf(await files.makeDirectory(join(root, "full")));
  writeFileSync(join(root, "full", "x"), "");
  expect(await files.remove(join(root, "full"), "directory")).toMatchObject({
    kind: "failed",
    reason: expect.stringContaining("ENOTEMPTY") as string,
  });
  const { entries } = valueOf(await files.list(root));
  expect(entries.map(({ name, kind }) => `${kind} ${name}`).toSorted()).toEqual([
    "directory full",
    "other pipe",
  ]);
});

test("a file that grows is read as long as it was, and one of the kernel to its end", async () => {
  writeFileSync(join(root, "log"), "12345");
  const source = valueOf(await files.read(join(root, "log")));
  writeFileSync(join(root, "log"), "1234567890");
  expect(String(Buffer.from(valueOf(await source.next())!))).toBe("12345");
  expect(valueOf(await source.next())).toBe(undefined);
  await source.close();
});
