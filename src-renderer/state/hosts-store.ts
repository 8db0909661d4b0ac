// All hosts of the directory with their places in the overlay, as the controller tells them; changed ones only are new objects.
import { createStore } from "zustand/vanilla";
import type { MeshView, RunView } from "#shared/controller-api/controller-api.ts";
import type {
  Changed,
  StateUpdate,
  WindowHost,
  WindowMember,
} from "#shared/controller-api/window-messages.ts";
import { compareNames } from "#shared/node-set/node-set.ts";
import type { HostRow } from "#shared/host-query/host-row.ts";
import { forgetTreeHistory, takeTreeChange } from "./tree-history-store.ts";
import { markOf } from "#shared/host-query/host-mark.ts";
import { partsInRun, type PartInRun } from "#shared/host-query/part-in-run.ts";

export interface HostsState {
  readonly rows: ReadonlyMap<string, HostRow>;
  /** By name, numbers as numbers. */
  readonly sorted: readonly HostRow[];
  /** Of the whole overlay, also of hosts that are not in the directory now. */
  readonly members: ReadonlyMap<string, WindowMember>;
  /** What hosts were in the last run, by name. */
  readonly parts: ReadonlyMap<string, PartInRun>;
  readonly mesh: Omit<MeshView, "members"> | undefined;
  /** The controller's clock at the last update, milliseconds since 1970. */
  readonly timeMs: number;
}

const EMPTY: HostsState = {
  rows: new Map(),
  sorted: [],
  members: new Map(),
  parts: new Map(),
  mesh: undefined,
  timeMs: 0,
};

export const hostsStore = createStore<HostsState>(() => EMPTY);

export function forgetHosts(): void {
  forgetTreeHistory();
  hostsStore.setState(EMPTY);
}

export function takeHosts(update: StateUpdate, run: RunView | undefined): void {
  const before = hostsStore.getState();
  const timeMs = Date.parse(update.time);
  const mesh = update.mesh ?? before.mesh;
  const members = membersAfter(before.members, update);
  const parts = update.runs.length === 0 ? before.parts : partsInRun(run);
  const changes = changesOf(before.rows, members, update, parts);
  if (changes.changed.length === 0 && changes.gone.length === 0) {
    hostsStore.setState({ members, parts, mesh, timeMs });
    return;
  }
  const rows = new Map(before.rows);
  for (const name of changes.gone) rows.delete(name);
  for (const row of changes.changed) rows.set(row.name, row);
  const isSameSet = changes.gone.length === 0 && before.rows.size === rows.size;
  const anew = new Map(changes.changed.map((row) => [row.name, row]));
  const sorted = isSameSet
    ? before.sorted.map((row) => anew.get(row.name) ?? row)
    : [...rows.values()].sort((left, right) => compareNames(left.name, right.name));
  takeTreeChange(before.rows, sorted, changes, timeMs);
  hostsStore.setState({ rows, sorted, members, parts, mesh, timeMs });
}

function membersAfter(
  before: ReadonlyMap<string, WindowMember>,
  { members, membersGone }: StateUpdate,
): ReadonlyMap<string, WindowMember> {
  if (members.length === 0 && membersGone.length === 0) return before;
  const after = new Map(before);
  for (const name of membersGone) after.delete(name);
  for (const news of members) {
    const member = merged(after.get(news.host), news);
    if (member !== undefined) after.set(news.host, member);
  }
  return after;
}

interface Changes {
  readonly changed: readonly HostRow[];
  readonly gone: readonly string[];
}

/** Of thousands of hosts few have changed: only those are looked at, and all of them when a run says something new. */
function changesOf(
  rows: ReadonlyMap<string, HostRow>,
  members: ReadonlyMap<string, WindowMember>,
  update: StateUpdate,
  parts: ReadonlyMap<string, PartInRun>,
): Changes {
  const hosts = new Map<string, Changed<WindowHost>>(update.hosts.map((host) => [host.host, host]));
  const hostsGone = new Set<string>(update.hostsGone);
  const names = new Set([
    ...(update.runs.length > 0 ? rows.keys() : []),
    ...hosts.keys(),
    ...update.members.map(({ host }) => host),
    ...update.membersGone,
  ]);
  const changed: HostRow[] = [];
  for (const name of names) {
    const row = rows.get(name);
    const host = merged(row?.host, hosts.get(name));
    if (host === undefined || hostsGone.has(name)) continue;
    const next = rowOf(row, host, members.get(name), parts.get(name));
    if (next !== row) changed.push(next);
  }
  return { changed, gone: [...hostsGone].filter((name) => rows.has(name)) };
}

/** Of one that is not known all is told. */
function merged<View extends { readonly host: string }>(
  known: View | undefined,
  news: Changed<View> | undefined,
): View | undefined {
  if (news === undefined) return known;
  return known === undefined ? (news as View) : { ...known, ...news };
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
