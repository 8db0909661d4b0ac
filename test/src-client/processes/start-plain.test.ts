// Commands for the shell that need none, started for real: what comes out is what the shell would have given.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createProcessWorld, type ProcessWorld } from "./process-world.ts";

const HAS_PROC = process.platform === "linux";

let world: ProcessWorld;
beforeEach(async () => {
  world = await createProcessWorld();
});
afterEach(() => world.close());

async function run(id: string, text: string, environment?: Record<string, string>) {
  world.start(id, { path: "sh", args: ["-c", text], ...(environment === undefined ? {} : { environment }) });
  const { exit } = await world.until("exited", id);
  const [out, err] = [await world.read(id), await world.read(id, "stderr")];
  return { status: exit.status, out: out.toString(), err: err.toString() };
}

test.skipIf(!HAS_PROC)("the program is our own child, and is told where it is", async () => {
  const { out } = await run("p", "grep PPid: /proc/self/status");
  expect(out.trim().split(/\s+/)[1]).toBe(String(process.pid));
  const { out: variables } = await run("q", "env", { PATH: "/usr/bin:/bin", TEXT: "a 'b'\n\"c\" $d" });
  expect(variables).toContain(`PWD=${join(world.directory, "work")}\n`);
  expect(variables).toContain("TEXT=a 'b'\n\"c\" $d\n");
});

test("what cannot be started is said by the shell, with its exit status", async () => {
  const missing = await run("missing", "no-such-program -x");
  expect(missing.status).toBe(127);
  expect(missing.err).toContain("not found");
  await writeFile(join(world.directory, "work", "data"), "x", { mode: 0o644 });
  const denied = await run("denied", "./data");
  expect(denied.status).toBe(126);
  expect(denied.err).toContain("ermission denied");
});

test("a script without an interpreter's name runs as it does from a shell", async () => {
  await mkdir(join(world.directory, "work"), { recursive: true });
  await writeFile(join(world.directory, "work", "old"), 'echo "$1-$#"; exit 7\n', { mode: 0o755 });
  expect(await run("old", "./old a b")).toEqual({ status: 7, out: "a-2\n", err: "" });
});

test("somebody's own sh is used", async () => {
  const folder = join(world.directory, "own");
  await mkdir(folder);
  await writeFile(join(folder, "sh"), '#!/bin/sh\necho "mine: $2"\n', { mode: 0o755 });
  const { out } = await run("own", "hostname", { PATH: `${folder}:/usr/bin:/bin` });
  expect(out).toBe("mine: hostname\n");
});
