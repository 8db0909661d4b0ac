// Stopping reaches every descendant: those that ignore TERM, that daemonise, that hold pipes open.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createProcessWorld, type ProcessWorld } from "./process-world.ts";

const RUN = "run-1";
const PATIENT_MS = 20_000;
const GRACE_MS = 300;

let world: ProcessWorld;
beforeEach(async () => {
  world = await createProcessWorld();
});
afterEach(async () => {
  await world.close();
  expect(await world.left()).toEqual([]);
});

const sh = (id: string, script: string, changed = {}): void => {
  world.start(id, { args: ["-c", script], ...changed });
};

describe("stop", { timeout: PATIENT_MS }, () => {
  test("lets a process end itself within its grace", async () => {
    sh("a", "trap 'echo bye; exit 7' TERM; echo up; while :; do sleep 0.05; done");
    await world.untilPrinted("a", "up");
    expect(await world.processes.stop("a", 10_000)).toEqual([]);
    expect((await world.until("exited", "a")).exit.status).toBe(7);
    expect((await world.read("a")).toString()).toContain("bye");
  });

  test("ends one that ignores TERM after its grace", async () => {
    sh("a", "trap '' TERM; echo up; while :; do sleep 0.05; done");
    await world.untilPrinted("a", "up");
    const begun = performance.now();
    await world.processes.stop("a", GRACE_MS);
    expect(performance.now() - begun).toBeGreaterThanOrEqual(GRACE_MS);
    expect((await world.until("exited", "a")).exit.signal).toBe("SIGKILL");
  });

  test("ends one that is halted", async () => {
    sh("a", "echo up; kill -STOP $$");
    await world.untilPrinted("a", "up");
    await world.processes.stop("a", 10_000);
    expect((await world.until("exited", "a")).exit.signal).toBe("SIGTERM");
  });

  test("reaches its group", async () => {
    sh("a", "sleep 1000 & (sleep 1000 & sleep 1000) & echo up; wait");
    await world.untilPrinted("a", "up");
    await world.processes.stop("a", GRACE_MS);
    expect(await world.left()).toEqual([]);
  });

  test("reaches daemons that forked twice into sessions of their own", async () => {
    sh(
      "a",
      "(setsid sh -c 'trap \"\" TERM; sleep 1000 & echo daemon; while :; do sleep 1; done' &) ; exec sleep 1000",
    );
    await world.untilPrinted("a", "daemon");
    expect(await world.processes.stop("a", GRACE_MS)).toEqual([]);
    expect(await world.left()).toEqual([]);
  });

  test("leaves the others alone", async () => {
    for (let index = 1; index <= 10; index += 1) sh(`p${index}`, "echo up; exec sleep 1000");
    for (let index = 1; index <= 10; index += 1) await world.untilPrinted(`p${index}`, "up");
    await world.processes.stop("p1", 5000);
    expect(await world.left()).toHaveLength(9);
    await world.processes.stopAll("another run", 0);
    expect(await world.left()).toHaveLength(9);
    expect(await world.processes.stopAll(RUN, 5000)).toEqual([]);
    expect(world.events.filter((event) => event.kind === "exited")).toHaveLength(10);
  });
});

describe("a process that ends by itself", { timeout: PATIENT_MS }, () => {
  test("takes its group with it", async () => {
    sh("a", "sleep 1000 & echo up");
    expect(await world.processes.isClear(RUN)).toBe(false);
    const { exit, outputHeld } = await world.until("exited", "a");
    expect(exit.status).toBe(0);
    expect(outputHeld).toBe(false);
    expect(await world.processes.isClear(RUN)).toBe(true);
    expect(await world.left()).toEqual([]);
  });

  test("is reported although a daemon holds its output; the end of the run ends the daemon", async () => {
    sh("a", "setsid sh -c 'echo daemon; exec sleep 1000' & sleep 0.2; echo up");
    const { outputHeld } = await world.until("exited", "a");
    expect(outputHeld).toBe(true);
    expect(await world.processes.isClear(RUN)).toBe(false);
    expect(await world.left()).toHaveLength(1);
    expect(await world.processes.stopAll(RUN, GRACE_MS)).toEqual([]);
    expect(await world.left()).toEqual([]);
  });
});

test("leaveChildren lets the group live until the end of the run", { timeout: PATIENT_MS }, async () => {
  const lenient = await createProcessWorld({ leaveChildren: true });
  try {
    lenient.start("a", { args: ["-c", "sleep 1000 > /dev/null 2>&1 & echo up"] });
    await lenient.until("exited", "a");
    expect(await lenient.left()).toHaveLength(1);
    expect(await lenient.processes.stopAll(RUN, GRACE_MS)).toEqual([]);
    expect(await lenient.left()).toEqual([]);
  } finally {
    await lenient.close();
  }
});

test("what hides from the group and has cleared its environment is not found (documented)", async () => {
  const file = join(world.directory, "pid");
  sh("a", `setsid env -i sleep 1000 > /dev/null 2>&1 & echo $! > ${file}; echo up; sleep 1000`);
  await world.untilPrinted("a", "up");
  await world.processes.stop("a", 0);
  const pid = Number(await readFile(file, "utf8"));
  // setsid forks when it leads a group; here it does not, so this is the sleep.
  expect(process.kill(pid, "SIGKILL")).toBe(true);
});
