// Hosts behind a real sshd on this computer: every 127.x.y.z address one host, with a home directory of its own.
import { execFileSync, spawn, spawnSync, type ChildProcess } from "node:child_process";
import { createServer, connect, type AddressInfo } from "node:net";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { holdsWithin } from "./process-list.ts";

const SSHD = "/usr/sbin/sshd";
export const SFTP_SERVER = "/usr/lib/openssh/sftp-server";
/** It listens at once; the computer may be busy. */
const START_MS = 10_000;
/** Another test may take the port between our look and sshd's start. */
const PORT_TRIES_MAX = 5;

/** Why there can be no farm here, or undefined. */
export function farmHindrance(): string | undefined {
  if (process.platform !== "linux") return "loopback addresses beyond 127.0.0.1 are Linux's";
  if (process.getuid?.() !== 0) return "sshd serves other users' homes only as root";
  if (!existsSync(SSHD)) return `${SSHD} is missing (apt-get install openssh-server)`;
  return spawnSync("unshare", ["-m", "true"]).status === 0
    ? undefined
    : "mount namespaces are forbidden here";
}

export interface FarmSettings {
  /** Homes are made in it, one for each address. */
  readonly homes: string;
  /** Lines for sshd_config; they come first, and so win. */
  readonly config?: readonly string[];
  /** Files of the system that this sshd and all behind it see others in place of: users of their own, for example. */
  readonly mounts?: Readonly<Record<string, string>>;
}

/** One sshd. */
export class SshFarm {
  readonly port: number;
  /** The private key that lets one in. */
  readonly keyFile: string;
  /** A line of known_hosts for all addresses and names. */
  readonly knownHosts: string;
  readonly #folder: string;
  readonly #homes: string;
  readonly #sshd: ChildProcess;

  private constructor(folder: string, homes: string, port: number, sshd: ChildProcess) {
    this.port = port;
    this.keyFile = join(folder, "user_key");
    this.knownHosts = `* ${readFileSync(join(folder, "host_key.pub"), "utf8").trim()}\n`;
    this.#folder = folder;
    this.#homes = homes;
    this.#sshd = sshd;
  }

  static async open(settings: FarmSettings): Promise<SshFarm> {
    const folder = mkdtempSync(join(tmpdir(), "nebula-sshd-"));
    // For users other than root; the keys in it stay its owner's.
    chmodSync(folder, 0o755);
    for (const name of ["host_key", "user_key"])
      execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", join(folder, name)]);
    writeFileSync(join(folder, "login"), loginScript(settings.homes));
    writeNames(folder, []);
    mkdirSync("/run/sshd", { recursive: true, mode: 0o755 });
    for (let tries = 1; ; tries += 1) {
      const port = await freePort();
      const sshd = await startSshd(folder, port, settings);
      if (sshd !== undefined) return new SshFarm(folder, settings.homes, port, sshd);
      if (tries === PORT_TRIES_MAX) throw new Error(`sshd does not start: ${logOf(folder)}`);
    }
  }

