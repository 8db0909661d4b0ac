// Simulated hosts through the real command: in a star and in a tree, with failures, and never passed off as machines.
import { afterAll, beforeEach, expect, test } from "vitest";
import { PlushSandbox } from "./plush-sandbox.ts";

const sandbox = new PlushSandbox();

beforeEach(() => sandbox.begin());
afterAll(() => sandbox.remove());

function directory(attributes: string): void {
  sandbox.write("directory.xml", `<plush><resource_manager type="simulated" ${attributes}/></plush>`);
}

async function exec(
  command: string,
  ...options: string[]
): Promise<Awaited<ReturnType<PlushSandbox["plush"]>>> {
  return sandbox.plush(["exec", "-d", "directory.xml", "-b", "--no-stdin", ...options, "--", command]);
}

test.each([
  ["star", []],
  ["rand-tree", ["--degree", "3"]],
])("40 of them run a command in a %s, and it is said what they are", async (overlay, options) => {
  directory('count="40" network="wan" seed="2"');
  const end = await exec("sleep 0.2; echo same", "--overlay", overlay, ...options);
  expect(end).toMatchObject({
    code: 0,
    stdout: `${"-".repeat(15)}\nsimulated[1-40] (40)\n${"-".repeat(15)}\nsame\n`,
    stderr: "simulated hosts: simulated[1-40]: no program runs anywhere\n",
  });
  expect(await sandbox.leftovers()).toEqual([]);
});

test("each prints its own name, long output comes in pieces, and a status is a status", async () => {
  directory('count="3"');
  expect((await exec("hostname", "-w", "simulated2")).stdout).toContain("\nsimulated2\n");
  const lines = Array.from({ length: 300 }, (_, index) => `line ${String(index)}`);
  const script = lines.map((line) => `echo ${line}`).join("; ");
  expect((await exec(script, "-w", "simulated1")).stdout).toContain(`\n${lines.join("\n")}\n`);
  const failed = await exec("exit 4");
  expect(failed.code).toBe(3);
  expect(failed.stderr).toContain("simulated[1-3]: exit status 4");
});

test("one that fails while it works is lost, with the reason", async () => {
  // Seed 14 draws programs that end, at 0.6, 1.0 and 2.2 s; a silent machine would be lost after the overlay's grace.
  directory('count="1" seed="14" failures_per_hour="3600"');
  const end = await exec("sleep 60");
  expect(end.code).toBe(4);
  expect(end.stderr).toContain("simulated1: ");
  expect(end.stderr).toContain("has failed, as its manager's failures_per_hour has it");
});
