// Finds the host that a person wants a shell on, its files or its ports: any of the directory, with a client or without.
import type { HostId } from "#shared/base/ids.ts";
import type { OpenFailure } from "#shared/controller-api/host-files.ts";
import type { HostEntry, ResourceDirectory } from "#shared/resource-directory/resource-directory.ts";

interface LoadedDirectory {
  readonly directory: ResourceDirectory;
  readonly path: string;
}

interface OnHostParts {
  readonly loaded: LoadedDirectory | undefined;
  /** That of the host's client, while there is one. */
  readonly folderOf: (host: HostId) => string | undefined;
}

export async function onHost<Result>(
  name: string,
  { loaded, folderOf }: OnHostParts,
  open: (host: HostEntry, folder: string | undefined) => Promise<Result>,
): Promise<Result | OpenFailure> {
  if (loaded === undefined) {
    return failed("no resource directory is loaded", "Load the directory in which the host stands.");
  }
  const hosts = loaded.directory.managers.flatMap((manager) => manager.hosts);
  const host = hosts.find(({ id }) => id === name);
  if (host === undefined) {
    const reason = `there is no host ${JSON.stringify(name)} in ${loaded.path}`;
    return failed(reason, "Choose one of the directory's hosts, or load the directory that has it.");
  }
  return open(host, folderOf(host.id));
}

function failed(reason: string, remedy: string): OpenFailure {
  return { kind: "failed", step: "directory", reason, remedy, unreachable: false };
}
