// The clients that the root of a tree knows: invited, attached, orphaned, lost, left; by rank and by host.
import type { HostId } from "../base/ids.ts";
import type { MembershipState } from "./overlay.ts";
import type { Rank } from "./topology.ts";

export interface TreeMembership {
  readonly host: HostId;
  readonly incarnation: number;
  readonly rank: Rank;
  /** Commands up to here are not for it. */
  readonly start: number;
  state: MembershipState | "invited";
  since: number;
  lostAt: number;
  /** All reports up to here were handed on. */
  reportsHave: number;
}

export class TreeMemberships {
  readonly #byRank = new Map<Rank, TreeMembership>();
  readonly #byHost = new Map<HostId, TreeMembership>();

  /** The older client of the same host, which is forgotten. */
  invite(
    member: Omit<TreeMembership, "state" | "since" | "lostAt" | "reportsHave">,
    now: number,
  ): Rank | undefined {
    const before = this.#byHost.get(member.host);
    if (before !== undefined && before.incarnation >= member.incarnation) return undefined;
    const known: TreeMembership = { ...member, state: "invited", since: now, lostAt: 0, reportsHave: 0 };
    if (before !== undefined) this.#byRank.delete(before.rank);
    this.#byRank.set(member.rank, known);
    this.#byHost.set(member.host, known);
    return before?.rank;
  }

  dismiss(host: HostId): TreeMembership | undefined {
    const member = this.#byHost.get(host);
    if (member === undefined) return undefined;
    this.#byHost.delete(host);
    this.#byRank.delete(member.rank);
    return member;
  }

  withRank(rank: Rank): TreeMembership | undefined {
    return this.#byRank.get(rank);
  }

  ofHost(host: HostId): TreeMembership | undefined {
    return this.#byHost.get(host);
  }

  all(): IterableIterator<TreeMembership> {
    return this.#byRank.values();
  }
}

/** Whether it still counts: whoever is lost or has left gets no more commands and holds nobody up. */
export function counts({ state }: TreeMembership): boolean {
  return state !== "lost" && state !== "left";
}
