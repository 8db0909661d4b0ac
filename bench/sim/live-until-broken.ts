// Tells stories and lives lives with the cores of another folder until a promise breaks: exit code 1 and the promise.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Topology } from "../../src-shared/overlay/topology.ts";
import type { TreeFrame } from "../../src-shared/overlay/tree-frames.ts";
import type { Performer } from "../../src-shared/simulator/story-stage.ts";
import type { HeaderStory } from "../../src-shared/simulator/header-stories.ts";
import type { Story } from "../../src-shared/simulator/tree-stories.ts";
import type { Life } from "../../src-shared/simulator/tree-scenario.ts";

/** A mutant that is noticed at all is noticed within a few dozen. */
const LIVES = 400;
const HOSTS = [5, 8, 12, 12, 24];
const STORY_SEEDS = [1, 2];
/** On a machine that others use, too, time by the clock says nothing. */
const CPU_MS_MAX = 90_000;

interface Simulator {
  playTreeLife(life: Life): unknown;
  lifeOfSeed(seed: number, hosts: number, topology: Life["topology"]): Life;
  readonly randTree: Topology<TreeFrame>;
  readonly treeFrameBytes: Performer<TreeFrame>["bytesOf"];
  readonly STORIES: readonly Story[];
  readonly HEADER_STORIES: readonly HeaderStory[];
}

async function simulatorIn(folder: string): Promise<Simulator> {
  const load = async (file: string): Promise<Simulator> =>
    (await import(pathToFileURL(join(folder, file)).href)) as Simulator;
  const { playTreeLife } = await load("simulator/tree-scenario.ts");
  const { lifeOfSeed } = await load("simulator/life-of-seed.ts");
  const { randTree } = await load("overlay/rand-tree.ts");
  const { treeFrameBytes } = await load("simulator/tree-frame-judge.ts");
  const { STORIES } = await load("simulator/tree-stories.ts");
  const { HEADER_STORIES } = await load("simulator/header-stories.ts");
  return { playTreeLife, lifeOfSeed, randTree, treeFrameBytes, STORIES, HEADER_STORIES };
}

function orBroken(name: string, play: () => void): void {
  try {
    play();
  } catch (error) {
    console.log(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(1);
  }
}

const simulator = await simulatorIn(process.argv[2] ?? "");
const { randTree, treeFrameBytes } = simulator;
for (const seed of STORY_SEEDS) {
  const performer = { topology: randTree, bytesOf: treeFrameBytes };
  for (const story of [...simulator.STORIES, ...simulator.HEADER_STORIES])
    orBroken(story.name, () => story.play(performer, seed));
}
for (let seed = 1; seed <= LIVES && process.cpuUsage().user / 1000 < CPU_MS_MAX; seed += 1) {
  const hosts = HOSTS[seed % HOSTS.length] ?? 12;
  orBroken(`life ${seed}`, () => simulator.playTreeLife(simulator.lifeOfSeed(seed, hosts, randTree)));
}
