// Entry of the `plush` command: hands the computer to the command line and exits with what it says.
import { existsSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { runCommandLine } from "./command-line/command-line.ts";
import type { World } from "./command-line/world.ts";
import { pathsOf } from "./documents/paths.ts";
import { readVersion } from "./documents/read-version.ts";
import { startController } from "./start-controller.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

const programDirectory = dirname(fileURLToPath(import.meta.url));

/** Out of a checkout there is no `plush` in the PATH; npx finds it only from inside. */
function programNameOf(workingDirectory: string): string {
  const checkout = join(programDirectory, "..");
  if (!existsSync(join(checkout, "src-main"))) return "plush";
  const isInside = !relative(checkout, workingDirectory).startsWith("..");
  return isInside ? "npx plush" : `node ${join(checkout, "dist", "plush.mjs")}`;
}

function createWorld(): World {
  return {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    environment: process.env,
    workingDirectory: process.cwd(),
    paths: pathsOf({
      environment: process.env,
      platform: process.platform,
      homeDirectory: homedir(),
      temporaryDirectory: tmpdir(),
      userId: process.getuid?.(),
    }),
    programDirectory,
    programName: programNameOf(process.cwd()),
    version: readVersion(programDirectory),
    startController,
    // Only `plush web` needs it: the others start without it.
    serveWindow: async (settings) => (await import("./serve-window.ts")).serveWindow(settings),
    clock: {
      now: Date.now,
      after(delayMs, action) {
        const timer = setTimeout(action, delayMs);
        return () => clearTimeout(timer);
      },
    },
    onSignal(listener) {
      for (const signal of SIGNALS) process.on(signal, listener);
      return () => {
        for (const signal of SIGNALS) process.off(signal, listener);
      };
    },
    leave: (exitCode) => process.exit(exitCode),
  };
}

// A reader that has gone away is noticed by those who follow a run; here it must only not end the program in the middle.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => stream.destroy());

process.exit(await runCommandLine(process.argv.slice(2), createWorld()));
