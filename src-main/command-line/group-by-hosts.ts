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

/** `waitMs`: how long a group stays open for more hosts after its first. */
export function createHostGrouping<Detail>(waitMs: number): HostGrouping<Detail> {
  const open = new Map<
    string,
    { readonly detail: Detail; readonly hosts: Set<string>; readonly sinceMs: number }
  >();

  const take = (isDue: (sinceMs: number) => boolean): readonly HostGroup<Detail>[] => {
    const groups: HostGroup<Detail>[] = [];
    for (const [key, { detail, hosts, sinceMs }] of open) {
      if (!isDue(sinceMs)) continue;
      groups.push({ key, detail, hosts: [...hosts], folded: foldNames(hosts) });
      open.delete(key);
    }
    return groups;
  };

  return {
    add(key, host, detail, nowMs) {
      const group = open.get(key);
      if (group === undefined) open.set(key, { detail, hosts: new Set([host]), sinceMs: nowMs });
      else group.hosts.add(host);
    },
    due: (nowMs) => take((sinceMs) => nowMs - sinceMs >= waitMs),
    all: () => take(() => true),
  };
}
