// Where no named pipes can be made, processes write to Node's own.
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { createLaunch } from "../../../src-client/processes/launch.ts";
import { createOutputPipes } from "../../../src-client/processes/output-pipes.ts";
import { NO_LIMITS } from "./process-world.ts";

test("without named pipes all else works the same", async () => {
  const pipes = createOutputPipes({ directory: "/no/such/folder" });
  const launch = createLaunch({ pipes, findRunAs: async () => ({ kind: "self" }) });
  const launched = await launch(
    {
      path: "sh",
      args: ["-c", "echo out; echo err >&2"],
      cwd: tmpdir(),
      workDirectory: tmpdir(),
      environment: {},
      user: undefined,
      limits: NO_LIMITS,
      wantsInput: false,
    },
    () => false,
  );
  if ("step" in launched) throw new Error(launched.reason);
  expect(await Promise.all([text(launched.stdout.stream()), text(launched.stderr.stream())])).toEqual([
    "out\n",
    "err\n",
  ]);
  expect(await launched.exited).toEqual({ status: 0, signal: undefined });
});

test("pipes made ahead go with the client; only Linux needs any", async () => {
  const directory = await mkdtemp(join(tmpdir(), "nebula-pipes-"));
  const pipes = createOutputPipes({ directory });
  const pipe = await pipes.make();
  expect(pipe !== undefined).toBe(process.platform === "linux");
  pipe?.source.close();
  await pipes.close();
  expect(await readdir(directory)).toEqual([]);
  expect(await pipes.make()).toBeUndefined();
  await rm(directory, { recursive: true });
});
