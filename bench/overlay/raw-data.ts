// The raw data behind the figures: added to by each part that is measured, whenever that is, and written after it.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, release } from "node:os";
import { dirname, join } from "node:path";
import type { SimulatedCosts } from "../../src-shared/simulator/simulated-costs.ts";
import type { DisasterSample, Sample } from "./simulated-sample.ts";

/** With what a part was measured, and when. */
export interface Origin {
  readonly commit: string;
  readonly machine: string;
  readonly date: string;
  /** Of the simulator, at that time. */
  readonly costs: SimulatedCosts;
}

/** What is written down: the figures are drawn from it alone. `from` is a place in `origins`. */
export interface RawData {
  readonly origins: readonly Origin[];
  readonly samples: readonly (Sample & { readonly from: number })[];
  readonly disasters: readonly (DisasterSample & { readonly from: number })[];
}

/** What is measured together, and replaced together. */
type Group = Pick<Sample, "topology" | "network" | "hosts">;
/** To the microsecond: what is finer is noise, and long. */
const DIGITS = 1000;

export class RawStore {
  readonly #file: string;
  readonly #origin: Origin;
  /** Seeds that are there are kept; else a group begins anew with its first sample. */
  readonly #adds: boolean;
  #before: RawData;
  readonly #samples: Sample[] = [];
  readonly #disasters: DisasterSample[] = [];
  readonly #replaced = new Set<string>();

  constructor(file: string, costs: SimulatedCosts, adds: boolean) {
    this.#file = file;
    this.#origin = { ...here(), costs };
    this.#adds = adds;
    this.#before = existsSync(file) ? readRaw(file) : { origins: [], samples: [], disasters: [] };
  }

  /** Whether this one need not be measured again. */
  has(kind: "sample" | "disaster", group: Group & { readonly seed: number }): boolean {
    if (!this.#adds) return false;
    const there: readonly (Group & { readonly seed: number })[] =
      kind === "sample" ? this.#before.samples : this.#before.disasters;
    return there.some((one) => keyOf(one) === keyOf(group) && one.seed === group.seed);
  }

  /** Seeds that were simulated with other costs than those of now cannot stand beside new ones. */
  outdated(): boolean {
    const simulated = this.#before.samples.filter(({ source }) => source === "simulated");
    const now = JSON.stringify(this.#origin.costs);
    return simulated.some(({ from }) => JSON.stringify(this.#before.origins[from]?.costs) !== now);
  }

  add(samples: readonly Sample[]): void {
    for (const sample of samples) this.#replace(sample, "samples");
    this.#samples.push(...samples);
  }

  addDisaster(disaster: DisasterSample): void {
    this.#replace(disaster, "disasters");
    this.#disasters.push(disaster);
  }

  #replace(group: Group, kind: "samples" | "disasters"): void {
    const key = `${kind} ${keyOf(group)}`;
    if (this.#adds || this.#replaced.has(key)) return;
    this.#replaced.add(key);
    const isOther = (one: Group): boolean => keyOf(one) !== keyOf(group);
    if (kind === "samples") this.#before = { ...this.#before, samples: this.#before.samples.filter(isOther) };
    else this.#before = { ...this.#before, disasters: this.#before.disasters.filter(isOther) };
  }

  data(): RawData {
    const { origins, samples, disasters } = this.#before;
    const own = { ...this.#origin };
    const same = origins.findIndex((one) => JSON.stringify(one) === JSON.stringify(own));
    const from = same < 0 ? origins.length : same;
    return withoutUnused({
      origins: same < 0 ? [...origins, own] : origins,
      samples: sorted([...samples, ...this.#samples.map((one) => ({ ...one, from }))]),
      disasters: sorted([...disasters, ...this.#disasters.map((one) => ({ ...one, from }))]),
    });
  }

  save(): void {
    const data = this.data();
    mkdirSync(dirname(this.#file), { recursive: true });
    writeFileSync(this.#file, textOf(data));
    writeFileSync(this.#file.replace(/\.json$/u, ".csv"), csvOf(data));
  }
}

export function readRaw(file: string): RawData {
  if (!existsSync(file)) throw new Error(`${file} is missing: measure first`);
  return JSON.parse(readFileSync(file, "utf8")) as RawData;
}

function here(): Omit<Origin, "costs"> {
  const git = ["rev-parse", "--short", "HEAD"];
  const model = cpus()[0]?.model ?? "unknown processor";
  return {
    commit: execFileSync("git", git, { cwd: join(import.meta.dirname), encoding: "utf8" }).trim(),
    machine: `${String(cpus().length)} × ${model}, Linux ${release()}, Node ${process.versions.node}`,
    date: new Date().toISOString().slice(0, 10),
  };
}

function keyOf({ topology, network, hosts }: Group): string {
  return `${network} ${String(hosts)} ${topology}`;
}

/** In an order that does not depend on which processor was quicker, so that what was added is what differs. */
function sorted<One extends Group & { readonly seed: number }>(all: readonly One[]): One[] {
  return [...all].sort(
    (a, b) =>
      a.network.localeCompare(b.network) ||
      a.hosts - b.hosts ||
      a.topology.localeCompare(b.topology) ||
      a.seed - b.seed,
  );
}

function withoutUnused({ origins, samples, disasters }: RawData): RawData {
  const used = [...new Set([...samples, ...disasters].map(({ from }) => from))].sort((a, b) => a - b);
  const moved = <One extends { readonly from: number }>(all: readonly One[]): One[] =>
    all.map((one) => ({ ...one, from: used.indexOf(one.from) }));
  return {
    origins: used.flatMap((from) => origins[from] ?? []),
    samples: moved(samples),
    disasters: moved(disasters),
  };
}

/** A line for each sample. */
function textOf({ origins, samples, disasters }: RawData): string {
  const short = (_name: string, value: unknown): unknown =>
    typeof value === "number" ? Math.round(value * DIGITS) / DIGITS : value;
  const list = (name: string, all: readonly unknown[], replacer?: typeof short): string =>
    `"${name}": [\n${all.map((one) => JSON.stringify(one, replacer)).join(",\n")}\n]`;
  const parts = [
    list("origins", origins),
    list("samples", samples, short),
    list("disasters", disasters, short),
  ];
  return `{\n${parts.join(",\n")}\n}\n`;
}

function csvOf({ origins, samples }: RawData): string {
  const measured = samples.map(({ from, ...sample }) => ({ ...sample, commit: origins[from]?.commit ?? "" }));
  const names = [...new Set(measured.flatMap((sample) => Object.keys(sample)))] as (keyof (Sample & {
    commit: string;
  }))[];
  const told = (value: string | number | null | undefined): string =>
    typeof value === "number" ? String(Math.round(value * DIGITS) / DIGITS) : (value ?? "");
  const rows = measured.map((sample) => names.map((name) => told(sample[name])).join(","));
  return [names.join(","), ...rows, ""].join("\n");
}
