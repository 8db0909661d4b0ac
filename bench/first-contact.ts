// `hostname` on 10, 100 … hosts of one sshd: first contact and second command, beside pdsh, clush and pssh.
import { buildSync } from "esbuild";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { farmHindrance } from "../test/integration/ssh-farm.ts";
import { openBenchFarm, type BenchFarm } from "./parts/bench-farm.ts";
import { openCpuMeter, type CpuMeter } from "./parts/cpu-meter.ts";
import { wallOnOwnProcessors } from "./parts/farm-model.ts";
import { LeastSession } from "./parts/least-session.ts";
import { answersOf, measure, median, type Measured } from "./parts/measure.ts";
import { findPeers, type Peer } from "./parts/peers.ts";
import { PlushShell } from "./parts/plush-shell.ts";
import { FANOUT, REMOTE, runPeer } from "./parts/run-peer.ts";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "..");

const { values: flags } = parseArgs({
  options: {
    hosts: { type: "string", default: "10,50,100" },
    rounds: { type: "string", default: "3" },
    json: { type: "string" },
    only: { type: "string" },
  },
});

type Note = (what: string, measured: Measured) => void;

/** Paths of what was built for this. */
interface Programs {
  readonly ssh: string;
  readonly least: string;
  readonly client: string;
}

/** What is measured in each round: `pdsh cold`, `plush first` … */
type Row = ReadonlyMap<string, readonly Measured[]>;

const hindrance = farmHindrance();
if (hindrance === undefined) await main();
else console.log(`first-contact needs a farm of hosts, and there can be none here: ${hindrance}`);

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "nebula-bench-programs-"));
  const meter = openCpuMeter();
  const all: { readonly hosts: number; readonly row: Row }[] = [];
  try {
    const programs = {
      ssh: build(folder, "ssh-part", "esm"),
      least: build(folder, "least-part", "esm"),
      client: build(folder, "least-client", "cjs"),
    };
    const peers = flags.only === "plush" ? [] : findPeers();
    for (const hosts of flags.hosts.split(",").map(Number)) {
      const row = await measureSize(meter, peers, programs, hosts);
      all.push({ hosts, row });
      print(hosts, row);
    }
  } finally {
    meter.close();
    rmSync(folder, { recursive: true, force: true });
  }
  console.log(
    `${String(cpus().length)} × ${cpus()[0]?.model ?? "?"}, load ${loadavg()[0]?.toFixed(1) ?? "?"}, ` +
      `Node ${process.versions.node}, ${String(FANOUT)} at once, medians of ${flags.rounds} interleaved rounds\n${meter.how}`,
  );
  if (flags.json !== undefined)
    writeFileSync(flags.json, `${JSON.stringify(summaryOf(all), undefined, 2)}\n`);
}

/** Of a program in parts. */
function build(folder: string, name: string, format: "esm" | "cjs"): string {
  const outfile = join(folder, `${name}.${format === "esm" ? "mjs" : "cjs"}`);
  const banner =
    'import { createRequire } from "node:module"; const require = createRequire(import.meta.url); const __dirname = import.meta.dirname;';
  buildSync({
    absWorkingDir: ROOT,
    entryPoints: [`bench/parts/${name}.ts`],
    outfile,
    bundle: true,
    platform: "node",
    format,
    external: ["cpu-features", "*.node"],
    banner: { js: format === "esm" ? banner : "" },
    logLevel: "error",
  });
  return outfile;
}

