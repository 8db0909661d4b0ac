// Ctrl-C and SIGTERM in each phase of a run: it ends as interrupted, and nothing is left.
import { expect } from "vitest";
import { applicationXml, barrierXml, fileSoftwareXml, processXml, shellXml } from "./application-text.ts";
import type { PlushProcess } from "./plush-process.ts";
import { expectEnd, runTest, type RunPlace } from "./run-place.ts";
import type { RunWorld } from "./run-world.ts";

const INTERRUPTED = 130;
const LONG = processXml("sleep", ["1000"]);
/** Takes longer to carry home than the signal takes. */
const COLLECTED_MEGABYTES = 100;

interface Phase {
  readonly name: string;
  readonly blocks: string;
  readonly reached: (plush: PlushProcess) => Promise<unknown>;
}

const PHASES: readonly Phase[] = [
  { name: "while hosts are matched", blocks: LONG, reached: (plush) => plush.state("matching") },
  {
    name: "while it connects",
    blocks: LONG,
    reached: (plush) => plush.event("host", (event) => event.state === "connecting"),
  },
  {
    name: "before a barrier",
    blocks:
      shellXml("[ ${host.name} != h2 ] || exec sleep 1000", { name: "before" }) +
      barrierXml("b", "all", { after: ["before"] }),
    reached: (plush) => plush.event("barrier", (event) => event.state === "reached"),
  },
  {
    name: "while it runs",
    blocks: LONG,
    reached: (plush) => plush.event("process", (event) => event.state === "started" && event.host === "h2"),
  },
  {
    name: "while it stops",
    blocks: shellXml(
      "[ ${host.name} = h2 ] || exit 9; trap '' TERM; echo deaf; while :; do sleep 0.1; done",
      {
        attributes: 'stop_grace="1s"',
        inside: '<exit_policy status="9" action="abort"/>',
      },
    ),
    reached: (plush) => plush.state("stopping"),
  },
  {
    name: "while it collects",
    blocks: shellXml(`head -c ${String(COLLECTED_MEGABYTES)}M /dev/zero > big`, {
      inside: '<collect path="big"/>',
    }),
    reached: (plush) => plush.state("collecting"),
  },
];

export function interruptRuns(world: RunWorld): void {
  for (const phase of PHASES) {
    runTest(world, `Ctrl-C ${phase.name}`, async (place) => {
      const plush = startTwo(place, phase.blocks);
      await phase.reached(plush);
      plush.child.kill("SIGINT");
      await expectInterrupted(plush, "SIGINT");
    });
  }

  runTest(world, "Ctrl-C while a package is fetched that does not come", async (place) => {
    const server = await place.serve({ "/slow": "hang" });
    place.directory("h[1-2]");
    const definitions = `<software name="s" type="none"><package name="p" type="web" sha256="${"0".repeat(64)}"><path>${server.url}/slow</path><dest_path>f</dest_path></package></software>`;
    const plush = place.start(
      applicationXml({
        managerType: place.managerType,
        definitions,
        components: [{ hosts: "2", software: ["s"], blocks: LONG }],
      }),
    );
    await Promise.race([server.requested("/slow"), plush.state("running")]);
    plush.child.kill("SIGINT");
    await expectInterrupted(plush, "SIGINT");
  });

  runTest(world, "Ctrl-C while a script installs", async (place) => {
    place.directory("h1");
    const script = place.write("setup.sh", `: > ${place.path("installing")}; sleep 1000`);
    const definitions = fileSoftwareXml("s", "script", { "": script });
    const plush = place.start(
      applicationXml({
        managerType: place.managerType,
        definitions,
        components: [{ hosts: "1", software: ["s"], blocks: LONG }],
      }),
    );
    await plush.event("software", (event) => event.state === "installing");
    plush.child.kill("SIGINT");
    await expectInterrupted(plush, "SIGINT");
  });

  runTest(world, "Ctrl-C right at the start", async (place) => {
    const plush = startTwo(place, LONG);
    plush.child.kill("SIGINT");
    const end = await plush.ended;
    // Before it listens, the system ends it, which a shell shows as 130 as well.
    expect(end.signal === "SIGINT" || end.exitCode === INTERRUPTED).toBe(true);
  });

  for (const signal of ["SIGTERM", "SIGHUP"] as const) {
    runTest(world, `${signal} while it runs`, async (place) => {
      const plush = startTwo(place, LONG);
      await plush.event("process", (event) => event.state === "started" && event.host === "h2");
      plush.child.kill(signal);
      await expectInterrupted(plush, signal);
    });
  }

  runTest(world, "a second Ctrl-C leaves at once, and the clients end by themselves", async (place) => {
    const deaf = shellXml("trap '' TERM; echo deaf; while :; do sleep 0.1; done", {
      attributes: 'stop_grace="5s"',
    });
    const plush = startTwo(place, deaf, 'controller_absence="1s"');
    for (const host of ["h1", "h2"]) await plush.event("output", (event) => event.host === host);
    plush.child.kill("SIGINT");
    await plush.state("stopping");
    const beforeMs = performance.now();
    plush.child.kill("SIGINT");
    const end = await plush.ended;
    expect(performance.now() - beforeMs).toBeLessThan(2000);
    expect(end.exitCode).toBe(INTERRUPTED);
    expect(end.stderr).toContain("left at once");
  });
}

function startTwo(place: RunPlace, blocks: string, experiment = ""): PlushProcess {
  place.directory("h[1-2]");
  return place.start(
    applicationXml({ managerType: place.managerType, experiment, components: [{ hosts: "2", blocks }] }),
  );
}

async function expectInterrupted(plush: PlushProcess, signal: string): Promise<void> {
  const end = await plush.ended;
  expectEnd(end, INTERRUPTED);
  expect(end.last).toMatchObject({ event: "run", state: "aborted", reason: `interrupted (${signal})` });
  expect(end.stderr).toMatch(new RegExp(`${signal}.*stopping the processes and cleaning up`));
}
