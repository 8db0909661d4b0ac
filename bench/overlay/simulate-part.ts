// One process of the simulated part: takes every nth seed, writes a line of JSON for each sample.
import { sampleDisasters, sampleOnce } from "./simulated-sample.ts";
import type { NetworkName } from "./simulated-trial.ts";

interface Wish {
  readonly kind: "sample" | "disaster";
  readonly topologies: readonly string[];
  readonly networks: readonly NetworkName[];
  readonly sizes: readonly number[];
  /** Of each size; the last one also of those behind it. */
  readonly seeds: readonly number[];
  readonly part: number;
  readonly parts: number;
}

const wish = JSON.parse(process.argv[2] ?? "") as Wish;
const measure = wish.kind === "sample" ? sampleOnce : sampleDisasters;
for (const [place, hosts] of wish.sizes.entries())
  for (const network of wish.networks)
    for (const topology of wish.topologies)
      sampleSeeds(hosts, network, topology, wish.seeds[place] ?? wish.seeds.at(-1) ?? 0);

function sampleSeeds(hosts: number, network: NetworkName, topology: string, seeds: number): void {
  for (let seed = 1 + wish.part; seed <= seeds; seed += wish.parts)
    process.stdout.write(`${JSON.stringify(measure(topology, network, hosts, seed))}\n`);
}
