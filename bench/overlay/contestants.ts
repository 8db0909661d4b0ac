// The topologies that are measured side by side, by name.
import { karyTree, randTree } from "../../src-shared/overlay/rand-tree.ts";
import { classicFrameBytes } from "../../src-shared/simulator/classic-frames.ts";
import { classicRandTree } from "../../src-shared/simulator/classic-rand-tree.ts";
import { treeFrameBytes } from "../../src-shared/simulator/tree-frame-judge.ts";
import { Trial, type Contestant, type NetworkName } from "./simulated-trial.ts";
import { SIMULATED_COSTS } from "../../src-shared/simulator/simulated-costs.ts";

export const DEGREE = 32;

/** Hides which frames a contestant speaks. */
function contestant<Frame>(one: Contestant<Frame>): (trial: TrialParts) => Trial<unknown> {
  return ({ hosts, network, seed }) =>
    new Trial(one, { hosts, network, seed, costs: SIMULATED_COSTS }) as Trial<unknown>;
}

export interface TrialParts {
  readonly hosts: number;
  readonly network: NetworkName;
  readonly seed: number;
}

export const CONTESTANTS: Readonly<Record<string, (parts: TrialParts) => Trial<unknown>>> = {
  "rand-tree": contestant({
    topology: randTree,
    degree: DEGREE,
    rootDegree: DEGREE,
    bytesOf: treeFrameBytes,
  }),
  "classic-rand-tree": contestant({
    topology: classicRandTree,
    degree: DEGREE,
    rootDegree: DEGREE,
    bytesOf: classicFrameBytes,
  }),
  "k-ary": contestant({ topology: karyTree, degree: DEGREE, rootDegree: DEGREE, bytesOf: treeFrameBytes }),
};
