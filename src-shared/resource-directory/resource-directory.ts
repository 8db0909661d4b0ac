// What a resource directory says: the hosts that can be had, by resource manager.
import type { Placed } from "../application/application.ts";
import type { HostId } from "../base/ids.ts";

/** `ssh2`: in the controller's own process; `system-ssh`: by the program ssh, which knows certificates and Kerberos. */
export const SSH_TRANSPORTS = ["ssh2", "system-ssh"] as const;
export type SshTransportName = (typeof SSH_TRANSPORTS)[number];

/** StrictHostKeyChecking's words. */
export const HOST_KEY_POLICIES = ["yes", "ask", "accept-new", "no"] as const;
export type HostKeyPolicy = (typeof HOST_KEY_POLICIES)[number];

/** How far simulated hosts are from each other: on one switch, or as far as their places on the globe are. */
export const SIMULATED_NETWORKS = ["lan", "wan"] as const;
export type SimulatedNetwork = (typeof SIMULATED_NETWORKS)[number];

/** The hosts of one manager of type simulated have it in common. */
export interface Simulation {
  /** Tells the managers of a directory apart. */
  readonly manager: number;
  readonly network: SimulatedNetwork;
  readonly seed: number;
  /** So many of the manager's hosts fail in an hour, on average. */
  readonly failuresPerHour: number;
}

export interface ResourceDirectory {
  readonly rootName: "plush" | "gush";
  readonly managers: readonly ResourceManager[];
}

/** Of a type in MANAGER_TYPES, whose hosts can be used; managers of other types load with a warning. */
export interface ResourceManager extends Placed {
  readonly type: string;
  readonly hosts: readonly HostEntry[];
}

/** One host; node sets in `hostname` are unfolded, so that each host has an entry of its own. */
export interface HostEntry extends Placed {
  /** What the host is called everywhere: the name without port, unique over the directory. */
  readonly id: HostId;
  readonly managerType: string;
  /** Name or address to contact; for local hosts the loopback address. */
  readonly address: string;
  /** Port that the client listens on (ssh), or undefined. */
  readonly port: number | undefined;
  readonly user: string | undefined;
  /** How it is reached by SSH; undefined = as the preferences or ~/.ssh/config have it. */
  readonly transport: SshTransportName | undefined;
  readonly hostKeyPolicy: HostKeyPolicy | undefined;
  /** Labels; a host that is listed several times has them all. */
  readonly groups: readonly string[];
  readonly site: string | undefined;
  /** Degrees, WGS 84. */
  readonly latitude: number | undefined;
  readonly longitude: number | undefined;
  /** It is no machine: there only for hosts of type simulated. */
  readonly simulation?: Simulation;
}

/** The entries of these hosts, in the order of the directory. */
export function entriesOf(directory: ResourceDirectory, hosts: readonly HostId[]): HostEntry[] {
  const wanted = new Set(hosts);
  return directory.managers.flatMap((manager) => manager.hosts.filter((host) => wanted.has(host.id)));
}
