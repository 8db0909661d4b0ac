// Hosts behind a real sshd for a window: its home has their keys and configuration, and a directory that lists them.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SshFarm } from "../integration/ssh-farm.ts";
import type { WindowHome } from "./window-home.ts";

export class SshHosts {
  readonly farm: SshFarm;
  readonly directory: string;
  readonly knownHosts: string;

  private constructor(farm: SshFarm, home: WindowHome) {
    this.farm = farm;
    this.directory = join(home.work, "directory.xml");
    this.knownHosts = join(home.root, ".ssh", "known_hosts");
    mkdirSync(join(home.root, ".ssh"), { mode: 0o700 });
    writeFileSync(
      join(home.root, ".ssh", "config"),
      [
        ...[1, 2, 3, 4].map((number) => `Host far${String(number)}\n  HostName 127.1.0.${String(number)}\n`),
        `Host *\n  User root\n  Port ${String(farm.port)}\n  IdentityFile ${farm.keyFile}\n  IdentityAgent none\n`,
      ].join("\n"),
    );
    writeFileSync(this.knownHosts, farm.knownHosts);
    writeFileSync(
      this.directory,
      `<plush>
  <resource_manager type="ssh"><node hostname="far[1-3]"/></resource_manager>
  <resource_manager type="ssh" transport="system-ssh"><node hostname="far4"/></resource_manager>
  <resource_manager type="local"><node hostname="here"/></resource_manager>
</plush>
`,
    );
  }

  static async open(home: WindowHome): Promise<SshHosts> {
    return new SshHosts(await SshFarm.open({ homes: join(home.root, "hosts") }), home);
  }

  /** The folder in which a login on it begins. */
  homeOf(number: number): string {
    const path = this.farm.homeOf(`127.1.0.${String(number)}`);
    mkdirSync(path, { recursive: true });
    return path;
  }
}

/** The process that serves the connection in which this shell runs. */
export function parentOf(pid: number): number {
  const stat = readFileSync(`/proc/${String(pid)}/stat`, "latin1");
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
}
