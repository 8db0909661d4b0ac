// The programs that are compared with plush: how each runs one command on many hosts, and how its answers are read.
import { spawnSync } from "node:child_process";

export interface Peer {
  readonly name: string;
  readonly program: string;
  /** The Debian package. */
  readonly package: string;
  readonly command: (work: PeerWork) => readonly string[];
  readonly environment: (work: PeerWork) => Readonly<Record<string, string>>;
  /** Whose answer a line is. */
  readonly hostOf: (line: string) => string | undefined;
}

export interface PeerWork {
  /** As a node set; all three read it. */
  readonly hosts: string;
  /** The same, one a line, in a file. */
  readonly hostsFile: string;
  readonly sshConfig: string;
  readonly fanout: number;
  readonly remote: string;
}

/** pdsh and clush: `host: line`. */
const beforeColon = (line: string): string | undefined => /^(\S+?): \S/u.exec(line)?.[1];

const PEERS: readonly Peer[] = [
  {
    name: "pdsh",
    program: "pdsh",
    package: "pdsh",
    command: ({ hosts, fanout, remote }) => ["pdsh", "-R", "ssh", "-f", String(fanout), "-w", hosts, remote],
    environment: ({ sshConfig }) => ({ PDSH_SSH_ARGS_APPEND: `-F ${sshConfig}` }),
    hostOf: beforeColon,
  },
  {
    name: "clush",
    program: "clush",
    package: "clustershell",
    command: ({ hosts, fanout, remote, sshConfig }) => [
      "clush",
      "--nostdin",
      "-f",
      String(fanout),
      "-o",
      `-F ${sshConfig}`,
      "-w",
      hosts,
      remote,
    ],
    environment: () => ({}),
    hostOf: beforeColon,
  },
  {
    name: "pssh",
    program: "parallel-ssh",
    package: "pssh",
    command: ({ hostsFile, fanout, remote, sshConfig }) => [
      "parallel-ssh",
      "-i",
      "-p",
      String(fanout),
      "-x",
      `-F ${sshConfig}`,
      "-h",
      hostsFile,
      remote,
    ],
    environment: () => ({}),
    hostOf: (line) => /\[SUCCESS\] (\S+)/u.exec(line)?.[1],
  },
];

/** Those that are here; the others are named, and installed first where that is ours to do. */
export function findPeers(): readonly Peer[] {
  const missing = PEERS.filter((peer) => !isThere(peer.program));
  if (missing.length > 0 && process.getuid?.() === 0 && spawnSync("apt-get", ["--version"]).status === 0) {
    const packages = missing.map((peer) => peer.package);
    console.log(`installing ${packages.join(", ")}`);
    const environment = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    const install = ["install", "-y", "-q", "--no-install-recommends", ...packages];
    const wasInstalled = (): boolean =>
      spawnSync("apt-get", install, { stdio: "ignore", env: environment }).status === 0;
    if (!wasInstalled()) {
      spawnSync("apt-get", ["update", "-q"], { stdio: "ignore", env: environment });
      wasInstalled();
    }
  }
  for (const peer of PEERS)
    if (!isThere(peer.program)) console.log(`without ${peer.name}: apt-get install ${peer.package}`);
  return PEERS.filter(({ program }) => isThere(program));
}

export function isThere(program: string): boolean {
  return spawnSync(program, ["--help"], { stdio: "ignore" }).error === undefined;
}
