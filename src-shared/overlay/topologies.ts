// The topologies that can be chosen, by name (`--overlay NAME`): a further one is one more line here.
import { karyTree, randTree } from "./rand-tree.ts";
import { star } from "./star.ts";
import type { Topology } from "./topology.ts";

const TOPOLOGIES: readonly Topology<unknown>[] = [star, randTree, karyTree];

export const OVERLAY_NAMES: readonly string[] = TOPOLOGIES.map(({ name }) => name);
export const OVERLAY_DEFAULT = randTree.name;
/** Children of one node at most: about the square root of a thousand hosts, so that two levels hold them. */
export const DEGREE_DEFAULT = 32;
/** Far above the degree at which the links of one node become the bottleneck. */
export const DEGREE_MAX = 4096;

export function topologyNamed(name: string): Topology<unknown> | undefined {
  return TOPOLOGIES.find((topology) => topology.name === name);
}
