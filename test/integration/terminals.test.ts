// A person's shells through a controller: on an embedded host, and on hosts behind a real sshd by both transports.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { ControllerApi } from "../../src-shared/controller-api/controller-api.ts";
import { holdsWithin, isAlive } from "./process-list.ts";
import { RunPlace } from "./run-place.ts";
import { farmHindrance } from "./ssh-farm.ts";
import type { SshHosts } from "./ssh-world.ts";
import { sshWorld } from "./ssh-world.ts";
import { Person, WAIT_MS } from "./terminal-person.ts";

const SIZE = { columns: 80, rows: 24 };
/** What may be under way of an output that nobody takes: a window of SSH (2 MB), what TCP holds, pipes. */
const HELD_BYTES_MAX = 5_000_000;
/** Larger than what terminals, pipes and a window of SSH take. */
const PASTE_BYTES = 900_000;
/** A terminal stands still when its program gets no further for so long. */
const STILL_MS = 300;
const FINGERPRINT = "SHA256:[A-Za-z0-9+/]{43}";

describe.skipIf(farmHindrance() !== undefined)("terminals", () => {
  const environment = { ...process.env };
  let place: RunPlace;
  let hosts: SshHosts;
  let api: ControllerApi;
  let people: Person[] = [];

  beforeAll(async () => {
    place = await RunPlace.open(sshWorld);
    // Shells here are the tester's: start-up files and all.
    Object.assign(process.env, { HOME: place.path("home"), TMPDIR: place.path("tmp"), SHELL: "/bin/sh" });
    hosts = place.hosts as SshHosts;
    hosts.directoryXml([{ hosts: "far[1-4]" }]);
    hosts.writeConfig(["Host far4", "  ProxyJump far1", ""]);
    place.write(
      "directory.xml",
      `<plush>
  <resource_manager type="local"><node hostname="here"/></resource_manager>
  <resource_manager type="ssh"><node hostname="far[1-2]"/><node hostname="far4"/></resource_manager>
  <resource_manager type="ssh" transport="system-ssh"><node hostname="far3"/></resource_manager>
  <resource_manager type="planetlab"><node hostname="dream"/></resource_manager>
</plush>`,
    );
    api = await controller();
  });

  beforeEach(() => {
    writeFileSync(place.path("home/.ssh/known_hosts"), hosts.farm.knownHosts);
  });

  afterEach(() => {
    for (const { shell } of people) shell.close();
    people = [];
  });

  afterAll(async () => {
    await place.endClean();
    Object.assign(process.env, environment);
  });

  async function controller(): Promise<ControllerApi> {
    const started = await place.controller();
    const loaded = await started.loadDirectory({ path: place.path("directory.xml") });
    expect(loaded.loaded, JSON.stringify(loaded.problems)).toBe(true);
    return started;
  }

  async function open(host: string, by = api): Promise<Person> {
    const person = new Person(await by.openTerminal(host, SIZE));
    people.push(person);
    return person;
  }

  test.each([["here"], ["far1"], ["far3"], ["far4"]])(
    "on %s: typing, size, its end in words",
    async (host) => {
      const person = await open(host);
      person.type("echo a$((1 + 1))b; stty size; echo $TERM\n");
      await person.hears(/a2b\r\n24 80\r\nxterm-256color/);
      person.shell.resize({ columns: 101, rows: 33 });
      person.type("until [ \"$(stty size)\" = '33 101' ]; do sleep 0.02; done; echo si''zed\n");
      await person.hears(/sized/);
      person.type("exit 3\n");
      expect(await person.ends()).toBe("exit status 3");
      expect(person.isLost).toBe(false);
    },
  );

  test.each([["here"], ["far1"]])("on %s: 10 MB wait there for one who does not look", async (host) => {
    const person = await open(host);
    const progress = place.path(`progress-${host}`);
    const step = `head -c 250000 /dev/zero | tr '\\0' x; echo $i >${progress}`;
    person.type("echo be''gin\n");
    await person.hears(/begin/);
    person.shell.pause();
    person.type(`for i in $(seq 40); do ${step}; done; echo do''ne; exit\n`);
    const before = person.bytes;
    const stepsDone = (): number => (existsSync(progress) ? Number(readFileSync(progress, "utf8")) : 0);
    let seen = -1;
    await holdsWithin(WAIT_MS, async () => {
      seen = stepsDone();
      await pause(STILL_MS);
      return seen === stepsDone();
    });
    expect(seen * 250_000).toBeLessThan(HELD_BYTES_MAX);
    expect(person.bytes).toBe(before);
    person.shell.resume();
    await person.hears(/xdone/);
    expect(person.bytes - before).toBeGreaterThan(10_000_000);
    expect(await person.ends()).toBe("exit status 0");
  });

  test.each([["here"], ["far1"]])("on %s: last words reach one who looks late", async (host) => {
    const person = await open(host);
    person.type("echo pid=$$\n");
    const pid = Number((await person.hears(/pid=(\d+)\r/))[1]);
    person.shell.pause();
    person.type("head -c 1000 /dev/zero | tr '\\0' x; echo last words; exit 0\n");
    expect(await holdsWithin(WAIT_MS, () => host !== "here" || !isAlive(pid))).toBe(true);
    // node-pty closes a terminal whose program has ended after 200 ms.
    await pause(STILL_MS);
    person.shell.resume();
    expect(await person.ends()).toBe("exit status 0");
    expect(person.said).toMatch(/x{1000}last words/);
  });

  test.each([["here"], ["far1"]])(
    "on %s: what nobody reads is typed in vain, and stops nobody",
    async (host) => {
      const person = await open(host);
      person.type("stty raw -echo; echo si''lent; exec sleep 60\n");
      await person.hears(/silent/);
      const startMs = performance.now();
      for (let pastes = 0; pastes < 10; pastes += 1) person.shell.write(Buffer.alloc(PASTE_BYTES, "x"));
      // One that waits in the event loop waits for the sleeper.
      expect(performance.now() - startMs).toBeLessThan(10_000);
      expect(await person.ends()).toBe("more than 4 MB were typed or pasted, and nothing there reads them");
    },
  );

  test("a large paste arrives whole, at the pace of its reader", async () => {
    const person = await open("here");
    person.type("stty raw -echo; echo re''ady; head -c 300000 | cksum; stty sane\n");
    await person.hears(/ready/);
    const paste = Buffer.from(Array.from({ length: 300_000 }, (_, index) => 32 + (index % 90)));
    person.shell.write(paste);
    const sum = execFileSync("cksum", { input: paste }).toString().trim();
    await person.hears(new RegExp(sum));
  });

  test("the embedded host's shell is in its client's folder, and takes its jobs with it", async () => {
    const before = await open("here");
    before.type("echo in=$PWD host=$PLUSH_HOST\n");
    const home = await before.hears(/in=(\S+) host=here/);
    expect(home[1]).toBe(place.path("home"));
    expect((await api.connect("here", { fanout: 1 })).kind).toBe("done");
    const client = api.hosts().find(({ host }) => host === "here")?.client;
    const person = await open("here");
    person.type("echo in=$PWD; sleep 1000 & one=$!; sleep 1001 & kill -STOP $!; echo jobs=$one $!\n");
    expect((await person.hears(/in=(\S+)\r/))[1]).toBe(client?.directory);
    const jobs = (await person.hears(/jobs=(\d+) (\d+)\r/)).slice(1).map(Number);
    expect(jobs.every(isAlive)).toBe(true);
    person.shell.close();
    expect(await person.ends()).toBe("closed from here");
    expect(await holdsWithin(WAIT_MS, () => !jobs.some(isAlive))).toBe(true);
    expect((await api.disconnect("here", { keep: false })).kind).toBe("done");
  });

  test("a connection that dies", async () => {
    const [near, behind, bySystem] = [await open("far1"), await open("far4"), await open("far3")];
    for (const person of [near, behind, bySystem]) {
      person.type("echo he''re\n");
      await person.hears(/here/);
    }
    hosts.farm.dropConnections();
    expect(await near.ends()).toMatch(/^connection lost: /);
    expect(await behind.ends()).toMatch(/^connection lost: /);
    expect(await bySystem.ends()).toBe("ssh has given up (exit status 255); it says why above");
    expect(bySystem.said).toMatch(/closed|reset/);
    expect([near, behind, bySystem].map(({ isLost }) => isLost)).toEqual([true, true, true]);
  });

  test("a changed host key is refused, with both fingerprints, before anything is sent", async () => {
    const other = place.path("other-key");
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", other]);
    const port = String(hosts.farm.port);
    const line = `[${hosts.addressOf("far2")}]:${port} ${readFileSync(`${other}.pub`, "utf8")}`;
    writeFileSync(place.path("home/.ssh/known_hosts"), line);
    const logged = hosts.farm.log.length;
    const result = await api.openTerminal("far2", SIZE);
    expect(result).toMatchObject({ kind: "failed", step: "host key" });
    if (result.kind === "failed") {
      expect(result.reason).toMatch(
        new RegExp(`has changed: ED25519 ${FINGERPRINT} .* is known, the host shows ED25519 ${FINGERPRINT}$`),
      );
      expect(result.remedy).toContain("ssh-keygen -R");
    }
    await holdsWithin(WAIT_MS, () => hosts.farm.log.slice(logged).includes("[preauth]"));
    expect(hosts.farm.log.slice(logged)).not.toMatch(/Accepted|Failed|user root/);
  });

  test("the system's ssh asks in its terminal, and is answered there", async () => {
    writeFileSync(place.path("home/.ssh/known_hosts"), "");
    const refusing = await open("far3");
    await refusing.hears(/fingerprint is SHA256[^]*continue connecting/);
    refusing.type("no\n");
    expect(await refusing.ends()).toMatch(/^ssh has given up/);
    const accepting = await open("far3");
    await accepting.hears(/continue connecting/);
    accepting.type("yes\n");
    accepting.type("echo wel''come\n");
    await accepting.hears(/welcome/);
  });

  test("an unknown key is asked for in the window, and nothing is open without an answer", async () => {
    writeFileSync(place.path("home/.ssh/known_hosts"), "");
    expect(await api.openTerminal("far2", SIZE)).toMatchObject({ kind: "failed", step: "host key" });
    const stop = api.onQuestion((change) => {
      if (change.kind === "asked") api.answer(change.question.id, "yes");
    });
    const person = await open("far2");
    stop();
    person.type("echo wel''come\n");
    await person.hears(/welcome/);
  });

  test.each([
    ["nobody", "directory", /^there is no host "nobody" in .*directory.xml$/],
    ["dream", "terminal", /^hosts of type "planetlab" have no shell$/],
  ])("no shell on %s", async (host, step, reason) => {
    const failure = { kind: "failed", step, reason: expect.stringMatching(reason) as string };
    expect(await api.openTerminal(host, SIZE)).toMatchObject(failure);
  });

  test("a controller that quits ends them all, and opens no more", async () => {
    const own = await controller();
    const all = await Promise.all(["here", "far1", "far3", "far4"].map((host) => open(host, own)));
    for (const person of all) person.type("trap '' HUP; echo re''ady\n");
    for (const person of all) await person.hears(/ready/);
    const late = own.openTerminal("far2", SIZE);
    await own.quit();
    for (const person of all) expect(person.closed).toBe("closed from here");
    expect(await late).toMatchObject({ kind: "failed", reason: "interrupted" });
    expect(await own.openTerminal("here", SIZE)).toMatchObject({ kind: "failed" });
    // Those on the far hosts are sshd's to end, which hears that they are gone.
    const quiet = await holdsWithin(WAIT_MS, () => hosts.listProcesses().length === 0);
    expect(quiet ? [] : hosts.listProcesses()).toEqual([]);
  });
});
