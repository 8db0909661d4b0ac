// `plush test` against hosts that are well and hosts that are not: each reason once, and nothing is left there.
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { HIDE_NODE, loginOf, OLD_NODE } from "./host-logins.ts";
import type { PlushEnd } from "./plush-process.ts";
import { holdsWithin } from "./process-list.ts";
import { runTest, type RunPlace } from "./run-place.ts";
import { farmHindrance } from "./ssh-farm.ts";
import { sshWorld, type SshHosts } from "./ssh-world.ts";

const TIDY_MS = 20_000;

describe.skipIf(farmHindrance() !== undefined)("tests of ssh hosts", () => {
  runTest(sshWorld, "good, old Node, no Node, no room, refused port, wrong key: each with its reason", mixed);
  runTest(sshWorld, "interrupted: what is known is told, and nothing is left", interrupted);
});

async function mixed(place: RunPlace): Promise<void> {
  place.directory("h[1-8]");
  const hosts = place.hosts as SshHosts;
  const at = (host: string, commands: string): void => hosts.farm.atLogin(hosts.addressOf(host), commands);
  at("h3", loginOf(HIDE_NODE, OLD_NODE));
  at("h4", loginOf(HIDE_NODE));
  at("h5", loginOf("mount -t tmpfs -o size=64k none /var/tmp; mount -t tmpfs -o size=64k none /tmp"));
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", place.path("other_key")]);
  hosts.writeConfig(
    [
      "Host h6 h7\n  Port 1\n",
      `Host h8\n  IdentityFile ${place.path("other_key")}\n  IdentitiesOnly yes\n`,
      `Host h1 h2 h3 h4 h5 h6 h7\n  IdentityFile ${hosts.farm.keyFile}\n`,
    ],
    false,
  );
  const end = await test(place, "--user", "root", "--user", "nobody-there");
  expect({ exitCode: end.exitCode, stderr: end.stderr }).toEqual({ exitCode: 4, stderr: "" });
  const lines = end.stdout.split("\n").map((line) => line.replaceAll(/(?<=\S) +/g, " "));
  expect(lines).toEqual([
    "resolve ok h[1-8]",
    "connect ok h[1-5,8]",
    "connect failed h[6-7]: connection refused on port 1",
    "  help: Start sshd there, or correct the port.",
    "host key ok h[1-5,8]",
    "login ok h[1-5]",
    expect.stringMatching(/^login failed h8: .*Permission denied/),
    expect.stringMatching(/^ {2}help: /),
    "shell ok h[1-5]",
    expect.stringMatching(/^system ok h\[1-5\]: Linux /),
    "disk ok h[1-4]",
    expect.stringMatching(/^disk failed h5: no directory for the client: .*No space left/),
    expect.stringMatching(/^ {2}help: Make one of them usable/),
    expect.stringMatching(/^node ok h\[1-2,5\]: v/),
    "node warning h3: Node 18.3 is too old; Nebula brings one",
    "node warning h4: node: not found; Nebula brings one",
    "clock ok h[1-5]",
    "sudo ok h[1-5]: may become root",
    expect.stringMatching(/^sudo failed h\[1-5\]: nobody-there: .*no such user/),
    expect.stringMatching(/^ {2}help: /),
    "way back ok h[1-2,5]",
    "0 of 8 hosts can be used; failed: h[1-5,8]; unreachable: h[6-7]",
    "",
  ]);
  const left = (host: string): boolean =>
    existsSync(join(hosts.farm.homeOf(hosts.addressOf(host)), ".cache"));
  expect(await holdsWithin(TIDY_MS, () => !["h1", "h2", "h3", "h4", "h5"].some(left))).toBe(true);

  const few = await test(place, "-w", "h[1-2]", "--output", "jsonl");
  expect(few.exitCode).toBe(0);
  const objects = few.stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(objects.map(({ event }) => event)).toEqual(["test", "test", "tested"]);
  expect(objects.at(-1)).toMatchObject({
    exitCode: 0,
    hosts: { usable: "h[1-2]", failed: "", unreachable: "" },
  });
}

async function interrupted(place: RunPlace): Promise<void> {
  place.directory("h[1-2]");
  const hosts = place.hosts as SshHosts;
  hosts.farm.atLogin(hosts.addressOf("h2"), "sleep 3");
  const plush = place.plush(["test", "-d", place.path("directory.xml"), "--output", "jsonl"]);
  await plush.event("test" as "host");
  plush.child.kill("SIGINT");
  const end = await plush.ended;
  expect(end.exitCode).toBe(130);
  expect(end.stdout).toMatch(
    /"reason":"interrupted before all hosts were tested; so far 1 of 1 host can be used"/,
  );
}

async function test(place: RunPlace, ...flags: readonly string[]): Promise<PlushEnd> {
  const plush = place.plush(["test", "-d", place.path("directory.xml"), ...flags]);
  plush.child.stdin.end();
  return plush.ended;
}
