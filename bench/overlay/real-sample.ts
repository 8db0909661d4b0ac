// What one build of real client processes says: commands, then hosts killed and fallen silent one after the other.
import { setTimeout as pause } from "node:timers/promises";
import { DEGREE } from "./contestants.ts";
import { RealTrial } from "./real-trial.ts";
import type { Sample } from "./simulated-sample.ts";

const COMMANDS = 20;
const KILLS = 10;
const SILENCES = 2;
const COMMAND_BYTES = 1024;
/** Between two measurements, for what the last one has left to settle: three beacons. */
const REST_MS = 3000;
const MIB = 1024 * 1024;

export interface RealWish {
  readonly topology: string;
  readonly hosts: number;
  readonly build: number;
}

export async function sampleReal({ topology, hosts, build }: RealWish): Promise<Sample[]> {
  const base = { source: "real", network: "loopback", topology, hosts, seed: build } as const;
  const samples: Sample[] = [];
  const trial = await RealTrial.open(topology, DEGREE);
  try {
    await trial.startProcesses(hosts);
    const buildMs = await trial.build();
    await pause(REST_MS);
    const controllerMiB = process.memoryUsage.rss() / MIB;
    const clientMiB = trial.memoryMiB();
    samples.push({ ...base, buildMs, depth: trial.depthMax, clientMiB, controllerMiB });
    if (buildMs === null) return samples;
    for (let count = 0; count < COMMANDS; count += 1) {
      const command = await trial.command(COMMAND_BYTES);
      samples.push({ ...base, acknowledgedMs: null, ...command });
    }
    // Of a few hosts a few: an overlay of none is not repaired.
    const kills = Math.min(KILLS, Math.floor(hosts / 3));
    for (let count = 0; count < kills + SILENCES; count += 1) {
      const how = count < kills ? "killed" : "silent";
      const [victim] = trial.interior();
      if (victim === undefined) break;
      const tookMs = await trial.lose([victim], how);
      samples.push({ ...base, [how === "killed" ? "killedMs" : "silentMs"]: tookMs });
      // What is not repaired by now never is: the rest would wait for nothing.
      if (tookMs === null) break;
      await pause(REST_MS * (0.5 + Math.random()));
    }
    return samples;
  } finally {
    await trial.close();
  }
}
