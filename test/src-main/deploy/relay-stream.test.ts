// The relay, run by a real shell and a real Node: what comes before its word is dropped, what follows is the link's.
import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openRelay, type RelayResult } from "../../../src-main/deploy/relay-stream.ts";
import { streamOf } from "../../../src-main/ssh/ssh-command.ts";
import type { SshConnection } from "../../../src-main/ssh/ssh.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

/** A "host" that is this computer, whose start-up files print. */
const here: SshConnection = {
  subsystem: () => Promise.reject(new Error("not needed")),
  reach: () => Promise.reject(new Error("not needed")),
  open: (command) => {
    const shell = spawn("/bin/sh", ["-c", `echo welcome; printf prompt:; ${command}`]);
    onTestFinished(() => void shell.kill());
    const ended = once(shell, "close").then(([status]) => ({
      status: status as number,
      signal: undefined,
      lost: undefined,
    }));
    const { stdin: input, stdout: output, stderr: errors } = shell;
    const stop = (): void => void shell.kill();
    return Promise.resolve({
      kind: "ok",
      value: streamOf({ input, output, errors, exited: ended, closed: ended, stop }),
    });
  },
  run: () => Promise.reject(new Error("not needed")),
  closed: new Promise(() => undefined),
  close: () => undefined,
};

function relayTo(directory: string, deadlineMs = 30_000): Promise<RelayResult> {
  const { signal } = new AbortController();
  return openRelay(here, { node: process.execPath, directory }, { deadlineMs, signal });
}

test("passes bytes on, both ways, whatever the directory is called", async () => {
  const directory = join(temporaryFolder(), 'it\'s a "host" $HOME');
  mkdirSync(directory);
  const server = createServer((socket) => socket.pipe(socket));
  server.listen(join(directory, "link"));
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const relay = await relayTo(directory);
  if (relay.kind !== "stream") throw new Error(JSON.stringify(relay));
  const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, place) => place % 256));
  const back: Buffer[] = [];
  relay.stream.on("data", (chunk: Buffer) => back.push(chunk));
  relay.stream.resume();
  relay.stream.write(bytes);
  await expect.poll(() => Buffer.concat(back).length, { timeout: 20_000 }).toBe(bytes.length);
  expect(Buffer.concat(back).equals(bytes)).toBe(true);
  relay.stream.destroy();
}, 30_000);

test("a host directory that is gone means that its client is", async () => {
  expect(await relayTo(join(temporaryFolder(), "gone"))).toEqual({ kind: "gone" });
}, 30_000);

test("a client that does not listen yet is waited for, no longer than allowed", async () => {
  const result = await relayTo(temporaryFolder(), 1500);
  expect(result).toEqual({ kind: "failed", reason: "no answer within 1.5 s" });
}, 30_000);
