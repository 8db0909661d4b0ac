// Which life a seed stands for: its degree and its mix of faults, so that a seed and a number of hosts are all that is
// needed to live it again.
import { createRandom } from "../base/random.ts";
import type { Topology } from "../overlay/topology.ts";
import type { TreeFrame } from "../overlay/tree-frames.ts";
import { FAULTS, type Fault } from "./tree-faults.ts";
import { FORGER } from "./tree-forger.ts";
import type { Life } from "./tree-scenario.ts";

export const ALL_FAULTS: readonly Fault[] = [...FAULTS, FORGER];

/** Half of all at 2, where trees are deepest. */
const DEGREES = [2, 2, 2, 3, 8, 32];
export const TROUBLE_MS = 60_000;

export function lifeOfSeed(seed: number, hosts: number, topology: Topology<TreeFrame>): Life {
  const random = createRandom(seed ^ 0x11fe);
  const degree = DEGREES[Math.floor(random() * DEGREES.length)] ?? 2;
  return { seed, hosts, degree, mix: someMix(seed, random), topology, troubleMs: TROUBLE_MS };
}

/** Alone, in pairs, in random mixes, all of them. */
function someMix(seed: number, random: () => number): readonly Fault[] {
  const any = (): Fault | undefined => ALL_FAULTS[Math.floor(random() * ALL_FAULTS.length)];
  const kinds = seed % 5;
  if (kinds === 0) return ALL_FAULTS;
  if (kinds === 1) return [any()].filter((fault) => fault !== undefined);
  if (kinds === 2) return [any(), any()].filter((fault) => fault !== undefined);
  return ALL_FAULTS.filter(() => random() < 0.4);
}

/** All that is needed to live it again. */
export function describeLife({ seed, hosts, degree, mix, topology }: Life): string {
  const faults = mix.length === ALL_FAULTS.length ? "all" : mix.map(({ name }) => name).join(", ");
  return `--topology ${topology.name} --seed ${seed} --n ${hosts} --degree ${degree} --mix "${faults}"`;
}

/** Of names, or parts of them, as describeLife writes them; undefined: a name that nobody has. */
export function mixOf(names: string): readonly Fault[] | undefined {
  if (names === "all") return ALL_FAULTS;
  const wanted = names
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  const found = wanted.map((name) => ALL_FAULTS.filter((fault) => fault.name.startsWith(name)));
  return found.some((faults) => faults.length === 0) ? undefined : [...new Set(found.flat())];
}
