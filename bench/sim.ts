// Lives of simulated trees: random ones, one again, with guards switched off (--mutants), or all that can happen.
import { parseArgs } from "node:util";
import { karyTree, randTree } from "../src-shared/overlay/rand-tree.ts";
import { searchExhaustively } from "../src-shared/simulator/exhaustive-search.ts";
import { describeLife, lifeOfSeed, mixOf } from "../src-shared/simulator/life-of-seed.ts";
import { Sightings } from "../src-shared/simulator/sightings.ts";
import { minimise, playTreeLife } from "../src-shared/simulator/tree-scenario.ts";
import type { Life } from "../src-shared/simulator/tree-scenario.ts";
import { findMutants } from "./sim/mutants.ts";

const USAGE = `npm run sim -- [--seed FIRST] [--seeds COUNT] [--hours HOURS] [--n HOSTS] [--degree DEGREE]
               [--mix all|"NAME, NAME"] [--topology rand-tree|k-ary]
npm run sim -- --mutants [--only PART OF A NAME]
npm run sim -- --exhaustive [--n MEMBERS] [--degree DEGREE] [--steps STEPS] [--faults FAULTS]`;

const TOPOLOGIES = [randTree, karyTree];
const MS_PER_HOUR = 3_600_000;
/** As in npm test: many small ones, few large ones. */
const HOSTS = [3, 5, 8, 12, 40, 40, 40, 40, 200, 200];
const TOLD_EVERY_MS = 10_000;

const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    seeds: { type: "string" },
    hours: { type: "string" },
    n: { type: "string" },
    degree: { type: "string" },
    mix: { type: "string" },
    topology: { type: "string" },
    mutants: { type: "boolean" },
    only: { type: "string" },
    exhaustive: { type: "boolean" },
    steps: { type: "string" },
    faults: { type: "string" },
    help: { type: "boolean" },
  },
});

function wrong(what: string): never {
  console.error(`${what}\n${USAGE}`);
  process.exit(2);
}

function numberOf(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  const number = Number(text);
  if (!(number > 0)) wrong(`--${name} has to be a number above 0, not "${text}"`);
  return number;
}

/** As the options say, else as the seed says. */
function lifeWith(seed: number): Life {
  const name = values.topology ?? randTree.name;
  const topology = TOPOLOGIES.find((known) => known.name === name);
  if (topology === undefined) wrong(`there is no topology "${name}"`);
  const hosts = numberOf("n", values.n, HOSTS[seed % HOSTS.length] ?? 12);
  const life = lifeOfSeed(seed, hosts, topology);
  const mix = values.mix === undefined ? life.mix : mixOf(values.mix);
  if (mix === undefined) wrong(`--mix "${values.mix ?? ""}": not all of these are faults`);
  return { ...life, degree: numberOf("degree", values.degree, life.degree), mix };
}

function liveMany(): void {
  const isOne = values.seed !== undefined && values.seeds === undefined && values.hours === undefined;
  const first = numberOf("seed", values.seed, Math.floor(Date.now() / 1000) % 1_000_000_000);
  const count = numberOf("seeds", values.seeds, isOne ? 1 : values.hours === undefined ? 1000 : Infinity);
  const end = performance.now() + numberOf("hours", values.hours, Infinity) * MS_PER_HOUR;
  const seen = new Sightings();
  let lived = 0;
  let toldAt = performance.now();
  for (let seed = first; lived < count && performance.now() < end; seed += 1) {
    const life = lifeWith(seed);
    try {
      const story = playTreeLife(life);
      seen.add(story.sightings);
      if (isOne) console.log(`trace ${story.hash.toString(16)}, whole after ${story.wholeAfterMs} ms`);
    } catch (error) {
      report(life, error);
      process.exitCode = 1;
      return;
    }
    lived += 1;
    if (performance.now() - toldAt < TOLD_EVERY_MS) continue;
    toldAt = performance.now();
    console.log(`${lived} lives, the last with seed ${seed}: all promises kept`);
  }
  for (const [name, times] of seen.all()) console.log(`${String(times).padStart(9)}  ${name}`);
  console.log(`${lived} lives, seeds ${first} to ${first + lived - 1}: all promises kept`);
}

function report(life: Life, error: unknown): void {
  console.error(`BROKEN: npm run sim -- ${describeLife(life)}`);
  console.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
  const smallest = minimise(life);
  console.error(`smaller: npm run sim -- ${describeLife(smallest.life)}\n${smallest.reason}`);
}

async function hunt(): Promise<void> {
  const found = await findMutants(values.only, ({ mutation, verdict }) => {
    console.log(`${verdict === undefined ? "UNNOTICED" : "found    "} ${mutation.name}: ${verdict ?? ""}`);
  });
  const unnoticed = found.filter(({ verdict }) => verdict === undefined);
  console.log(`${found.length - unnoticed.length} of ${found.length} guards: their absence was noticed`);
  if (unnoticed.length > 0 || found.length === 0) process.exitCode = 1;
}

function search(): void {
  const shape = {
    topology: randTree,
    members: numberOf("n", values.n, 3),
    degree: numberOf("degree", values.degree, 1),
    steps: numberOf("steps", values.steps, 8),
    faults: numberOf("faults", values.faults, 2),
  };
  for (const built of [false, true]) {
    const { states, choices } = searchExhaustively({ ...shape, built });
    console.log(
      `${built ? "from a tree that is whole" : "from the first dial"}: ${states} states, ${choices} steps`,
    );
  }
}

if (values.help === true) console.log(USAGE);
else if (values.mutants === true) await hunt();
else if (values.exhaustive === true) search();
else liveMany();
