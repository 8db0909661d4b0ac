// All that can happen to a few nodes within so many steps: every order of frames, dials, timers, and up to so many
// faults at any point between them. States that were seen with as many steps left are not looked at again.
import type { Topology } from "../overlay/topology.ts";
import { BrokenPromise } from "./broken-promise.ts";
import { isFault, SmallWorld, type Choice } from "./small-world.ts";

export interface Search<Frame> {
  readonly topology: Topology<Frame>;
  readonly members: number;
  readonly degree: number;
  /** From a tree that is whole, or from the first dial on. */
  readonly built: boolean;
  readonly steps: number;
  readonly faults: number;
}

export interface Searched {
  readonly states: number;
  readonly choices: number;
}

const BUILD_STEPS_MAX = 500;

/** Throws BrokenPromise with the choices that led there. */
export function searchExhaustively<Frame>(search: Search<Frame>): Searched {
  /** Steps left, by state and faults left. */
  const seen = new Map<string, number>();
  let choices = 0;
  const path: Choice[] = [];

  const explore = (world: SmallWorld<Frame>, steps: number, faults: number): void => {
    const key = `${faults} ${world.key}`;
    if ((seen.get(key) ?? -1) >= steps) return;
    seen.set(key, steps);
    if (steps === 0) return;
    const open = world.choices(faults > 0);
    open.forEach((choice, at) => {
      // Cores cannot be copied; the last choice may use up the world itself, the others begin anew.
      const next = at === open.length - 1 ? world : worldAfter(search, path);
      choices += 1;
      path.push(choice);
      takeOrTell(next, choice, path);
      explore(next, steps - 1, isFault(choice) ? faults - 1 : faults);
      path.pop();
    });
  };

  explore(worldAfter(search, []), search.steps, search.faults);
  return { states: seen.size, choices };
}

function takeOrTell<Frame>(world: SmallWorld<Frame>, choice: Choice, path: readonly Choice[]): void {
  try {
    world.take(choice);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new BrokenPromise(`${reason}; after ${path.map((step) => JSON.stringify(step)).join(", ")}`);
  }
}

function worldAfter<Frame>(search: Search<Frame>, path: readonly Choice[]): SmallWorld<Frame> {
  const world = new SmallWorld(search.topology, search.members, search.degree);
  if (search.built) build(world);
  for (const choice of path) world.take(choice);
  return world;
}

/** Always the first choice; then commands are on their way, the first for one of them. */
function build<Frame>(world: SmallWorld<Frame>): void {
  for (let steps = 0; steps < BUILD_STEPS_MAX && !world.isWhole; steps += 1) {
    const [choice] = world.choices(false);
    if (choice !== undefined) world.take(choice);
  }
  if (!world.isWhole) throw new BrokenPromise(`not whole after ${BUILD_STEPS_MAX} steps`);
  world.command();
  world.command();
}
