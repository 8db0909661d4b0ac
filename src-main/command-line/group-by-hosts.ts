// Collects what happens on many hosts for the same reason, so that it is told once, with the hosts folded.
import { foldNames } from "#shared/node-set/node-set.ts";

export interface HostGroup<Detail> {
  readonly key: string;
  /** Of the first host: what all have in common. */
  readonly detail: Detail;
  readonly hosts: readonly string[];
  readonly folded: string;
}

export interface HostGrouping<Detail> {
  add(key: string, host: string, detail: Detail, nowMs: number): void;
  /** Groups that have waited long enough, in the order in which they began. */
  due(nowMs: number): readonly HostGroup<Detail>[];
  all(): readonly HostGroup<Detail>[];
}

/** Whoever fails once in a while must not keep a group open for ever. */
const LONGEST_WAITS = 4;

/** `waitMs`: how long a group stays open for more hosts after its newest; after its first, at most four times that. */
export function createHostGrouping<Detail>(waitMs: number): HostGrouping<Detail> {
  const open = new Map<
    string,
    { readonly detail: Detail; readonly hosts: Set<string>; readonly sinceMs: number; newestMs: number }
  >();

  const take = (isDue: (sinceMs: number, newestMs: number) => boolean): readonly HostGroup<Detail>[] => {
    const groups: HostGroup<Detail>[] = [];
    for (const [key, { detail, hosts, sinceMs, newestMs }] of open) {
      if (!isDue(sinceMs, newestMs)) continue;
      groups.push({ key, detail, hosts: [...hosts], folded: foldNames(hosts) });
      open.delete(key);
    }
    return groups;
  };

  return {
    add(key, host, detail, nowMs) {
      const group = open.get(key);
      if (group === undefined)
        open.set(key, { detail, hosts: new Set([host]), sinceMs: nowMs, newestMs: nowMs });
      else {
        group.hosts.add(host);
        group.newestMs = nowMs;
      }
    },
    due: (nowMs) =>
      take((sinceMs, newestMs) => nowMs - newestMs >= waitMs || nowMs - sinceMs >= LONGEST_WAITS * waitMs),
    all: () => take(() => true),
  };
}
