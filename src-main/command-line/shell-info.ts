// The shell's `info`: hosts, one host, the overlay, what the run waits for, the controller; for people, or as JSON for programs.
import { nearestName } from "#shared/application/nearest-name.ts";
import type { HostView } from "#shared/controller-api/controller-api.ts";
import { CommandFailure } from "./command-failure.ts";
import { EXIT } from "./exit-codes.ts";
import { namesWhere } from "./hosts-where.ts";
import { meshWithTrips, renderMesh } from "./render-mesh.ts";
import { renderWaits } from "./render-waits.ts";
import type { ShellSession } from "./shell-session.ts";
import { renderControl, renderHost, renderHosts, type ViewOptions } from "./shell-views.ts";
import { wordsWhere } from "./shell-where.ts";

export const INFO_USAGE = "info nodes [FILTER]|node HOST|mesh|waiting|control [--output json]";
const JSON_OUTPUT = /\s+--output(?:\s+|=)json\s*$/;

export async function infoFromShell(
  shell: ShellSession,
  given: readonly string[],
  rest: string,
): Promise<number> {
  const isJson = JSON_OUTPUT.test(rest);
  const words = isJson ? given.slice(0, given.at(-1) === "json" ? -2 : -1) : given;
  const asked = rest.replace(JSON_OUTPUT, "");
  const { screen, session } = shell;
  const show = <View>(
    view: View,
    render: (view: View, options: ViewOptions) => readonly string[],
  ): number => {
    if (isJson) screen.print([JSON.stringify(view, null, 2)]);
    else screen.print(render(view, { style: session.style, columns: screen.columns() }));
    return EXIT.ok;
  };
  const { api } = shell;
  switch (words[0]) {
    case "nodes":
      return show(hostsOfFilter(shell, words, asked), renderHosts);
    case "node":
      return show(hostNamed(api.hosts(), words[1]), renderHost);
    case "mesh":
      return show(meshWithTrips(api.mesh(), api.hosts()), renderMesh);
    case "waiting":
      return show(api.waits(shell.currentRun()?.run ?? ""), renderWaits);
    case "control":
      return show(api.control(), renderControl);
    case undefined:
    default:
      throw new CommandFailure(EXIT.usage, `usage: ${INFO_USAGE}`);
  }
}

function hostNamed(hosts: readonly HostView[], name: string | undefined): HostView {
  if (name === undefined) throw new CommandFailure(EXIT.usage, "usage: info node HOST");
  const host = hosts.find((candidate) => candidate.host === name);
  if (host !== undefined) return host;
  const nearest = nearestName(
    name,
    hosts.map((candidate) => candidate.host),
  );
  throw new CommandFailure(
    EXIT.usage,
    `there is no host '${name}'`,
    nearest === undefined ? "info nodes lists them." : `Did you mean '${nearest}'?`,
  );
}

/** Nothing else follows `info nodes`, so the filter needs neither --where nor quotes. */
function hostsOfFilter({ api }: ShellSession, words: readonly string[], rest: string): readonly HostView[] {
  const filter = wordsWhere(words.slice(1)).filter ?? rest.trimStart().slice("nodes".length).trim();
  if (filter === "") return api.hosts();
  const names = new Set(namesWhere(api, filter));
  return api.hosts().filter((host) => names.has(host.host));
}
