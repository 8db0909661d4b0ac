// Clients that die or stand still in mid-run, and hosts that look alike.
import { join } from "node:path";
import { expect } from "vitest";
import type { ControllerApi } from "../../src-shared/controller-api/controller-api.ts";
import type { RunEvent } from "../../src-shared/controller-api/run-events.ts";
import { applicationXml, processXml, shellXml } from "./application-text.ts";
import type { PlushProcess } from "./plush-process.ts";
import { holdsWithin, isAlive } from "./process-list.ts";
import { readTree } from "./read-results.ts";
import { expectEnd, kill, runTest, type RunPlace } from "./run-place.ts";
import type { RunWorld } from "./run-world.ts";

/** The keeper sees the end of its client at once and asks with TERM; then it looks five times a second. */
const KEEPER_MS = 6000;
const CONNECT = { fanout: 8 };
const COMMAND = {
  hosts: undefined,
  group: undefined,
  exclude: undefined,
  connectedOnly: false,
  stayConnected: true,
  wantsInput: false,
  fanout: 8,
  deadlineMs: undefined,
  results: undefined,
  keep: false,
} as const;

export function failureRuns(world: RunWorld): void {
  runTest(world, "kill -9 of a client: its processes go, and a spare host takes over", async (place) => {
    place.directory("h[1-3]");
    const plush = startOne(place, "2", shellXml("[ ${host.name} != h1 ] || exec sleep 1000"));
    const { pid = 0 } = await plush.event(
      "process",
      (event) => event.host === "h1" && event.state === "started",
    );
    kill(place.hosts.clientPid("h1"), "SIGKILL");
    expect(await holdsWithin(KEEPER_MS, () => !isAlive(pid))).toBe(true);
    const end = await plush.ended;
    expectEnd(end, 0);
    expect(end.last.hosts).toEqual({ succeeded: "h[2-3]", failed: "", unreachable: "", replaced: "h1" });
  });

  runTest(world, "kill -9 of a client without a spare host: unreachable, with the reason", async (place) => {
    place.directory("h[1-2]");
    const plush = startOne(place, "2", shellXml("[ ${host.name} != h1 ] || exec sleep 1000"));
    await plush.event("process", (event) => event.host === "h1" && event.state === "started");
    kill(place.hosts.clientPid("h1"), "SIGKILL");
    const end = await plush.ended;
    expectEnd(end, 4);
    expect(end.last.hosts).toMatchObject({ unreachable: "h1" });
    expect(
      end.events.find((event) => event.event === "host" && event.host === "h1" && event.state === "failed"),
    ).toMatchObject({ step: "connection", reason: expect.stringContaining("SIGKILL") as string });
  });

  runTest(
    world,
    "a client ended by TERM says goodbye and leaves nothing, its processes neither",
    async (place) => {
      place.directory("h1");
      const plush = startOne(place, "1", processXml("sleep", ["1000"]));
      const { pid = 0 } = await plush.event("process", (event) => event.state === "started");
      kill(place.hosts.clientPid("h1"), "SIGTERM");
      const end = await plush.ended;
      expect(isAlive(pid)).toBe(false);
      expectEnd(end, 4);
      expect(end.last).toMatchObject({ hosts: { unreachable: "h1" } });
    },
  );

  standingRuns(world);

  runTest(
    world,
    "a client that stood still longer than the dead interval comes back, and nothing is lost",
    async (place) => {
      place.directory("h1");
      const script = `i=0; while [ ! -e ${place.path("go")} ]; do i=$((i+1)); echo line $i; sleep 0.01; done; echo last`;
      const plush = startOne(place, "1", shellXml(script));
      await plush.event("output");
      const client = place.hosts.clientPid("h1");
      kill(client, "SIGSTOP");
      await plush.event("problem", (event) => event.step === "connection");
      kill(client, "SIGCONT");
      await plush.event("problem", (event) => event.message === "link is back");
      place.write("go", "");
      const end = await plush.ended;
      expectEnd(end, 0);
      const lines = (readTree(join(end.results, "output"))["h1/c1 block.p.stdout"] ?? "")
        .trimEnd()
        .split("\n");
      expect(lines.slice(0, -1)).toEqual(lines.slice(0, -1).map((_, index) => `line ${String(index + 1)}`));
      expect(lines.at(-1)).toBe("last");
      expect(
        end.events.filter((event) => event.event === "process" && event.state === "started"),
      ).toHaveLength(1);
    },
  );

  identityRuns(world);
}

