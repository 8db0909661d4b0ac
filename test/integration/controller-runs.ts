// Controllers that are killed, stand still, or have nobody left who reads what they print.
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { expect } from "vitest";
import { applicationXml, fileSoftwareXml, processXml, shellXml } from "./application-text.ts";
import type { PlushProcess } from "./plush-process.ts";
import { holdsWithin } from "./process-list.ts";
import { expectEnd, kill, runTest, type RunPlace } from "./run-place.ts";
import type { RunWorld } from "./run-world.ts";

const ABSENCE_S = 3;
/** Longer than the dead interval of the overlay (3 s), as a computer that was asleep: nothing else tells it. */
const ASLEEP_MS = 4500;
const INTERRUPTED = 130;
/** Takes longer to carry home than the signal takes. */
const COLLECTED_MEGABYTES = 100;
const COLLECT_MS = 10_000;

export function controllerRuns(world: RunWorld): void {
  runTest(
    world,
    "kill -9 of the controller: processes go on for the absence that is allowed, then all is gone",
    async (place) => {
      const done = place.path("done");
      const script = `while [ ! -e ${place.path("go")} ]; do sleep 0.05; done; : > ${done}.$1; exec sleep 1000`;
      const plush = startTwo(
        place,
        processXml("sh", ["-c", script, "sh", "${host.name}"]),
        `${String(ABSENCE_S)}s`,
      );
      await bothStarted(plush);
      kill(plush.pid, "SIGKILL");
      await plush.ended;
      place.write("go", "");
      const bothDone = (): boolean => existsSync(`${done}.h1`) && existsSync(`${done}.h2`);
      expect(await holdsWithin(ABSENCE_S * 1000, bothDone)).toBe(true);
      // That all goes is what every test of this table ends with.
    },
  );

  runTest(world, "kill -9 of the controller while it connects", async (place) => {
    place.directory("h[1-8]");
    const plush = place.start(application(place, "8", processXml("sleep", ["1000"]), "1s"));
    await plush.event("host", (event) => event.state === "connecting");
    await holdsWithin(1000, () => place.hosts.listProcesses().length > 1);
    kill(plush.pid, "SIGKILL");
    await plush.ended;
  });

  runTest(world, "kill -9 of the controller while a script installs", async (place) => {
    place.directory("h1");
    const script = place.write("setup.sh", "sleep 1000");
    const components = [{ hosts: "1", software: ["s"], blocks: shellXml("true") }];
    const definitions = fileSoftwareXml("s", "script", { "": script });
    const { managerType } = place;
    const experiment = 'controller_absence="1s"';
    const plush = place.start(applicationXml({ managerType, definitions, experiment, components }));
    await plush.event("software", (event) => event.state === "installing");
    kill(plush.pid, "SIGKILL");
    await plush.ended;
  });

  runTest(world, "kill -9 of the controller while it collects", async (place) => {
    const blocks = shellXml(`head -c ${String(COLLECTED_MEGABYTES)}M /dev/zero > big`, {
      inside: '<collect path="big"/>',
    });
    const plush = startTwo(place, blocks, "1s");
    const results = join(place.stateDirectory, "runs");
    await plush.state("collecting");
    // In the middle of it: something has come, and not all.
    const bytes = (): number => bytesBelow(results);
    expect(await holdsWithin(COLLECT_MS, () => bytes() > 0)).toBe(true);
    kill(plush.pid, "SIGKILL");
    await plush.ended;
    expect(bytes()).toBeLessThan(2 * COLLECTED_MEGABYTES * 1024 * 1024);
  });

  runTest(world, "a controller that was asleep goes on, and nothing is lost", async (place) => {
    const go = place.path("go");
    const plush = startTwo(place, shellXml(`while [ ! -e ${go} ]; do sleep 0.05; done; echo awake`), "1h");
    await bothStarted(plush);
    kill(plush.pid, "SIGSTOP");
    await pause(ASLEEP_MS);
    place.write("go", "");
    kill(plush.pid, "SIGCONT");
    const end = await plush.ended;
    expectEnd(end, 0);
    expect(end.last.hosts).toMatchObject({ succeeded: "h[1-2]" });
    expect(end.events.filter((event) => event.event === "process" && event.state === "started")).toHaveLength(
      2,
    );
  });

  runTest(world, "a controller that was asleep too long finds its hosts gone, and says so", async (place) => {
    const plush = startTwo(place, processXml("sleep", ["1000"]), "1s");
    await bothStarted(plush);
    kill(plush.pid, "SIGSTOP");
    const clients = (): number =>
      place.hosts.listProcesses().filter(({ commandLine }) => /plush-(?:client|keeper)/.test(commandLine))
        .length;
    expect(await holdsWithin(20_000, () => clients() === 0)).toBe(true);
    kill(plush.pid, "SIGCONT");
    const end = await plush.ended;
    expectEnd(end, 4);
    // The first loss ends the run; the other host may be found gone while it ends.
    expect(end.last.hosts?.unreachable).toMatch(/^h/);
  });

  runTest(world, "nobody reads the output any more: the run ends as interrupted", async (place) => {
    const plush = startTwo(place, shellXml("while :; do echo more; sleep 0.05; done"), "1h");
    await bothStarted(plush);
    plush.child.stdout.destroy();
    const end = await plush.ended;
    expect(end.exitCode).toBe(INTERRUPTED);
  });
}

function application(place: RunPlace, hosts: string, blocks: string, absence: string): string {
  const { managerType } = place;
  return applicationXml({
    managerType,
    experiment: `controller_absence="${absence}"`,
    components: [{ hosts, blocks }],
  });
}

function startTwo(place: RunPlace, blocks: string, absence: string): PlushProcess {
  place.directory("h[1-2]");
  return place.start(application(place, "2", blocks, absence));
}

function bytesBelow(folder: string): number {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((file) => file.isFile());
  const collected = files.filter((file) => file.name.includes("big"));
  return collected.reduce((sum, file) => sum + statSync(join(file.parentPath, file.name)).size, 0);
}

async function bothStarted(plush: PlushProcess): Promise<void> {
  for (const host of ["h1", "h2"]) {
    await plush.event("process", (event) => event.host === host && event.state === "started");
  }
}
