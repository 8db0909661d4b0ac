// A host of the directory as something that SSH reaches.
import type { HostEntry } from "#shared/resource-directory/resource-directory.ts";
import type { SshTarget } from "./ssh.ts";

export function targetOf(host: HostEntry): SshTarget {
  // The directory's port is where the client listens; SSH's comes from ~/.ssh/config.
  return { host: host.address, port: undefined, user: host.user, hostKeyPolicy: host.hostKeyPolicy };
}
