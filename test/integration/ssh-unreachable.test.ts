// Hosts that cannot be had: nobody answers, the way is wrong, keys are revoked, disks are full; one by one and forty at once.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { applicationXml, fileSoftwareXml, shellXml } from "./application-text.ts";
import { loginOf } from "./host-logins.ts";
import { holdsWithin } from "./process-list.ts";
import { expectEnd, runTest, type RunPlace } from "./run-place.ts";
import type { RunWorld } from "./run-world.ts";
import { farmHindrance } from "./ssh-farm.ts";
import {
  expectRefused,
  expectTold,
  expectUnreachable,
  HELLO,
  isTidy,
  oneHost,
  REFUSED,
  runOne,
  TIDY_MS,
  UNREACHABLE,
} from "./ssh-trouble.ts";
import { troubleWorlds, withSshdConfig, type SshHosts } from "./ssh-world.ts";

const MEGABYTE = 1_000_000;

/**
 * A network of its own, in which nothing is anybody else's: 192.0.2.1 has no route, and whatever is sent to 198.51.100.x is
 * swallowed (both are addresses for documents).
 */
const OTHER_NETWORK = [
  ...["unshare", "-n", "/bin/sh", "-c"],
  'ip link set lo up && ip route add unreachable 192.0.2.1/32 && ip link add d0 type veth peer name d1 && ip link set d1 up && ip link set d0 arp off up && ip addr add 198.51.100.2/24 dev d0 && exec "$@"',
  "sh",
];

const BY_SYSTEM_SSH = ["a port on which nobody listens"];

describe.skipIf(farmHindrance() !== undefined).concurrent("ssh hosts that cannot be had", () => {
  for (const world of troubleWorlds(BY_SYSTEM_SSH))
    describe(world.name, () => {
      wrongWays(world);
      keysThatDoNotCount(world);
      behindAJump(world);
      fullDisks(world);
      manyAtOnce(world);
    });
});

function wrongWays(world: RunWorld): void {
  runTest(world, "a port on which nobody listens", async (place) => {
    oneHost(place).writeConfig(["Host h1\n  Port 1\n"]);
    expectUnreachable(await runOne(place), "connect", /^connection refused on port 1$/, /^Start sshd there/);
  });

  runTest(world, "no route, and packets that are swallowed", async (place) => {
    place.directory("h[1-2]");
    (place.hosts as SshHosts).writeConfig([
      "Host h1\n  HostName 192.0.2.1\n",
      "Host h2\n  HostName 198.51.100.7\n  ConnectTimeout 1\n",
    ]);
    const end = await place.run(
      applicationXml({ managerType: "ssh", components: [{ hosts: "1", blocks: HELLO }] }),
      [],
      { through: OTHER_NETWORK },
    );
    expectEnd(end, UNREACHABLE);
    expectTold(end, "h1", { step: "connect", reason: /^no route to host$/, remedy: /the host is up/ });
    expectTold(end, "h2", { step: "connect", reason: /^connection timed out$/, remedy: /firewall|is up/ });
  });

  runTest(world, "a listener that accepts and stays silent", async (place) => {
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const { port } = silent.address() as AddressInfo;
    oneHost(place).writeConfig([
      `Host h1\n  HostName 127.0.0.1\n  Port ${String(port)}\n  ConnectTimeout 1\n`,
    ]);
    const end = await runOne(place);
    silent.close();
    expectUnreachable(end, "connect", /^accepts the connection and stays silent$/, /is sshd that listens/);
  });
}

function keysThatDoNotCount(world: RunWorld): void {
  const revoking = withSshdConfig(world, (folder) => {
    writeFileSync(join(folder, "revoked"), "");
    return [`RevokedKeys ${join(folder, "revoked")}`];
  });
  runTest(revoking, "a user's key that the host has revoked", async (place) => {
    const hosts = oneHost(place);
    writeFileSync(place.path("revoked"), readFileSync(`${hosts.farm.keyFile}.pub`));
    expectRefused(
      await runOne(place),
      "login",
      world.name === "ssh" ? /^Permission denied \(publickey\); tried / : /^Permission denied \(publickey\)$/,
      /authorized_keys/,
    );
    expect(hosts.farm.log).toContain("revoked");
  });

  runTest(world, "a host's key that is revoked is refused before any credential is sent", async (place) => {
    const { farm } = oneHost(place);
    writeFileSync(place.path("home/.ssh/known_hosts"), `@revoked ${farm.knownHosts}${farm.knownHosts}`);
    expectRefused(await runOne(place), "host key", /is revoked/, /in wrong hands/);
    expect(farm.log).not.toContain("Accepted publickey");
  });
}

function behindAJump(world: RunWorld): void {
  runTest(world, "behind a jump: a host whose key has changed, and one that is reached", async (place) => {
    place.directory("gate", "h[1-2]");
    const hosts = place.hosts as SshHosts;
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", place.path("old_host_key")]);
    const old = readFileSync(place.path("old_host_key.pub"), "utf8").trim();
    const inner = `[${hosts.addressOf("h1")}]:${String(hosts.farm.port)}`;
    const known = hosts.farm.knownHosts;
    writeFileSync(
      place.path("home/.ssh/known_hosts"),
      `${inner} ${old}\n${known.replace("*", `!${inner},*`)}`,
    );
    hosts.writeConfig(["Host h1 h2\n  ProxyJump gate\n"]);
    const refused = await exec(place, ["-w", "h1"]);
    expect(refused.exitCode).toBe(REFUSED);
    expect(refused.stderr).toMatch(/h1: host key: the host key has changed: .*SHA256:.*SHA256:/);
    expect(refused.stderr).toContain(`ssh-keygen -R '${inner}'`);
    const logins = hosts.farm.log.match(/Accepted publickey/g)?.length;
    expect(logins, "only the jump was logged in to").toBe(1);
    expect(await exec(place, ["-w", "h2"])).toMatchObject({ exitCode: 0, stdout: "h2: hello\n" });
  });
}

