// One process of the simulated part: is told a seed, answers with its sample, until nobody has another one.
import { sampleDisasters, sampleOnce } from "./simulated-sample.ts";
import type { NetworkName } from "./simulated-trial.ts";

export interface SimulatedTask {
  readonly kind: "sample" | "disaster";
  readonly topology: string;
  readonly network: NetworkName;
  readonly hosts: number;
  readonly seed: number;
}

process.on("message", (message) => {
  const { kind, topology, network, hosts, seed } = message as SimulatedTask;
  const measure = kind === "sample" ? sampleOnce : sampleDisasters;
  process.send?.(measure(topology, network, hosts, seed));
});
