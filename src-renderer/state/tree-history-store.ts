// What has happened to the overlay since the window looks: how it grew, and each time that hosts had to move.
import { createStore } from "zustand/vanilla";
import { TreePast } from "./tree-past.ts";
import type { HostRow } from "#shared/host-query/host-row.ts";

/** Hosts orphaned within so long of one another have had the same cause. */
const SAME_CAUSE_MS = 1500;
const KEPT_MAX = 500;

export interface Reconfiguration {
  /** When the first was orphaned, milliseconds since 1970. */
  readonly startMs: number;
  /** When the last was attached again, or given up; undefined while some still seek. */
  readonly endMs: number | undefined;
  readonly orphaned: ReadonlySet<string>;
  readonly attached: ReadonlySet<string>;
  readonly lost: ReadonlySet<string>;
}

export interface TreeHistory {
  /** Hosts attached, by time: one entry for each change. */
  readonly growth: readonly { readonly timeMs: number; readonly attached: number }[];
  readonly reconfigurations: readonly Reconfiguration[];
  /** From when the first was invited until all that were invited are attached; undefined before that. */
  readonly constructionMs: number | undefined;
}

const EMPTY: TreeHistory = { growth: [], reconfigurations: [], constructionMs: undefined };

export const treeHistoryStore = createStore<TreeHistory>(() => EMPTY);

export const treePast = new TreePast();

let buildingSinceMs: number | undefined;

export function forgetTreeHistory(): void {
  buildingSinceMs = undefined;
  treePast.forget();
  treeHistoryStore.setState(EMPTY);
}

/** `changed` and `gone` are what is different between `before` and `after`. */
export function takeTreeChange(
  before: ReadonlyMap<string, HostRow>,
  after: readonly HostRow[],
  { changed, gone }: { readonly changed: readonly HostRow[]; readonly gone: readonly string[] },
  timeMs: number,
): void {
  treePast.record(changed, gone, timeMs);
  const state = treeHistoryStore.getState();
  let [attached, invited] = [0, 0];
  for (const { member } of after) {
    if (member?.state === "attached") attached += 1;
    else if (member?.state === "invited") invited += 1;
  }
  const last = state.growth.at(-1)?.attached ?? 0;
  const growth = attached === last ? state.growth : [...state.growth, { timeMs, attached }].slice(-KEPT_MAX);
  if (invited > 0 && attached === 0) buildingSinceMs ??= timeMs;
  let { constructionMs } = state;
  if (invited === 0 && attached > 0 && buildingSinceMs !== undefined) {
    constructionMs = timeMs - buildingSinceMs;
    buildingSinceMs = undefined;
  }
  const reconfigurations = changed.reduce(
    (list, row) => withChange(list, before.get(row.name), row, timeMs),
    state.reconfigurations,
  );
  if (
    growth === state.growth &&
    reconfigurations === state.reconfigurations &&
    constructionMs === state.constructionMs
  )
    return;
  treeHistoryStore.setState({ growth, reconfigurations, constructionMs });
}

function withChange(
  list: readonly Reconfiguration[],
  before: HostRow | undefined,
  row: HostRow,
  timeMs: number,
): readonly Reconfiguration[] {
  const [was, is] = [before?.member?.state, row.member?.state];
  if (was === is || was === undefined) return list;
  if (is === "orphaned") return withOrphan(list, row.name, timeMs);
  const open = list.findLast((one) => one.orphaned.has(row.name) && !isSettled(one, row.name));
  if (open === undefined || was !== "orphaned") return list;
  const attached = is === "attached" ? new Set([...open.attached, row.name]) : open.attached;
  const lost = is === "attached" ? open.lost : new Set([...open.lost, row.name]);
  const isOver = attached.size + lost.size === open.orphaned.size;
  const next = { ...open, attached, lost, endMs: isOver ? timeMs : undefined };
  return list.map((one) => (one === open ? next : one));
}

function withOrphan(
  list: readonly Reconfiguration[],
  name: string,
  timeMs: number,
): readonly Reconfiguration[] {
  const last = list.at(-1);
  if (last !== undefined && timeMs - last.startMs < SAME_CAUSE_MS && !last.orphaned.has(name)) {
    const joined = { ...last, orphaned: new Set([...last.orphaned, name]), endMs: undefined };
    return [...list.slice(0, -1), joined];
  }
  const none: ReadonlySet<string> = new Set();
  const added = { startMs: timeMs, endMs: undefined, orphaned: new Set([name]), attached: none, lost: none };
  return [...list, added].slice(-KEPT_MAX);
}

function isSettled(one: Reconfiguration, name: string): boolean {
  return one.attached.has(name) || one.lost.has(name);
}
