// The controller of a window under measurement, in a process of its own: serves the page, and watches its own event loop.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { ControllerApi } from "../../src-shared/controller-api/controller-api.ts";
import { UserPreferences } from "../../src-main/documents/user-preferences.ts";
import { serveWindow } from "../../src-main/serve-window.ts";
import { startController } from "../../src-main/start-controller.ts";
import { createRestlessApi } from "./restless-api.ts";

export interface ServeWish {
  readonly hosts: number;
  /** 0: the controller as it is; else how many hosts seem to change each second. */
  readonly changesPerSecond: number;
  readonly overlay: string;
}

export type ServeOrder =
  | { readonly kind: "attach"; readonly command: string }
  | { readonly kind: "lag" }
  | { readonly kind: "close" };

export type ServeWord =
  | { readonly kind: "address"; readonly address: string }
  | { readonly kind: "attached"; readonly ms: number }
  | { readonly kind: "ran"; readonly ms: number; readonly exitCode: number }
  | { readonly kind: "lag"; readonly p50: number; readonly p99: number; readonly max: number };

const RESOLUTION_MS = 5;
const NANOSECONDS = 1e6;
const FANOUT = 64;

const wish = JSON.parse(process.argv[2] ?? "") as ServeWish;
const directory = mkdtempSync(join(tmpdir(), "nebula-bench-"));
const lag = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
void serve();

async function serve(): Promise<void> {
  const path = join(directory, "directory.xml");
  const manager = `<resource_manager type="simulated" network="wan" seed="7" count="${String(wish.hosts)}"/>`;
  writeFileSync(path, `<plush>${manager}</plush>`);
  const real = await startController({
    stateDirectory: directory,
    resultsDirectory: undefined,
    resultsKeep: undefined,
    port: undefined,
    overlay: wish.overlay,
    log: () => undefined,
  });
  const api = wish.changesPerSecond > 0 ? createRestlessApi(real, wish.changesPerSecond) : real;
  const served = await serveWindow({
    api,
    stateDirectory: directory,
    preferences: new UserPreferences({
      workingDirectory: directory,
      configDirectory: join(directory, "config"),
      environment: {},
    }),
    programDirectory: join(import.meta.dirname, "..", "..", "dist"),
    version: "bench",
    port: 0,
    open: { directory: path },
    log: () => undefined,
  });
  lag.enable();
  // Whoever measures is gone: nobody is to find this one still at work.
  process.on("disconnect", () => {
    rmSync(directory, { recursive: true, force: true });
    process.exit(1);
  });
  process.on("message", (order: ServeOrder) => void obey(order, real, served));
  say({ kind: "address", address: served.address });
}

async function obey(
  order: ServeOrder,
  api: ControllerApi,
  served: { close(): Promise<void> },
): Promise<void> {
  switch (order.kind) {
    case "attach":
      return attach(order.command, api);
    case "lag": {
      const [p50, p99] = [lag.percentile(50) / NANOSECONDS, lag.percentile(99) / NANOSECONDS];
      say({ kind: "lag", p50: p50 - RESOLUTION_MS, p99: p99 - RESOLUTION_MS, max: lag.max / NANOSECONDS });
      return lag.reset();
    }
    case "close":
      await served.close();
      await api.quit();
      rmSync(directory, { recursive: true, force: true });
      process.exit(0);
  }
}

/** All hosts run a command; told when the last is attached, and when it has ended everywhere. */
async function attach(command: string, api: ControllerApi): Promise<void> {
  const began = performance.now();
  const since = (): number => performance.now() - began;
  const looking = setInterval(() => {
    const attached = api.mesh().members.filter(({ state }) => state === "attached").length;
    if (attached < wish.hosts) return;
    clearInterval(looking);
    say({ kind: "attached", ms: since() });
  }, 50);
  const stop = api.subscribe((event) => {
    if (event.event !== "run" || event.exitCode === undefined) return;
    stop();
    clearInterval(looking);
    say({ kind: "ran", ms: since(), exitCode: event.exitCode });
  });
  await api.startCommand({
    command,
    hosts: undefined,
    group: undefined,
    exclude: undefined,
    connectedOnly: false,
    stayConnected: true,
    wantsInput: false,
    deadlineMs: undefined,
    results: undefined,
    keep: false,
    fanout: FANOUT,
  });
}

function say(word: ServeWord): void {
  process.send?.(word);
}
