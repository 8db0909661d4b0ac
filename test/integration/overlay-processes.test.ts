// Thirty real clients (200 with NEBULA_ALL_RUNS=1) on the tree and on the star: the same work, the same results, also when
// clients are killed on the way.
import { dirname, join } from "node:path";
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";
import { hostIdOf, runIdOf, type HostId } from "../../src-shared/base/ids.ts";
import { randTree } from "../../src-shared/overlay/rand-tree.ts";
import { star } from "../../src-shared/overlay/star.ts";
import type { Topology } from "../../src-shared/overlay/topology.ts";
import type { HostEntry } from "../../src-shared/resource-directory/resource-directory.ts";
import { createLocalDeployment } from "../../src-main/deploy/deploy-local.ts";
import type { StartedClient } from "../../src-main/deploy/deployment.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { OverlayFixture, SESSION, type TestRoot } from "./overlay-fixture.ts";

const CLIENT = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "dist", "client.cjs");
const ALL = process.env["NEBULA_ALL_RUNS"] === "1";
const HOSTS = ALL ? 200 : 30;
const KILLED = ALL ? 20 : 4;
const COMMANDS = ALL ? 40 : 16;
const ALL_MS = 600_000;

let fixture: OverlayFixture;
afterEach(() => fixture.close());

function entryOf(host: HostId): HostEntry {
  return {
    id: host,
    managerType: "local",
    address: "127.0.0.1",
    port: undefined,
    user: undefined,
    transport: undefined,
    hostKeyPolicy: undefined,
    groups: [],
    site: undefined,
    latitude: undefined,
    longitude: undefined,
    span: { start: 0, end: 0 },
  };
}

async function startClients(controller: TestRoot, folder: string): Promise<Map<HostId, StartedClient>> {
  const hostsDirectory = join(folder, "hosts");
  mkdirSync(hostsDirectory);
  const deployment = createLocalDeployment({
    node: process.execPath,
    clientBundle: CLIENT,
    hostsDirectory,
    session: SESSION,
  });
  const clients = new Map<HostId, StartedClient>();
  fixture.onClose(async () => {
    for (const client of clients.values()) client.kill();
    await Promise.all([...clients.values()].map(({ ended }) => ended));
    await Promise.all([...clients.keys()].map((host) => deployment.cleanUp(entryOf(host), false)));
    await deployment.close();
  });
  const start = async (host: HostId): Promise<void> => {
    const rank = controller.invite(host);
    const keys = await controller.issue(host);
    const place = controller.root.introduce(rank);
    const credentials = {
      ...keys,
      ...place,
      session: SESSION,
      host,
      incarnation: 1,
      controllerAbsenceMs: 60_000,
    };
    const { signal } = new AbortController();
    const result = await deployment.start(entryOf(host), credentials, {
      ways: ["client"],
      signal,
      tell: () => undefined,
      giveWay: () => undefined,
    });
    if (result.kind === "failed") throw new Error(result.failure.reason);
    clients.set(host, result.client);
  };
  const hosts = Array.from({ length: HOSTS }, (_, place) => hostIdOf(`node${String(place + 1)}`));
  await Promise.all(hosts.map(start));
  const here = (): number => controller.root.members().filter(({ state }) => state === "attached").length;
  await controller.membership.until(() => here() === HOSTS);
  return clients;
}

/** Those who have children, the busiest first; on the star anybody. */
function relaysOf(controller: TestRoot): HostId[] {
  const members = controller.root.members();
  const children = new Map(members.map(({ host }) => [host, 0]));
  for (const { parent } of members)
    if (parent !== undefined && parent !== "controller")
      children.set(parent, (children.get(parent) ?? 0) + 1);
  return [...children].sort((one, other) => other[1] - one[1]).map(([host]) => host);
}

/** Each prepared run, as the hosts tell it: what each has done, in sorted order. */
function resultsOf(controller: TestRoot, hosts: readonly HostId[]): Map<HostId, string[]> {
  const results = new Map<HostId, string[]>(hosts.map((host) => [host, []]));
  for (const { host, report } of controller.reports.entries)
    if (report.kind === "prepared") results.get(host)?.push(report.run);
  for (const runs of results.values()) runs.sort();
  return results;
}

async function play(topology: Topology<unknown>): Promise<string[][]> {
  fixture = new OverlayFixture(topology);
  const folder = temporaryFolder();
  const controller = await fixture.startRoot({ degree: 3 });
  const clients = await startClients(controller, folder);
  const killed = relaysOf(controller).slice(0, KILLED);
  const living = [...clients.keys()].filter((host) => !killed.includes(host));
  for (let count = 1; count <= COMMANDS; count += 1) {
    const run = runIdOf(`run-${String(count).padStart(2, "0")}`);
    controller.root.command(living, {
      kind: "prepare",
      awaited: true,
      run,
      component: "c",
      software: [],
      users: [],
    });
    if (count % (COMMANDS / KILLED) !== 0) continue;
    // By force, with half of the commands on their way.
    clients.get(killed[count / (COMMANDS / KILLED) - 1]!)!.kill();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  // Whoever waits is asked once for each report: no more than a look at the count.
  const least = HOSTS - KILLED + living.length * COMMANDS;
  const isDone = (): boolean =>
    controller.reports.entries.length >= least &&
    [...resultsOf(controller, living).values()].every((runs) => runs.length >= COMMANDS);
  await controller.reports.until(isDone);
  const attached = (): HostId[] =>
    controller.root.members().flatMap(({ host, state }) => (state === "attached" ? [host] : []));
  await controller.membership.until(() => attached().sort().join() === [...living].sort().join());
  await leaveAll(controller, living);
  return [...resultsOf(controller, living).values()];
}

/** The end of a run: nobody is left behind by a parent that goes before it. */
async function leaveAll(controller: TestRoot, hosts: readonly HostId[]): Promise<void> {
  const before = controller.membership.entries.length;
  controller.root.command(hosts, { kind: "leave", keep: false });
  const left = (): number => controller.root.members().filter(({ state }) => state === "left").length;
  await controller.membership.until(() => left() === hosts.length);
  const changes = controller.membership.entries.slice(before).map(({ state }) => state);
  expect(changes).toEqual(hosts.map(() => "left"));
}

test(
  "clients are killed while they pass commands on: the others do all of them, once each",
  ALL ? { timeout: ALL_MS } : {},
  async () => {
    const wanted = Array.from(
      { length: COMMANDS },
      (_, place) => `run-${String(place + 1).padStart(2, "0")}`,
    );
    const everybody = Array.from({ length: HOSTS - KILLED }, () => wanted);
    expect(await play(randTree)).toEqual(everybody);
    await fixture.close();
    expect(await play(star)).toEqual(everybody);
  },
);
