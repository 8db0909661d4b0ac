// One overlay of real client processes over TLS on this computer: building, commands, killed and silent hosts.
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { hostIdOf, runIdOf, type HostId } from "../../src-shared/base/ids.ts";
import { createSessionKeys } from "../../src-shared/node/seals.ts";
import { createSystemClock } from "../../src-shared/node/system-clock.ts";
import { topologyNamed } from "../../src-shared/overlay/topologies.ts";
import type { Rank } from "../../src-shared/overlay/topology.ts";
import type { ClientStart } from "../../src-shared/protocol/client-start.ts";
import type { TlsCredentials } from "../../src-shared/protocol/credentials.ts";
import { ROOT_NAME } from "../../src-shared/protocol/peer-name.ts";
import { createAuthority } from "../../src-main/overlay-root/certificate-authority.ts";
import { createOverlayRoot, type RunningOverlayRoot } from "../../src-main/overlay-root/overlay-root.ts";
import { ON_THE_WAY_MAX } from "./simulated-trial.ts";

const BUNDLE = resolve(import.meta.dirname, "..", "..", "dist", "client.cjs");
const SESSION = "bench";
const BUILD_MS_MAX = 150_000;
const REPAIR_MS_MAX = 90_000;
const COMMAND_MS_MAX = 30_000;
const POLL_MS = 1;
const STARTS_AT_ONCE = 50;
const QUIET_MS = 250;
/** Of one processor. */
const QUIET_SHARE = 0.05;
const QUIET_MS_MAX = 60_000;
const ABSENCE_MS = 10 * 60 * 1000;

interface RunningClient {
  readonly host: HostId;
  readonly rank: Rank;
  readonly child: ChildProcess;
  readonly start: (text: string) => void;
}

/** Lists of authorities that are named here would cost each start 35 to 50 ms, to read them. */
function environment(): NodeJS.ProcessEnv {
  const { NODE_EXTRA_CA_CERTS: _, SSL_CERT_FILE: __, SSL_CERT_DIR: ___, ...others } = process.env;
  return others;
}

type Issue = (host: HostId, rank: Rank) => Promise<TlsCredentials>;

export interface TrialPlace {
  /** Where the root listens. */
  readonly address: string;
  /** What the clients' command lines begin with: nothing, or a network namespace. */
  readonly launch: readonly string[];
}

const HERE: TrialPlace = { address: "127.0.0.1", launch: [] };

export interface RealCommand {
  readonly acknowledgedMs: number;
  readonly rootCpuMs: number;
  readonly rootBytes: number;
}

export class RealTrial {
  readonly root: RunningOverlayRoot;
  readonly #folder: string;
  readonly #clients = new Map<HostId, RunningClient>();
  readonly #issue: Issue;
  readonly #attached: ReadonlySet<HostId>;
  /** Given up by the root, and not taken back. */
  readonly #lost: ReadonlySet<HostId>;
  readonly #launch: readonly string[];
  #changed: () => void = () => undefined;
  #started = 0;

  private constructor(parts: {
    readonly root: RunningOverlayRoot;
    readonly folder: string;
    readonly issue: Issue;
    readonly attached: ReadonlySet<HostId>;
    readonly lost: ReadonlySet<HostId>;
    readonly launch: readonly string[];
  }) {
    this.root = parts.root;
    this.#folder = parts.folder;
    this.#issue = parts.issue;
    this.#attached = parts.attached;
    this.#lost = parts.lost;
    this.#launch = parts.launch;
  }

  static async open(overlay: string, degree: number, place: TrialPlace = HERE): Promise<RealTrial> {
    const topology = topologyNamed(overlay);
    if (topology === undefined) throw new RangeError(`there is no topology "${overlay}"`);
    const authority = await createAuthority(SESSION);
    const attached = new Set<HostId>();
    const lost = new Set<HostId>();
    const late: { trial?: RealTrial } = {};
    const root = await createOverlayRoot(
      {
        clock: createSystemClock(),
        random: Math.random,
        topology,
        callbacks: {
          onReport: () => undefined,
          onMembership: ({ host, state }) => {
            if (state === "attached") attached.add(host);
            else attached.delete(host);
            if (state === "lost") lost.add(host);
            late.trial?.noticed();
          },
          onBulk: () => undefined,
          onMetrics: () => undefined,
          onBulkWritable: () => undefined,
          onProblem: () => undefined,
        },
      },
      {
        session: SESSION,
        credentials: await authority.issue(ROOT_NAME),
        keys: createSessionKeys(),
        degree,
        address: place.address,
      },
    );
    const folder = mkdtempSync(join(tmpdir(), "nebula-bench-overlay-"));
    const issue: Issue = (host, rank) => authority.issue({ role: "client", host, incarnation: 1, rank });
    const trial = new RealTrial({ root, folder, issue, attached, lost, launch: place.launch });
    late.trial = trial;
    return trial;
  }

