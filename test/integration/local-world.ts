// Embedded hosts as a world for the run tests: client processes on this computer.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { parentOf, processesOf } from "./process-list.ts";
import type { NodeGroup, RunWorld, WorldHosts } from "./run-world.ts";

/** Where the controller keeps what it has below XDG_STATE_HOME, and embedded hosts below that. */
const HOSTS = join("nebula", "hosts");
const KEPT = "kept";
/** So that a few hosts already hang below one another. */
export const DEEP_TREE = { PLUSH_DEGREE: "2" };

export const localWorld: RunWorld = {
  name: "local",
  managerType: "local",
  open: async (folder) => createLocalHosts(folder),
};

function createLocalHosts(folder: string): WorldHosts {
  const hostsFolder = join(folder, "state", HOSTS);
  return {
    environment: DEEP_TREE,
    directoryXml: (nodes) => directoryXml("local", nodes),
    listHostDirectories: async () => (await namesIn(hostsFolder)).filter((name) => name !== KEPT),
    listKeptSoftware: () => namesIn(join(hostsFolder, KEPT)),
    listProcesses: () => processesOf(folder),
    clientPid: (host) => {
      const directory = `.${encodeURIComponent(host)} `;
      // The keeper names its directory, and is the client's child.
      const keeper = processesOf(folder).find(
        ({ commandLine }) => commandLine.includes(" plush-keeper ") && commandLine.includes(directory),
      );
      if (keeper === undefined) throw new Error(`there is no client of ${host}`);
      return parentOf(keeper.pid);
    },
    close: async () => undefined,
  };
}

export function directoryXml(managerType: string, nodes: readonly NodeGroup[]): string {
  const lines = nodes.map(
    ({ hosts, group }) => `    <node hostname="${hosts}"${group === undefined ? "" : ` group="${group}"`}/>`,
  );
  return `<plush>\n  <resource_manager type="${managerType}">\n${lines.join("\n")}\n  </resource_manager>\n</plush>\n`;
}

/** Names in a folder; none when there is no such folder. */
export async function namesIn(path: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch {
    return []; // not made, or removed
  }
}
