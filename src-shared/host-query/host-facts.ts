// A host's row as the filter language sees it, and the way from a host up to the root.
import type { HostFacts } from "./host-query.ts";
import type { HostRow } from "./host-row.ts";
import { metricOf } from "./metrics-text.ts";

export const ROOT_NAME = "controller";

/** Parent, its parent and so on, the controller last; only hosts that are in the overlay have any. */
export function ancestorsOf(row: HostRow, rows: ReadonlyMap<string, HostRow>): readonly string[] {
  const ancestors: string[] = [];
  let parent: string | undefined = row.member?.parent;
  // What is told comes piece by piece: for a moment it may look like a circle.
  while (parent !== undefined && !ancestors.includes(parent)) {
    ancestors.push(parent);
    if (parent === ROOT_NAME) break;
    parent = rows.get(parent)?.member?.parent;
  }
  return ancestors;
}

/** How many hosts hang below each; the controller is among the names. */
export function childCounts(rows: Iterable<HostRow>): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { member } of rows) {
    if (member?.parent !== undefined) counts.set(member.parent, (counts.get(member.parent) ?? 0) + 1);
  }
  return counts;
}

export function factsOf(
  row: HostRow,
  rows: ReadonlyMap<string, HostRow>,
  children: ReadonlyMap<string, number>,
  nowMs: number,
): HostFacts {
  const { host, member, name } = row;
  const depth = member?.depth ?? 0;
  return {
    host: name,
    state: stateWords(row),
    site: host.site ?? "",
    component: row.component ?? "",
    address: host.address,
    parent: member?.parent ?? "",
    way: member?.way ?? "",
    reason: host.reason,
    groups: host.groups,
    blocks: host.processes.map((process) => process.block),
    depth: depth === 0 ? undefined : depth,
    children: children.get(name) ?? 0,
    pid: host.client?.pid,
    seconds: host.since === 0 ? undefined : (nowMs - host.since) / 1000,
    load: metricOf(host.metrics, "load"),
    cpu: metricOf(host.metrics, "cpu"),
    memory: metricOf(host.metrics, "memory"),
    disk: metricOf(host.metrics, "disk"),
    rtt: metricOf(host.metrics, "rtt"),
    ancestors: ancestorsOf(row, rows),
  };
}

/** The run's words for a host that waits are found, too: `info nodes` shows them. */
function stateWords({ mark, host }: HostRow): string {
  return host.state === "idle" || host.state === "disconnected" ? `${mark} ${host.state}` : mark;
}
