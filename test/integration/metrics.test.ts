// The metrics of real clients in a tree: told to the controller, summed along the way, more often where somebody looks.
import { statfsSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import type { ControllerApi, HostView } from "../../src-shared/controller-api/controller-api.ts";
import { startController } from "../../src-main/start-controller.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { directoryXml } from "./local-world.ts";

const HOSTS = 7;
const PATIENCE = { timeout: 30_000, interval: 100 };

async function withHosts(use: (api: ControllerApi, folder: string) => Promise<void>): Promise<void> {
  const folder = temporaryFolder();
  const path = join(folder, "directory.xml");
  writeFileSync(path, directoryXml("local", [{ hosts: `n[1-${String(HOSTS)}]` }]));
  const api = await startController({
    stateDirectory: join(folder, "state"),
    resultsDirectory: undefined,
    resultsKeep: undefined,
    port: undefined,
    overlay: "rand-tree",
    degree: 2,
    node: process.execPath,
    log: () => undefined,
  });
  try {
    await api.loadDirectory({ path });
    expect(await api.connect(undefined, { fanout: HOSTS })).toMatchObject({ kind: "done" });
    await use(api, folder);
  } finally {
    await api.quit();
  }
}

/** From the sum of what each hop says, by the tree as the controller has it. */
function sumOf(api: ControllerApi, hosts: ReadonlyMap<string, HostView>, host: string): number {
  const parent = api.mesh().members.find((member) => member.host === host)?.parent;
  const hop = hosts.get(host)?.metrics?.rttMs ?? Number.NaN;
  return hop + (parent === "controller" || parent === undefined ? 0 : sumOf(api, hosts, parent));
}

function expectAllKnown(api: ControllerApi, count: number): void {
  const hosts = new Map<string, HostView>(api.hosts().map((host) => [host.host, host]));
  const known = [...hosts.values()].filter(({ metrics }) => metrics?.pathRttMs !== undefined);
  expect(known).toHaveLength(count);
  for (const { host, metrics } of known) expect(metrics!.pathRttMs).toBeCloseTo(sumOf(api, hosts, host), 2);
}

test("of a tree of clients, also after one in the middle has died, and faster for those that are watched", async () => {
  await withHosts(async (api, folder) => {
    await vi.waitFor(() => expectAllKnown(api, HOSTS), PATIENCE);
    const { bsize, blocks } = statfsSync(folder);
    for (const { metrics } of api.hosts()) {
      expect(metrics).toMatchObject({ cores: cpus().length });
      expect(metrics!.memoryBytes).toBeLessThanOrEqual(totalmem() + 1024 ** 2);
      expect(metrics!.memoryFreeBytes).toBeLessThanOrEqual(metrics!.memoryBytes!);
      expect(metrics!.load).toBeGreaterThanOrEqual(0);
      expect(metrics!.cpu ?? 0).toBeLessThanOrEqual(1);
      if (metrics!.diskBytes !== undefined)
        expect(Math.abs(metrics!.diskBytes - bsize * blocks)).toBeLessThan(2 * 1024 ** 2);
      expect(metrics!.rttMs).toBeGreaterThan(0);
    }
    expect(Math.max(...api.mesh().members.map(({ depth }) => depth))).toBeGreaterThan(1);

    const relay = api
      .mesh()
      .members.find(({ host }) => api.mesh().members.some(({ parent }) => parent === host));
    process.kill(api.hosts().find(({ host }) => host === relay?.host)!.client!.pid, "SIGKILL");
    const before = new Map(api.hosts().map(({ host, metrics }) => [host, metrics?.toldAt ?? 0]));
    const others = api.hosts().filter(({ host }) => host !== relay?.host);
    await vi.waitFor(() => {
      expect(api.hosts().find(({ host }) => host === relay?.host)?.metrics).toBeUndefined();
      expectAllKnown(api, HOSTS - 1);
    }, PATIENCE);

    // Busy with this very test, load and processors go on changing.
    const [watched] = others;
    const first = api.watchHosts([watched!.host, relay!.host, "nobody"]);
    expect(first.map(({ host }) => host)).toEqual([watched!.host]);
    expect(first[0]!.samples.length).toBeGreaterThan(0);
    await vi.waitFor(() => {
      const samples = api.watchHosts([watched!.host])[0]!.samples;
      const gaps = samples.slice(1).map(({ toldAt }, at) => toldAt - samples[at]!.toldAt);
      expect(gaps.filter((gap) => gap < 6000).length).toBeGreaterThanOrEqual(2);
      expect(samples.at(-1)!.toldAt).toBeGreaterThan(before.get(watched!.host)!);
    }, PATIENCE);
  });
});
