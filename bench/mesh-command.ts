// A command to hosts that stand: a no-op acknowledged by all, and `hostname`, beside pdsh, clush and taktuk
import { mkdirSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { farmHindrance } from "../test/integration/ssh-farm.ts";
import { RealTrial } from "./overlay/real-trial.ts";
import { openBenchFarm, type BenchFarm } from "./parts/bench-farm.ts";
import { openCpuMeter, type CpuMeter } from "./parts/cpu-meter.ts";
import { measure, median, type Measured } from "./parts/measure.ts";
import { findPeers, isThere, type Peer } from "./parts/peers.ts";
import { PlushShell } from "./parts/plush-shell.ts";
import { FANOUT, REMOTE, runPeer } from "./parts/run-peer.ts";
import { TakTuk } from "./parts/taktuk.ts";

const ROOT = resolve(import.meta.dirname, "..");
const NO_OPS = 20;
const NO_OP_BYTES = 200;
const REST_MS = 3000;

const { values: flags } = parseArgs({
  options: {
    hosts: { type: "string", default: "100,500" },
    rounds: { type: "string", default: "3" },
    overlay: { type: "string", default: "rand-tree" },
  },
});

type Row = ReadonlyMap<string, readonly Measured[]>;

const hindrance = farmHindrance();
if (hindrance === undefined) await main();
else console.log(`mesh-command needs a farm of hosts, and there can be none here: ${hindrance}`);

async function main(): Promise<void> {
  const meter = openCpuMeter();
  try {
    const peers = findPeers();
    for (const hosts of flags.hosts.split(",").map(Number)) {
      const noOps = await measureNoOps(hosts);
      const row = await measureCommands(meter, peers, hosts);
      print(hosts, row, noOps);
    }
  } finally {
    meter.close();
  }
  const load = loadavg()[0]?.toFixed(1) ?? "?";
  console.log(
    `${String(cpus().length)} × ${cpus()[0]?.model ?? "?"}, load ${load}, Node ${process.versions.node}, ` +
      `medians of ${flags.rounds} interleaved rounds; all hosts share these processors`,
  );
}

/** Wall times of no-ops over a standing tree of real client processes, until the controller knows that all have it. */
async function measureNoOps(hosts: number): Promise<number[]> {
  const trial = await RealTrial.open(flags.overlay, FANOUT);
  try {
    await trial.startProcesses(hosts);
    if ((await trial.build()) === null)
      throw new Error(`only ${String(trial.attachedCount)} hosts are attached`);
    await pause(REST_MS);
    const times: number[] = [];
    for (let count = 0; count < NO_OPS; count += 1) {
      const command = await trial.command(NO_OP_BYTES);
      if (command === null) throw new Error("a no-op was not acknowledged by all");
      times.push(command.acknowledgedMs);
    }
    return times;
  } finally {
    await trial.close();
  }
}

async function measureCommands(meter: CpuMeter, peers: readonly Peer[], hosts: number): Promise<Row> {
  const row = new Map<string, Measured[]>();
  const note = (what: string, measured: Measured): void => {
    row.set(what, [...(row.get(what) ?? []), measured]);
    if (measured.missing.length > 0)
      console.log(`${what}: ${String(measured.missing.length)} of ${String(hosts)} have not answered`);
  };
  const farm = await openBenchFarm(meter, hosts);
  const closers: (() => Promise<void>)[] = [];
  try {
    const plush = await standingPlush(meter, farm);
    closers.push(() => plush.quit());
    const taktuk = isThere("taktuk") ? await standingTakTuk(meter, farm, note) : undefined;
    if (taktuk !== undefined) closers.push(() => taktuk.quit());
    // Connects the masters.
    for (const peer of peers) await runPeer(meter, farm, peer, farm.warm);
    for (let round = 0; round < Number(flags.rounds); round += 1) {
      for (const peer of peers) note(`${peer.name} cold`, await runPeer(meter, farm, peer, farm.cold));
      for (const peer of peers) note(`${peer.name} warm`, await runPeer(meter, farm, peer, farm.warm));
      if (taktuk !== undefined)
        note("taktuk warm", await measure(meter, farm.names, () => taktuk.command(REMOTE, farm.names)));
      note("plush", await measure(meter, farm.names, () => plush.command(REMOTE, hosts)));
    }
    return row;
  } finally {
    for (const close of closers) await close();
    await farm.close();
  }
}

async function standingPlush(meter: CpuMeter, farm: BenchFarm): Promise<PlushShell> {
  farm.write("plush.prefs", `overlay = ${flags.overlay}\nfanout = ${String(FANOUT)}\n`);
  farm.write(
    "directory.xml",
    `<plush><resource_manager type="ssh"><node hostname="${farm.set}" group="g"/></resource_manager></plush>\n`,
  );
  const child = meter.here.spawn([process.execPath, join(ROOT, "dist", "plush.mjs"), "shell"], {
    cwd: farm.home,
    env: { ...farm.environment },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const shell = new PlushShell(child);
  shell.say("use directory.xml");
  shell.say("connect");
  const answered = await shell.command(REMOTE, farm.names.length);
  if (answered.size < farm.names.length)
    throw new Error(`plush has connected ${String(answered.size)} of ${String(farm.names.length)}`);
  return shell;
}

/** Its deployment counts as its cold run. */
async function standingTakTuk(
  meter: CpuMeter,
  farm: BenchFarm,
  note: (what: string, measured: Measured) => void,
): Promise<TakTuk> {
  mkdirSync(join(farm.home, "taktuk"), { recursive: true });
  let started: TakTuk | undefined;
  const cold = await measure(meter, farm.names, () => {
    started = new TakTuk(
      meter.here.spawn(TakTuk.commandLine(farm.cold, farm.hostsFile), {
        cwd: farm.home,
        env: { ...farm.environment },
        stdio: ["pipe", "pipe", "pipe"],
      }),
    );
    return started.command(REMOTE, farm.names);
  });
  note("taktuk cold", cold);
  if (started === undefined) throw new Error("taktuk was started");
  return started;
}

function print(hosts: number, row: Row, noOps: readonly number[]): void {
  console.log(`\n${String(hosts)} hosts                wall s   CPU ms/host   here   hosts   missing`);
  const walls = new Map<string, number>();
  for (const [what, all] of row) {
    const wallMs = median(all.map((one) => one.wallMs));
    const here = median(all.map((one) => one.hereMs)) / hosts;
    const there = median(all.map((one) => one.hostsMs)) / hosts;
    const missing = all.reduce((sum, one) => sum + one.missing.length, 0);
    // Whoever has not answered has won nothing.
    if (missing === 0) walls.set(what, wallMs);
    console.log(
      [
        what.padEnd(22),
        (wallMs / 1000).toFixed(3).padStart(9),
        (here + there).toFixed(1).padStart(13),
        here.toFixed(1).padStart(6),
        there.toFixed(1).padStart(7),
        String(missing).padStart(9),
      ].join(" "),
    );
  }
  const best = (kind: string): number =>
    Math.min(...[...walls].filter(([what]) => what.endsWith(` ${kind}`)).map(([, wallMs]) => wallMs));
  const noOp = median(noOps);
  const plush = walls.get("plush") ?? Number.NaN;
  console.log(`no-op acknowledged by all: ${noOp.toFixed(1)} ms (${String(noOps.length)} of them)`);
  const goal = (name: string, ratio: number, least: number): void =>
    console.log(
      `${ratio >= least ? "met   " : "missed"} ${name}: ${ratio.toFixed(1)} × (at least ${String(least)})`,
    );
  goal("no-op against the best cold peer", best("cold") / noOp, 50);
  goal("no-op against the best warm peer", best("warm") / noOp, 50);
  goal("hostname against the best cold peer", best("cold") / plush, 10);
  goal("hostname against the best warm peer", best("warm") / plush, 1);
}
