// Runs over the tree while clients in its middle die, stand still or are cut off: all results are exactly there, or it is
// said of which hosts they are missing. `npm run test:overlay-all` plays them larger, and those that take minutes.
import { join } from "node:path";
import { describe, expect } from "vitest";
import { hostIdOf } from "../../src-shared/base/ids.ts";
import { foldNames } from "../../src-shared/node-set/fold-names.ts";
import { parseNodeSet } from "../../src-shared/node-set/node-set.ts";
import { createAuthority } from "../../src-main/overlay-root/certificate-authority.ts";
import { applicationXml, shellXml } from "./application-text.ts";
import { flood, pressAsStrangers } from "./hostile-ends.ts";
import { localWorld } from "./local-world.ts";
import type { PlushEnd, PlushProcess } from "./plush-process.ts";
import { readTree } from "./read-results.ts";
import { expectEnd, kill, runTest, type PlushOptions, type RunPlace } from "./run-place.ts";
import { farmHindrance } from "./ssh-farm.ts";
import { Island, islandHindrance } from "./ssh-islands.ts";
import { sshWorld, type SshHosts } from "./ssh-world.ts";
import { childrenOf, doorsOf, relaysOf } from "./tree-links.ts";

const ALL = process.env["NEBULA_ALL_RUNS"] === "1";
const HOSTS = ALL ? 60 : 12;
const SPARE = ALL ? 10 : 2;
const QUARTER = HOSTS / 4;
const LONG_MS = ALL ? 240_000 : 60_000;
const UNREACHABLE = 4;
/** Doors on which many come at once. */
const FLOODED = 4;
const EVIL = { role: "client", host: hostIdOf("evil"), incarnation: 1, rank: 1 } as const;
const TREE = ["--overlay", "rand-tree", "--degree", "2"];

describe("runs over a tree", () => {
  dying();
  standingStill();
  cutOff();
});

function dying(): void {
  runTest(
    localWorld,
    "kill -9 of a client in the middle: a spare host, and nobody else is disturbed",
    async (place) => {
      const run = await Working.start(place, HOSTS - SPARE);
      const [victim] = run.relays(1);
      run.signal([victim!], "SIGKILL");
      const { host: spare } = await run.plush.event("process", ({ host }) => !run.hosts.includes(host));
      const end = await run.end();
      expectEnd(end, 0);
      const succeeded = [...run.hosts.filter((host) => host !== victim), spare];
      run.expectExactly(end, { succeeded, replaced: [victim!] });
    },
    LONG_MS,
  );

  runTest(
    localWorld,
    "a quarter of all killed at once, and no spare hosts: it is said who",
    async (place) => {
      const run = await Working.start(place, HOSTS);
      const victims = run.relays(QUARTER);
      run.signal(victims, "SIGKILL");
      const end = await run.end();
      expectEnd(end, UNREACHABLE);
      const succeeded = run.hosts.filter((host) => !victims.includes(host));
      run.expectExactly(end, { succeeded, unreachable: victims });
    },
    LONG_MS,
  );
}

function standingStill(): void {
  runTest(
    localWorld,
    "a client in the middle stands still and goes on while strangers press on all doors: its subtree moves, nothing is lost",
    async (place) => {
      const run = await Working.start(place, HOSTS);
      const [victim] = run.relays(1);
      run.signal([victim!], "SIGSTOP");
      await strangersPress(run, victim!);
      const pids = new Map([[victim!, run.pids.get(victim!)!]]);
      await run.plush.event("problem", () => run.isTold([victim!]));
      // All have done their part while it stands, but not itself.
      place.write("go", "");
      const others = (): boolean => run.ended().length === HOSTS - 1;
      await run.plush.event("process", others);
      expect(childrenOf(pids).get(victim!)).toBe(0);
      run.signal([victim!], "SIGCONT");
      const end = await run.end();
      expectEnd(end, 0);
      run.expectExactly(end, { succeeded: run.hosts });
    },
    LONG_MS,
  );

  if (ALL)
    runTest(
      localWorld,
      "a quarter stands still for good: after the grace it is said who",
      async (place) => {
        const run = await Working.start(place, HOSTS);
        const victims = run.relays(QUARTER);
        run.signal(victims, "SIGSTOP");
        const end = await run.end();
        expectEnd(end, UNREACHABLE);
        const succeeded = run.hosts.filter((host) => !victims.includes(host));
        run.expectExactly(end, { succeeded, unreachable: victims });
      },
      LONG_MS,
    );
}

/** On the controller and on every client but one. */
async function strangersPress(run: Working, without: string): Promise<void> {
  const pids = [...run.pids].flatMap(([host, pid]) => (host === without ? [] : [pid]));
  const doors = [run.plush.pid, ...pids].flatMap(doorsOf);
  expect(doors.length).toBeGreaterThanOrEqual(HOSTS);
  const foreign = await (await createAuthority("foreign")).issue(EVIL);
  const floods = doors.slice(0, FLOODED).map(flood);
  await Promise.all(floods.map(({ shed }) => shed));
  for (const at of doors) await pressAsStrangers(at, [undefined, foreign]);
  for (const { end } of floods) end();
}

