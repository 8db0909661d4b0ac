// What a controller is started with, out of a person's preferences and the computer's folders: the same for every face.
import type { LinkWay } from "#shared/base/link-way.ts";
import type { HostKeyPolicy, SshTransportName } from "#shared/resource-directory/resource-directory.ts";
import type { Paths } from "./paths.ts";
import type { Preferences } from "./preferences.ts";

export interface ControllerSettings {
  readonly stateDirectory: string;
  readonly cacheDirectory: string;
  readonly runtimeDirectory: string;
  /** Folder below which each run gets one; undefined = below the state directory. */
  readonly resultsDirectory: string | undefined;
  /** Runs whose results are kept; undefined = the default. */
  readonly resultsKeep: number | undefined;
  /** Port that clients connect to; undefined = any free one. */
  readonly port: number | undefined;
  readonly ways: readonly LinkWay[] | undefined;
  /** How hosts are reached by SSH where the directory does not say. */
  readonly transport: SshTransportName | undefined;
  readonly hostKeyPolicy: HostKeyPolicy | undefined;
  /** Who logs in where the directory does not say, and the private key that is tried first. */
  readonly sshUser: string | undefined;
  readonly sshIdentity: string | undefined;
  /** The topology by its name, and children of one node at most; undefined = the defaults. */
  readonly overlay: string | undefined;
  readonly degree: number | undefined;
  /** Bring a Node to hosts that have none. */
  readonly pushNode: boolean;
  /** Path or URL of that Node; undefined = from the npm registry. */
  readonly nodeRuntime: string | undefined;
  /** Diagnostics for developers. */
  readonly log: (text: string) => void;
}

export function controllerSettingsOf(
  preferences: Preferences,
  paths: Paths,
  log: (text: string) => void,
): ControllerSettings {
  return {
    stateDirectory: paths.state,
    cacheDirectory: paths.cache,
    runtimeDirectory: paths.runtime,
    resultsDirectory: preferences.results,
    resultsKeep: preferences.results_keep,
    port: preferences.controller_port,
    ways: preferences.ways,
    transport: preferences.transport,
    hostKeyPolicy: preferences.host_key_policy,
    sshUser: preferences.ssh_user,
    sshIdentity: preferences.ssh_identity,
    overlay: preferences.overlay,
    degree: preferences.degree,
    pushNode: preferences.push_node ?? true,
    nodeRuntime: preferences.node_runtime,
    log,
  };
}