  homeOf(address: string): string {
    return join(this.#homes, address);
  }

  /** What the hosts' own resolver knows, as lines of /etc/hosts. */
  writeNames(lines: readonly string[]): void {
    writeNames(this.#folder, lines);
  }

  /** Shell commands that each login to this address runs first: a start-up file, or another environment. */
  atLogin(address: string, commands: string): void {
    mkdirSync(this.homeOf(address), { recursive: true });
    writeFileSync(join(this.homeOf(address), ".at-login"), commands);
  }

  get log(): string {
    return logOf(this.#folder);
  }

  /** Ends those that serve a connection; new ones are taken. */
  dropConnections(): void {
    for (const pid of this.#sshd.pid === undefined ? [] : descendantsOf(this.#sshd.pid)) end(pid);
  }

  /** Ends the one that listens and those that serve a connection. */
  async kill(): Promise<void> {
    const children = this.#sshd.pid === undefined ? [] : descendantsOf(this.#sshd.pid);
    for (const pid of [this.#sshd.pid, ...children]) if (pid !== undefined) end(pid);
    await holdsWithin(START_MS, () => this.#sshd.exitCode !== null || this.#sshd.signalCode !== null);
  }

  async close(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** The server's address is the third word: each has its own home, and what its test wants of a login there. */
function loginScript(homes: string): string {
  return `set -- $SSH_CONNECTION
HOME=${homes}/$3
export HOME
mkdir -p "$HOME"
cd "$HOME" || exit 1
LOGIN_SHELL=/bin/sh
[ ! -e .at-login ] || . ./.at-login
[ -n "$SSH_ORIGINAL_COMMAND" ] || exec "$LOGIN_SHELL"
exec "$LOGIN_SHELL" -c "$SSH_ORIGINAL_COMMAND"
`;
}

async function startSshd(
  folder: string,
  port: number,
  { config = [], mounts = {} }: FarmSettings,
): Promise<ChildProcess | undefined> {
  const path = join(folder, "sshd_config");
  const lines = [
    ...config,
    // All of 127.0.0.0/8, and nothing that anybody else can reach.
    `ListenAddress 0.0.0.0:${String(port)} rdomain lo`,
    `HostKey ${join(folder, "host_key")}`,
    `AuthorizedKeysFile ${join(folder, "user_key.pub")}`,
    `ForceCommand /bin/sh ${join(folder, "login")}`,
    "PidFile none",
    "StrictModes no",
    "UsePAM no",
    "PermitRootLogin prohibit-password",
    "PasswordAuthentication no",
    "KbdInteractiveAuthentication no",
    // bash reads ~/.bashrc for a command by SSH, but not as an inner shell: whatever the tester has in it (version
    // managers take 100 ms) is no part of a host.
    "SetEnv SHLVL=1",
    // By the login script, too: it begins in the host's home.
    `Subsystem sftp ${SFTP_SERVER}`,
    "MaxStartups 1000",
    "MaxSessions 100",
    "LogLevel VERBOSE",
  ];
  writeFileSync(path, `${lines.join("\n")}\n`);
  // A mount namespace of its own: in it, the hosts know each other by name.
  const script = 'while [ "$1" != -- ]; do mount --bind "$2" "$1" || exit 1; shift 2; done; shift; exec "$@"';
  const places = Object.entries({ "/etc/hosts": join(folder, "hosts"), ...mounts }).flat();
  const command = [...places, "--", SSHD, "-D", "-f", path, "-E", join(folder, "log")];
  const sshd = spawn("unshare", ["-m", "/bin/sh", "-c", script, "sh", ...command], { stdio: "ignore" });
  const isUp = (): boolean => logOf(folder).includes(`Server listening on 0.0.0.0 port ${String(port)}`);
  const isOver = (): boolean => sshd.exitCode !== null;
  await holdsWithin(START_MS, () => isUp() || isOver());
  if (!isOver() && isUp() && (await answers(port))) return sshd;
  sshd.kill("SIGKILL");
  return undefined;
}

/** In place: what is mounted is the file, not its name. */
function writeNames(folder: string, lines: readonly string[]): void {
  writeFileSync(join(folder, "hosts"), ["127.0.0.1 localhost", ...lines, ""].join("\n"));
}

function logOf(folder: string): string {
  const path = join(folder, "log");
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "0.0.0.0", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => {
        resolve(port);
      });
    });
  });
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.1.0.1", port });
    socket.once("error", () => {
      resolve(false);
    });
    socket.once("data", () => {
      socket.destroy();
      resolve(true);
    });
  });
}

function descendantsOf(pid: number): number[] {
  const path = `/proc/${String(pid)}/task/${String(pid)}/children`;
  const children = textOf(path)
    .trim()
    .split(" ")
    .filter((word) => word !== "")
    .map(Number);
  // Only sshd's own: what runs on a host outlives its connection.
  const sshds = children.filter((child) => nameOf(child).startsWith("sshd"));
  return sshds.flatMap((child) => [child, ...descendantsOf(child)]);
}

/** Empty when it is not there: a process may end while it is asked about. */
function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function nameOf(pid: number): string {
  const path = `/proc/${String(pid)}/comm`;
  return textOf(path);
}

function end(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    return; // gone already
  }
}
