// The log: one line per entry, a bounded size, a link to the newest, and no trouble for whoever writes.
import { readFileSync, readlinkSync, statSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createLogFile, type LogFile } from "#shared/node/log-file.ts";

let directory: string;
let problems: string[];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "nebula-log-"));
  problems = [];
});
afterEach(() => rm(directory, { recursive: true }));

const logOf = (name = "log.txt", bytesMax = 1000, folder = directory): Promise<LogFile> =>
  createLogFile(folder, name, "newest.txt", {
    bytesMax,
    nowMs: () => 1234,
    onProblem: (reason) => problems.push(reason),
  });

test("lines are what was written, on one line each", async () => {
  const log = await logOf();
  log.write("client.ts", "link", "attached to node-1:6000");
  log.write("a:b", "c\n", "one\ntwo\t\u001b[31m\\ \u2028 ü");
  await log.close();
  expect(readFileSync(log.path, "utf8")).toBe(
    "client.ts:link:1234:attached to node-1:6000\n" + "a.b:c\\n:1234:one\\ntwo\\t\\u001b[31m\\\\ \\u2028 ü\n",
  );
  expect(readlinkSync(join(directory, "newest.txt"))).toBe("log.txt");
});

test("the link leads to the newest", async () => {
  await (await logOf("one.txt")).close();
  await (await logOf("two.txt")).close();
  expect(readlinkSync(join(directory, "newest.txt"))).toBe("two.txt");
});

test("its size is bounded by one rotation", async () => {
  const log = await logOf();
  for (let index = 0; index < 200; index += 1) {
    log.write("s", "t", `line ${index}`);
    if (index % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await log.close();
  expect((await readdir(directory)).sort()).toEqual(["log.txt", "log.txt.1", "newest.txt"]);
  expect(statSync(`${log.path}.1`).size).toBeLessThanOrEqual(1000);
  expect(readFileSync(log.path, "utf8")).toContain("line 199\n");
});

test("what waits is written at once when it must be", async () => {
  const log = await logOf();
  log.write("s", "t", "last words");
  log.flushNow();
  expect(readFileSync(log.path, "utf8")).toContain("last words");
  await log.close();
});

test("a flood is cut and says so", async () => {
  const log = await logOf("log.txt", 10_000_000);
  for (let index = 0; index < 100; index += 1) log.write("s", "t", "x".repeat(50_000));
  await log.close();
  expect(statSync(log.path).size).toBeLessThan(2_000_000);
  log.write("s", "t", "too late");
});

test("a disk that refuses is told once and harms nobody", async () => {
  const log = await logOf("log.txt", 1000, "/proc/none");
  log.write("s", "t", "lost");
  log.write("s", "t", "lost");
  await log.close();
  expect(problems).toHaveLength(1);
});
