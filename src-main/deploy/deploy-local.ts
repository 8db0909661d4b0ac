// Embedded hosts: each one a client process on this computer with a directory of its own.
import { execFile, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { rm, rmdir, statfs } from "node:fs/promises";
import { dirname, isAbsolute, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import type { HostId } from "#shared/base/ids.ts";
import { spawnAlone } from "#shared/node/spawn-alone.ts";
import type { ClientCredentials } from "#shared/protocol/credentials.ts";
import type { ClientStart } from "#shared/protocol/client-start.ts";
import type { HostCheck } from "#shared/controller-api/host-tests.ts";
import type { HostEntry } from "#shared/resource-directory/resource-directory.ts";
import { LOCAL_BOOT_PROGRAM } from "./boot-program.ts";
import { CLIENT_NODE_FLAGS, codePathOf } from "./client-bundle.ts";
import type { Deployment, DeployResult, StartedClient, StartOptions } from "./deployment.ts";
import { inheritedEnvironment } from "./inherited-environment.ts";
import { wordsOf } from "./words-of.ts";

/** The end of what a client says on standard error before it can report: enough for a stack. */
const STDERR_TAIL = 4000;
const GIGABYTE = 2 ** 30;
/** It says its version in 30 ms; on a busy computer it takes seconds. */
const NODE_ANSWER_MS = 10_000;
const NODE_REMEDY =
  "Embedded hosts need Node 20.19 or later on this computer: install it, and see that it is in PATH.";

/** Each removes what the others miss, so a second one is rare; ten take half a second. */
const REMOVE_ROUNDS_MAX = 10;
const REMOVE_ROUND_MS = 50;

export interface LocalSettings {
  /** The Node that runs it, and the bundled client program. */
  readonly node: string;
  readonly clientBundle: string;
  /** Host directories are made in it: `<session>.<incarnation>.<host>`. The directory that it is in exists. */
  readonly hostsDirectory: string;
  readonly session: string;
}

export function createLocalDeployment(settings: LocalSettings): Deployment {
  const { hostsDirectory, session, node } = settings;
  /**
   * One for each client, also on the same host: the keeper of one that was killed may still be removing its own. Not
   * below a directory of the session: when the controller was killed, nobody would remove that.
   */
  const directoryOf = (host: HostEntry, incarnation: number): string =>
    join(hostsDirectory, `${session}.${String(incarnation)}.${encodeURIComponent(host.id)}`);
  const made = new Map<HostId, Set<string>>();

  async function start(
    host: HostEntry,
    credentials: ClientCredentials,
    { signal }: StartOptions,
  ): Promise<DeployResult> {
    const directory = directoryOf(host, credentials.incarnation);
    made.set(host.id, (made.get(host.id) ?? new Set()).add(directory));
    if (signal.aborted) return aborted();
    const text = JSON.stringify({
      credentials,
      address: host.address,
      site: host.site ?? "",
      directory,
      listen: null,
      keptStore: join(hostsDirectory, "kept"),
    } satisfies ClientStart);
    return launch(text);
  }

  /** The client makes its directory itself: whoever makes it must also be there to remove it when we are killed now. */
  function launch(text: string): Promise<DeployResult> {
    if (isAbsolute(node) && !existsSync(node)) return Promise.resolve(notStarted(`there is no ${node}`));
    // Detached: its group is its own, so Ctrl-C is not for it.
    const { clientBundle } = settings;
    const files = [clientBundle, codePathOf(clientBundle)];
    const words = [...CLIENT_NODE_FLAGS, "-e", LOCAL_BOOT_PROGRAM, "plush-client", ...files];
    const child = spawnAlone(node, words, ["pipe", "ignore", "pipe"], {
      cwd: dirname(hostsDirectory),
      detached: true,
      env: inheritedEnvironment(),
    });
    return new Promise((resolve) => {
      child.once("error", (error) => resolve(notStarted(wordsOf(error))));
      child.once("spawn", () => {
        resolve({ kind: "started", client: startedClient(child) });
        // A client that ended before it had read: its exit says why.
        child.stdin?.on("error", () => undefined);
        child.stdin?.end(text);
      });
    });
  }

  return {
    isElsewhere: false,
    needsCertificates: true,
    start,
    test: () => testHere(hostsDirectory, node),
    async cleanUp(host) {
      const problems: string[] = [];
      for (const directory of made.get(host.id) ?? []) {
        try {
          await removeWholly(directory);
          made.get(host.id)?.delete(directory);
        } catch (error) {
          problems.push(`cannot remove ${directory}: ${wordsOf(error)}`);
        }
      }
      return problems;
    },
    async close() {
      // Goes when it is empty; what others still have in it stays.
      await removeEmpty(hostsDirectory);
    },
  };
}

async function testHere(hostsDirectory: string, node: string): Promise<readonly HostCheck[]> {
  const { bavail, bsize } = await statfs(dirname(hostsDirectory));
  const free = `${((bavail * bsize) / GIGABYTE).toFixed(1)} GB free`;
  const common = { outcome: "ok", remedy: "", unreachable: false } as const;
  return [
    { ...common, step: "disk", detail: `${hostsDirectory}, ${free}` },
    { ...common, step: "node", ...(await testNode(node)) },
  ];
}

/** In the desktop program it is another one than runs us. */
async function testNode(node: string): Promise<Partial<HostCheck> & Pick<HostCheck, "detail">> {
  if (node === process.execPath) return { detail: `${process.version} ${node}` };
  try {
    const { stdout } = await promisify(execFile)(node, ["--version"], { timeout: NODE_ANSWER_MS });
    return { detail: `${stdout.trim()} ${node}` };
  } catch (error) {
    return { outcome: "failed", detail: wordsOf(error), remedy: NODE_REMEDY };
  }
}

/**
 * The keeper of a client that was killed removes the same directory at the same time, and rm takes what it finds gone
 * for the end of its work: whatever it has missed goes in another round.
 */
async function removeWholly(directory: string): Promise<void> {
  for (let round = 1; round <= REMOVE_ROUNDS_MAX; round += 1) {
    await rm(directory, { recursive: true, force: true, maxRetries: 3 });
    if (!existsSync(directory)) return;
    await pause(REMOVE_ROUND_MS);
  }
  throw new Error("it is filled anew as often as it is emptied");
}

function startedClient(child: ChildProcess): StartedClient {
  let tail = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    tail = (tail + text).slice(-STDERR_TAIL);
  });
  const ended = new Promise<string>((resolve) => {
    child.once("close", (status, signal) => {
      const how = signal === null ? `ended with status ${String(status)}` : `was killed by ${signal}`;
      const said = tail.trim();
      resolve(said === "" ? `the client ${how}` : `the client ${how}: ${said}`);
    });
  });
  const kill = (): void => void child.kill("SIGKILL");
  // It is on this computer: there is no other way.
  return { ended, kill, ways: [], unreached: new Promise(() => undefined) };
}

function notStarted(reason: string): DeployResult {
  return {
    kind: "failed",
    failure: { step: "start the client", reason, remedy: NODE_REMEDY, unreachable: false },
  };
}

function aborted(): DeployResult {
  return {
    kind: "failed",
    failure: {
      step: "start the client",
      reason: "given up before it was started",
      remedy: "",
      unreachable: false,
    },
  };
}

async function removeEmpty(directory: string): Promise<void> {
  try {
    await rmdir(directory);
  } catch {
    return; // somebody else's things are in it, or it was never made
  }
}
