// What one build of real client processes says: commands, hosts killed and fallen silent one by one, then a tenth at once.
import { setTimeout as pause } from "node:timers/promises";
import { DEGREE } from "./contestants.ts";
import { RealTrial } from "./real-trial.ts";
import type { Sample } from "./simulated-sample.ts";

const COMMANDS = 20;
const KILLS = 20;
const SILENCES = 2;
const TENTH = 0.1;
const COMMAND_BYTES = 1024;
/** After a build, for what it has left to settle: three beacons. */
const REST_MS = 3000;
/** Between two that are lost: at any point between two beacons. */
const BREATH_MS = 500;
const BEACON_MS = 1000;
const MIB = 1024 * 1024;

export interface RealWish {
  readonly topology: string;
  readonly hosts: number;
  readonly build: number;
}

export async function sampleReal({ topology, hosts, build }: RealWish): Promise<Sample[]> {
  const base = { source: "real", network: "loopback", topology, hosts, seed: build } as const;
  const trial = await RealTrial.open(topology, DEGREE);
  const samples: Sample[] = [];
  const note = (sample: Partial<Sample>): void => void samples.push({ ...base, ...sample });
  try {
    await trial.startProcesses(hosts);
    say(`${String(hosts)} processes have been started`);
    const clientsMs = trial.processorMs();
    const own = process.cpuUsage();
    const buildMs = await trial.build();
    say(`built: ${String(buildMs)} ms, ${String(trial.attachedCount)} attached`);
    const { user, system } = process.cpuUsage(own);
    const processorMs = trial.processorMs() - clientsMs + (user + system) / 1000;
    await pause(REST_MS);
    const controllerMiB = process.memoryUsage.rss() / MIB;
    const clientMiB = trial.memoryMiB();
    note({ buildMs, depth: trial.depthMax, clientMiB, controllerMiB, buildProcessorMs: processorMs });
    if (buildMs === null) return samples;
    await sampleCommands(trial, note);
    say("commands are over");
    await sampleLosses(trial, note);
    say("losses are over");
  } finally {
    const left = await trial.close();
    note({ leftBehind: left.length });
  }
  return samples;
}

/** A large build takes minutes. */
function say(text: string): void {
  console.error(`  ${new Date().toISOString().slice(11, 19)} ${text}`);
}

async function sampleCommands(trial: RealTrial, note: (sample: Partial<Sample>) => void): Promise<void> {
  for (let count = 0; count < COMMANDS; count += 1) {
    const clientsMs = trial.processorMs();
    const command = await trial.command(COMMAND_BYTES);
    note({ acknowledgedMs: null, ...command, clientsCpuMs: trial.processorMs() - clientsMs });
    await pause(Math.random() * BREATH_MS);
  }
}

/** What is not repaired never is: the rest would wait for nothing. */
async function sampleLosses(trial: RealTrial, note: (sample: Partial<Sample>) => void): Promise<void> {
  for (let count = 0; count < KILLS + SILENCES; count += 1) {
    const how = count < KILLS ? "killed" : "silent";
    const interior = trial.interior();
    const victim = interior[Math.floor(Math.random() * interior.length)];
    if (victim === undefined) return;
    const tookMs = await trial.lose([victim], how);
    note({ [how === "killed" ? "killedMs" : "silentMs"]: tookMs });
    if (tookMs === null || !(await trial.replace(1))) return;
    await pause(BREATH_MS + Math.random() * BEACON_MS);
  }
  const tookMs = await trial.lose(trial.any(TENTH), "killed");
  const command = tookMs === null ? null : await trial.command(COMMAND_BYTES);
  note({ killedTenthMs: tookMs, afterwardsMs: command?.acknowledgedMs ?? null });
}