function fullDisks(world: RunWorld): void {
  runTest(world, "a disk that is full when the client's program comes", async (place) => {
    const hosts = oneHost(place);
    // Plenty of room, and no file more than the directories need: the program would be one more.
    const full = (path: string): string => `mkdir -p ${path}; mount -t tmpfs -o nr_inodes=5 none ${path}`;
    hosts.farm.atLogin(hosts.addressOf("h1"), loginOf(full('"$HOME/.cache"')));
    expectRefused(await runOne(place), "upload", /No space left on device/, /^Free some space there\.$/);
    expect(await holdsWithin(TIDY_MS, () => place.hosts.listProcesses().length === 0)).toBe(true);
  });

  runTest(world, "a disk that fills in mid-run is told in the program's words", async (place) => {
    const hosts = oneHost(place);
    const small = 'mkdir -p "$HOME/.cache"; mount -t tmpfs -o size=20m none "$HOME/.cache"';
    hosts.farm.atLogin(hosts.addressOf("h1"), loginOf(small));
    const script = "cat data | wc -c; head -c 30000000 /dev/zero >big || exit 7";
    const data = place.write("data", Buffer.alloc(2 * MEGABYTE));
    const end = await place.run(
      applicationXml({
        managerType: "ssh",
        definitions: fileSoftwareXml("data", "none", { data }),
        components: [{ hosts: "1", software: ["data"], blocks: shellXml(script) }],
      }),
    );
    expectEnd(end, REFUSED);
    const said = end.events.flatMap((event) => (event.event === "output" ? [event.text] : [])).join("");
    expect(said).toContain(String(2 * MEGABYTE));
    expect(said).toContain("No space left on device");
    expect(end.last.hosts).toMatchObject({ failed: "h1" });
  });

  runTest(world, "no directory in which programs may be started", async (place) => {
    const hosts = oneHost(place);
    const paths = ['"$HOME/.cache"', "/tmp", "/var/tmp"];
    const mounts = paths.map((path) => `mkdir -p ${path}; mount -t tmpfs -o noexec none ${path}`).join("; ");
    hosts.farm.atLogin(hosts.addressOf("h1"), loginOf(mounts));
    const reason =
      /^no directory for the client: \S+\.cache\/nebula: .*Permission denied; \/var\/tmp\/nebula-0: .*Permission denied; \/tmp\/nebula-0: .*Permission denied$/;
    expectRefused(await runOne(place), "disk", reason, /noexec/);
  });

  runTest(world, "noexec at home and in /tmp: the next directory is taken", async (place) => {
    const hosts = oneHost(place);
    const paths = ['"$HOME/.cache"', "/tmp"];
    const mounts = paths.map((path) => `mkdir -p ${path}; mount -t tmpfs -o noexec none ${path}`).join("; ");
    hosts.farm.atLogin(hosts.addressOf("h1"), loginOf(`${mounts}; mount -t tmpfs none /var/tmp`));
    expectEnd(await runOne(place), 0);
  });
}

function manyAtOnce(world: RunWorld): void {
  runTest(world, "forty hosts with the same reason are told once", async (place) => {
    place.directory("h[1-40]");
    (place.hosts as SshHosts).writeConfig(["Host h*\n  Port 1\n"]);
    const end = await exec(place, []);
    expect(end.exitCode).toBe(UNREACHABLE);
    const told = end.stderr.split("\n").filter((line) => line.includes("connection refused"));
    expect(told).toEqual(["plush: h[1-40]: connect: connection refused on port 1"]);
    expect(end.stderr.match(/help:/g)).toHaveLength(1);
    const run = await place.plush([
      ...["run", place.write("forty.xml", fortyXml()), "-d", place.path("directory.xml")],
    ]).ended;
    expect(run.exitCode).toBe(UNREACHABLE);
    const lines = `${run.stdout}${run.stderr}`.split("\n");
    expect(lines).toContainEqual(expect.stringContaining("needs 40 hosts and none is left: h[1-40] failed"));
    // On a busy computer they may come too far apart for one line.
    const failures = lines.filter((line) => line.startsWith("failed: "));
    expect(failures.length).toBeLessThanOrEqual(2);
    for (const line of failures)
      expect(line).toMatch(/^failed: h\S+ \(connect\): connection refused on port 1$/);
  });

  const shy = withSshdConfig(world, () => ["MaxStartups 1:100:1"]);
  runTest(shy, "hosts that let in one login at a time are all reached", async (place) => {
    place.directory("h[1-5]");
    const end = await exec(place, ["-b"]);
    expect(end).toMatchObject({ exitCode: 0, stderr: "" });
    expect(end.stdout).toContain("h[1-5] (5)");
    const hosts = place.hosts as SshHosts;
    expect(await holdsWithin(TIDY_MS, () => ["h1", "h5"].every((host) => isTidy(hosts, host)))).toBe(true);
  });
}

function fortyXml(): string {
  return applicationXml({ managerType: "ssh", components: [{ hosts: "40", blocks: HELLO }] });
}

function exec(place: RunPlace, flags: readonly string[]): ReturnType<RunPlace["run"]> {
  const plush = place.plush(["exec", "-d", place.path("directory.xml"), ...flags, "--", "echo hello"]);
  plush.child.stdin.end();
  return plush.ended;
}
