// Lives lives with the cores of another folder until a promise breaks: exit code 1 and the promise, or 0.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Life } from "../../src-shared/simulator/tree-scenario.ts";

/** A mutant that is noticed at all is noticed within a few dozen. */
const LIVES = 400;
const HOSTS = [5, 8, 12, 12, 24];

interface Simulator {
  playTreeLife(life: Life): unknown;
  lifeOfSeed(seed: number, hosts: number, topology: Life["topology"]): Life;
  readonly randTree: Life["topology"];
}

async function simulatorIn(folder: string): Promise<Simulator> {
  const load = async (file: string): Promise<Simulator> =>
    (await import(pathToFileURL(join(folder, file)).href)) as Simulator;
  const { playTreeLife } = await load("simulator/tree-scenario.ts");
  const { lifeOfSeed } = await load("simulator/life-of-seed.ts");
  const { randTree } = await load("overlay/rand-tree.ts");
  return { playTreeLife, lifeOfSeed, randTree };
}

const { playTreeLife, lifeOfSeed, randTree } = await simulatorIn(process.argv[2] ?? "");
for (let seed = 1; seed <= LIVES; seed += 1) {
  try {
    playTreeLife(lifeOfSeed(seed, HOSTS[seed % HOSTS.length] ?? 12, randTree));
  } catch (error) {
    console.log(`life ${seed}: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(1);
  }
}
