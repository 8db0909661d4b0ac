// Before the tests of the window: an Electron to run, and displays that nobody sees.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import type { TestProject } from "vitest/node";

interface Provisioning {
  electronForTests(options: {
    readonly say: (text: string) => void;
  }): Promise<
    | { readonly kind: string; readonly version: string; readonly folder: string; readonly program: string }
    | { readonly reason: string; readonly remedy: string }
  >;
}

declare module "vitest" {
  interface ProvidedContext {
    readonly electron: { readonly version: string; readonly folder: string; readonly program: string };
    /** One for each file that runs at once, as in the variable DISPLAY: a display has one window with the focus. */
    readonly displays: readonly string[];
  }
}

const SCREEN = "1600x1000x24";
/** Xvfb starts within half a second. */
const DISPLAY_MS_MAX = 20_000;

export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const tool = new URL("../../tools/provision-electron.mjs", import.meta.url).href;
  const { electronForTests } = (await import(tool)) as Provisioning;
  const electron = await electronForTests({ say: (text) => console.log(`electron: ${text}`) });
  if (!("program" in electron)) throw new Error(`${electron.reason}\n${electron.remedy}`);
  const { version, folder, program } = electron;
  project.provide("electron", { version, folder, program });
  const screens = await Promise.all(Array.from({ length: project.config.maxWorkers }, openDisplay));
  project.provide(
    "displays",
    screens.map(({ display }) => display),
  );
  return async () => {
    await Promise.all(screens.map(({ process }) => end(process)));
  };
}

/** The server chooses a display that is free, and tells it when it is ready. */
async function openDisplay(): Promise<{ display: string; process: ChildProcess }> {
  const server = spawn("Xvfb", ["-displayfd", "3", "-screen", "0", SCREEN, "-nolisten", "tcp"], {
    stdio: ["ignore", "ignore", "pipe", "pipe"],
  });
  let words = "";
  server.stderr?.setEncoding("utf8").on("data", (text: string) => (words = (words + text).slice(-2000)));
  const told = server.stdio[3] as Readable;
  const [number] = await Promise.race([
    once(told.setEncoding("utf8"), "data", { signal: AbortSignal.timeout(DISPLAY_MS_MAX) }) as Promise<
      [string]
    >,
    once(server, "exit").then(() => {
      throw new Error(`Xvfb has ended: ${words}`);
    }),
  ]);
  return { display: `:${number.trim()}`, process: server };
}

async function end(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null) return;
  server.kill("SIGTERM");
  await once(server, "exit");
}
