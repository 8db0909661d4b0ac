// What a window is told of hosts, overlay and runs: only what has changed since it was told last. Pure.
import type { HostView, MeshView, RunView } from "#shared/controller-api/controller-api.ts";
import type {
  LoadedNames,
  StateUpdate,
  WindowHost,
  WindowMember,
} from "#shared/controller-api/window-messages.ts";

/** What the controller says now. */
export interface ControllerState {
  readonly hosts: readonly HostView[];
  readonly mesh: MeshView;
  readonly runs: readonly RunView[];
  readonly loaded: LoadedNames;
  readonly nowMs: number;
}

/** A clock that ticks in milliseconds makes a host look new each time it is asked how long it has been so: half a second is the same. */
const SINCE_TOLERANCE_MS = 500;

export class StateFeed {
  readonly #hosts = new Map<string, WindowHost>();
  readonly #members = new Map<string, WindowMember>();
  readonly #runs = new Map<string, string>();
  #mesh = "";
  #loaded = "";
  #sequence = 0;

  /** Undefined: nothing has changed. */
  update(state: ControllerState): StateUpdate | undefined {
    const hosts = changedOf(this.#hosts, state.hosts, (view) => windowHostOf(view, state.nowMs));
    const members = changedOf(this.#members, state.mesh.members, (view) => windowMemberOf(view, state.nowMs));
    const runs = state.runs.filter((run) => {
      const text = JSON.stringify(run);
      if (this.#runs.get(run.run) === text) return false;
      this.#runs.set(run.run, text);
      return true;
    });
    const { members: _members, ...mesh } = state.mesh;
    const meshText = JSON.stringify(mesh);
    const loadedText = JSON.stringify(state.loaded);
    const isMeshNew = meshText !== this.#mesh;
    const isLoadedNew = loadedText !== this.#loaded;
    this.#mesh = meshText;
    this.#loaded = loadedText;
    const counts = [hosts.changed, hosts.gone, members.changed, members.gone, runs];
    if (!isMeshNew && !isLoadedNew && counts.every((list) => list.length === 0)) return undefined;
    this.#sequence += 1;
    return {
      kind: "state",
      sequence: this.#sequence,
      time: new Date(state.nowMs).toISOString(),
      hosts: hosts.changed,
      hostsGone: hosts.gone,
      runs,
      members: members.changed,
      membersGone: members.gone,
      mesh: isMeshNew ? mesh : undefined,
      loaded: isLoadedNew ? state.loaded : undefined,
    };
  }
}

interface Known {
  readonly host: string;
  readonly since: number;
}

function changedOf<View extends { readonly host: string }, Item extends Known>(
  known: Map<string, Item>,
  views: readonly View[],
  itemOf: (view: View) => Item,
): { readonly changed: readonly Item[]; readonly gone: readonly string[] } {
  const changed: Item[] = [];
  const left = new Set(known.keys());
  for (const view of views) {
    left.delete(view.host);
    const item = itemOf(view);
    const before = known.get(item.host);
    if (before !== undefined && isSame(before, item)) continue;
    known.set(item.host, item);
    changed.push(item);
  }
  for (const host of left) known.delete(host);
  return { changed, gone: [...left] };
}

function isSame<Item extends Known>(before: Item, after: Item): boolean {
  if (Math.abs(before.since - after.since) > SINCE_TOLERANCE_MS) return false;
  return JSON.stringify({ ...before, since: 0 }) === JSON.stringify({ ...after, since: 0 });
}

function windowHostOf({ sinceMs, ...view }: HostView, nowMs: number): WindowHost {
  return { ...view, since: sinceMs === 0 ? 0 : Math.round(nowMs - sinceMs) };
}

function windowMemberOf({ sinceMs, ...view }: MeshView["members"][number], nowMs: number): WindowMember {
  return { ...view, since: Math.round(nowMs - sinceMs) };
}