/** Hosts that are connected by hand, in one controller. */
function standingRuns(world: RunWorld): void {
  runTest(world, "a host whose client was killed can be connected again at once", async (place) => {
    place.directory("h1");
    const api = await place.controller();
    await api.loadDirectory({ path: place.path("directory.xml") });
    await api.connect(undefined, CONNECT);
    // Deaf, so that the keeper of the first client is busy while the second one is there already.
    const deaf = await api.startCommand({
      ...COMMAND,
      command: "trap '' TERM; echo deaf; while :; do sleep 0.1; done",
    });
    if (deaf.kind === "refused") throw new Error(deaf.reason);
    await eventOf(api, (event) => event.event === "output");
    kill(place.hosts.clientPid("h1"), "SIGKILL");
    expect(await api.ended(deaf.run)).toMatchObject({ exitCode: 4 });
    expect(await api.connect(undefined, CONNECT)).toMatchObject({ kind: "done" });
    const keeperDone = (): boolean =>
      place.hosts.listProcesses().filter(({ commandLine }) => commandLine.includes("plush-keeper")).length ===
      1;
    expect(await holdsWithin(KEEPER_MS, keeperDone)).toBe(true);
    const again = await api.startCommand({ ...COMMAND, command: "echo here > file; cat file" });
    if (again.kind === "refused") throw new Error(again.reason);
    expect(await api.ended(again.run)).toMatchObject({ exitCode: 0 });
  });

  runTest(world, "a controller that quits while it connects leaves nothing", async (place) => {
    place.directory("h[1-8]");
    const api = await place.controller();
    await api.loadDirectory({ path: place.path("directory.xml") });
    void api.connect(undefined, CONNECT);
    await holdsWithin(KEEPER_MS, () => place.hosts.listProcesses().length > 0);
    await api.quit();
    expect(await place.hosts.listHostDirectories()).toEqual([]);
  });
}

/** The next event like that. */
function eventOf(api: ControllerApi, isRight: (event: RunEvent) => boolean): Promise<RunEvent> {
  return new Promise((resolve) => {
    const unsubscribe = api.subscribe((event) => {
      if (!isRight(event)) return;
      unsubscribe();
      resolve(event);
    });
  });
}

/** plush.md 3.9: the controller owns a host's identity, whatever the machine calls itself. */
function identityRuns(world: RunWorld): void {
  runTest(
    world,
    "a host is who the directory says it is, and two names on one machine are two hosts",
    async (place) => {
      place.directory("alias-one", "alias-two");
      const api = await place.controller();
      await api.loadDirectory({ path: place.path("directory.xml") });
      expect(await api.connect(undefined, CONNECT)).toEqual({
        kind: "done",
        message: "connected: alias-one,alias-two",
      });
      const views = api.hosts();
      expect(views.map(({ host, state }) => ({ host, state }))).toEqual([
        { host: "alias-one", state: "idle" },
        { host: "alias-two", state: "idle" },
      ]);
      expect(new Set(views.map(({ client }) => client?.pid)).size).toBe(2);
      const started = await api.startCommand({ ...COMMAND, command: "hostname" });
      if (started.kind === "refused") throw new Error(started.reason);
      expect(await api.ended(started.run)).toMatchObject({ exitCode: 0 });
      expect(Object.keys(readTree(join(started.results, "output")))).toEqual(
        ["alias-one", "alias-two"].map((host) => `${host}/hosts.command.stdout`),
      );
      expect(await api.disconnect(undefined, { keep: false })).toMatchObject({ kind: "done" });
    },
  );

  runTest(world, "two controllers on the same hosts do not meet", async (place) => {
    place.directory("h[1-2]");
    const meeting = (me: string, other: string): string =>
      `: > ${place.path(me)}; while [ ! -e ${place.path(other)} ]; do sleep 0.05; done; pwd; ls`;
    const first = startOne(place, "2", shellXml(meeting("one", "two")), "one.xml");
    const second = startOne(place, "2", shellXml(meeting("two", "one")), "two.xml");
    const ends = await Promise.all([first.ended, second.ended]);
    for (const end of ends) expectEnd(end, 0);
    const folders = ends.flatMap((end) => Object.values(readTree(join(end.results, "output"))));
    expect(new Set(folders).size).toBe(4);
  });
}

function startOne(place: RunPlace, hosts: string, blocks: string, name?: string): PlushProcess {
  return place.start(
    applicationXml({ managerType: place.managerType, components: [{ hosts, blocks }] }),
    [],
    name === undefined ? {} : { name },
  );
}
