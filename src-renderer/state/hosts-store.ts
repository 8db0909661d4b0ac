// All hosts of the directory with their places in the overlay, as the controller tells them; changed ones only are new objects.
import { createStore } from "zustand/vanilla";
import type { MeshView, RunView } from "#shared/controller-api/controller-api.ts";
import type { StateUpdate, WindowHost, WindowMember } from "#shared/controller-api/window-messages.ts";
import { compareNames } from "#shared/node-set/node-set.ts";
import type { HostRow } from "#shared/host-query/host-row.ts";
import { forgetTreeHistory, takeTreeChange } from "./tree-history-store.ts";
import { markOf } from "#shared/host-query/host-mark.ts";
import { partsInRun, type PartInRun } from "#shared/host-query/part-in-run.ts";

export interface HostsState {
  readonly rows: ReadonlyMap<string, HostRow>;
  /** By name, numbers as numbers. */
  readonly sorted: readonly HostRow[];
  readonly mesh: Omit<MeshView, "members"> | undefined;
  /** The controller's clock at the last update, milliseconds since 1970. */
  readonly timeMs: number;
}

const EMPTY: HostsState = { rows: new Map(), sorted: [], mesh: undefined, timeMs: 0 };

export const hostsStore = createStore<HostsState>(() => EMPTY);

export function forgetHosts(): void {
  forgetTreeHistory();
  hostsStore.setState(EMPTY);
}

export function takeHosts(update: StateUpdate, run: RunView | undefined): void {
  const before = hostsStore.getState();
  const timeMs = Date.parse(update.time);
  const mesh = update.mesh ?? before.mesh;
  const { hosts, hostsGone, members, membersGone, runs } = update;
  if ([hosts, hostsGone, members, membersGone, runs].every((list) => list.length === 0)) {
    hostsStore.setState({ mesh, timeMs });
    return;
  }
  const part = partsInRun(run);
  const changedHosts = new Map<string, WindowHost>(hosts.map((host) => [host.host, host]));
  const changedMembers = new Map<string, WindowMember>(members.map((member) => [member.host, member]));
  const gone = new Set<string>(membersGone);
  const rows = new Map<string, HostRow>();
  const lost = new Set<string>(hostsGone);
  for (const name of new Set([...before.rows.keys(), ...changedHosts.keys()])) {
    const row = before.rows.get(name);
    const host = changedHosts.get(name) ?? row?.host;
    if (host === undefined || lost.has(name)) continue;
    const member = changedMembers.get(name) ?? (gone.has(name) ? undefined : row?.member);
    rows.set(name, rowOf(row, host, member, part.get(name)));
  }
  const isSameSet = before.rows.size === rows.size && hosts.every(({ host }) => before.rows.has(host));
  const names = isSameSet
    ? before.sorted.map((row) => row.name)
    : [...rows.keys()].sort((left, right) => compareNames(left, right));
  const sorted = names.flatMap((name) => rows.get(name) ?? []);
  takeTreeChange(before.rows, sorted, timeMs);
  hostsStore.setState({ rows, sorted, mesh, timeMs });
}

const NO_PART: PartInRun = { component: undefined, outcome: undefined };

/** The same object when nothing of it has changed: whoever draws it need not draw it again. */
function rowOf(
  before: HostRow | undefined,
  host: WindowHost,
  member: WindowMember | undefined,
  part: PartInRun = NO_PART,
): HostRow {
  const mark = markOf(host, member, part.outcome);
  const component = host.component ?? part.component;
  if (
    before?.host === host &&
    before.member === member &&
    before.mark === mark &&
    before.component === component
  )
    return before;
  return { name: host.host, mark, host, component, member };
}
