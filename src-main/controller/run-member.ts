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

/** What one component has at the moment. */
export class ComponentState {
  readonly plan: ComponentPlan;
  readonly #members: Member[] = [];
  /** By `host.index`. A host that is lost for good after the start keeps its place, so that all others keep theirs. */
  readonly #places: HostId[] = [];
  readonly #hasServices: boolean;
  /** Set once `execute` was sent to the first of them. */
  executing = false;

  constructor(plan: ComponentPlan) {
    this.plan = plan;
    this.#hasServices = plan.blocks.some(({ blocks }) =>
      blocks.some((block) => block.kind === "process" && block.process.service),
    );
  }

  get members(): readonly Member[] {
    return this.#members;
  }

  get hosts(): HostId[] {
    return this.#members.map((member) => member.host);
  }

  /** Hosts in the order of `host.index`, as processes are told of them. */
  get places(): readonly HostId[] {
    return this.#places;
  }

  add(host: HostId): Member {
    const member = memberOf(host, this.plan.name);
    this.#members.push(member);
    this.#places.push(host);
    return member;
  }

  /** The newcomer takes the place, and so the index, of the host it replaces. */
  replace(old: Member, by: HostId): Member {
    const member = memberOf(by, this.plan.name);
    this.#members.splice(this.#members.indexOf(old), 1, member);
    this.#places.splice(this.#places.indexOf(old.host), 1, by);
    return member;
  }

  remove(member: Member): void {
    const place = this.#members.indexOf(member);
    if (place < 0) return;
    this.#members.splice(place, 1);
    if (!this.executing) this.#places.splice(this.#places.indexOf(member.host), 1);
  }

  in(...phases: readonly MemberPhase[]): Member[] {
    return this.#members.filter((member) => phases.includes(member.phase));
  }

  count(...phases: readonly MemberPhase[]): number {
    return this.#members.reduce((sum, member) => sum + (phases.includes(member.phase) ? 1 : 0), 0);
  }

  /** Only services go on there: it has nothing else, or has done all that ends by itself. */
  isServing({ phase, outcome }: Member): boolean {
    // A host that has nothing but services ends with them.
    if (this.plan.servicesOnly) return phase === "executing";
    return phase === "ended" && this.#hasServices && outcome !== "failed";
  }

  get serving(): number {
    return this.#members.filter((member) => this.isServing(member)).length;
  }

  /** Nothing of the run is left to do there: nor do services go on. */
  get done(): readonly Member[] {
    return this.#members.filter((member) => member.phase === "ended" && !this.isServing(member));
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
