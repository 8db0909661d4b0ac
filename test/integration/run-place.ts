// Everything one run test has to itself: folders, hosts, plush processes, controllers; and the check that nothing is left.
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import type { ControllerApi } from "../../src-shared/controller-api/controller-api.ts";
import { startController } from "../../src-main/start-controller.ts";
import { PlushProcess, type PlushEnd } from "./plush-process.ts";
import { serveFiles, type WebServer } from "./test-server.ts";
import { holdsWithin } from "./process-list.ts";
import type { NodeGroup, RunWorld, WorldHosts } from "./run-world.ts";

export const REPOSITORY = resolve(dirname(fileURLToPath(import.meta.url)), "..", "..");
/** A keeper's grace of 3 s, its rounds, and a computer that is busy with other tests. */
const CLEAN_MS = 12_000;

export interface PlushOptions {
  readonly environment?: Readonly<Record<string, string>>;
  /** A program and its words that start plush: unshare, for example. */
  readonly through?: readonly string[];
  /** Of the specification's file. */
  readonly name?: string;
}

/** Runs `body` with a place of its own; passes only when processes and host directories are afterwards as before. */
export function runTest(
  world: RunWorld,
  name: string,
  body: (place: RunPlace) => Promise<void>,
  timeoutMs?: number,
): void {
  if (world.only?.delete(name) === false) return;
  test(
    name,
    async () => {
      const place = await RunPlace.open(world);
      try {
        await body(place);
      } catch (error) {
        await place.clear();
        throw error;
      }
      await place.endClean();
    },
    timeoutMs,
  );
}

export class RunPlace {
  readonly folder: string;
  readonly hosts: WorldHosts;
  readonly managerType: string;
  readonly #processes: PlushProcess[] = [];
  readonly #controllers: ControllerApi[] = [];
  readonly #servers: WebServer[] = [];

  private constructor(folder: string, world: RunWorld, hosts: WorldHosts) {
    this.folder = folder;
    this.hosts = hosts;
    this.managerType = world.managerType;
  }

  static async open(world: RunWorld): Promise<RunPlace> {
    const folder = mkdtempSync(join(tmpdir(), "nebula-run-"));
    for (const name of ["tmp", "home", "state"]) mkdirSync(join(folder, name));
    return new RunPlace(folder, world, await world.open(folder));
  }

  get stateDirectory(): string {
    return join(this.folder, "state", "nebula");
  }

  /** The controller's. TMPDIR reaches clients and their processes, and so marks all of them as this test's. */
  get environment(): NodeJS.ProcessEnv {
    const { folder } = this;
    return {
      PATH: process.env["PATH"],
      HOME: join(folder, "home"),
      TMPDIR: join(folder, "tmp"),
      XDG_STATE_HOME: join(folder, "state"),
      XDG_CONFIG_HOME: join(folder, "home"),
      XDG_CACHE_HOME: join(folder, "home"),
      XDG_RUNTIME_DIR: join(folder, "home"),
      ...this.hosts.environment,
    };
  }

  /** A file of this test, for specifications, packages, and what processes write. */
  path(name: string): string {
    return join(this.folder, name);
  }

  write(name: string, content: string | Uint8Array): string {
    const path = this.path(name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    return path;
  }

  directory(...nodes: readonly (string | NodeGroup)[]): string {
    const groups = nodes.map((node) => (typeof node === "string" ? { hosts: node } : node));
    return this.write("directory.xml", this.hosts.directoryXml(groups));
  }

  plush(args: readonly string[], options: PlushOptions = {}): PlushProcess {
    const environment = { ...this.environment, ...options.environment };
    const { through = [] } = options;
    const plush = new PlushProcess(args, { cwd: this.folder, environment, through });
    this.#processes.push(plush);
    return plush;
  }

  /** `plush run` on a specification's text, with its events; the directory is the one that was made last. */
  start(application: string, flags: readonly string[] = [], options: PlushOptions = {}): PlushProcess {
    const path = this.write(options.name ?? "application.xml", application);
    const plush = this.plush(
      ["run", path, "-d", this.path("directory.xml"), "--output", "jsonl", ...flags],
      options,
    );
    plush.child.stdin.end();
    return plush;
  }

  async run(
    application: string,
    flags: readonly string[] = [],
    options: PlushOptions = {},
  ): Promise<PlushEnd> {
    return this.start(application, flags, options).ended;
  }

  /** A controller in this process. Its clients inherit TMPDIR from here, so their marks are their directories. */
  async controller(options: { readonly resultsKeep?: number } = {}): Promise<ControllerApi> {
    const { resultsKeep } = options;
    const settings = {
      stateDirectory: this.stateDirectory,
      resultsDirectory: undefined,
      resultsKeep,
      port: undefined,
      homeDirectory: this.path("home"),
    };
    const api = await startController({ ...settings, log: () => undefined });
    this.#controllers.push(api);
    return api;
  }

  /** Waits, a bounded time, until processes and host directories are as before the test; fails naming what is left. */
  async endClean(): Promise<void> {
    try {
      await Promise.all(this.#controllers.map((api) => api.quit()));
      expect(await this.leftAfter(CLEAN_MS)).toEqual([]);
      expect(readdirSync(this.path("tmp")), "temporary files").toEqual([]);
    } finally {
      await this.clear();
    }
  }

  /** A web server on this computer for as long as the test goes on. */
  async serve(files: Readonly<Record<string, string | Uint8Array>>): Promise<WebServer> {
    const server = await serveFiles(files);
    this.#servers.push(server);
    return server;
  }

  async leftAfter(ms: number): Promise<readonly string[]> {
    let left: readonly string[] = [];
    await holdsWithin(ms, async () => (left = await this.#left()).length === 0);
    return left;
  }

  async #left(): Promise<readonly string[]> {
    const processes = this.hosts
      .listProcesses()
      .map(({ pid, commandLine }) => `process ${String(pid)}: ${commandLine}`);
    return [
      ...processes,
      ...(await this.hosts.listHostDirectories()).map((path) => `host directory ${path}`),
    ];
  }

  /** By force, whatever is there: only what carries this test's folder. */
  async clear(): Promise<void> {
    for (const server of this.#servers) server.close();
    for (const { pid } of this.hosts.listProcesses()) kill(pid, "SIGKILL");
    await holdsWithin(CLEAN_MS, () => {
      for (const { pid } of this.hosts.listProcesses()) kill(pid, "SIGKILL");
      return this.hosts.listProcesses().length === 0;
    });
    await this.hosts.close();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** False when it is gone already. */
export function kill(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

/** Fails with what plush has said. */
export function expectEnd(end: PlushEnd, exitCode: number): void {
  const told = end.events.filter(
    (event) => event.event === "problem" || event.event === "run" || event.event === "block",
  );
  const words = `${end.stderr}\n${told.map((event) => JSON.stringify(event)).join("\n")}`;
  expect({ exitCode: end.exitCode, signal: end.signal }, words).toEqual({ exitCode, signal: null });
}
