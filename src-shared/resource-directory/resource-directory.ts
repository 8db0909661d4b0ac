// What a resource directory says: the hosts that can be had, by resource manager.
import type { Placed } from "../application/application.ts";
import type { HostId } from "../base/ids.ts";

/** `ssh2`: in the controller's own process; `system-ssh`: by the program ssh, which knows certificates and Kerberos. */
export const SSH_TRANSPORTS = ["ssh2", "system-ssh"] as const;
export type SshTransportName = (typeof SSH_TRANSPORTS)[number];

/** StrictHostKeyChecking's words. */
export const HOST_KEY_POLICIES = ["yes", "ask", "accept-new", "no"] as const;
export type HostKeyPolicy = (typeof HOST_KEY_POLICIES)[number];

export interface ResourceDirectory {
  readonly rootName: "plush" | "gush";
  readonly managers: readonly ResourceManager[];
}

/** type="local": embedded hosts on this computer. type="ssh": hosts reached by SSH. Others load with a warning. */
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
}

/** The entries of these hosts, in the order of the directory. */
export function entriesOf(directory: ResourceDirectory, hosts: readonly HostId[]): HostEntry[] {
  const wanted = new Set(hosts);
  return directory.managers.flatMap((manager) => manager.hosts.filter((host) => wanted.has(host.id)));
}
