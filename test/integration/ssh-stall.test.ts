// Hosts that accept the login, and then their shell says nothing: named in time, by a run's deployment and by a test.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hostIdOf } from "../../src-shared/base/ids.ts";
import type { HostEntry } from "../../src-shared/resource-directory/resource-directory.ts";
import { createSshDeployment } from "../../src-main/deploy/deploy-ssh.ts";
import type { Deployment } from "../../src-main/deploy/deployment.ts";
import { hostEntry } from "./host-entry.ts";
import { holdsWithin, processesOf } from "./process-list.ts";
import { farmHindrance, SshFarm } from "./ssh-farm.ts";
import { SshPlace, type TransportName } from "./ssh-place.ts";
import { TIDY_MS } from "./ssh-trouble.ts";

const DEADLINE_MS = 1000;
/** Longer than the deadline on any computer: it begins after the login. */
const STALL = "echo mounting /home; sleep 2";
const hostAt = (address: string): HostEntry =>
  hostEntry("slow", { managerType: "ssh", address, user: "root" });
const CREDENTIALS = {
  overlay: "star",
  degree: 32,
  rank: 1,
  start: 0,
  startChain: "AAAAAAAAAAAAAAAAAAAAAA==",
  rootKey: "AA==",
  proofKey: "AA==",
  ...{ ca: "none", certificate: "none", key: "none", session: "s", host: hostIdOf("slow"), incarnation: 1 },
  ...{ candidates: [], controllerAbsenceMs: 1000 },
};
/** A busy computer may not even have come to what it prints. */
const REASON = /^no answer within 1 s(; it had said: mounting \/home)?$/;
const REMEDY = "Does a start-up file wait for something there, or is a file server away? Try: ssh HOST true";

describe.skipIf(farmHindrance() !== undefined)("a stall after the login", () => {
  let place: SshPlace;
  let farm: SshFarm;

  beforeAll(async () => {
    place = new SshPlace();
    farm = await SshFarm.open({ homes: `${place.folder}/homes` });
    place.writeKnownHosts(farm.knownHosts);
    place.writeConfig(`Host *\n  Port ${String(farm.port)}\n  IdentityFile ${farm.keyFile}\n`);
  });

  afterAll(async () => {
    await farm.close();
    await place.close();
  });

  function deploymentOver(transport: TransportName): Deployment {
    const made = place.transport(transport);
    const bundle = { packed: new Uint8Array(1), hash: "00", code: undefined };
    return createSshDeployment(
      {
        transport: () => Promise.resolve(made),
        closeTransports: () => made.close(),
        listen: () => Promise.resolve({ kind: "listening", addresses: [] }),
        bundle: () => Promise.resolve(bundle),
        bringer: undefined,
        log: () => undefined,
      },
      { session: "s", shellDeadlineMs: DEADLINE_MS },
    );
  }

  test.concurrent.each<[TransportName, string]>([
    ["ssh2", "127.1.0.1"],
    ["system-ssh", "127.1.0.2"],
  ])("%s: is named, and leaves nothing", async (transport, address) => {
    farm.atLogin(address, STALL);
    const deployment = deploymentOver(transport);
    const { signal } = new AbortController();
    const told = { step: "shell", remedy: REMEDY, unreachable: false };
    const [started, checks] = await Promise.all([
      deployment.start(hostAt(address), CREDENTIALS, {
        ways: ["ssh"],
        signal,
        tell: () => undefined,
        giveWay: () => undefined,
      }),
      deployment.test(hostAt(address), {
        users: [],
        newKeys: "ask",
        password: () => Promise.resolve(undefined),
        ways: ["ssh"],
        signal,
      }),
    ]);
    const reason = expect.stringMatching(REASON);
    expect(started).toEqual({ kind: "failed", failure: { ...told, reason } });
    expect(checks.at(-1)).toEqual({ ...told, detail: reason, outcome: "failed" });
    expect(checks.slice(0, -1).map(({ step }) => step)).toEqual(["resolve", "connect", "host key", "login"]);
    await deployment.close();
    expect(await holdsWithin(TIDY_MS, () => processesOf(farm.homeOf(address)).length === 0)).toBe(true);
  });
});
