// The talk's three figures: construction, propagation, reconfiguration of the overlay, simulated and real
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, release } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { CONTESTANTS } from "./overlay/contestants.ts";
import { drawFigures } from "./overlay/figures.ts";
import { sampleReal } from "./overlay/real-sample.ts";
import type { DisasterSample, RawData, Sample } from "./overlay/simulated-sample.ts";
import { groupBy, spreadOf, type Spread } from "./overlay/statistics.ts";

const HERE = dirname(fileURLToPath(import.meta.url));
const FIGURES = join(HERE, "..", "docs", "figures");
const RAW = join(FIGURES, "overlay.json");
const PROCESSES = Math.max(1, Math.min(8, cpus().length));

const { values } = parseArgs({
  options: {
    /** Of each size: one number for all, or as many as there are sizes. */
    seeds: { type: "string", default: "200" },
    sizes: { type: "string", default: "10,30,100,300,1000,3000" },
    topologies: { type: "string", default: Object.keys(CONTESTANTS).join(",") },
    networks: { type: "string", default: "lan,wan" },
    /** Seeds of those with a quarter or half of the hosts dead. */
    disasters: { type: "string", default: "20" },
    "disaster-hosts": { type: "string", default: "1000" },
    /** Hosts of the real part: so many client processes on this computer. */
    real: { type: "string", default: "10,100,300" },
    "real-topologies": { type: "string", default: "rand-tree,star,k-ary" },
    builds: { type: "string", default: "3" },
    /** Leaves the simulated samples of the last time as they are, or the real ones. */
    only: { type: "string", default: "simulated,real" },
    /** Only draws what was measured before. */
    draw: { type: "boolean", default: false },
  },
});

const raw = values.draw ? readRaw() : await measure();
if (!values.draw) {
  mkdirSync(FIGURES, { recursive: true });
  writeFileSync(RAW, `${JSON.stringify(raw)}\n`);
  writeFileSync(join(FIGURES, "overlay.csv"), csvOf(raw.samples));
}
for (const [name, svg] of Object.entries(drawFigures(raw)))
  if (svg !== undefined) writeFileSync(join(FIGURES, `${name}.svg`), svg);
print(raw);

async function measure(): Promise<RawData> {
  const parts = values.only.split(",");
  const before = existsSync(RAW) ? readRaw() : undefined;
  const keep = (source: Sample["source"]): readonly Sample[] =>
    parts.includes(source) ? [] : (before?.samples ?? []).filter((sample) => sample.source === source);
  const simulated = parts.includes("simulated") ? await simulate() : undefined;
  const real = parts.includes("real") ? await measureReal() : [];
  const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], {
    cwd: HERE,
    encoding: "utf8",
  }).trim();
  const model = cpus()[0]?.model ?? "unknown processor";
  const machine = `${String(cpus().length)} × ${model}, Linux ${release()}, Node ${process.versions.node}`;
  return {
    commit,
    machine,
    date: new Date().toISOString().slice(0, 10),
    samples: [...keep("simulated"), ...(simulated?.samples ?? []), ...keep("real"), ...real],
    disasters: simulated?.disasters ?? before?.disasters ?? [],
  };
}

async function simulate(): Promise<Pick<RawData, "samples" | "disasters">> {
  const common = { topologies: values.topologies.split(","), networks: values.networks.split(",") };
  const sizes = values.sizes.split(",").map(Number);
  const seeds = values.seeds.split(",").map(Number);
  const samples = await inParts<Sample>({ ...common, kind: "sample", sizes, seeds });
  if (values.disasters === "0") return { samples, disasters: [] };
  const disasters = await inParts<DisasterSample>({
    ...common,
    topologies: common.topologies.filter((name) => name === "rand-tree"),
    kind: "disaster",
    sizes: values["disaster-hosts"].split(",").map(Number),
    seeds: [Number(values.disasters)],
  });
  return { samples, disasters };
}

async function measureReal(): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (const hosts of values.real.split(",").map(Number)) {
    for (const topology of values["real-topologies"].split(",")) {
      for (let build = 1; build <= Number(values.builds); build += 1) {
        const measured = await sampleReal({ topology, hosts, build });
        samples.push(...measured);
        console.error(
          `${topology} ${String(hosts)} build ${String(build)}: ${String(measured.length)} samples`,
        );
      }
    }
  }
  return samples;
}

function inParts<Line>(wish: Record<string, unknown>): Promise<Line[]> {
  const lines: Line[] = [];
  const parts = Array.from({ length: PROCESSES }, (_, part) => {
    const argument = JSON.stringify({ ...wish, part, parts: PROCESSES });
    const script = join(HERE, "overlay", "simulate-part.ts");
    const child = spawn(process.execPath, ["--import", "tsx", script, argument], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    createInterface({ input: child.stdout }).on("line", (line) => {
      lines.push(JSON.parse(line) as Line);
      if (process.stderr.isTTY) process.stderr.write(`\r${String(lines.length)} samples`);
    });
    return new Promise<void>((resolve, reject) => {
      child.on("close", (status) => {
        if (status === 0) resolve();
        else reject(new Error(`a part of the simulation ended with ${String(status)}`));
      });
    });
  });
  return Promise.all(parts).then(() => lines);
}

function readRaw(): RawData {
  if (!existsSync(RAW)) throw new Error(`${RAW} is missing: measure first`);
  return JSON.parse(readFileSync(RAW, "utf8")) as RawData;
}

function csvOf(samples: readonly Sample[]): string {
  const names = [...new Set(samples.flatMap((sample) => Object.keys(sample) as (keyof Sample)[]))];
  const rows = samples.map((sample) => names.map((name) => String(sample[name] ?? "")).join(","));
  return [names.join(","), ...rows, ""].join("\n");
}

function print({ samples, disasters, machine, commit }: RawData): void {
  console.log(`${machine}; commit ${commit}`);
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
      `${key.padEnd(28)} ${told.join("  ")}  root links ${String(links.median)}  (${String(group.length)} samples)`,
    );
  }
  for (const [key, group] of groupBy(disasters, ({ network, hosts }) => `${network} ${String(hosts)}`)) {
    const told = (
      ["killedQuarterMs", "silentQuarterMs", "killedHalfMs", "silentHalfMs", "healedMs"] as const
    ).map((name) => `${name.replace(/Ms$/u, "")} ${shortOf(spreadOf(group.map((sample) => sample[name])))}`);
    console.log(`${key}: ${told.join("  ")}`);
  }
}

function shortOf({ median, p99, never }: Spread): string {
  const told = (ms: number | null): string => (ms === null ? "never" : ms.toFixed(ms < 10 ? 1 : 0));
  return `${told(median)}/${told(p99)}${never > 0 ? "*" : ""}`;
}
