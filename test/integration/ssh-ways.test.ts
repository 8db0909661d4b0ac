// How links come about where clients cannot dial: by the controller's dial, over SSH; and how they come back.
import { readFileSync } from "node:fs";
import { describe, expect } from "vitest";
import { applicationXml, processXml } from "./application-text.ts";
import { expectEnd, runTest, type RunPlace } from "./run-place.ts";
import { farmHindrance } from "./ssh-farm.ts";
import { sshWorld, type SshHosts } from "./ssh-world.ts";

const HELLO = processXml("echo", ["hello"]);

describe.skipIf(farmHindrance() !== undefined).concurrent("ways to ssh hosts", () => {
  runTest(sshWorld, "a host without any way to the controller is reached over SSH", async (place) => {
    const hosts = place.hosts as SshHosts;
    place.directory("h1");
    hosts.farm.atLogin(hosts.addressOf("h1"), withoutNetwork());
    expectEnd(await runOn(place, 1), 0);
    expect(waysOf(place)).toEqual({ h1: "ssh" });
  });
});

/** Each login is on an island: it shares its files with the others, and reaches nobody. */
function withoutNetwork(): string {
  return `cat >.shell <<'END'
#!/bin/sh
exec unshare -n /bin/sh "$@"
END
chmod +x .shell
LOGIN_SHELL=$HOME/.shell`;
}

function runOn(place: RunPlace, hosts: number): ReturnType<RunPlace["run"]> {
  return place.run(
    applicationXml({ managerType: "ssh", components: [{ hosts: String(hosts), blocks: HELLO }] }),
  );
}

function waysOf(place: RunPlace): unknown {
  return JSON.parse(readFileSync(`${place.stateDirectory}/ways.json`, "utf8"));
}
