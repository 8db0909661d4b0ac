// Which hosts a run has: chosen by the matcher at its start, replaced when they fail, found by name. Pure.
import type { VariableTable } from "#shared/application/variables.ts";
import type { HostId } from "#shared/base/ids.ts";
import { foldNames } from "#shared/node-set/node-set.ts";
import type { ResourceDirectory } from "#shared/resource-directory/resource-directory.ts";
import { matchComponents } from "../matcher/match-components.ts";
import { candidatesOf } from "../matcher/matcher.ts";
import { poolOf } from "../matcher/resource-pool.ts";
import { addressesOf, tableOf } from "./execute-command.ts";
import { ComponentState, type Member } from "./run-member.ts";
import type { HostFailure, RunPlan } from "./run-plan.ts";

export class Roster {
  readonly components: readonly ComponentState[];
  readonly #plan: RunPlan;
  readonly #directory: ResourceDirectory;
  readonly #preferred: readonly HostId[];
  readonly #addresses: ReadonlyMap<string, string>;
  readonly #byName: ReadonlyMap<string, ComponentState>;
  readonly #byHost = new Map<HostId, Member>();
  /** All that ever failed: they are not asked again. */
  readonly #failed = new Map<HostId, HostFailure>();
  /** Per component, the best first: asked for again with every host that fails. */
  readonly #candidates = new Map<ComponentState, readonly HostId[]>();
  /** Worked out again when the hosts have changed. */
  #members: readonly Member[] | undefined;
  #table: VariableTable | undefined;

  constructor(plan: RunPlan, directory: ResourceDirectory, preferred: readonly HostId[]) {
    this.#plan = plan;
    this.#directory = directory;
    this.#preferred = preferred;
    this.#addresses = addressesOf(directory);
    this.components = plan.components.map((component) => new ComponentState(component));
    this.#byName = new Map(this.components.map((component) => [component.plan.name, component]));
  }

  get members(): readonly Member[] {
    this.#members ??= this.components.flatMap((component) => component.members);
    return this.#members;
  }

  /** The variables of processes, for the hosts as they are now. */
  get table(): VariableTable {
    this.#table ??= tableOf(this.#plan, this.components, this.#addresses);
    return this.#table;
  }

  member(host: HostId): Member | undefined {
    return this.#byHost.get(host);
  }

  component(name: string): ComponentState {
    const component = this.#byName.get(name);
    if (component === undefined) throw new Error(`no component '${name}' in the plan`);
    return component;
  }

  /** Components of services only are not waited for, unless there is nothing else or they have failed. */
  get workIsDone(): boolean {
    const working = this.components.filter((component) => !component.plan.servicesOnly);
    return (working.length > 0 ? working : this.components).every((component) => component.ended);
  }

  componentOf(member: Member): ComponentState {
    return this.component(member.component);
  }

  /** Hosts for all components at once, each as many as it may have; none at all when one does not get enough. */
  matchAll(): readonly string[] {
    const requests = this.components.map(({ plan }) => ({ ...requestOf(plan), component: plan.name }));
    const context = { held: new Map(), failed: new Map(), preferred: this.#preferred };
    const matches = matchComponents(requests, this.#directory, context);
    const shortages = matches.flatMap(({ result }) => (result.kind === "noMatch" ? [result.message] : []));
    if (shortages.length > 0) return shortages;
    for (const { component, result } of matches) {
      if (result.kind === "matched")
        for (const host of result.hosts) this.#add(this.component(component), host);
    }
    return [];
  }

  /** The best host that is free for the component, if there is one. A host that failed is never free again. */
  spareFor(component: ComponentState): HostId | undefined {
    let candidates = this.#candidates.get(component);
    if (candidates === undefined) {
      const { plan } = component;
      const context = { kept: [], held: new Map(), failed: new Map(), preferred: this.#preferred };
      candidates = candidatesOf(plan.name, poolOf(plan.resources, this.#directory), context);
      this.#candidates.set(component, candidates);
    }
    return candidates.find((host) => !this.#byHost.has(host) && !this.#failed.has(host));
  }

  /** Which hosts the component could have and cannot, in words; why each of them failed was told before. */
  lackOf(component: ComponentState): string {
    const { hosts } = poolOf(component.plan.resources, this.#directory);
    const failed = hosts.filter((host) => this.#failed.has(host));
    const taken = hosts.filter((host) => {
      const member = this.#byHost.get(host);
      return member !== undefined && member.component !== component.plan.name && !this.#failed.has(host);
    });
    return [
      ...(failed.length > 0 ? [`${foldNames(failed)} failed`] : []),
      ...(taken.length > 0
        ? [`${foldNames(taken)} ${taken.length === 1 ? "serves" : "serve"} another component`]
        : []),
    ].join(", ");
  }

  /** Hosts that are executing and have a process block of this name. */
  hostsOfBlock(name: string): readonly HostId[] {
    return this.components.flatMap((component) => {
      const blocks = component.plan.blocks.flatMap((componentBlock) => componentBlock.blocks);
      const isThere = blocks.some((block) => block.kind === "process" && block.name === name);
      return isThere ? component.in("executing").map((member) => member.host) : [];
    });
  }

  noteFailure(host: HostId, failure: HostFailure): void {
    this.#failed.set(host, failure);
  }

  replace(member: Member, by: HostId): Member {
    const newcomer = this.componentOf(member).replace(member, by);
    this.#byHost.delete(member.host);
    this.#byHost.set(by, newcomer);
    this.#changed();
    return newcomer;
  }

  remove(member: Member): void {
    this.componentOf(member).remove(member);
    this.#byHost.delete(member.host);
    this.#changed();
  }

  #add(component: ComponentState, host: HostId): void {
    this.#byHost.set(host, component.add(host));
    this.#changed();
  }

  #changed(): void {
    this.#members = undefined;
    this.#table = undefined;
  }
}

function requestOf(plan: ComponentState["plan"]) {
  return { hostsMin: plan.hostsMin, hostsMax: plan.hostsMax, resources: plan.resources };
}

export function wordsOf(failure: HostFailure): string {
  return `${failure.step}: ${failure.reason}`;
}

/** Where a person adds hosts for a component: "in group 'web'". */
export function placesOf(resources: ComponentState["plan"]["resources"]): string {
  const places = resources.map(({ type, group }) =>
    group === undefined ? `of type '${type}'` : `in group '${group}'`,
  );
  return places.length === 0 ? "in the resource directory" : [...new Set(places)].join(" or ");
}
