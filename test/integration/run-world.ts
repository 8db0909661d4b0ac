// What the table of run tests needs of a way to get hosts: embedded hosts now, hosts behind sshd next.
import type { SeenProcess } from "./process-list.ts";

/** Nodes of one group: a node set, as a resource directory has it. */
export interface NodeGroup {
  readonly hosts: string;
  readonly group?: string;
}

/** A way to get hosts. */
export interface RunWorld {
  readonly name: string;
  /** As resource directories and specifications call such hosts. */
  readonly managerType: string;
  /** Hosts for one test; all that they leave, they leave below this folder, which is the test's own. */
  open(folder: string): Promise<WorldHosts>;
  /** Names of the only tests that are wanted; each is taken out when its test is found. */
  readonly only?: Set<string>;
}

/** The hosts of one test. */
export interface WorldHosts {
  /** A resource directory that has them. */
  directoryXml(nodes: readonly NodeGroup[]): string;
  /** What the controller's environment needs beyond its folders, to reach them. */
  readonly environment: Readonly<Record<string, string>>;
  /** Host directories of clients that are there now, of whatever session. */
  listHostDirectories(): Promise<readonly string[]>;
  /** Software that was kept for later clients. */
  listKeptSoftware(): Promise<readonly string[]>;
  /** Clients, keepers, and whatever they have started, daemons included; and controllers of this test. */
  listProcesses(): readonly SeenProcess[];
  /** The client on this host. */
  clientPid(host: string): number;
  close(): Promise<void>;
}
