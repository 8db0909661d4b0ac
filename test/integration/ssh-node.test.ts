// Hosts without a Node that will do get one: once for all clients of a user there, and it goes with the last of them.
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect } from "vitest";
import type { DeployingEvent } from "../../src-shared/controller-api/run-events.ts";
import { applicationXml, processXml, shellXml } from "./application-text.ts";
import { HIDE_NODE, loginOf, OLD_NODE } from "./host-logins.ts";
import type { PlushEnd } from "./plush-process.ts";
import { holdsWithin } from "./process-list.ts";
import { expectEnd, runTest, type PlushOptions, type RunPlace } from "./run-place.ts";
import { farmHindrance } from "./ssh-farm.ts";
import { sshWorld, type SshHosts } from "./ssh-world.ts";

const TIDY_MS = 20_000;
/** The Node of whoever runs this, packed once: nothing is fetched from anywhere. */
const cache = mkdtempSync(join(tmpdir(), "nebula-node-"));
const OWN = { environment: { PLUSH_NODE_RUNTIME: process.execPath, XDG_CACHE_HOME: cache } };
afterAll(() => {
  rmSync(cache, { recursive: true, force: true });
});
/** The next directory is taken. */
const NO_EXEC =
  'mkdir -p "$HOME/.cache" "$HOME/tmp"; mount -t tmpfs -o noexec none "$HOME/.cache"; mount --bind "$HOME/tmp" /var/tmp';

describe.skipIf(farmHindrance() !== undefined)("hosts without Node", () => {
  // One after the other: each of them packs and sends a hundred megabytes.
  runTest(
    sshWorld,
    "none, or one that is too old: they get one, once for all clients there, and it goes with the last",
    bothGetOne,
  );
  runTest(sshWorld, "no room for it: named, and nothing is left", noRoom);
  runTest(sshWorld, "one that does not run there is named in its own words", doesNotRun);
  runTest(sshWorld, "what cannot be had is named, with what to do", cannotBeHad);
});

/** h1 and h2 are the same computer of the same user: two clients start there at the same time. h3 has an old Node, and noexec. */
async function bothGetOne(place: RunPlace): Promise<void> {
  place.directory("h[1-3]");
  const hosts = place.hosts as SshHosts;
  const shared = `HOME=${hosts.farm.homeOf(hosts.addressOf("h1"))}; cd "$HOME";`;
  hosts.farm.atLogin(hosts.addressOf("h1"), loginOf(HIDE_NODE));
  hosts.farm.atLogin(hosts.addressOf("h2"), `${shared} ${loginOf(HIDE_NODE)}`);
  hosts.farm.atLogin(hosts.addressOf("h3"), loginOf(`${HIDE_NODE}; ${NO_EXEC}`, OLD_NODE));
  const script = `readlink /proc/$PPID/exe; while [ ! -e ${place.path("go")} ]; do sleep 0.05; done`;
  const blocks = shellXml(script);
  const first = place.start(
    applicationXml({ managerType: "ssh", components: [{ hosts: "3", blocks }] }),
    [],
    { ...OWN, name: "first.xml" },
  );
  for (const host of ["h1", "h2", "h3"])
    await first.event("process", (event) => event.state === "started" && event.host === host);
  const second = await runOn(place, 3);
  expectEnd(second, 0);
  expect(bringingIn(second).filter(({ doing }) => doing === "sending")).toEqual([]);
  place.write("go", "");
  const end = await first.ended;
  expectEnd(end, 0);
  expect(end.last.hosts?.succeeded).toBe("h[1-3]");
  const told = bringingIn(end);
  expect(told.filter(({ doing }) => doing === "fetching")).toHaveLength(3);
  const sent = told.filter(({ doing }) => doing === "sending");
  expect(sent).toHaveLength(2);
  expect(sent.map(({ host }) => host)).toContain("h3");
  const output = end.events.find((event) => event.event === "output" && event.host === "h3");
  expect(output).toMatchObject({
    text: expect.stringMatching(/^\/var\/tmp\/nebula-0\/node-[\da-f]{64}\n$/) as string,
  });
  const isGone = (): boolean =>
    isTidy(hosts, "h1") && !existsSync(join(hosts.farm.homeOf(hosts.addressOf("h3")), "tmp", "nebula-0"));
  expect(await holdsWithin(TIDY_MS, isGone)).toBe(true);
}

async function noRoom(place: RunPlace): Promise<void> {
  place.directory("h1");
  const hosts = place.hosts as SshHosts;
  const small = "mount -t tmpfs -o size=60m none";
  const mounts = `${HIDE_NODE}; mkdir -p "$HOME/.cache"; ${small} "$HOME/.cache"; ${small} /var/tmp; ${small} /tmp`;
  hosts.farm.atLogin(hosts.addressOf("h1"), loginOf(mounts));
  const end = await runOn(place, 1);
  expectEnd(end, 3);
  expect(failureIn(end)).toMatchObject({
    step: "disk",
    reason: expect.stringMatching(
      /\.cache\/nebula: No space left: \d+ kB are free, 146384 are needed \(Node included\); /,
    ),
    remedy: expect.stringContaining("free space"),
  });
}

/** An ELF header, and nothing behind it. */
async function doesNotRun(place: RunPlace): Promise<void> {
  place.directory("h1");
  const hosts = place.hosts as SshHosts;
  hosts.farm.atLogin(hosts.addressOf("h1"), loginOf(HIDE_NODE));
  const header = readFileSync(process.execPath).subarray(0, 64);
  const path = place.write("node-v24.1.0", Buffer.concat([header, Buffer.alloc(4096)]));
  const end = await runOn(place, 1, { environment: { PLUSH_NODE_RUNTIME: path } });
  expectEnd(end, 3);
  expect(failureIn(end)).toMatchObject({
    step: "upload",
    reason: expect.stringMatching(/^Node 24\.1\.0: it does not run there: ./),
    remedy: expect.stringContaining("Install Node"),
  });
  expect(await holdsWithin(TIDY_MS, () => isTidy(hosts, "h1"))).toBe(true);
}

async function cannotBeHad(place: RunPlace): Promise<void> {
  place.directory("h1");
  const hosts = place.hosts as SshHosts;
  hosts.farm.atLogin(hosts.addressOf("h1"), loginOf(HIDE_NODE));
  const end = await runOn(place, 1, { environment: { PLUSH_NODE_RUNTIME: place.path("absent.tgz") } });
  expectEnd(end, 3);
  expect(failureIn(end)).toMatchObject({
    step: "node",
    reason: expect.stringMatching(/^node: not found; Node for linux-\w+ could not be had: ENOENT/),
    remedy: expect.stringContaining("node_runtime"),
  });
}

function runOn(place: RunPlace, hosts: number, options: PlushOptions = OWN): Promise<PlushEnd> {
  const blocks = processXml("echo", ["hello"]);
  const text = applicationXml({ managerType: "ssh", components: [{ hosts: String(hosts), blocks }] });
  return place.run(text, [], options);
}

function bringingIn(end: PlushEnd): readonly DeployingEvent[] {
  return end.events.filter((event) => event.event === "deploying");
}

function failureIn(end: PlushEnd): unknown {
  return end.events.find((event) => event.event === "host" && event.state === "failed");
}

function isTidy(hosts: SshHosts, host: string): boolean {
  return !existsSync(join(hosts.farm.homeOf(hosts.addressOf(host)), ".cache", "nebula"));
}
