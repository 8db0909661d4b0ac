// Runs one of the programs that are compared, on all hosts of a farm, and measures it.
import type { BenchFarm } from "./bench-farm.ts";
import type { CpuMeter } from "./cpu-meter.ts";
import { answersOf, measure, type Measured } from "./measure.ts";
import type { Peer } from "./peers.ts";

/** Below the listen backlog of one sshd (128): beyond it connections are lost, whoever makes them. */
export const FANOUT = 32;
/** The command that all run. */
export const REMOTE = "hostname";

/** `sshConfig`: the farm's for cold or for warm connections. */
export function runPeer(meter: CpuMeter, farm: BenchFarm, peer: Peer, sshConfig: string): Promise<Measured> {
  const work = { hosts: farm.set, hostsFile: farm.hostsFile, sshConfig, fanout: FANOUT, remote: REMOTE };
  return measure(meter, farm.names, () => {
    const child = meter.here.spawn(peer.command(work), {
      env: { ...farm.environment, ...peer.environment(work) },
      stdio: ["ignore", "pipe", "pipe"],
    });
    return answersOf(child, farm.names.length, peer.hostOf);
  });
}
