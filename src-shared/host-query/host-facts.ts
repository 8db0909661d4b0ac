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
function childCounts(rows: Iterable<HostRow>): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { member } of rows) {
    if (member?.parent !== undefined) counts.set(member.parent, (counts.get(member.parent) ?? 0) + 1);
  }
  return counts;
}

/** Of ten thousand hosts, ten times a second and with each key: nothing is made that the filter does not ask for. */
export class FactsOfHosts {
  readonly rows: ReadonlyMap<string, HostRow>;
  readonly nowMs: number;
  #children: ReadonlyMap<string, number> | undefined;

  constructor(rows: ReadonlyMap<string, HostRow>, nowMs: number) {
    this.rows = rows;
    this.nowMs = nowMs;
  }

  of(row: HostRow): HostFacts {
    return new RowFacts(row, this);
  }

  childrenOf(name: string): number {
    this.#children ??= childCounts(this.rows.values());
    return this.#children.get(name) ?? 0;
  }
}

class RowFacts implements HostFacts {
  readonly #row: HostRow;
  readonly #all: FactsOfHosts;

  constructor(row: HostRow, all: FactsOfHosts) {
    this.#row = row;
    this.#all = all;
  }

  get host(): string {
    return this.#row.name;
  }
  get state(): string {
    return stateWords(this.#row);
  }
  get site(): string {
    return this.#row.host.site ?? "";
  }
  get component(): string {
    return this.#row.component ?? "";
  }
  get address(): string {
    return this.#row.host.address;
  }
  get parent(): string {
    return this.#row.member?.parent ?? "";
  }
  get way(): string {
    return this.#row.member?.way ?? "";
  }
  get reason(): string {
    return this.#row.host.reason;
  }
  get groups(): readonly string[] {
    return this.#row.host.groups;
  }
  get blocks(): readonly string[] {
    return this.#row.host.processes.map((process) => process.block);
  }
  get depth(): number | undefined {
    const depth = this.#row.member?.depth ?? 0;
    return depth === 0 ? undefined : depth;
  }
  get children(): number {
    return this.#all.childrenOf(this.#row.name);
  }
  get pid(): number | undefined {
    return this.#row.host.client?.pid;
  }
  get seconds(): number | undefined {
    const { since } = this.#row.host;
    return since === 0 ? undefined : (this.#all.nowMs - since) / 1000;
  }
  get load(): number | undefined {
    return metricOf(this.#row.host.metrics, "load");
  }
  get cpu(): number | undefined {
    return metricOf(this.#row.host.metrics, "cpu");
  }
  get memory(): number | undefined {
    return metricOf(this.#row.host.metrics, "memory");
  }
  get disk(): number | undefined {
    return metricOf(this.#row.host.metrics, "disk");
  }
  get rtt(): number | undefined {
    return metricOf(this.#row.host.metrics, "rtt");
  }
  get ancestors(): readonly string[] {
    return ancestorsOf(this.#row, this.#all.rows);
  }
}

/** The run's words for a host that waits are found, too: `info nodes` shows them. */
function stateWords({ mark, host }: HostRow): string {
  return host.state === "idle" || host.state === "disconnected" ? `${mark} ${host.state}` : mark;
}
