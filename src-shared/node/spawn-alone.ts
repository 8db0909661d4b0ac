// Starts a child process that inherits nothing of what is open here but its own three streams, also in Electron.
import { spawn, type ChildProcess, type SpawnOptions } from "node:child_process";
import { closeSync, openSync, readdirSync } from "node:fs";

/** Other threads may open more between our look and the start. */
const MARGIN = 32;
const STREAMS = 3;

export type Stream = "pipe" | "ignore";

/**
 * Electron's browser half opens files and sockets without CLOEXEC. A client that outlives us would keep them, so that the
 * browser's own processes would not notice our end, and an application's processes could write to them: in the child,
 * all of them are /dev/null. That covers the way by which a program that is not there is told, too: look before.
 */
export function spawnAlone(
  program: string,
  args: readonly string[],
  streams: readonly [Stream, Stream, Stream],
  options: Omit<SpawnOptions, "stdio">,
): ChildProcess {
  const isClean = process.versions["electron"] === undefined || process.platform === "win32";
  if (isClean) return spawn(program, args, { ...options, stdio: [...streams] });
  const nothing = openSync("/dev/null", "r+");
  try {
    const count = Math.max(...readdirSync("/dev/fd").map(Number)) + MARGIN - STREAMS;
    const others = Array.from({ length: count }, () => nothing);
    return spawn(program, args, { ...options, stdio: [...streams, ...others] });
  } finally {
    closeSync(nothing);
  }
}
