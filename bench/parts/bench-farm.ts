// A farm of N hosts behind one sshd, with all that the programs to be compared need to reach them.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SshFarm } from "../../test/integration/ssh-farm.ts";
import type { CpuMeter } from "./cpu-meter.ts";

/** All speak these: OpenSSH's own first choice, hybrid key exchange, costs two to three times as much. */
const ALGORITHMS = ["KexAlgorithms curve25519-sha256", "HostKeyAlgorithms ssh-ed25519"];

export interface BenchFarm {
  /** HOME of whoever connects: ~/.ssh/config and known_hosts are in it. */
  readonly home: string;
  readonly names: readonly string[];
  /** The names, folded. */
  readonly set: string;
  readonly hostsFile: string;
  readonly cold: string;
  /** Like `cold`, and connections stay and are shared. */
  readonly warm: string;
  /** For the children: nothing of ours that would slow them down or decide for them. */
  readonly environment: Readonly<Record<string, string>>;
  readonly write: (name: string, text: string) => void;
  /** Ends the shared connections. */
  close(): Promise<void>;
}

export async function openBenchFarm(meter: CpuMeter, hosts: number): Promise<BenchFarm> {
  const home = mkdtempSync(join(tmpdir(), "nebula-bench-"));
  const farm = await meter.hosts.during(() =>
    SshFarm.open({ homes: join(home, "hosts"), config: ALGORITHMS }),
  );
  const at = (name: string): string => join(home, name);
  const write = (name: string, text: string): void => {
    writeFileSync(at(name), text, { mode: 0o600 });
  };
  for (const folder of [".ssh", "masters", "tmp"]) mkdirSync(at(folder), { mode: 0o700 });
  const names = Array.from({ length: hosts }, (_, index) => `127.1.0.${String(index + 1)}`);
  const config = [
    "Host *",
    `Port ${String(farm.port)}`,
    `IdentityFile ${farm.keyFile}`,
    "IdentitiesOnly yes",
    "BatchMode yes",
    `UserKnownHostsFile ${at(".ssh/known_hosts")}`,
    "GlobalKnownHostsFile /dev/null",
    "",
  ].join("\n");
  write(".ssh/known_hosts", farm.knownHosts);
  write(".ssh/config", config);
  write("warm", `${config}ControlMaster auto\nControlPath ${at("masters")}/%h\nControlPersist 600\n`);
  write("hosts.txt", `${names.join("\n")}\n`);
  return {
    home,
    names,
    set: `127.1.0.[1-${String(hosts)}]`,
    hostsFile: at("hosts.txt"),
    cold: at(".ssh/config"),
    warm: at("warm"),
    environment: {
      PATH: process.env["PATH"] ?? "",
      HOME: home,
      TMPDIR: at("tmp"),
      LC_ALL: "C.UTF-8",
      XDG_STATE_HOME: at("state"),
    },
    write,
    async close() {
      // The masters end with the server's end of their connections.
      await farm.close();
      rmSync(home, { recursive: true, force: true });
    },
  };
}
