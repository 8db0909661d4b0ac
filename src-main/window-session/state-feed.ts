// What a window is told of hosts, overlay and runs: only what has changed since it was told last. Pure.
import type { HostView, MeshView, RunView } from "#shared/controller-api/controller-api.ts";
import type {
  Changed,
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
    const { nowMs } = state;
    const hosts = changedOf(this.#hosts, state.hosts, ({ sinceMs }) =>
      sinceMs === 0 ? 0 : Math.round(nowMs - sinceMs),
    );
    const members = changedOf(this.#members, state.mesh.members, ({ sinceMs }) =>
      Math.round(nowMs - sinceMs),
    );
    const runs = state.runs.filter((run) => {
      // As text: parts of it are the run's own, and go on changing.
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

interface Timed {
  readonly host: string;
  readonly sinceMs: number;
}

type Known<View extends Timed> = Omit<View, "sinceMs"> & { readonly since: number };

function changedOf<View extends Timed>(
  known: Map<string, Known<View>>,
  views: readonly View[],
  sinceOf: (view: View) => number,
): { readonly changed: readonly Changed<Known<View>>[]; readonly gone: readonly string[] } {
  const changed: Changed<Known<View>>[] = [];
  const left = new Set(known.keys());
  for (const view of views) {
    left.delete(view.host);
    const since = sinceOf(view);
    const before = known.get(view.host);
    if (before === undefined) {
      const { sinceMs: _sinceMs, ...rest } = view;
      const item = { ...rest, since };
      known.set(view.host, item);
      changed.push(item);
      continue;
    }
    const news = newsOf(before, view, since);
    if (news === undefined) continue;
    known.set(view.host, { ...before, ...news });
    changed.push(news);
  }
  for (const host of left) known.delete(host);
  return { changed, gone: [...left] };
}

/**
 * Undefined: it is the same. Ten times a second for each of thousands of hosts: nothing is copied or written for those.
 * A view has the same fields each time, so that none of them can go.
 */
function newsOf<View extends Timed>(
  before: Known<View>,
  view: View,
  since: number,
): Changed<Known<View>> | undefined {
  let news: Record<string, unknown> | undefined;
  if (Math.abs(before.since - since) > SINCE_TOLERANCE_MS) news = { host: view.host, since };
  for (const key in view) {
    if (key === "sinceMs" || isEqual(view[key], (before as Readonly<Record<string, unknown>>)[key])) continue;
    news ??= { host: view.host };
    news[key] = view[key];
  }
  return news as Changed<Known<View>> | undefined;
}

/** Of plain data. */
function isEqual(left: unknown, right: unknown): boolean {
  if (Object.is(left, right)) return true;
  if (!isObject(left) || !isObject(right) || Array.isArray(left) !== Array.isArray(right)) return false;
  let count = 0;
  for (const key in left) {
    if (!isEqual(left[key], right[key])) return false;
    count += 1;
  }
  return count === Object.keys(right).length;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
