// What one seed says of one topology, network and size: one line of the raw data behind the figures.
import { CONTESTANTS } from "./contestants.ts";
import type { NetworkName } from "./simulated-trial.ts";

/** Milliseconds; null: not within the time that is given to it; absent: not measured. */
export interface Sample {
  readonly source: "simulated" | "real";
  readonly topology: string;
  readonly network: string;
  readonly hosts: number;
  /** Real ones: the build, from 1. */
  readonly seed: number;
  readonly buildMs?: number | null;
  readonly rootHandshakes?: number;
  readonly depth?: number;
  readonly deliveredMs?: number | null;
  readonly acknowledgedMs?: number | null;
  /** The controller's own part of one command of 1 KB: processor time, bytes sent. */
  readonly rootCpuMs?: number | null;
  readonly rootBytes?: number | null;
  readonly killedMs?: number | null;
  readonly silentMs?: number | null;
  /** Real ones: a tenth of the hosts at once, and a command to the others then. */
  readonly killedTenthMs?: number | null;
  readonly afterwardsMs?: number | null;
  /** Real ones: processor time of all clients and the controller for the build; of all clients for a command. */
  readonly buildProcessorMs?: number;
  readonly clientsCpuMs?: number;
  /** Real ones: folders of hosts that were not removed in the end. */
  readonly leftBehind?: number;
  /** Private memory of one client; of the controller, all of it. */
  readonly clientMiB?: number;
  readonly controllerMiB?: number;
}

export interface DisasterSample {
  readonly topology: string;
  readonly network: string;
  readonly hosts: number;
  readonly seed: number;
  readonly killedQuarterMs: number | null;
  readonly silentQuarterMs: number | null;
  readonly killedHalfMs: number | null;
  readonly silentHalfMs: number | null;
  readonly healedMs: number | null;
}

const PARTITION_MS = 20_000;

export function sampleOnce(topology: string, network: NetworkName, hosts: number, seed: number): Sample {
  const make = CONTESTANTS[topology];
  if (make === undefined) throw new RangeError(`there is no topology "${topology}"`);
  const trial = make({ hosts, network, seed });
  const buildMs = trial.build() ?? null;
  const base = { source: "simulated", topology, network, hosts, seed, buildMs } as const;
  const built = { rootHandshakes: trial.world.controller.linksMade, depth: trial.depthMax };
  trial.rest();
  trial.command();
  const command = buildMs === null ? undefined : trial.command();
  const one = trial.interior();
  const killedMs = one === undefined ? null : (trial.repair([one], "killed") ?? null);
  trial.rest();
  const other = trial.interior();
  const silentMs =
    other === undefined || killedMs === null ? null : (trial.repair([other], "silent") ?? null);
  return {
    ...base,
    ...built,
    deliveredMs: command?.deliveredMs ?? null,
    acknowledgedMs: command?.acknowledgedMs ?? null,
    rootCpuMs: command?.rootCpuMs ?? null,
    rootBytes: command?.rootBytes ?? null,
    killedMs,
    silentMs,
  };
}

export function sampleDisasters(
  topology: string,
  network: NetworkName,
  hosts: number,
  seed: number,
): DisasterSample {
  const fresh = (): ReturnType<(typeof CONTESTANTS)[string]> => {
    const make = CONTESTANTS[topology];
    if (make === undefined) throw new RangeError(`there is no topology "${topology}"`);
    const trial = make({ hosts, network, seed });
    trial.build();
    trial.rest();
    return trial;
  };
  const quarter = fresh();
  const killedQuarterMs = quarter.repair(quarter.draw(0.25), "killed") ?? null;
  const silent = fresh();
  const silentQuarterMs = silent.repair(silent.draw(0.25), "silent") ?? null;
  const half = fresh();
  const killedHalfMs = half.repair(half.draw(0.5), "killed") ?? null;
  const silentHalf = fresh();
  const silentHalfMs = silentHalf.repair(silentHalf.draw(0.5), "silent") ?? null;
  const parted = fresh();
  const healedMs = parted.partition(0.3, PARTITION_MS) ?? null;
  return {
    topology,
    network,
    hosts,
    seed,
    killedQuarterMs,
    silentQuarterMs,
    killedHalfMs,
    silentHalfMs,
    healedMs,
  };
}
