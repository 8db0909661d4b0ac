// How links come about where clients cannot dial: by the controller's dial, over SSH; and how they come back.
import { readdirSync, readFileSync } from "node:fs";
import { createServer, type AddressInfo, type Server } from "node:net";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { applicationXml, processXml, shellXml } from "./application-text.ts";
import { directoryXml } from "./local-world.ts";
import type { PlushProcess } from "./plush-process.ts";
import { holdsWithin } from "./process-list.ts";
import { expectEnd, runTest, type RunPlace } from "./run-place.ts";
import type { RunWorld } from "./run-world.ts";
import { farmHindrance } from "./ssh-farm.ts";
import { INTO_REFUSALS, INTO_THE_VOID, Island, islandHindrance } from "./ssh-islands.ts";
import { SshHosts, sshWorld, systemSshWorld } from "./ssh-world.ts";

const HELLO = processXml("echo", ["hello"]);
const REFUSED = 3;
/** The controller looks every two seconds. */
const MOVE_MS = 10_000;
const WAITED = "h1: its client finds no way to the controller";

/** No port is forwarded here, neither to TCP nor to a Unix socket. */
const strictWorld: RunWorld = {
  ...sshWorld,
  open: (folder) =>
    SshHosts.open(folder, { config: ["AllowTcpForwarding no", "AllowStreamLocalForwarding no"] }),
};

const hindrance = farmHindrance() ?? islandHindrance();

describe.skipIf(hindrance !== undefined).concurrent("ways to ssh hosts", () => {
  overSsh();
  dialled();
  comingBack();
});

function overSsh(): void {
  runTest(
    strictWorld,
    "a host that reaches nobody is reached over SSH, the second time at once",
    async (place) => {
      const hosts = place.hosts as SshHosts;
      place.directory("h1");
      hosts.farm.atLogin(hosts.addressOf("h1"), INTO_THE_VOID);
      const first = await place.run(application("1"), ["--verbose"]);
      expectEnd(first, 0);
      expect(first.stderr).toContain(WAITED);
      expect(waysOf(place)).toEqual({ h1: "ssh" });
      const second = await place.run(application("1"), ["--verbose"]);
      expectEnd(second, 0);
      expect(second.stderr).not.toContain(WAITED);
    },
  );

  runTest(systemSshWorld, "over the program ssh as well; the shell tells how", async (place) => {
    const hosts = place.hosts as SshHosts;
    place.directory("h1");
    hosts.farm.atLogin(hosts.addressOf("h1"), INTO_REFUSALS);
    const plush = place.plush(["-d", place.path("directory.xml")]);
    plush.child.stdin.write("connect\n");
    plush.child.stdin.end("info mesh\ninfo node h1\nquit\n");
    const end = await plush.ended;
    expect(end.stdout).toMatch(/h1 +attached .* over SSH/);
    expect(end.stdout).toMatch(/link +over SSH/);
  });

  runTest(sshWorld, "over SSH alone, nobody needs the port that somebody else has", async (place) => {
    const taken = await take();
    place.directory("h1");
    const environment = { PLUSH_CONTROLLER_PORT: String(taken.port) };
    const refused = await place.run(application("1"), [], { environment });
    expect(refused.exitCode).toBe(REFUSED);
    const told = refused.events.find((event) => event.event === "host" && event.state === "failed");
    const reason = `port ${String(taken.port)} is in use by somebody else on this computer`;
    expect(told).toMatchObject({ step: "listen", reason });
    expectEnd(
      await place.run(application("1"), [], { environment: { ...environment, PLUSH_WAYS: "ssh" } }),
      0,
    );
    taken.server.close();
    expect(waysOf(place)).toEqual({ h1: "ssh" });
  });
}

