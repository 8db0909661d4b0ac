// Hosts behind sshd as a world for the run tests: one sshd a test, one loopback address and home directory a host.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseNodeSet } from "../../src-shared/node-set/node-set.ts";
import { DEEP_TREE, directoryXml, namesIn } from "./local-world.ts";
import { parentOf, processesOf } from "./process-list.ts";
import type { NodeGroup, RunWorld, WorldHosts } from "./run-world.ts";
import { SshFarm, type FarmSettings } from "./ssh-farm.ts";

/** Below a host's home. */
const BASE = join(".cache", "nebula");

export const sshWorld: RunWorld = {
  name: "ssh",
  managerType: "ssh",
  open: (folder) => SshHosts.open(folder),
};

/** The same hosts, reached by the program ssh. */
export const systemSshWorld: RunWorld = {
  name: "system-ssh",
  managerType: "ssh",
  open: async (folder) => Object.assign(await SshHosts.open(folder), { environment: BY_SYSTEM_SSH }),
};

/** The same world, but its sshd has lines of its own. */
export function withSshdConfig(world: RunWorld, config: (folder: string) => readonly string[]): RunWorld {
  const environment = world.name === systemSshWorld.name ? BY_SYSTEM_SSH : DEEP_TREE;
  return {
    ...world,
    open: async (folder) =>
      Object.assign(await SshHosts.open(folder, { config: config(folder) }), { environment }),
  };
}

/** Both transports; with the program ssh only these tests, unless all are wanted (`npm run test:ssh-all`). */
export function troubleWorlds(bySystemSsh: readonly string[]): readonly RunWorld[] {
  const all = process.env["NEBULA_ALL_RUNS"] === "1";
  return [sshWorld, all ? systemSshWorld : { ...systemSshWorld, only: new Set(bySystemSsh) }];
}

const BY_SYSTEM_SSH = { ...DEEP_TREE, PLUSH_TRANSPORT: "system-ssh" };

export class SshHosts implements WorldHosts {
  readonly environment: Readonly<Record<string, string>> = DEEP_TREE;
  readonly farm: SshFarm;
  readonly #folder: string;
  readonly #addresses = new Map<string, string>();

  private constructor(folder: string, farm: SshFarm) {
    this.#folder = folder;
    this.farm = farm;
  }

  static async open(folder: string, more: Omit<FarmSettings, "homes"> = {}): Promise<SshHosts> {
    const farm = await SshFarm.open({ homes: join(folder, "hosts"), ...more });
    const hosts = new SshHosts(folder, farm);
    mkdirSync(join(folder, "home", ".ssh"), { recursive: true, mode: 0o700 });
    writeFileSync(join(folder, "home", ".ssh", "known_hosts"), farm.knownHosts);
    return hosts;
  }

  addressOf(host: string): string {
    const known = this.#addresses.get(host);
    if (known !== undefined) return known;
    const number = this.#addresses.size + 1;
    const address = `127.1.${String(number >> 8)}.${String(number & 255)}`;
    this.#addresses.set(host, address);
    return address;
  }

  /** Also writes down, as a person would, where these hosts are found. */
  directoryXml(nodes: readonly NodeGroup[]): string {
    for (const name of nodes.flatMap(({ hosts }) => namesOf(hosts))) this.addressOf(name);
    this.writeConfig();
    this.farm.writeNames([...this.#addresses].map(([host, address]) => `${address} ${host}`));
    return directoryXml("ssh", nodes);
  }

  /** `more` comes first, and so wins. */
  writeConfig(more: readonly string[] = [], ourKey = true): void {
    const hosts = [...this.#addresses].map(([host, address]) => `Host ${host}\n  HostName ${address}\n`);
    const key = ourKey ? `  IdentityFile ${this.farm.keyFile}\n` : "";
    const all = `Host *\n  Port ${String(this.farm.port)}\n${key}`;
    writeFileSync(join(this.#folder, "home", ".ssh", "config"), [...more, ...hosts, all].join("\n"));
  }

  async listHostDirectories(): Promise<readonly string[]> {
    return this.#below("hosts");
  }

  async listKeptSoftware(): Promise<readonly string[]> {
    return this.#below("kept");
  }

  listProcesses(): ReturnType<typeof processesOf> {
    return processesOf(this.#folder);
  }

  clientPid(host: string): number {
    const directory = `.${encodeURIComponent(host)} `;
    // The keeper names its directory, and is the client's child.
    const keeper = this.listProcesses().find(
      ({ commandLine }) => commandLine.includes(" plush-keeper ") && commandLine.includes(directory),
    );
    if (keeper === undefined) throw new Error(`there is no client of ${host}`);
    return parentOf(keeper.pid);
  }

  close(): Promise<void> {
    return this.farm.close();
  }

  async #below(name: string): Promise<string[]> {
    const homes = [...this.#addresses.values()].map((address) => this.farm.homeOf(address));
    const found = await Promise.all(homes.map((home) => namesIn(join(home, BASE, name))));
    return found.flat();
  }
}

function namesOf(hosts: string): readonly string[] {
  const parsed = parseNodeSet(hosts);
  if (parsed.kind === "error") throw new Error(parsed.message);
  return parsed.set.names();
}
