// A program of its own: connects to hosts by Nebula's SSH alone, runs one command on each, and prints `host: answer`.
import { homedir } from "node:os";
import { createSsh2Transport } from "../../src-main/ssh/ssh2-transport.ts";
import { createSshResolve } from "../../src-main/ssh/ssh-config.ts";
import { parseNodeSet } from "../../src-shared/node-set/node-set.ts";

const DEADLINE_MS = 20_000;
const [, , set = "", fanout = "1", command = "true"] = process.argv;
const settings = {
  hostKeyPolicy: undefined,
  homeDirectory: process.env["HOME"] ?? homedir(),
  configFile: undefined,
  environment: process.env,
  connectDeadlineMs: DEADLINE_MS,
};
const no = (): Promise<boolean> => Promise.resolve(false);
const questions = { ask: () => Promise.resolve(undefined), acceptHostKey: no, mayShare: no };
const transport = createSsh2Transport({ questions, resolve: createSshResolve(settings) }, settings);
const { signal } = new AbortController();

const parsed = parseNodeSet(set);
if (parsed.kind === "error") throw new Error(parsed.message);
const waiting = [...parsed.set.names()];
await Promise.all(Array.from({ length: Number(fanout) }, work));
process.exit();

async function work(): Promise<void> {
  for (let host = waiting.shift(); host !== undefined; host = waiting.shift()) await ask(host);
}

async function ask(host: string): Promise<void> {
  const connected = await transport.connect({ host, port: undefined, user: undefined }, signal);
  if (connected.kind === "failed") {
    console.log(`! ${host} ${connected.failure.step}: ${connected.failure.reason}`);
    return;
  }
  const ran = await connected.value.run(command, { deadlineMs: DEADLINE_MS, signal });
  if (ran.kind === "ok") console.log(`${host}: ${new TextDecoder().decode(ran.value.stdout).trim()}`);
  else console.log(`! ${host} ${ran.failure.step}: ${ran.failure.reason}`);
  connected.value.close();
}
