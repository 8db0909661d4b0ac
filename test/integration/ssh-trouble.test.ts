// Many hosts at once, of which some are unfit; and controllers that are interrupted or killed while they bring or remove a
// client: each host is named, and nothing is left behind.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { applicationXml, shellXml } from "./application-text.ts";
import type { PlushProcess } from "./plush-process.ts";
import { loginOf } from "./host-logins.ts";
import { holdsWithin } from "./process-list.ts";
import { readTree } from "./read-results.ts";
import { expectEnd, kill, runTest, type RunPlace } from "./run-place.ts";
import type { RunWorld } from "./run-world.ts";
import { farmHindrance } from "./ssh-farm.ts";
import { expectTold, HELLO, isTidy, oneHost, TIDY_MS, type ToldFailure } from "./ssh-trouble.ts";
import { troubleWorlds, type SshHosts } from "./ssh-world.ts";

const INTERRUPTED = 130;
const MANY = 24;

const BY_SYSTEM_SSH = ["unfit hosts are replaced and named; who is ready keeps what it has"];

describe.skipIf(farmHindrance() !== undefined).concurrent("ssh hosts in trouble", () => {
  for (const world of troubleWorlds(BY_SYSTEM_SSH))
    describe(world.name, () => {
      runTest(world, `${String(MANY)} hosts, each with its own home and run directory`, async (place) => {
        place.directory(`h[1-${String(MANY)}]`);
        const hosts = place.hosts as SshHosts;
        const blocks = shellXml('echo "$HOME"; pwd');
        const end = await place.run(
          applicationXml({ managerType: "ssh", components: [{ hosts: String(MANY), blocks }] }),
        );
        expectEnd(end, 0);
        expect(end.last.hosts?.succeeded).toBe(`h[1-${String(MANY)}]`);
        const output = readTree(join(end.results, "output"));
        for (let index = 1; index <= MANY; index += 1) {
          const home = hosts.farm.homeOf(hosts.addressOf(`h${String(index)}`));
          const text = output[`h${String(index)}/c1 block.p.stdout`] ?? "";
          expect(text.startsWith(`${home}\n${home}/.cache/nebula/hosts/`), text).toBe(true);
        }
      });

      replacements(world);
      interruptions(world);
    });
});

/** Pool larger than what is wanted: two good hosts, and between them one of each kind of trouble. */
function replacements(world: RunWorld): void {
  runTest(world, "unfit hosts are replaced and named; who is ready keeps what it has", async (place) => {
    place.directory("h[1-7]");
    const hosts = place.hosts as SshHosts;
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", place.path("other")]);
    const other = readFileSync(place.path("other.pub"), "utf8").trim();
    const changed = `[${hosts.addressOf("h4")}]:${String(hosts.farm.port)}`;
    const known = hosts.farm.knownHosts.replace("*", `!${changed},*`);
    writeFileSync(place.path("home/.ssh/known_hosts"), `${changed} ${other}\n${known}`);
    hosts.writeConfig(
      [
        "Host h2\n  Port 1\n",
        `Host h3\n  IdentityFile ${place.path("other")}\n`,
        `Host h* !h3\n  IdentityFile ${hosts.farm.keyFile}\n`,
      ],
      false,
    );
    hosts.farm.atLogin(hosts.addressOf("h5"), "echo This account is currently not available.; exit 1");
    const full = 'mkdir -p "$HOME/.cache"; mount -t tmpfs -o nr_inodes=5 none "$HOME/.cache"';
    hosts.farm.atLogin(hosts.addressOf("h6"), loginOf(full));
    const end = await place.run(
      applicationXml({ managerType: "ssh", components: [{ hosts: "2", blocks: HELLO }] }),
    );
    expectEnd(end, 0);
    expect(end.last.hosts).toEqual({
      succeeded: "h[1,7]",
      failed: "",
      unreachable: "",
      replaced: "h[2-6]",
    });
    const told: Record<string, ToldFailure> = {
      h2: { step: "connect", reason: /refused on port 1/, remedy: /sshd/ },
      h3: { step: "login", reason: /^Permission denied/, remedy: /authorized_keys/ },
      h4: { step: "host key", reason: /has changed/, remedy: /ssh-keygen -R/ },
      h5: { step: "shell", reason: /not available/, remedy: /another user/ },
      h6: { step: "upload", reason: /No space left on device/, remedy: /Free some space/ },
    };
    for (const [host, failure] of Object.entries(told)) expectTold(end, host, failure);
    const contacts = end.events.filter((event) => event.event === "host" && event.state === "connecting");
    expect(contacts.filter((event) => event.event === "host" && event.host === "h1")).toHaveLength(1);
    const started = end.events.filter((event) => event.event === "process" && event.state === "started");
    expect(started.map((event) => (event.event === "process" ? event.host : "")).sort()).toEqual([
      "h1",
      "h7",
    ]);
  });
}

interface Phase {
  readonly name: string;
  /** What each login runs first; it says in a file that the phase is reached, and takes its time. */
  readonly login: string;
  /** After a Ctrl-C: a run whose processes have all finished has not been interrupted. */
  readonly exitCode: number;
}

/** Programs of the host's that the script uses, made slow. */
const slow = (program: string, when: string): string => `
mkdir -p bin
printf '%s\\n' '#!/bin/sh' '${when} && { : >"$HOME/reached"; sleep 1; }' 'exec /usr/bin/${program} "$@"' >bin/${program}
chmod +x bin/${program}
PATH=$HOME/bin:$PATH`;

const PHASES: readonly Phase[] = [
  {
    name: "while the client's program comes",
    login: slow("head", '[ "$2" -gt 100000 ]'),
    exitCode: INTERRUPTED,
  },
  {
    name: "while the client is started",
    login: slow("setsid", "true"),
    exitCode: INTERRUPTED,
  },
  {
    name: "while it cleans up",
    login: slow("rmdir", "case $1 in */nebula/hosts) ;; *) false ;; esac"),
    exitCode: 0,
  },
];

function interruptions(world: RunWorld): void {
  for (const { name, login, exitCode } of PHASES) {
    const started = (
      place: RunPlace,
    ): { plush: PlushProcess; reached: Promise<boolean>; hosts: SshHosts } => {
      const hosts = oneHost(place);
      hosts.farm.atLogin(hosts.addressOf("h1"), login);
      const experiment = 'controller_absence="1s"';
      const components = [{ hosts: "1", blocks: HELLO }];
      const plush = place.start(applicationXml({ managerType: "ssh", experiment, components }));
      const sign = join(hosts.farm.homeOf(hosts.addressOf("h1")), "reached");
      return { plush, hosts, reached: holdsWithin(TIDY_MS, () => existsSync(sign)) };
    };

    runTest(world, `Ctrl-C ${name}`, async (place) => {
      const { plush, reached, hosts } = started(place);
      expect(await reached).toBe(true);
      plush.child.kill("SIGINT");
      expectEnd(await plush.ended, exitCode);
      expect(await holdsWithin(TIDY_MS, () => isTidy(hosts, "h1"))).toBe(true);
    });

    runTest(world, `kill -9 of the controller ${name}`, async (place) => {
      const { plush, reached, hosts } = started(place);
      expect(await reached).toBe(true);
      kill(plush.pid, "SIGKILL");
      await plush.ended;
      expect(await holdsWithin(TIDY_MS, () => isTidy(hosts, "h1"))).toBe(true);
    });
  }
}
