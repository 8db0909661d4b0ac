// However the client dies, its keeper ends its processes and removes its directory, and touches nothing else.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createKeeper } from "../../../src-client/processes/keeper.ts";
import { createClientToken, markOf } from "../../../src-client/processes/process-marker.ts";
import { createProcessTable, type FoundProcess } from "../../../src-client/processes/process-table.ts";
import { createProcessWorld, type ProcessWorld } from "./process-world.ts";

/** The program is compiled at its start, on a computer with little to spare. */
const PATIENT_MS = 40_000;
const GONE = { timeout: 20_000, interval: 50 };

interface Owner {
  readonly child: ChildProcess;
  readonly token: string;
  readonly keeper: number;
  readonly directory: string;
  readonly world: string;
}

async function startOwner(...args: readonly string[]): Promise<Owner> {
  const program = fileURLToPath(new URL("./owner-program.ts", import.meta.url));
  const child = spawn(process.execPath, ["--import", "tsx", program, ...args], {
    detached: true,
    stdio: ["pipe", "pipe", "inherit"],
  });
  if (child.stdout === null) throw new Error("it has a pipe");
  const [line] = (await once(createInterface(child.stdout), "line")) as [string];
  return { child, ...(JSON.parse(line) as Omit<Owner, "child">) };
}

const marked = (token: string): Promise<FoundProcess[]> => createProcessTable().marked([markOf(token)]);

const lives = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** A zombie that waits for a slow init is gone, too. */
const isGone = (pid: number): boolean =>
  !lives(pid) || readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");

let bystander: ProcessWorld;
beforeEach(async () => {
  bystander = await createProcessWorld();
  bystander.start("bystander", { args: ["-c", "echo up; exec sleep 1000"] });
  await bystander.untilPrinted("bystander", "up");
});
afterEach(async () => {
  const left = await bystander.left();
  await bystander.close();
  expect(left).toHaveLength(1);
});

describe("the keeper", { timeout: PATIENT_MS }, () => {
  test("cleans up after a client that was killed with its whole group", async () => {
    const owner = await startOwner();
    const started = await marked(owner.token);
    expect(started.length).toBeGreaterThanOrEqual(6);
    const groups = new Set(started.map((found) => found.group));
    process.kill(-(owner.child.pid ?? 0), "SIGKILL");
    await once(owner.child, "exit");
    await vi.waitFor(() => expect(isGone(owner.keeper)).toBe(true), GONE);
    expect(await marked(owner.token)).toEqual([]);
    // Also the one with the cleared environment: it was in a group of ours.
    for (const group of groups) expect(await createProcessTable().inGroup(group)).toEqual([]);
    expect(existsSync(owner.directory)).toBe(false);
    await rm(owner.world, { recursive: true });
  });

  test("keeps the directory when told, waits without using anything, and shrugs off TERM", async () => {
    const owner = await startOwner("keep");
    const status = readFileSync(`/proc/${owner.keeper}/status`, "utf8");
    const anonymous = Number(/RssAnon:\s+(\d+)/.exec(status)?.[1]);
    const all = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]);
    expect(anonymous).toBeLessThan(1024);
    expect(all).toBeLessThan(2048);
    const fields = readFileSync(`/proc/${owner.keeper}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    expect(Number(fields[11]) + Number(fields[12])).toBeLessThanOrEqual(1);
    process.kill(owner.keeper, "SIGTERM");
    process.kill(owner.keeper, "SIGHUP");
    owner.child.kill("SIGKILL");
    await once(owner.child, "exit");
    await vi.waitFor(() => expect(isGone(owner.keeper)).toBe(true), GONE);
    expect(await marked(owner.token)).toEqual([]);
    expect(existsSync(owner.directory)).toBe(true);
    await rm(owner.world, { recursive: true });
  });

  test("goes without a deed when the client leaves properly", async () => {
    const owner = await startOwner();
    owner.child.stdin?.write("leave\n");
    expect(await once(owner.child, "exit")).toEqual([0, null]);
    await vi.waitFor(() => expect(isGone(owner.keeper)).toBe(true), GONE);
    expect(await marked(owner.token)).toEqual([]);
  });

  test("is missed when it dies", async () => {
    const { promise, resolve } = withResolvers<string>();
    const keeper = createKeeper(
      { onLost: resolve },
      { token: createClientToken(), directory: bystander.directory, keep: true, graceMs: 1000 },
    );
    process.kill(keeper.pid ?? 0, "SIGKILL");
    expect(await promise).toBe("it has ended: SIGKILL");
    await keeper.done();
  });

  test.each(["/", "relative/path", "/home", "/tmp/.."])("refuses to look after %s", (directory) => {
    const settings = { token: createClientToken(), directory, keep: false, graceMs: 0 };
    expect(() => createKeeper({ onLost: () => undefined }, settings)).toThrow(
      "cannot be a client's directory",
    );
  });
});

function withResolvers<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((tell) => {
    resolve = tell;
  });
  return { promise, resolve };
}
