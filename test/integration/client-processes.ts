// Embedded hosts for tests of the overlay: real clients, started as the controller starts them, for a root of the fixture.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { hostIdOf, type HostId } from "../../src-shared/base/ids.ts";
import type { HostEntry } from "../../src-shared/resource-directory/resource-directory.ts";
import { createLocalDeployment } from "../../src-main/deploy/deploy-local.ts";
import type { StartedClient } from "../../src-main/deploy/deployment.ts";
import { hostEntry } from "./host-entry.ts";
import { SESSION, type OverlayFixture, type TestRoot } from "./overlay-fixture.ts";

const CLIENT = join(import.meta.dirname, "..", "..", "dist", "client.cjs");

const localEntry = (host: HostId): HostEntry =>
  hostEntry(host, { managerType: "local", address: "127.0.0.1" });

export const hostsNamed = (count: number): HostId[] =>
  Array.from({ length: count }, (_, place) => hostIdOf(`node${String(place + 1)}`));

/** Resolves when all are attached; they end with the fixture. */
export async function startClients(
  fixture: OverlayFixture,
  controller: TestRoot,
  folder: string,
  hosts: readonly HostId[],
): Promise<Map<HostId, StartedClient>> {
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
    await Promise.all([...clients.keys()].map((host) => deployment.cleanUp(localEntry(host), false)));
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
    const result = await deployment.start(localEntry(host), credentials, {
      ways: ["client"],
      signal,
      tell: () => undefined,
      giveWay: () => undefined,
    });
    if (result.kind === "failed") throw new Error(result.failure.reason);
    clients.set(host, result.client);
  };
  await Promise.all(hosts.map(start));
  const here = (): number => controller.root.members().filter(({ state }) => state === "attached").length;
  await controller.membership.until(() => here() === hosts.length);
  return clients;
}
