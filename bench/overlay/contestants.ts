// The topologies that are measured side by side, by name.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { karyTree, randTree } from "../../src-shared/overlay/rand-tree.ts";
import { star } from "../../src-shared/overlay/star.ts";
import type { StarFrame } from "../../src-shared/overlay/star-frames.ts";
import { classicFrameBytes } from "../../src-shared/simulator/classic-frames.ts";
import { classicRandTree } from "../../src-shared/simulator/classic-rand-tree.ts";
import { treeFrameBytes } from "../../src-shared/simulator/tree-frame-judge.ts";
import { Trial, type Contestant, type NetworkName } from "./simulated-trial.ts";
import { SIMULATED_COSTS, type SimulatedCosts } from "../../src-shared/simulator/simulated-costs.ts";

export const DEGREE = 32;

/** Measured by `npm run bench -- calibrate`; else the simulator's own table. */
const MEASURED = join(import.meta.dirname, "costs.json");
export const COSTS: { readonly machine: string; readonly costs: SimulatedCosts } = existsSync(MEASURED)
  ? (JSON.parse(readFileSync(MEASURED, "utf8")) as { machine: string; costs: SimulatedCosts })
  : { machine: "the simulator's table", costs: SIMULATED_COSTS };

/** Hides which frames a contestant speaks. */
function contestant<Frame>(one: Contestant<Frame>): (trial: TrialParts) => Trial<unknown> {
  return ({ hosts, network, seed }) =>
    new Trial(one, { hosts, network, seed, costs: COSTS.costs }) as Trial<unknown>;
}

export interface TrialParts {
  readonly hosts: number;
  readonly network: NetworkName;
  readonly seed: number;
}

/** Names and numbers of a frame of the star; what it carries comes on top. */
const STAR_FRAME_BYTES = 24;
const starFrameBytes = (frame: StarFrame): number =>
  STAR_FRAME_BYTES + ("payload" in frame ? frame.payload.length : 0);

export const CONTESTANTS: Readonly<Record<string, (parts: TrialParts) => Trial<unknown>>> = {
  "rand-tree": contestant({
    topology: randTree,
    degree: DEGREE,
    rootDegree: DEGREE,
    bytesOf: treeFrameBytes,
  }),
  star: contestant({ topology: star, degree: DEGREE, rootDegree: DEGREE, bytesOf: starFrameBytes }),
  "classic-rand-tree": contestant({
    topology: classicRandTree,
    degree: DEGREE,
    rootDegree: DEGREE,
    bytesOf: classicFrameBytes,
  }),
  "k-ary": contestant({ topology: karyTree, degree: DEGREE, rootDegree: DEGREE, bytesOf: treeFrameBytes }),
};
