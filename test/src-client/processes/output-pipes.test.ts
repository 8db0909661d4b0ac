// Named pipes for what processes write: used again once nobody can write to them, and Node's own where there are none.
import { closeSync, writeSync } from "node:fs";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { createLaunch } from "../../../src-client/processes/launch.ts";
import { createOutputPipes } from "../../../src-client/processes/output-pipes.ts";
import { NO_LIMITS } from "./process-world.ts";

const ON_LINUX = process.platform === "linux";

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

test.runIf(ON_LINUX)("one that was read to its end is used again", async () => {
  const directory = await mkdtemp(join(tmpdir(), "nebula-pipes-"));
  const pipes = createOutputPipes({ directory });
  const rounds = 40;
  for (let round = 0; round < rounds; round += 1) {
    const pipe = await pipes.make();
    if (pipe === undefined) throw new Error("Linux has named pipes");
    writeSync(pipe.writeEnd, `round ${String(round)}`);
    closeSync(pipe.writeEnd);
    if (round % 2 === 0) {
      expect(String(pipe.source.look?.())).toBe(`round ${String(round)}`);
      expect(pipe.source.look?.()).toBe("end");
    } else {
      const stream = pipe.source.stream();
      const closed = once(stream, "close");
      expect(await text(stream)).toBe(`round ${String(round)}`);
      await closed;
    }
  }
  expect((await readdir(directory)).length).toBeLessThan(rounds);
  await pipes.close();
  await rm(directory, { recursive: true });
});

test.runIf(ON_LINUX)(
  "what somebody may still write to is nobody else's: a daemon's words are not the next process's",
  async () => {
    const directory = await mkdtemp(join(tmpdir(), "nebula-pipes-"));
    const pipes = createOutputPipes({ directory });
    const held = await pipes.make();
    if (held === undefined) throw new Error("Linux has named pipes");
    expect(held.source.look?.()).toBe("nothing");
    held.source.close();
    for (let round = 0; round < 40; round += 1) {
      const pipe = await pipes.make();
      if (pipe === undefined) throw new Error("Linux has named pipes");
      expect(() => writeSync(held.writeEnd, "late")).toThrow("EPIPE");
      closeSync(pipe.writeEnd);
      expect(pipe.source.look?.()).toBe("end");
    }
    closeSync(held.writeEnd);
    await pipes.close();
    await rm(directory, { recursive: true });
  },
);
