// A host's part in a run, and the hosts of one component: places that replacements take over.
import type { HostId } from "#shared/base/ids.ts";
import type { CollectableFile } from "#shared/protocol/reports.ts";
import type { ComponentPlan } from "./run-plan.ts";

/** connecting → preparing → prepared → executing → ended; a host that is given up is a member no more. */
export type MemberPhase = "connecting" | "preparing" | "prepared" | "executing" | "ended";

export interface Member {
  readonly host: HostId;
  readonly component: string;
  phase: MemberPhase;
  /** It has said that its software is there; commands execute before that. */
  prepared: boolean;
  outcome: "finished" | "failed" | undefined;
  orphaned: boolean;
  /** It went away after its work was done: it keeps its outcome, and nothing more is asked of it. */
  gone: boolean;
  /** No process of the run is left there. */
  stopped: boolean;
  /** What it has to collect; undefined until it has said so. */
  files: readonly CollectableFile[] | undefined;
  cleaned: boolean;
}

/** What one component has at the moment. The place of a host in `members` is its `host.index`. */
export class ComponentState {
  readonly plan: ComponentPlan;
  readonly #members: Member[] = [];
  /** Set once `execute` was sent to the first of them. */
  executing = false;

  constructor(plan: ComponentPlan) {
    this.plan = plan;
  }

  get members(): readonly Member[] {
    return this.#members;
  }

  get hosts(): HostId[] {
    return this.#members.map((member) => member.host);
  }

  add(host: HostId): Member {
    const member = memberOf(host, this.plan.name);
    this.#members.push(member);
    return member;
  }

  /** The newcomer takes the place, and so the index, of the host it replaces. */
  replace(old: Member, by: HostId): Member {
    const member = memberOf(by, this.plan.name);
    this.#members.splice(this.#members.indexOf(old), 1, member);
    return member;
  }

  remove(member: Member): void {
    const place = this.#members.indexOf(member);
    if (place >= 0) this.#members.splice(place, 1);
  }

  in(...phases: readonly MemberPhase[]): Member[] {
    return this.#members.filter((member) => phases.includes(member.phase));
  }

  count(...phases: readonly MemberPhase[]): number {
    return this.#members.reduce((sum, member) => sum + (phases.includes(member.phase) ? 1 : 0), 0);
  }

  /** Every host has done what ends by itself. */
  get ended(): boolean {
    return this.#members.every((member) => member.phase === "ended");
  }
}

function memberOf(host: HostId, component: string): Member {
  return {
    host,
    component,
    phase: "connecting",
    prepared: false,
    outcome: undefined,
    orphaned: false,
    gone: false,
    stopped: false,
    files: undefined,
    cleaned: false,
  };
}
