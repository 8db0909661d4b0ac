// Runs an installation script in a process group of its own, which never outlives the installation.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { SoftwareFailure, systemCodeOf, wordsOf } from "./software-failure.ts";

export interface ScriptOrder {
  readonly name: string;
  readonly script: string;
  /** Where it runs and what PLUSH_DESTINATION says. */
  readonly destination: string;
  readonly environment: NodeJS.ProcessEnv;
}

/** Read of what it wrote, for a report: the last lines tell why it failed. */
const OUTPUT_TAIL_BYTES = 4096;
/** Output that is still in the pipes when the script has ended comes at once. */
const LAST_OUTPUT_MS = 500;
const SHELL = "sh";

/** Throws a SoftwareFailure, or what `signal` was aborted with. */
export async function runScript(order: ScriptOrder, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const child = spawn(SHELL, [order.script], {
    cwd: order.destination,
    env: { ...order.environment, PLUSH_DESTINATION: order.destination },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
    windowsHide: true,
  });
  const output = keepTail(child);
  const kill = (): void => {
    killGroup(child);
  };
  signal.addEventListener("abort", kill, { once: true });
  try {
    const closed = once(child, "close");
    child.once("exit", () => {
      // What the script has left running in its group holds the pipes open: it goes when the script does.
      kill();
      // What has left the group lives on (a daemon that the script has started) and may hold them for ever.
      setTimeout(() => {
        child.stdout.destroy();
        child.stderr.destroy();
      }, LAST_OUTPUT_MS).unref();
    });
    const [status, signalName] = (await closed) as [number | null, string | null];
    signal.throwIfAborted();
    if (status !== 0)
      throw new SoftwareFailure("run", `${order.name}: ${endOf(status, signalName)}${shown(output())}`);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof SoftwareFailure) throw error;
    const missing =
      systemCodeOf(error) === "ENOENT"
        ? `this host has no "${SHELL}", which the script needs`
        : wordsOf(error);
    throw new SoftwareFailure("run", `${order.name}: ${missing}`);
  } finally {
    signal.removeEventListener("abort", kill);
    kill();
  }
}

function endOf(status: number | null, signalName: string | null): string {
  return status === null ? `ended by ${String(signalName)}` : `exit status ${String(status)}`;
}

function shown(output: string): string {
  const text = output.trim();
  return text === "" ? ", and it wrote nothing" : `, it wrote: ${text}`;
}

function keepTail(child: ChildProcess): () => string {
  let tail = Buffer.alloc(0);
  let cut = false;
  const take = (bytes: Buffer): void => {
    const all = Buffer.concat([tail, bytes]);
    cut ||= all.length > OUTPUT_TAIL_BYTES;
    tail = all.subarray(-OUTPUT_TAIL_BYTES);
  };
  child.stdout?.on("data", take);
  child.stderr?.on("data", take);
  return () => (cut ? "… " : "") + tail.toString("utf8");
}

/** A process group that is already gone is what we want. */
function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  if (process.platform === "win32") {
    child.kill("SIGKILL");
    return;
  }
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch (error) {
    // EPERM: macOS says so of a group that only has zombies left.
    const code = systemCodeOf(error);
    if (code !== "ESRCH" && code !== "EPERM") throw error;
  }
}