/** The first half of the hosts in a network of their own, and no SSH below the overlay. */
function cutOff(): void {
  const hosts = ALL ? 20 : 6;
  const options = { environment: { PLUSH_WAYS: "client" } };

  async function partition(
    place: RunPlace,
    body: (run: Working, island: Island, inside: readonly string[]) => Promise<void>,
  ): Promise<void> {
    const island = await Island.open(2);
    try {
      const { farm, addressOf } = asSsh(place);
      const names = namesOf(hosts);
      const inside = names.slice(0, hosts / 2);
      place.directory(`h[1-${String(hosts)}]`);
      for (const host of inside) farm.atLogin(addressOf(host), island.login);
      await body(await Working.start(place, hosts, options), island, inside);
    } finally {
      island.close();
    }
  }

  describe.skipIf((farmHindrance() ?? islandHindrance()) !== undefined)("in a network of their own", () => {
    runTest(
      sshWorld,
      "half of the hosts are cut off and come back: nothing is lost",
      async (place) => {
        await partition(place, async (run, island, inside) => {
          island.cut();
          await run.plush.event("problem", () => run.isTold(inside));
          place.write("go", "");
          await run.plush.event("process", () => run.ended().length >= hosts - inside.length);
          island.mend();
          const end = await run.end();
          expectEnd(end, 0);
          run.expectExactly(end, { succeeded: run.hosts });
        });
      },
      LONG_MS,
    );

    if (ALL)
      runTest(
        sshWorld,
        "half of the hosts are cut off for good: it is said who",
        async (place) => {
          await partition(place, async (run, island, inside) => {
            island.cut();
            const end = await run.end();
            expectEnd(end, UNREACHABLE);
            const succeeded = run.hosts.filter((host) => !inside.includes(host));
            run.expectExactly(end, { succeeded, unreachable: inside });
            island.mend();
          });
        },
        LONG_MS,
      );
  });
}

function asSsh(place: RunPlace): { farm: SshHosts["farm"]; addressOf: (host: string) => string } {
  const hosts = place.hosts as SshHosts;
  return { farm: hosts.farm, addressOf: (host) => hosts.addressOf(host) };
}

function namesOf(count: number): string[] {
  return Array.from({ length: count }, (_, place) => `h${String(place + 1)}`);
}

/** A run whose processes have all begun, and end when they are told to. */
class Working {
  readonly plush: PlushProcess;
  readonly hosts: readonly string[];
  /** Of their clients. */
  readonly pids: ReadonlyMap<string, number>;
  readonly #place: RunPlace;

  private constructor(place: RunPlace, plush: PlushProcess, hosts: readonly string[]) {
    this.#place = place;
    this.plush = plush;
    this.hosts = hosts;
    this.pids = new Map(hosts.map((host) => [host, place.hosts.clientPid(host)]));
  }

  static async start(place: RunPlace, wanted: number, options: PlushOptions = {}): Promise<Working> {
    if (place.managerType === "local") place.directory(`h[1-${String(HOSTS)}]`);
    // A run that may go on with fewer.
    const counts = `min="${String(Math.floor(wanted / 2))}" max="${String(wanted)}"`;
    const script = `echo begin \${host.name}; while [ ! -e ${place.path("go")} ]; do sleep 0.2; done; echo end`;
    const text = applicationXml({
      managerType: place.managerType,
      components: [{ hosts: counts, blocks: shellXml(script) }],
    });
    const plush = place.start(text, TREE, options);
    const begun = (): Set<string> =>
      new Set(
        plush.events.flatMap((event) =>
          event.event === "output" && event.text.includes("begin") ? [event.host] : [],
        ),
      );
    await plush.event("output", () => begun().size === wanted);
    return new Working(place, plush, [...begun()]);
  }

  relays(count: number): string[] {
    const relays = relaysOf(this.pids);
    expect(relays.length, "clients with others below them").toBeGreaterThan(0);
    const others = this.hosts.filter((host) => !relays.includes(host));
    return [...relays, ...others].slice(0, count);
  }

  signal(hosts: readonly string[], signal: NodeJS.Signals): void {
    for (const host of hosts) kill(this.pids.get(host)!, signal);
  }

  /** Whether a broken connection was told of all of these. */
  isTold(hosts: readonly string[]): boolean {
    const told = this.plush.events.flatMap((event) =>
      event.event === "problem" && event.step === "connection" ? namesIn(event.hosts) : [],
    );
    return hosts.every((host) => told.includes(host));
  }

  /** Hosts of which a process has ended. */
  ended(): string[] {
    return this.plush.events.flatMap((event) =>
      event.event === "process" && event.state === "exited" ? [event.host] : [],
    );
  }

  end(): Promise<PlushEnd> {
    this.#place.write("go", "");
    return this.plush.ended;
  }

  /** Nobody is missing, nobody is too many; whoever has succeeded was started once and has said all. */
  expectExactly(
    end: PlushEnd,
    wanted: {
      readonly succeeded: readonly string[];
      readonly unreachable?: readonly string[];
      readonly replaced?: readonly string[];
    },
  ): void {
    const { succeeded, unreachable = [], replaced = [] } = wanted;
    expect(end.last.hosts).toEqual({
      succeeded: foldNames(succeeded),
      failed: "",
      unreachable: foldNames(unreachable),
      replaced: foldNames(replaced),
    });
    const said = readTree(join(end.results, "output"));
    for (const host of succeeded)
      expect(said[`${host}/c1 block.p.stdout`], host).toBe(`begin ${host}\nend\n`);
    const starts = end.events.flatMap((event) =>
      event.event === "process" && event.state === "started" ? [event.host] : [],
    );
    expect(starts.sort()).toEqual([...succeeded, ...unreachable, ...replaced].sort());
  }
}

function namesIn(set: string): readonly string[] {
  const parsed = parseNodeSet(set);
  return parsed.kind === "ok" ? parsed.set.names() : [];
}
