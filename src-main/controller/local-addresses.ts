// Gives each embedded host a loopback address of its own, so that they can listen on the same port like real hosts. Pure.
import type { HostEntry, ResourceDirectory } from "#shared/resource-directory/resource-directory.ts";

/** Usable last parts of an address: 1 to 254. */
const HOSTS_PER_BLOCK = 254;
/** Second parts 64 to 223: away from 127.0.x.x, which people use by hand. */
const NETWORK_FIRST = 64;
const NETWORKS = 160;
const BLOCKS = 256;

/**
 * `seed` makes two controllers on one computer unlikely to meet (one in 40,960 for up to 254 hosts). The entries keep
 * everything else; hosts of other managers are left alone. Only for systems where all of 127.0.0.0/8 is loopback.
 */
export function giveLocalAddresses(directory: ResourceDirectory, seed: number): ResourceDirectory {
  let next = 0;
  const give = (host: HostEntry): HostEntry => {
    const address = addressOf(seed, next);
    next += 1;
    return { ...host, address };
  };
  const managers = directory.managers.map((manager) =>
    manager.type === "local" ? { ...manager, hosts: manager.hosts.map(give) } : manager,
  );
  return { ...directory, managers };
}

function addressOf(seed: number, index: number): string {
  const block = (Math.floor(seed / NETWORKS) + Math.floor(index / HOSTS_PER_BLOCK)) % BLOCKS;
  return ["127", NETWORK_FIRST + (seed % NETWORKS), block, (index % HOSTS_PER_BLOCK) + 1].join(".");
}