  get attachedCount(): number {
    return this.#attached.size;
  }

  get depthMax(): number {
    return Math.max(0, ...this.root.members().map(({ depth }) => depth));
  }

  /** Something has changed: whoever waits looks again. */
  noticed(): void {
    this.#changed();
  }

  /** Processes that have loaded the client's program, and wait for their start text. */
  async startProcesses(count: number): Promise<void> {
    for (let number = 1; number <= count; number += 1) {
      this.#spawn();
      if (number % STARTS_AT_ONCE === 0) await this.#quiet();
    }
    await this.#quiet();
  }

  /** Until clients hardly use a processor. */
  async #quiet(): Promise<void> {
    const ends = performance.now() + QUIET_MS_MAX;
    for (let before = 0; performance.now() < ends;) {
      const now = this.processorMs();
      if (now - before < QUIET_MS * QUIET_SHARE) return;
      before = now;
      await pause(QUIET_MS);
    }
  }

  #spawn(): RunningClient {
    this.#started += 1;
    const host = hostIdOf(`b${String(this.#started)}`);
    const rank = this.root.invite(host, 1);
    const [program = "", ...words] = [...this.#launch, process.execPath, "--use-openssl-ca", BUNDLE];
    const child = spawn(program, words, {
      cwd: this.#folder,
      env: environment(),
      stdio: ["pipe", "ignore", "ignore"],
    });
    child.on("error", () => undefined);
    const { stdin } = child;
    stdin.on("error", () => undefined);
    const client = { host, rank, child, start: (text: string) => void stdin.end(text) };
    this.#clients.set(host, client);
    return client;
  }

  /** In place of hosts that were lost, so that there are as many as before; false: they are not attached. */
  async replace(count: number): Promise<boolean> {
    for (let number = 0; number < count; number += 1) {
      const client = this.#spawn();
      client.start(JSON.stringify(await this.#startOf(client)));
    }
    return this.#until(REPAIR_MS_MAX, () => this.#attached.size === this.#clients.size);
  }

  /** From the first start text until the root has all. */
  async build(): Promise<number | null> {
    const began = performance.now();
    const waiting = [...this.#clients.values()];
    let started = 0;
    const more = async (): Promise<void> => {
      while (waiting.length > 0 && started - this.#attached.size < ON_THE_WAY_MAX) {
        const client = waiting.shift();
        if (client === undefined) return;
        started += 1;
        client.start(JSON.stringify(await this.#startOf(client)));
      }
    };
    await more();
    const isDone = await this.#until(BUILD_MS_MAX, async () => {
      await more();
      return this.#attached.size === this.#clients.size;
    });
    return isDone ? performance.now() - began : null;
  }

  async command(bytes: number): Promise<RealCommand | null> {
    const hosts = [...this.#attached];
    const own = process.cpuUsage();
    const { bytesOut } = this.root.traffic();
    const began = performance.now();
    // For a run that nobody knows: carried, acknowledged, and of no consequence.
    this.root.command(hosts, {
      kind: "input",
      run: runIdOf("20000101-000000-00000"),
      bytes: new Uint8Array(bytes),
      end: false,
    });
    const isDone = await this.#until(COMMAND_MS_MAX, () =>
      this.root.members().every(({ pendingCommands }) => pendingCommands === 0),
    );
    if (!isDone) return null;
    const acknowledgedMs = performance.now() - began;
    const { user, system } = process.cpuUsage(own);
    return {
      acknowledgedMs,
      rootCpuMs: (user + system) / 1000,
      rootBytes: this.root.traffic().bytesOut - bytesOut,
    };
  }

  /** Hosts that have others below them; any where there are none. */
  interior(): HostId[] {
    const parents = new Set(this.root.members().map(({ parent }) => parent));
    const found = [...this.#attached].filter((host) => parents.has(host));
    return found.length > 0 ? found : [...this.#attached];
  }

  any(share: number): HostId[] {
    const all = [...this.#attached];
    return all.sort(() => Math.random() - 0.5).slice(0, Math.round(all.length * share));
  }

  /** Until all the others are attached; they are taken off the books afterwards. */
  async lose(hosts: readonly HostId[], how: "killed" | "silent"): Promise<number | null> {
    const victims = new Set(hosts);
    const others = [...this.#clients.keys()].filter((host) => !victims.has(host));
    const began = performance.now();
    for (const host of victims) this.#clients.get(host)?.child.kill(how === "killed" ? "SIGKILL" : "SIGSTOP");
    let isHopeless = false;
    // First the root must have noticed: until then everybody looks attached.
    const isDone = (): boolean => {
      const missing = others.filter((host) => !this.#attached.has(host));
      isHopeless = missing.some((host) => this.#lost.has(host));
      return missing.length === 0 && [...victims].every((host) => !this.#attached.has(host));
    };
    const isOver = await this.#until(REPAIR_MS_MAX, () => isDone() || isHopeless);
    const tookMs = performance.now() - began;
    this.root.dismiss([...victims]);
    for (const host of victims) {
      this.#clients.get(host)?.child.kill("SIGKILL");
      this.#clients.delete(host);
    }
    return isOver && !isHopeless ? tookMs : null;
  }

  /** Private memory of a client, MiB: the median of some. */
  memoryMiB(): number {
    const sizes = [...this.#clients.values()].slice(0, 50).map(({ child }) => {
      const text = readFileSync(`/proc/${String(child.pid)}/smaps_rollup`, "utf8");
      const kilobytes = [...text.matchAll(/^Private_(?:Clean|Dirty):\s+(\d+)/gmu)].map(([, size]) =>
        Number(size),
      );
      return kilobytes.reduce((sum, size) => sum + size, 0) / 1024;
    });
    return sizes.sort((a, b) => a - b)[Math.floor(sizes.length / 2)] ?? 0;
  }

  /** Processor time of all clients since their start, each of their threads. */
  processorMs(): number {
    const nanoseconds = [...this.#clients.values()].flatMap(({ child }) => {
      const tasks = `/proc/${String(child.pid)}/task`;
      return readdirSync(tasks).map((task) =>
        Number(readFileSync(join(tasks, task, "schedstat"), "utf8").split(" ")[0]),
      );
    });
    return nanoseconds.reduce((sum, spent) => sum + spent, 0) / 1e6;
  }

  /** Names what clients have left behind: nothing, after their end. */
  async close(): Promise<readonly string[]> {
    const ended = [...this.#clients.values()].map(
      ({ child }) =>
        new Promise<void>((done) => {
          if (child.exitCode !== null || child.signalCode !== null) done();
          else child.once("exit", () => done());
        }),
    );
    for (const { child } of this.#clients.values()) child.kill("SIGTERM");
    await Promise.race([Promise.all(ended), pause(60_000)]);
    for (const { child } of this.#clients.values()) child.kill("SIGKILL");
    await this.root.close();
    // Keepers of those that were killed remove their own.
    await pause(2000);
    const left = readdirSync(this.#folder).filter((name) => name !== "kept");
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
    return left;
  }

  async #startOf({ host, rank }: RunningClient): Promise<ClientStart> {
    const keys = await this.#issue(host, rank);
    return {
      credentials: {
        ...keys,
        ...this.root.introduce(rank),
        session: SESSION,
        host,
        incarnation: 1,
        controllerAbsenceMs: ABSENCE_MS,
      },
      address: "127.0.0.1",
      site: "",
      directory: join(this.#folder, host),
      listen: null,
      keptStore: join(this.#folder, "kept"),
    };
  }

  async #until(ms: number, isSo: () => boolean | Promise<boolean>): Promise<boolean> {
    const ends = performance.now() + ms;
    while (!(await isSo())) {
      if (performance.now() > ends) return false;
      await Promise.race([pause(POLL_MS), new Promise<void>((wake) => (this.#changed = wake))]);
    }
    return true;
  }
}
