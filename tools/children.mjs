// Starts child processes in groups of their own, and ends every group that is still alive when the tool is stopped.
import { spawn } from "node:child_process";

/** How long an interrupted group may take to end by itself before it is killed. */
const GRACE_MS = 3_000;
/** Output kept of one child; a check that prints more than this has made its point. */
const OUTPUT_CHARACTERS_MAX = 1_000_000;

const GROUPS = process.platform !== "win32";

/** @type {Set<import("node:child_process").ChildProcess>} */
const alive = new Set();
let stopping = false;

/**
 * @param {import("node:child_process").ChildProcess} child
 * @param {NodeJS.Signals} signal
 */
function endGroup(child, signal) {
  if (child.pid === undefined) return;
  try {
    if (GROUPS) process.kill(-child.pid, signal);
    else child.kill(signal);
  } catch (error) {
    // ESRCH: the group ended between our looking and our signal, which is what we wanted.
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== "ESRCH") throw error;
  }
}

/**
 * Runs a command to its end. Shown output goes straight to our own (a terminal stays a terminal); kept output is
 * returned, both streams in one text.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ show?: boolean, env?: NodeJS.ProcessEnv, limitMs?: number }} [options] `limitMs`: ended after this long.
 * @returns {Promise<{ code: number, output: string, ms: number, overLimit: boolean }>}
 */
export function run(command, args, { show = false, env = {}, limitMs } = {}) {
  const start = performance.now();
  const stream = show ? "inherit" : "pipe";
  const child = spawn(command, args, {
    stdio: ["ignore", stream, stream],
    env: { ...process.env, ...env },
    detached: GROUPS,
  });
  alive.add(child);
  let output = "";
  let overLimit = false;
  for (const pipe of [child.stdout, child.stderr]) {
    pipe?.setEncoding("utf8").on("data", (/** @type {string} */ text) => {
      if (output.length < OUTPUT_CHARACTERS_MAX) output += text;
    });
  }
  const limit =
    limitMs === undefined
      ? undefined
      : setTimeout(() => {
          overLimit = true;
          endGroup(child, "SIGKILL");
        }, limitMs);
  return new Promise((resolve) => {
    /** @param {number} code */
    const settle = (code) => {
      clearTimeout(limit);
      alive.delete(child);
      resolve({ code, output, ms: performance.now() - start, overLimit });
    };
    child.on("error", (error) => {
      output += `${command}: ${error.message}\n`;
      settle(127);
    });
    child.on("close", (code) => {
      if (!stopping) settle(code ?? 1);
    });
  });
}

/** From now on an interrupt (Ctrl-C, SIGTERM, a closed terminal) ends all children before this process. */
export function endChildrenOnInterrupt() {
  for (const [signal, code] of /** @type {[NodeJS.Signals, number][]} */ ([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ])) {
    process.on(signal, () => {
      if (stopping) return;
      stopping = true;
      for (const child of alive) endGroup(child, signal);
      const poll = setInterval(() => {
        if ([...alive].every((child) => child.exitCode !== null || child.signalCode !== null)) finish();
      }, 20);
      const kill = setTimeout(finish, GRACE_MS);
      function finish() {
        clearInterval(poll);
        clearTimeout(kill);
        for (const child of alive) endGroup(child, "SIGKILL");
        process.exit(code);
      }
    });
  }
}
