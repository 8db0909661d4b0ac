// What metrics cost each client: processor time with looks every second, every 10 s and none, on real clients in a tree.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Controller } from "../src-main/controller/controller.ts";
import { startController } from "../src-main/start-controller.ts";
import { hostIdOf } from "../src-shared/base/ids.ts";
import { METRICS_MS, METRICS_MS_MIN } from "../src-shared/protocol/metrics.ts";

/** `npm run bench -- metrics HOSTS DEGREE SECONDS`. */
const [HOSTS = 100, DEGREE = 8, SECONDS = 15] = process.argv.slice(2).map(Number);
/** Of a core, for each client at the usual pace. */
const GOAL = 0.0005;
/** So seldom that none falls into a round. */
const NEVER_MS = 60 * 60 * 1000;
const FANOUT = 32;
const NS_PER_S = 1e9;
/** In turn, so that what else the computer does weighs on all of them. */
const ROUNDS = [
  ["none", NEVER_MS],
  ["every 1 s", METRICS_MS_MIN],
  ["every 10 s", METRICS_MS],
  ["none", NEVER_MS],
  ["every 1 s", METRICS_MS_MIN],
  ["every 10 s", METRICS_MS],
] as const;

interface Used {
  readonly relays: number[];
  readonly leaves: number[];
}

const folder = mkdtempSync(join(tmpdir(), "nebula-bench-"));
const controller = (await startController({
  stateDirectory: folder,
  resultsDirectory: undefined,
  resultsKeep: undefined,
  port: undefined,
  overlay: "rand-tree",
  degree: DEGREE,
  log: () => undefined,
})) as Controller;
try {
  const path = join(folder, "directory.xml");
  const nodes = `<node hostname="h[1-${String(HOSTS)}]"/>`;
  writeFileSync(path, `<plush><resource_manager type="local">${nodes}</resource_manager></plush>`);
  await controller.loadDirectory({ path });
  const connected = await controller.connect(undefined, { fanout: FANOUT });
  if (connected.kind === "refused") throw new Error(connected.message);
  const used = new Map<string, Used>();
  for (const [name, everyMs] of ROUNDS) {
    const known = used.get(name) ?? { relays: [], leaves: [] };
    used.set(name, known);
    const share = await round(everyMs);
    known.relays.push(...share.relays);
    known.leaves.push(...share.leaves);
  }
  print(used);
} finally {
  await controller.quit();
  rmSync(folder, { recursive: true, force: true });
}

/** Each client's share of a core. */
async function round(everyMs: number): Promise<Used> {
  const hosts = controller.hosts();
  const names = hosts.map(({ host }) => hostIdOf(host));
  controller.fleet.command(names, { kind: "measure", everyMs, forMs: NEVER_MS });
  // The command itself costs something, and looks that were planned before still come.
  await pause(METRICS_MS_MIN * 3);
  const parents = new Set(controller.mesh().members.map(({ parent }) => parent));
  const pids = hosts.flatMap(({ host, client }) =>
    client === undefined ? [] : [{ isRelay: parents.has(hostIdOf(host)), pid: client.pid }],
  );
  const before = pids.map(({ pid }) => usedNs(pid));
  const startedMs = performance.now();
  await pause(SECONDS * 1000);
  const seconds = (performance.now() - startedMs) / 1000;
  const shares = pids.map(({ pid, isRelay }, at) => ({
    isRelay,
    share: (usedNs(pid) - (before[at] ?? 0)) / NS_PER_S / seconds,
  }));
  const of = (wanted: boolean): number[] =>
    shares.filter(({ isRelay }) => isRelay === wanted).map(({ share }) => share);
  return { relays: of(true), leaves: of(false) };
}

/** All threads: the first field of schedstat is nanoseconds on a processor. */
function usedNs(pid: number): number {
  const tasks = `/proc/${String(pid)}/task`;
  return readdirSync(tasks).reduce(
    (sum, task) => sum + Number(readFileSync(join(tasks, task, "schedstat"), "utf8").split(" ")[0]),
    0,
  );
}

function print(used: ReadonlyMap<string, Used>): void {
  const percent = (share: number): string => `${(share * 100).toFixed(4)} %`;
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
  const none = used.get("none") ?? { relays: [], leaves: [] };
  console.log(
    `${String(HOSTS)} clients, degree ${String(DEGREE)}, ${String(cpus().length)} processors, load ${loadavg()[0]?.toFixed(1) ?? ""}; of a core, mean of each client`,
  );
  console.log("looks        relays      leaves      metrics: relays  leaves");
  for (const [name, { relays, leaves }] of used) {
    const cost = [mean(relays) - mean(none.relays), mean(leaves) - mean(none.leaves)];
    const cells = [mean(relays), mean(leaves), ...cost].map((share) => percent(share).padEnd(12));
    console.log(`${name.padEnd(12)} ${cells.join("")}`);
  }
  // The usual pace drowns in what else the computer does; ten times as often does not.
  const fast = used.get("every 1 s") ?? none;
  const per = METRICS_MS / METRICS_MS_MIN;
  const all = mean([...fast.relays, ...fast.leaves]) - mean([...none.relays, ...none.leaves]);
  const relay = mean(fast.relays) - mean(none.relays);
  console.log(
    `at one look in 10 s, by those every second: ${percent(all / per)} each, ${percent(relay / per)} of a relay; goal ${percent(GOAL)}`,
  );
  if (Math.max(all, relay) / per > GOAL) process.exitCode = 1;
}
