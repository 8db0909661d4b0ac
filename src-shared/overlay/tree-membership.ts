// The clients that the root of a tree knows: invited, attached, orphaned, lost, left; by rank and by host.
import type { HostId } from "../base/ids.ts";
import type { MembershipState, Payload } from "./overlay.ts";
import type { LatestValue, Rank } from "./topology.ts";

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
  /** The number of its latest value. */
  latestHave: number;
}

export class TreeMemberships {
  readonly #byRank = new Map<Rank, TreeMembership>();
  readonly #byHost = new Map<HostId, TreeMembership>();

  /** The older client of the same host, which is forgotten. */
  invite(
    member: Pick<TreeMembership, "host" | "incarnation" | "rank" | "start">,
    now: number,
  ): Rank | undefined {
    const before = this.#byHost.get(member.host);
    if (before !== undefined && before.incarnation >= member.incarnation) return undefined;
    const none = { lostAt: 0, reportsHave: 0, latestHave: 0 };
    const known: TreeMembership = { ...member, ...none, state: "invited", since: now };
    if (before !== undefined) this.#byRank.delete(before.rank);
    this.#byRank.set(member.rank, known);
    this.#byHost.set(member.host, known);
    return before?.rank;
  }

  /** Nobody was listening for so long: none is lost before this. */
  postpone(ms: number, until: number): void {
    for (const member of this.#byRank.values()) member.lostAt = Math.max(member.lostAt + ms, until);
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

  /** For words about what came over them. */
  namesOf(ranks: readonly Rank[]): readonly string[] {
    return ranks.map((rank) => this.#byRank.get(rank)?.host ?? `rank ${rank}`);
  }

  /** Of whom a latest value is, if it is news and he still counts. */
  takesLatest({ rank, number }: LatestValue): TreeMembership | undefined {
    const member = this.#byRank.get(rank);
    return member !== undefined && counts(member) && number > member.latestHave ? member : undefined;
  }

  all(): IterableIterator<TreeMembership> {
    return this.#byRank.values();
  }
}

export function noteLatest(
  member: TreeMembership,
  { number, payload }: LatestValue,
): { readonly host: HostId; readonly incarnation: number; readonly payload: Payload } {
  member.latestHave = number;
  return { host: member.host, incarnation: member.incarnation, payload };
}

/** Whether it still counts: whoever is lost or has left gets no more commands and holds nobody up. */
export function counts({ state }: TreeMembership): boolean {
  return state !== "lost" && state !== "left";
}
