// One overlay of real client processes over TLS on this computer: building, commands, killed and silent hosts.
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
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

const BUNDLE = resolve(import.meta.dirname, "..", "..", "dist", "client.cjs");
const SESSION = "bench";
/** Started and not yet attached: as many as a deployment has on its way. */
const ON_THE_WAY_MAX = 64;
const BUILD_MS_MAX = 300_000;
const REPAIR_MS_MAX = 90_000;
const COMMAND_MS_MAX = 30_000;
const POLL_MS = 1;
const ABSENCE_MS = 10 * 60 * 1000;

interface RunningClient {
  readonly host: HostId;
  readonly rank: Rank;
  readonly child: ChildProcess;
  readonly start: (text: string) => void;
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
  readonly #attached: Set<HostId>;
  readonly #launch: readonly string[];
  #changed: () => void = () => undefined;

  private constructor(parts: {
    readonly root: RunningOverlayRoot;
    readonly folder: string;
    readonly issue: Issue;
    readonly attached: Set<HostId>;
    readonly launch: readonly string[];
  }) {
    this.root = parts.root;
    this.#folder = parts.folder;
    this.#issue = parts.issue;
    this.#attached = parts.attached;
    this.#launch = parts.launch;
  }

  static async open(overlay: string, degree: number, place: TrialPlace = HERE): Promise<RealTrial> {
    const topology = topologyNamed(overlay);
    if (topology === undefined) throw new RangeError(`there is no topology "${overlay}"`);
    const authority = await createAuthority(SESSION);
    const attached = new Set<HostId>();
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
    const trial = new RealTrial({ root, folder, issue, attached, launch: place.launch });
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

  /** Processes that have loaded nothing but Node, and wait for their start text. */
  async startProcesses(count: number): Promise<void> {
    for (let number = 1; number <= count; number += 1) {
      const host = hostIdOf(`b${String(number)}`);
      const rank = this.root.invite(host, 1);
      const [program = "", ...words] = [...this.#launch, process.execPath, "--use-openssl-ca", BUNDLE];
      const child = spawn(program, words, {
        cwd: this.#folder,
        stdio: ["pipe", "ignore", "ignore"],
      });
      child.on("error", () => undefined);
      const { stdin } = child;
      stdin.on("error", () => undefined);
      this.#clients.set(host, { host, rank, child, start: (text) => stdin.end(text) });
      if (number % 8 === 0) await pause(40);
    }
    await pause(1000);
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
    // First the root must have noticed: until then everybody looks attached.
    const isDone = await this.#until(
      REPAIR_MS_MAX,
      () =>
        [...victims].every((host) => !this.#attached.has(host)) &&
        others.every((host) => this.#attached.has(host)),
    );
    const tookMs = performance.now() - began;
    this.root.dismiss([...victims]);
    for (const host of victims) {
      this.#clients.get(host)?.child.kill("SIGKILL");
      this.#clients.delete(host);
    }
    return isDone ? tookMs : null;
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

  async close(): Promise<void> {
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
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
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
