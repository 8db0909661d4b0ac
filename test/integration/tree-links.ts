// Who hangs below whom, as the kernel has it: a child has dialled a port on which its parent listens.
import type { Endpoint } from "../../src-shared/protocol/address.ts";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

const LISTENING = "0A";
const ESTABLISHED = "01";

/** How many others hang below each of these clients. */
export function childrenOf(pids: ReadonlyMap<string, number>): Map<string, number> {
  return new Map([...pids].map(([host, pid]) => [host, childrenBelow(pid)]));
}

/** Those with children, the busiest first. */
export function relaysOf(pids: ReadonlyMap<string, number>): string[] {
  const relays = [...childrenOf(pids)].filter(([, children]) => children > 0);
  return relays.sort((one, other) => other[1] - one[1]).map(([host]) => host);
}

/** Where a process takes connections, of those that are on 127.0.0.1. */
export function doorsOf(pid: number): Endpoint[] {
  const ports = portsOf(pid, LISTENING);
  return ports.map((port) => ({ host: "127.0.0.1", port: Number.parseInt(port, 16) }));
}

function childrenBelow(pid: number): number {
  const listening = new Set(portsOf(pid, LISTENING));
  return portsOf(pid, ESTABLISHED).filter((port) => listening.has(port)).length;
}

/** Its own ends, as the kernel writes them. */
function portsOf(pid: number, state: string): string[] {
  const own = ownSockets(pid);
  return readFileSync(`/proc/${String(pid)}/net/tcp`, "latin1")
    .split("\n")
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => own.has(fields[9] ?? "") && fields[3] === state)
    .map(([, local = ""]) => local.split(":")[1] ?? "");
}

/** Their inodes. */
function ownSockets(pid: number): Set<string> {
  const folder = `/proc/${String(pid)}/fd`;
  const found = readdirSync(folder).map((name) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`${folder}/${name}`))?.[1] ?? "";
    } catch {
      return ""; // closed in between
    }
  });
  return new Set(found.filter((inode) => inode !== ""));
}
