// Measures the processor time of a set of processes, their descendants and daemons included: by control groups.
import { spawn, type ChildProcess, type SpawnOptions } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

/** /proc/stat counts in these. */
const TICK_MS = 10;
/** Processes that end after the answer (sshd's, a shell's) still cost something. */
const SETTLE_POLL_MS = 100;
const SETTLE_POLLS_MAX = 30;
/** Beacons and the like of a whole farm at rest, in one poll. */
const REST_MS = 5;

/** One side of what is measured: this computer's programs, or those of the hosts. */
export interface CpuGroup {
  /** Milliseconds of processor time so far. */
  readonly usedMs: () => number;
  /** Starts a program in it; all that the program starts is in it, too. */
  spawn(command: readonly string[], options: SpawnOptions): ChildProcess;
  /** What is started meanwhile by this program itself is in it. */
  during<Result>(work: () => Promise<Result>): Promise<Result>;
}

export interface CpuMeter {
  /** For the reader of the figures: what they contain. */
  readonly how: string;
  readonly here: CpuGroup;
  readonly hosts: CpuGroup;
  /** Waits until nothing works any more. */
  settle(): Promise<void>;
  close(): void;
}

/** Where control groups can be made, with the file that tells the time and what one unit of it is. */
const HIERARCHIES = [
  {
    mount: "/sys/fs/cgroup/cpuacct",
    controller: "cpuacct",
    file: "cpuacct.usage",
    field: /^(\d+)/,
    perMs: 1e6,
  },
  { mount: "/sys/fs/cgroup", controller: "", file: "cpu.stat", field: /usage_usec (\d+)/, perMs: 1e3 },
  {
    mount: "/sys/fs/cgroup/unified",
    controller: "",
    file: "cpu.stat",
    field: /usage_usec (\d+)/,
    perMs: 1e3,
  },
] as const;

export function openCpuMeter(): CpuMeter {
  const parent = HIERARCHIES.flatMap((hierarchy) => {
    const own = ownGroup(hierarchy.controller);
    const path = own === undefined ? "" : join(hierarchy.mount, own);
    return existsSync(join(path, "cgroup.procs")) && existsSync(join(path, hierarchy.file))
      ? [{ ...hierarchy, path }]
      : [];
  }).find(({ path }) => canMakeGroups(path));
  if (parent === undefined) return wholeMachine();
  const name = `nebula-bench-${String(process.pid)}`;
  const groups = ["here", "hosts"].map((side) => {
    const path = join(parent.path, `${name}-${side}`);
    mkdirSync(path);
    const used = (): number =>
      Number(parent.field.exec(readFileSync(join(path, parent.file), "utf8"))?.[1]) / parent.perMs;
    return { path, group: groupAt(path, parent.path, used) };
  });
  const [here, hosts] = groups.map(({ group }) => group) as [CpuGroup, CpuGroup];
  return {
    how: "processor time by control groups: the command with all it starts, and sshd with all it starts",
    here,
    hosts,
    settle: () => settled(() => here.usedMs() + hosts.usedMs()),
    close() {
      for (const { path } of groups) removeGroup(path);
    },
  };
}

function ownGroup(controller: string): string | undefined {
  const lines = readFileSync("/proc/self/cgroup", "utf8").trim().split("\n");
  const fields = lines.map((line) => line.split(":"));
  return fields.find(([, names = ""]) => names.split(",").includes(controller))?.[2];
}

function canMakeGroups(path: string): boolean {
  const probe = join(path, `nebula-bench-${String(process.pid)}-probe`);
  try {
    mkdirSync(probe);
    rmdirSync(probe);
    return true;
  } catch {
    return false; // not root, or mounted for reading only: the next way
  }
}

function groupAt(path: string, outside: string, usedMs: () => number): CpuGroup {
  const enter = 'echo $$ > "$0" && exec "$@"';
  return {
    usedMs,
    spawn([program = "", ...words], options) {
      return spawn("/bin/sh", ["-c", enter, join(path, "cgroup.procs"), program, ...words], options);
    },
    async during(work) {
      writeFileSync(join(path, "cgroup.procs"), String(process.pid));
      try {
        return await work();
      } finally {
        writeFileSync(join(outside, "cgroup.procs"), String(process.pid));
      }
    },
  };
}

/** It can only go when the last process in it has gone. */
function removeGroup(path: string): void {
  try {
    rmdirSync(path);
  } catch (error) {
    console.error(`${path} stays: ${(error as Error).message}`);
  }
}

/** Both sides are the same then, and the second counts nothing. */
function wholeMachine(): CpuMeter {
  const machine = (): number => {
    const fields = readFileSync("/proc/stat", "utf8").split("\n")[0]?.split(/\s+/) ?? [];
    return (Number(fields[1]) + Number(fields[2]) + Number(fields[3])) * TICK_MS;
  };
  const group = (usedMs: () => number): CpuGroup => ({
    usedMs,
    spawn: ([program = "", ...words], options) => spawn(program, words, options),
    during: (work) => work(),
  });
  return {
    how: "processor time of the whole computer (no control groups here): nothing else should be running",
    here: group(machine),
    hosts: group(() => 0),
    settle: () => settled(machine),
    close: () => undefined,
  };
}

async function settled(usedMs: () => number): Promise<void> {
  let before = usedMs();
  for (let polls = 0; polls < SETTLE_POLLS_MAX; polls += 1) {
    await pause(SETTLE_POLL_MS);
    const now = usedMs();
    if (now - before < REST_MS) return;
    before = now;
  }
}