function dialled(): void {
  runTest(sshWorld, "two controllers dial the same host; a port in use is no harm", async (place) => {
    const taken = await take();
    place.directory("h1");
    place.write("directory.xml", directoryXml("ssh", [{ hosts: `h1:${String(taken.port)}` }]));
    const environment = { PLUSH_WAYS: "controller" };
    const blocks = shellXml(`while [ ! -e ${place.path("go")} ]; do sleep 0.05; done`);
    const flags = ["--verbose"];
    const runs = ["one.xml", "two.xml"].map((name) =>
      place.start(application("1", blocks), flags, { environment, name }),
    );
    for (const run of runs) await started(run, "h1");
    place.write("go", "");
    const ends = await Promise.all(runs.map((run) => run.ended));
    taken.server.close();
    const others = ends.map((end) => {
      expectEnd(end, 0);
      return /h1: port \d+ is in use there; its client listens on (\d+)/.exec(end.stderr)?.[1];
    });
    expect(others).not.toContain(undefined);
    expect(others[0]).not.toBe(others[1]);
    expect(waysOf(place)).toEqual({ h1: "controller" });
  });
}

function comingBack(): void {
  runTest(
    sshWorld,
    "a link that is cut, with the controller's addresses and all SSH, is made again",
    async (place) => {
      const hosts = place.hosts as SshHosts;
      const island = await Island.open(1);
      try {
        place.directory("h1");
        hosts.farm.atLogin(hosts.addressOf("h1"), island.login);
        const script = `echo before; while [ ! -e ${place.path("go")} ]; do sleep 0.05; done; echo after`;
        const plush = place.start(application("1", shellXml(script)));
        await started(plush, "h1");
        island.cut();
        hosts.farm.dropConnections();
        await plush.event("problem", ({ message }) => message.startsWith("link lost: "));
        place.write("go", "");
        await plush.event("problem", ({ message }) => message === "link is back");
        const end = await plush.ended;
        expectEnd(end, 0);
        const starts = end.events.filter((event) => event.event === "process" && event.state === "started");
        expect(starts).toHaveLength(1);
        expect(end.stdout).toContain("after");
        expect(waysOf(place)).toEqual({ h1: "ssh" });
      } finally {
        island.close();
      }
    },
  );

  runTest(sshWorld, "a client dials the controller where that has moved to", async (place) => {
    const hosts = place.hosts as SshHosts;
    const island = await Island.open(52);
    try {
      place.directory("h1");
      hosts.farm.atLogin(hosts.addressOf("h1"), island.login);
      const script = `while [ ! -e ${place.path("go")} ]; do sleep 0.05; done; echo after`;
      const environment = { PLUSH_WAYS: "client" };
      const plush = place.start(application("1", shellXml(script)), [], { environment });
      await started(plush, "h1");
      const hears = (address: string): Promise<boolean> =>
        holdsWithin(MOVE_MS, () => clientLogsOf(hosts, "h1").includes(` ${address}:`));
      expect(await island.move(hears)).toBe(true);
      await plush.event("problem", ({ message }) => message.startsWith("link lost: "));
      await plush.event("problem", ({ message }) => message === "link is back");
      place.write("go", "");
      const end = await plush.ended;
      expectEnd(end, 0);
      expect(end.stdout).toContain("after");
    } finally {
      island.close();
    }
  });
}

function clientLogsOf(hosts: SshHosts, host: string): string {
  const directories = join(hosts.farm.homeOf(hosts.addressOf(host)), ".cache", "nebula", "hosts");
  const logs = readdirSync(directories).map((name) => join(directories, name, "log", "client.txt"));
  return logs.map((log) => readFileSync(log, "utf8")).join("");
}

function application(hosts: string, blocks = HELLO): string {
  return applicationXml({ managerType: "ssh", components: [{ hosts, blocks }] });
}

async function started(plush: PlushProcess, host: string): Promise<void> {
  await plush.event("process", (event) => event.state === "started" && event.host === host);
}

function waysOf(place: RunPlace): unknown {
  return JSON.parse(readFileSync(`${place.stateDirectory}/ways.json`, "utf8"));
}

/** A port of all of 127.0.0.0/8 but 127.0.0.1, which stays free. */
async function take(): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.7", resolve));
  return { server, port: (server.address() as AddressInfo).port };
}
