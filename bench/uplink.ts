// A controller behind a narrow uplink, in network namespaces: commands of 1 KB and 1 MB over the star and the tree
import { execFileSync, spawnSync } from "node:child_process";
import { cpus } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { RealTrial } from "./overlay/real-trial.ts";
import { median } from "./parts/measure.ts";

const CONTROLLER = { space: `nebula-c-${String(process.pid)}`, link: "nbc", address: "10.77.0.1" };
const HOSTS = { space: `nebula-h-${String(process.pid)}`, link: "nbh", address: "10.77.0.2" };
/** Just below the largest command. */
const LARGE_BYTES = 960 * 1024 - 1024;
const SMALL_BYTES = 1024;
const REST_MS = 3000;

const { values: flags } = parseArgs({
  options: {
    hosts: { type: "string", default: "50" },
    megabits: { type: "string", default: "20" },
    degree: { type: "string", default: "8" },
    rounds: { type: "string", default: "5" },
    /** Within the controller's namespace: the one of the hosts. */
    inner: { type: "string" },
  },
});

if (flags.inner !== undefined) await measure(flags.inner);
else if (hindrance() !== undefined) console.log(`uplink needs network namespaces: ${hindrance() ?? ""}`);
else withNetwork();

function hindrance(): string | undefined {
  if (process.getuid?.() !== 0) return "only root makes them";
  const tried = spawnSync("ip", ["netns", "add", CONTROLLER.space], { encoding: "utf8" });
  if (tried.status !== 0) return tried.error?.message ?? tried.stderr.trim();
  execFileSync("ip", ["netns", "delete", CONTROLLER.space]);
  return undefined;
}

function withNetwork(): void {
  const ip = (...words: string[]): void => void execFileSync("ip", words);
  const inside = (space: string, ...words: string[]): void => ip("netns", "exec", space, ...words);
  try {
    for (const { space } of [CONTROLLER, HOSTS]) ip("netns", "add", space);
    ip(
      "link",
      "add",
      CONTROLLER.link,
      "netns",
      CONTROLLER.space,
      "type",
      "veth",
      "peer",
      "name",
      HOSTS.link,
      "netns",
      HOSTS.space,
    );
    for (const { space, link, address } of [CONTROLLER, HOSTS]) {
      inside(space, "ip", "address", "add", `${address}/24`, "dev", link);
      inside(space, "ip", "link", "set", link, "up");
      inside(space, "ip", "link", "set", "lo", "up");
    }
    // Only what leaves the controller is slow, as it is at home.
    const shape = ["root", "tbf", "rate", `${flags.megabits}mbit`, "burst", "32kbit", "latency", "2000ms"];
    inside(CONTROLLER.space, "tc", "qdisc", "add", "dev", CONTROLLER.link, ...shape);
    const own = ["--hosts", flags.hosts, "--rounds", flags.rounds, "--degree", flags.degree];
    const words = [
      "netns",
      "exec",
      CONTROLLER.space,
      process.execPath,
      "--import",
      "tsx",
      import.meta.filename,
    ];
    spawnSync("ip", [...words, ...own, "--megabits", flags.megabits, "--inner", HOSTS.space], {
      stdio: "inherit",
    });
  } finally {
    for (const { space } of [CONTROLLER, HOSTS]) spawnSync("ip", ["netns", "delete", space]);
  }
}

async function measure(hostSpace: string): Promise<void> {
  const hosts = Number(flags.hosts);
  console.log(
    `${flags.hosts} hosts, uplink ${flags.megabits} Mbit/s, degree ${flags.degree}; ${String(cpus().length)} processors`,
  );
  console.log("topology    bytes      acknowledged ms   sent by the controller, bytes");
  for (const topology of ["star", "rand-tree"]) {
    const place = { address: CONTROLLER.address, launch: ["ip", "netns", "exec", hostSpace] };
    const trial = await RealTrial.open(topology, Number(flags.degree), place);
    try {
      await trial.startProcesses(hosts);
      if ((await trial.build()) === null)
        throw new Error(`${topology}: ${String(trial.attachedCount)} attached`);
      await pause(REST_MS);
      for (const bytes of [SMALL_BYTES, LARGE_BYTES]) console.log(await rowOf(trial, topology, bytes));
    } finally {
      await trial.close();
    }
  }
}

async function rowOf(trial: RealTrial, topology: string, bytes: number): Promise<string> {
  const times: number[] = [];
  const sent: number[] = [];
  for (let round = 0; round < Number(flags.rounds); round += 1) {
    const command = await trial.command(bytes);
    times.push(command?.acknowledgedMs ?? Infinity);
    sent.push(command?.rootBytes ?? Infinity);
  }
  const cells = [
    String(bytes).padEnd(9),
    median(times).toFixed(0).padStart(10),
    String(median(sent)).padStart(20),
  ];
  return `${topology.padEnd(11)} ${cells.join("   ")}`;
}
