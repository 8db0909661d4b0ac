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
  const draft = new Draft(state.reconfigurations);
  for (const row of changed)
    draft.take(row.name, before.get(row.name)?.member?.state, row.member?.state, timeMs);
  const reconfigurations = draft.list;
  if (
    growth === state.growth &&
    reconfigurations === state.reconfigurations &&
    constructionMs === state.constructionMs
  )
    return;
  treeHistoryStore.setState({ growth, reconfigurations, constructionMs });
}

interface Growing extends Reconfiguration {
  endMs: number | undefined;
  readonly orphaned: Set<string>;
  readonly attached: Set<string>;
  readonly lost: Set<string>;
}

type MemberStateName = NonNullable<HostRow["member"]>["state"];

/** The changes of one moment put to what was: thousands at once grow in place, in copies that nobody else has. */
class Draft {
  #list: readonly Reconfiguration[];
  readonly #own = new Set<Reconfiguration>();

  constructor(list: readonly Reconfiguration[]) {
    this.#list = list;
  }

  /** The same as it was given when nothing has changed. */
  get list(): readonly Reconfiguration[] {
    return this.#list;
  }

  take(
    name: string,
    was: MemberStateName | undefined,
    is: MemberStateName | undefined,
    timeMs: number,
  ): void {
    if (was === is || was === undefined) return;
    if (is === "orphaned") return this.#orphan(name, timeMs);
    const open = this.#list.findLast((one) => one.orphaned.has(name) && !isSettled(one, name));
    if (open === undefined || was !== "orphaned") return;
    const next = this.#ownOf(open);
    (is === "attached" ? next.attached : next.lost).add(name);
    next.endMs = next.attached.size + next.lost.size === next.orphaned.size ? timeMs : undefined;
  }

  #orphan(name: string, timeMs: number): void {
    const last = this.#list.at(-1);
    if (last !== undefined && timeMs - last.startMs < SAME_CAUSE_MS && !last.orphaned.has(name)) {
      const joined = this.#ownOf(last);
      joined.orphaned.add(name);
      joined.endMs = undefined;
      return;
    }
    const added = { startMs: timeMs, endMs: undefined, orphaned: new Set([name]) };
    const whole: Growing = { ...added, attached: new Set(), lost: new Set() };
    this.#own.add(whole);
    this.#list = [...this.#list, whole].slice(-KEPT_MAX);
  }

  #ownOf(one: Reconfiguration): Growing {
    if (this.#own.has(one)) return one as Growing;
    const copy: Growing = {
      ...one,
      orphaned: new Set(one.orphaned),
      attached: new Set(one.attached),
      lost: new Set(one.lost),
    };
    this.#own.add(copy);
    this.#list = this.#list.map((other) => (other === one ? copy : other));
    return copy;
  }
}

function isSettled(one: Reconfiguration, name: string): boolean {
  return one.attached.has(name) || one.lost.has(name);
}
