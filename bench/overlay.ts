// The talk's three figures: construction, propagation, reconfiguration of the overlay, simulated and real
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { CONTESTANTS, COSTS } from "./overlay/contestants.ts";
import { drawFigures } from "./overlay/figures.ts";
import { RawStore, readRaw, type RawData } from "./overlay/raw-data.ts";
import { sampleReal } from "./overlay/real-sample.ts";
import { simulate } from "./overlay/simulate.ts";
import type { SimulatedTask } from "./overlay/simulate-part.ts";
import type { NetworkName } from "./overlay/simulated-trial.ts";
import { groupBy, spreadOf, type Spread } from "./overlay/statistics.ts";

const FIGURES = join(import.meta.dirname, "..", "docs", "figures");
const MINUTE_MS = 60_000;

const { values } = parseArgs({
  options: {
    /** Of each size: one number for all, or as many as there are sizes. */
    seeds: { type: "string", default: "200" },
    sizes: { type: "string", default: "10,30,100,300,1000,3000" },
    topologies: { type: "string", default: Object.keys(CONTESTANTS).join(",") },
    networks: { type: "string", default: "lan,wan,computer" },
    /** Seeds of those with a quarter or half of the hosts dead. */
    disasters: { type: "string", default: "20" },
    "disaster-hosts": { type: "string", default: "1000" },
    /** Hosts of the real part: so many client processes on this computer. */
    real: { type: "string", default: "10,100,300,1000" },
    "real-topologies": { type: "string", default: "rand-tree,star,k-ary" },
    builds: { type: "string", default: "3" },
    only: { type: "string", default: "simulated,real" },
    /** What was measured before stays, and only what is missing is measured; else it replaces what it measures anew. */
    add: { type: "boolean", default: false },
    /** No other seed or build is begun after so many. */
    minutes: { type: "string", default: "100000" },
    /** Where the raw data are. */
    out: { type: "string", default: FIGURES },
    /** Only draws what was measured before. */
    draw: { type: "boolean", default: false },
  },
});

const RAW = join(values.out, "overlay.json");
const until = performance.now() + Number(values.minutes) * MINUTE_MS;
const raw = values.draw ? readRaw(RAW) : await measure();
for (const [name, svg] of Object.entries(drawFigures(raw)))
  if (svg !== undefined) writeFileSync(join(values.out, `${name}.svg`), svg);
print(raw);

async function measure(): Promise<RawData> {
  const store = new RawStore(RAW, COSTS.costs, values.add);
  const parts = values.only.split(",");
  if (parts.includes("simulated")) {
    if (values.add && store.outdated())
      throw new Error(
        "the seeds that are there were simulated with other costs than bench/overlay/costs.json has: measure them anew (without --add), or put the old costs back",
      );
    const left = await simulate(store, simulatedTasks(), until);
    if (left > 0) console.error(`${String(left)} seeds are left for another time: the same with --add`);
  }
  if (parts.includes("real")) await measureReal(store);
  if (!existsSync(RAW)) store.save();
  return store.data();
}

function simulatedTasks(): SimulatedTask[] {
  const topologies = values.topologies.split(",");
  const networks = values.networks.split(",") as NetworkName[];
  const seeds = values.seeds.split(",").map(Number);
  const all = values.sizes.split(",").flatMap((size, place) =>
    tasksOf(
      "sample",
      topologies,
      networks.filter((network) => network !== "computer" || Number(size) <= 1000),
      Number(size),
      seeds[place] ?? seeds.at(-1) ?? 0,
    ),
  );
  const disasters = values["disaster-hosts"].split(",").flatMap((size) =>
    tasksOf(
      "disaster",
      topologies.filter((name) => name === "rand-tree"),
      networks.filter((network) => network !== "computer"),
      Number(size),
      Number(values.disasters),
    ),
  );
  return [...all, ...disasters];
}

/** Seed by seed, so that all have as many when the time is over. */
function tasksOf(
  kind: SimulatedTask["kind"],
  topologies: readonly string[],
  networks: readonly NetworkName[],
  hosts: number,
  seeds: number,
): SimulatedTask[] {
  return Array.from({ length: seeds }, (_, before) => before + 1).flatMap((seed) =>
    networks.flatMap((network) =>
      topologies.map((topology) => ({ kind, topology, network, hosts, seed }) as const),
    ),
  );
}

async function measureReal(store: RawStore): Promise<void> {
  const builds = Array.from({ length: Number(values.builds) }, (_, before) => before + 1);
  const wishes = values.real
    .split(",")
    .map(Number)
    .flatMap((hosts) =>
      builds.flatMap((build) =>
        values["real-topologies"].split(",").map((topology) => ({ topology, hosts, build })),
      ),
    );
  const isMissing = ({ build, ...wish }: (typeof wishes)[number]): boolean =>
    !store.has("sample", { ...wish, network: "loopback", seed: build });
  for (const wish of wishes.filter(isMissing)) {
    if (performance.now() > until) return console.error("builds are left for another time: --add");
    const measured = await sampleReal(wish);
    store.add(measured);
    store.save();
    const { topology, hosts, build } = wish;
    console.error(`${topology} ${String(hosts)} build ${String(build)}: ${String(measured.length)} samples`);
  }
}

function print({ samples, disasters, origins }: RawData): void {
  for (const { machine, commit, date } of origins) console.log(`${machine}; commit ${commit}, ${date}`);
  console.log("median / p99 (ms), * = some never came to an end");
  const groups = groupBy(
    samples,
    ({ network, hosts, topology }) => `${network} ${String(hosts).padStart(4)} ${topology}`,
  );
  for (const [key, group] of groups) {
    const told = (["buildMs", "deliveredMs", "acknowledgedMs", "killedMs", "silentMs"] as const).map(
      (name) => `${name.replace(/Ms$/u, "")} ${shortOf(spreadOf(group.map((sample) => sample[name])))}`,
    );
    const links = spreadOf(group.map(({ rootHandshakes }) => rootHandshakes));
    console.log(
      `${key.padEnd(28)} ${told.join("  ")}  root links ${String(links.median ?? "-")}  (${String(group.length)} samples)`,
    );
  }
  for (const [key, group] of groupBy(disasters, ({ network, hosts }) => `${network} ${String(hosts)}`)) {
    const told = (
      ["killedQuarterMs", "silentQuarterMs", "killedHalfMs", "silentHalfMs", "healedMs"] as const
    ).map((name) => `${name.replace(/Ms$/u, "")} ${shortOf(spreadOf(group.map((sample) => sample[name])))}`);
    console.log(`${key}: ${told.join("  ")}`);
  }
}

function shortOf({ count, median, p99, never }: Spread): string {
  if (count === 0) return "-";
  const told = (ms: number | null): string => (ms === null ? "never" : ms.toFixed(ms < 10 ? 1 : 0));
  return `${told(median)}/${told(p99)}${never > 0 ? "*" : ""}`;
}