async function measureSize(
  meter: CpuMeter,
  peers: readonly Peer[],
  programs: Programs,
  hosts: number,
): Promise<Row> {
  const row = new Map<string, Measured[]>();
  const note: Note = (what, measured) => {
    row.set(what, [...(row.get(what) ?? []), measured]);
    if (measured.missing.length > 0) console.log(`${what}: no answer from ${measured.missing.join(" ")}`);
  };
  const farm = await openBenchFarm(meter, hosts);
  try {
    writeDocuments(farm, hosts);
    // Connects the masters, and everything has been read from the disk once.
    const [first] = peers;
    if (first !== undefined) await runPeer(meter, farm, first, farm.warm);
    for (let round = 0; round < Number(flags.rounds); round += 1) {
      for (const peer of peers) note(`${peer.name} cold`, await runPeer(meter, farm, peer, farm.cold));
      note("plush ssh part", await runSshPart(meter, farm, programs.ssh));
      await runLeast(meter, farm, programs, note);
      await runPlush(meter, farm, note);
      for (const peer of peers) note(`${peer.name} warm`, await runPeer(meter, farm, peer, farm.warm));
    }
    return row;
  } finally {
    await farm.close();
  }
}

function runSshPart(meter: CpuMeter, farm: BenchFarm, program: string): Promise<Measured> {
  return measure(meter, farm.names, () => {
    const child = meter.here.spawn([process.execPath, program, farm.set, String(FANOUT), REMOTE], {
      env: { ...farm.environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    return answersOf(child, farm.names.length, (line) => /^([\d.]+): \S/u.exec(line)?.[1]);
  });
}

/** What no clients in Node can do for less. */
async function runLeast(meter: CpuMeter, farm: BenchFarm, programs: Programs, note: Note): Promise<void> {
  const hosts = farm.names.length;
  const words = [programs.least, farm.set, String(FANOUT), REMOTE, programs.client];
  let session: LeastSession | undefined;
  const first = await measure(meter, farm.names, () => {
    const child = meter.here.spawn([process.execPath, ...words], {
      env: { ...farm.environment },
      stdio: ["pipe", "pipe", "pipe"],
    });
    session = new LeastSession(child);
    return session.answers(hosts);
  });
  note("least first", first);
  const standing = session;
  if (standing === undefined) throw new Error("it was started");
  note("least second", await measure(meter, farm.names, () => standing.again(hosts)));
  await standing.quit();
}

/** One session: the first run puts a client on each host; then a command over what stands; then all is removed. */
async function runPlush(meter: CpuMeter, farm: BenchFarm, note: Note): Promise<void> {
  const hosts = farm.names.length;
  let shell: PlushShell | undefined;
  let answeredMs = 0;
  const first = await measure(meter, farm.names, () => {
    const began = performance.now();
    const child = meter.here.spawn([process.execPath, join(ROOT, "dist", "plush.mjs"), "shell"], {
      cwd: farm.home,
      env: { ...farm.environment },
      stdio: ["pipe", "pipe", "pipe"],
    });
    shell = new PlushShell(child);
    shell.say("use directory.xml");
    shell.say("load application.xml");
    return shell.run(hosts, () => {
      if (answeredMs === 0) answeredMs = performance.now() - began;
    });
  });
  const standing = shell;
  if (standing === undefined) throw new Error("plush was started");
  note("plush first", { ...first, wallMs: answeredMs === 0 ? first.wallMs : answeredMs });
  for (const what of ["plush second", "plush third"])
    note(what, await measure(meter, farm.names, () => standing.command(REMOTE, hosts)));
  note(
    "plush quit",
    await measure(meter, farm.names, async () => {
      await standing.quit();
      return new Set(farm.names);
    }),
  );
}

function writeDocuments(farm: BenchFarm, hosts: number): void {
  farm.write("plush.prefs", "");
  farm.write(
    "directory.xml",
    `<plush><resource_manager type="ssh"><node hostname="${farm.set}" group="g"/></resource_manager></plush>\n`,
  );
  farm.write(
    "application.xml",
    `<plush><project name="bench">
    <component name="c"><rspec><num_hosts>${String(hosts)}</num_hosts></rspec><resources><resource type="ssh" group="g"/></resources></component>
    <experiment name="hostname"><execution><component_block name="cb"><component name="c"/>
      <process_block name="p"><process name="hostname"><path>${REMOTE}</path></process></process_block>
    </component_block></execution></experiment></project></plush>\n`,
  );
}

interface Summary {
  readonly what: string;
  readonly wallMs: number;
  readonly hereMs: number;
  readonly hostsMs: number;
  readonly cpuMs: number;
  readonly missing: number;
}

function summariesOf(row: Row): readonly Summary[] {
  return [...row].map(([what, all]) => ({
    what,
    wallMs: median(all.map(({ wallMs }) => wallMs)),
    hereMs: median(all.map(({ hereMs }) => hereMs)),
    hostsMs: median(all.map(({ hostsMs }) => hostsMs)),
    cpuMs: median(all.map(({ hereMs, hostsMs }) => hereMs + hostsMs)),
    missing: all.reduce((sum, { missing }) => sum + missing.length, 0),
  }));
}

function summaryOf(all: readonly { readonly hosts: number; readonly row: Row }[]): unknown {
  return all.map(({ hosts, row }) => ({ hosts, measured: summariesOf(row) }));
}

function print(hosts: number, row: Row): void {
  const all = summariesOf(row);
  const pdsh = all.find(({ what }) => what === "pdsh cold");
  console.log(`\n${String(hosts)} hosts`);
  console.log("                  wall s   × pdsh   CPU ms/host   here   hosts   CPU × pdsh   missing");
  for (const one of all) {
    const perHost = (ms: number): string => (ms / hosts).toFixed(1);
    const times = (value: number, by: number | undefined): string =>
      by === undefined ? "-" : (value / by).toFixed(2);
    console.log(
      [
        one.what.padEnd(16),
        (one.wallMs / 1000).toFixed(3).padStart(8),
        times(one.wallMs, pdsh?.wallMs).padStart(8),
        perHost(one.cpuMs).padStart(13),
        perHost(one.hereMs).padStart(6),
        perHost(one.hostsMs).padStart(7),
        times(one.cpuMs, pdsh?.cpuMs).padStart(12),
        String(one.missing).padStart(9),
      ].join(" "),
    );
  }
  for (const line of [...goals(all), ...model(all, hosts)]) console.log(line);
}

/** What the comparison is for, each with its figure. */
function goals(all: readonly Summary[]): readonly string[] {
  const wall = (what: string): number => all.find((one) => one.what === what)?.wallMs ?? Number.NaN;
  const best = (kind: string): number =>
    Math.min(...all.filter(({ what }) => what.endsWith(` ${kind}`)).map(({ wallMs }) => wallMs));
  if (!Number.isFinite(best("cold"))) return [];
  const goal = (name: string, ratio: number, most: number): string =>
    `${ratio <= most ? "met   " : "missed"} ${name}: ${ratio.toFixed(2)} (at most ${String(most)})`;
  const floor = (name: string, ratio: number): string =>
    `floor  ${name}, for any client in Node: ${ratio.toFixed(2)}`;
  return [
    goal("first contact / pdsh", wall("plush first") / wall("pdsh cold"), 1.5),
    floor("first contact / pdsh", wall("least first") / wall("pdsh cold")),
    goal("SSH part / best cold peer", wall("plush ssh part") / best("cold"), 1),
    goal("second / best cold peer", wall("plush second") / best("cold"), 0.1),
    floor("second / best cold peer", wall("least second") / best("cold")),
    goal("second / best warm peer", wall("plush second") / best("warm"), 1),
  ];
}

/** All of this shares two processors; what hosts of their own would make of it. */
function model(all: readonly Summary[], hosts: number): readonly string[] {
  const wall = (what: string, processors: number): number => {
    const cost = all.find((one) => one.what === what);
    return cost === undefined ? Number.NaN : wallOnOwnProcessors(cost, hosts, processors);
  };
  const [pdsh, plush] = [wall("pdsh cold", cpus().length), wall("plush first", 1)];
  if (!Number.isFinite(pdsh)) return [];
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;
  return [
    `hosts with processors of their own (a model, without round trips): plush first ${seconds(plush)}, ` +
      `pdsh cold ${seconds(pdsh)}, ratio ${(plush / pdsh).toFixed(2)}`,
  ];
}
