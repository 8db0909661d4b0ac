// One command on many hosts by Nebula's SSH alone; prints `host: answer` for each, or `! host` and why not.
import { homedir } from "node:os";
import { createSsh2Transport } from "../../src-main/ssh/ssh2-transport.ts";
import { createSshResolve } from "../../src-main/ssh/ssh-config.ts";
import { parseNodeSet } from "../../src-shared/node-set/node-set.ts";

const DEADLINE_MS = 20_000;

/** `fanout` hosts at once. */
export async function runOnHosts(set: string, fanout: number, command: string): Promise<void> {
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

  async function work(): Promise<void> {
    for (let host = waiting.shift(); host !== undefined; host = waiting.shift()) await ask(host);
  }
  await Promise.all(Array.from({ length: fanout }, work));
}
