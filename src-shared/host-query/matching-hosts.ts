// The hosts for which a filter holds, from what the controller says now: for faces that keep no rows of their own.
import type { HostView, MeshView, RunView } from "../controller-api/controller-api.ts";
import { FactsOfHosts } from "./host-facts.ts";
import { markOf } from "./host-mark.ts";
import type { HostQuery } from "./host-query.ts";
import type { HostRow } from "./host-row.ts";
import { lastOfApplication, partsInRun } from "./part-in-run.ts";

/** Ages are what counts: any moment will do. */
const NOW_MS = 0;

export interface HostsNow {
  readonly hosts: readonly HostView[];
  readonly mesh: MeshView;
  readonly runs: readonly RunView[];
}

/** Names, in the directory's order. */
export function matchingHosts(now: HostsNow, query: HostQuery): readonly string[] {
  const rows = rowsOf(now);
  const facts = new FactsOfHosts(rows, NOW_MS);
  return [...rows.values()].filter((row) => query(facts.of(row))).map((row) => row.name);
}

function rowsOf({ hosts, mesh, runs }: HostsNow): ReadonlyMap<string, HostRow> {
  const members = new Map<string, MeshView["members"][number]>(
    mesh.members.map((member) => [member.host, member]),
  );
  const parts = partsInRun(lastOfApplication(runs));
  return new Map(
    hosts.map((view) => {
      const found = members.get(view.host);
      const host = { ...view, since: view.sinceMs === 0 ? 0 : NOW_MS - view.sinceMs };
      const member = found === undefined ? undefined : { ...found, since: NOW_MS - found.sinceMs };
      const part = parts.get(view.host);
      const mark = markOf(host, member, part?.outcome);
      const component = host.component ?? part?.component;
      return [view.host, { name: view.host, mark, host, component, member }];
    }),
  );
}
