// All hosts of the directory with their places in the overlay, as the controller tells them; changed ones only are new objects.
import { createStore } from "zustand/vanilla";
import type { MeshView } from "#shared/controller-api/controller-api.ts";
import type { StateUpdate, WindowHost, WindowMember } from "#shared/controller-api/window-messages.ts";
import { compareNames } from "#shared/node-set/node-set.ts";
import { markOf, type HostMark } from "./host-mark.ts";

/** What every view shows of a host. The same object for as long as nothing of it has changed. */
export interface HostRow {
  readonly name: string;
  readonly mark: HostMark;
  readonly host: WindowHost;
  readonly member: WindowMember | undefined;
}

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
  hostsStore.setState(EMPTY);
}

export function takeHosts(update: StateUpdate): void {
  const before = hostsStore.getState();
  const timeMs = Date.parse(update.time);
  const mesh = update.mesh ?? before.mesh;
  const { hosts, hostsGone, members, membersGone } = update;
  if ([hosts, hostsGone, members, membersGone].every((list) => list.length === 0)) {
    hostsStore.setState({ mesh, timeMs });
    return;
  }
  const rows = new Map(before.rows);
  for (const name of hostsGone) rows.delete(name);
  for (const host of hosts) rows.set(host.host, rowOf(host, rows.get(host.host)?.member));
  for (const name of membersGone) {
    const row = rows.get(name);
    if (row !== undefined) rows.set(name, rowOf(row.host, undefined));
  }
  for (const member of members) {
    const row = rows.get(member.host);
    if (row !== undefined) rows.set(member.host, rowOf(row.host, member));
  }
  const isSameSet = before.rows.size === rows.size && hosts.every(({ host }) => before.rows.has(host));
  const names = isSameSet
    ? before.sorted.map((row) => row.name)
    : [...rows.keys()].sort((left, right) => compareNames(left, right));
  const sorted = names.flatMap((name) => rows.get(name) ?? []);
  hostsStore.setState({ rows, sorted, mesh, timeMs });
}

function rowOf(host: WindowHost, member: WindowMember | undefined): HostRow {
  return { name: host.host, mark: markOf(host, member), host, member };
}
