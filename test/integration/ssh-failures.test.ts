// What goes wrong on the way to hosts behind sshd: each with its words, its exit code, and nothing left behind.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { describe, expect } from "vitest";
import { applicationXml, shellXml } from "./application-text.ts";
import { HIDE_NODE, loginOf, OLD_NODE } from "./host-logins.ts";
import { holdsWithin } from "./process-list.ts";
import { expectEnd, runTest } from "./run-place.ts";
import type { RunWorld } from "./run-world.ts";
import { farmHindrance } from "./ssh-farm.ts";
import { expectRefused, HELLO, isTidy, oneHost, runOne, TIDY_MS } from "./ssh-trouble.ts";
import { troubleWorlds, type SshHosts } from "./ssh-world.ts";

const HOSTS = ["h1", "h2", "h3", "h4"];
/** Nothing is brought, so nothing is fetched. */
const NO_PUSH = { environment: { PLUSH_PUSH_NODE: "no" } };

const BY_SYSTEM_SSH = [
  "login refused: the way in is named, and nothing is left",
  "a changed host key is refused before any credential is sent",
];

describe.skipIf(farmHindrance() !== undefined).concurrent("failures on ssh hosts", () => {
  for (const world of troubleWorlds(BY_SYSTEM_SSH))
    describe(world.name, () => {
      unfitHosts(world);
      strangeLogins(world);
      refusals(world);
      interruptions(world);
    });
});

/** Each is found by the probe, and nothing is brought to the host. */
function unfitHosts(world: RunWorld): void {
  const cases = [
    {
      name: "a host without Node, where none may be brought",
      mounts: HIDE_NODE,
      reason: /^node: not found$/,
      remedy: /^Install Node 20\.18 or later, or put it into the PATH/,
      step: "node",
    },
    {
      name: "a Node that is too old, where none may be brought",
      mounts: HIDE_NODE,
      commands: OLD_NODE,
      reason: /^Node 18\.3 is too old$/,
      remedy: /^Install Node 20\.18 or later/,
      step: "node",
    },
    {
      name: "a login shell that only refuses",
      commands: "echo This account is currently not available.; exit 1",
      reason: /This account is currently not available\./,
      remedy: /choose another user/,
      step: "shell",
    },
    {
      name: "no room anywhere",
      mounts: "mount -t tmpfs -o size=64k none /var/tmp; mount -t tmpfs -o size=64k none /tmp",
      reason:
        /^no directory for the client: .*\.cache\/nebula: No space left: .*; \/var\/tmp\/nebula-0: No space left.*; \/tmp\/nebula-0: No space left/,
      remedy: /free space/,
      step: "disk",
    },
  ];
  for (const { name, mounts, commands, reason, step, remedy } of cases) {
    runTest(world, `${name} is named, with what to do`, async (place) => {
      const hosts = oneHost(place);
      hosts.farm.atLogin(hosts.addressOf("h1"), loginOf(mounts, commands));
      expectRefused(await runOne(place, NO_PUSH), step, reason, remedy);
      expect(await holdsWithin(TIDY_MS, () => isTidy(hosts, "h1"))).toBe(true);
    });
  }
}

/** None of them is in the way. */
function strangeLogins(world: RunWorld): void {
  const cases = [
    { name: "start-up files that print", commands: "echo welcome; echo more >&2; printf prompt:" },
    {
      name: "a C shell whose start-up file prints",
      commands: "echo 'echo noise' >.cshrc; LOGIN_SHELL=/bin/csh",
    },
    {
      name: "a home that cannot be written",
      mounts: 'mount --bind "$HOME" "$HOME"; mount -o remount,ro,bind "$HOME"',
    },
  ];
  for (const { name, mounts, commands } of cases) {
    runTest(world, `${name}: the run succeeds`, async (place) => {
      const hosts = oneHost(place);
      hosts.farm.atLogin(hosts.addressOf("h1"), loginOf(mounts, commands));
      expectEnd(await runOne(place), 0);
      expect(await holdsWithin(TIDY_MS, () => isTidy(hosts, "h1"))).toBe(true);
      expect(await holdsWithin(TIDY_MS, () => !existsSync("/var/tmp/nebula-0"))).toBe(true);
    });
  }
}

function refusals(world: RunWorld): void {
  runTest(world, "login refused: the way in is named, and nothing is left", async (place) => {
    place.directory("h1");
    const hosts = place.hosts as SshHosts;
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", place.path("other_key")]);
    hosts.writeConfig([`Host h1\n  IdentityFile ${place.path("other_key")}\n  IdentitiesOnly yes\n`], false);
    expectRefused(await runOne(place), "login", /Permission denied/, /ssh-add|IdentityFile|authorized_keys/);
  });

  runTest(world, "a changed host key is refused before any credential is sent", async (place) => {
    place.directory("h1");
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", place.path("old_host_key")]);
    const old = readFileSync(place.path("old_host_key.pub"), "utf8");
    writeFileSync(place.path("home/.ssh/known_hosts"), `* ${old}`);
    expectRefused(await runOne(place), "host key", /SHA256:.*SHA256:/s, /ssh-keygen -R/);
    expect((place.hosts as SshHosts).farm.log).not.toContain("Accepted publickey");
  });

  runTest(world, "a port that refuses and one that is silent do not hold up the others", async (place) => {
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const { port } = silent.address() as AddressInfo;
    place.directory("h[1-4]");
    (place.hosts as SshHosts).writeConfig([
      `Host h1\n  Port 1\n`,
      `Host h2\n  HostName 127.0.0.1\n  Port ${String(port)}\n  ConnectTimeout 2\n`,
    ]);
    const end = await place.run(
      applicationXml({ managerType: "ssh", components: [{ hosts: "2", blocks: HELLO }] }),
    );
    silent.close();
    expectEnd(end, 0);
    expect(end.last.hosts?.succeeded).toBe("h[3-4]");
  });
}

function interruptions(world: RunWorld): void {
  runTest(world, "Ctrl-C while hosts are being reached leaves nothing", async (place) => {
    const hosts = place.hosts as SshHosts;
    place.directory("h[1-4]");
    for (const host of HOSTS) hosts.farm.atLogin(hosts.addressOf(host), "sleep 1");
    const plush = place.start(
      applicationXml({ managerType: "ssh", components: [{ hosts: "4", blocks: HELLO }] }),
    );
    await plush.event("host", (event) => event.state === "connecting");
    await holdsWithin(10_000, () => hosts.farm.log.includes("Starting session"));
    plush.child.kill("SIGINT");
    expectEnd(await plush.ended, 130);
    expect(await holdsWithin(TIDY_MS, () => HOSTS.every((host) => isTidy(hosts, host)))).toBe(true);
  });

  runTest(world, "sshd killed in mid-run: the run goes on", async (place) => {
    place.directory("h[1-2]");
    const script = `while [ ! -e ${place.path("go")} ]; do sleep 0.05; done; echo through`;
    const plush = place.start(
      applicationXml({ managerType: "ssh", components: [{ hosts: "2", blocks: shellXml(script) }] }),
    );
    for (const host of ["h1", "h2"])
      await plush.event("process", (event) => event.state === "started" && event.host === host);
    const hosts = place.hosts as SshHosts;
    await hosts.farm.kill();
    place.write("go", "");
    const end = await plush.ended;
    expectEnd(end, 0);
    expect(end.last.hosts?.succeeded).toBe("h[1-2]");
    // Nobody can reach these hosts any more: they tidy up by themselves.
    expect(await holdsWithin(TIDY_MS, () => isTidy(hosts, "h1") && isTidy(hosts, "h2"))).toBe(true);
  });
}
