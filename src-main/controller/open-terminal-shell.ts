// Finds the host that a person wants a shell on: any of the directory, with a client or without.
import type { HostId } from "#shared/base/ids.ts";
import type { TerminalResult, TerminalSize } from "#shared/controller-api/terminal-shell.ts";
import type { ResourceDirectory } from "#shared/resource-directory/resource-directory.ts";
import type { Terminals } from "../terminals/terminals.ts";

interface OpenTerminalParts {
  readonly terminals: Terminals;
  /** That of the host's client, while there is one. */
  readonly folderOf: (host: HostId) => string | undefined;
}

export async function openTerminal(
  loaded: { readonly directory: ResourceDirectory; readonly path: string } | undefined,
  name: string,
  { terminals, folderOf }: OpenTerminalParts,
  size: TerminalSize,
): Promise<TerminalResult> {
  if (loaded === undefined) {
    return failed("no resource directory is loaded", "Load the directory in which the host stands.");
  }
  const hosts = loaded.directory.managers.flatMap((manager) => manager.hosts);
  const host = hosts.find(({ id }) => id === name);
  if (host === undefined) {
    const reason = `there is no host ${JSON.stringify(name)} in ${loaded.path}`;
    return failed(reason, "Choose one of the directory's hosts, or load the directory that has it.");
  }
  return terminals.open(host, folderOf(host.id), size);
}

function failed(reason: string, remedy: string): TerminalResult {
  return { kind: "failed", step: "directory", reason, remedy, unreachable: false };
}
