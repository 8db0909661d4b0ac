// Who hangs below whom, as the kernel has it: a child has dialled a port on which its parent listens.
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

function childrenBelow(pid: number): number {
  const own = ownSockets(pid);
  const sockets = readFileSync(`/proc/${String(pid)}/net/tcp`, "latin1")
    .split("\n")
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => own.has(fields[9] ?? ""));
  const portsIn = (state: string): string[] =>
    sockets.filter((fields) => fields[3] === state).map(([, local = ""]) => local.split(":")[1] ?? "");
  const listening = new Set(portsIn(LISTENING));
  return portsIn(ESTABLISHED).filter((port) => listening.has(port)).length;
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
