// Checks that there can be hosts enough: for each component, and for all components together.
import { parseNodeSet } from "../node-set/node-set.ts";
import type { HostEntry, ResourceDirectory } from "../resource-directory/resource-directory.ts";
import type { ComponentDefinition, ResourceReference } from "./application.ts";
import type { CheckContext } from "./check-context.ts";
import { quoted } from "./check-names.ts";
import { MANAGER_TYPES, MANAGER_TYPES_REMEDY } from "./manager-types.ts";
import { suggestion } from "./nearest-name.ts";

export function checkHosts(context: CheckContext): void {
  const used = new Set(context.componentBlocks.map(({ component }) => component.name));
  const pool = context.directory && new HostPool(context.directory);
  const candidates = new Map<ComponentDefinition, ReadonlySet<HostEntry>>();
  for (const component of context.components.values()) {
    // Nothing is taken for a component that nothing runs on: its being unused is the one thing to tell.
    if (!used.has(component.name)) continue;
    const hosts = checkComponent(component, pool, context);
    if (hosts !== undefined && hosts.size >= component.hostsMin) candidates.set(component, hosts);
  }
  checkTogether(candidates, context);
}

/** The hosts of a resource directory, looked up many times. */
class HostPool {
  readonly names: readonly string[];
  /** Type of manager → its hosts, and its groups with theirs. */
  readonly types = new Map<
    string,
    { readonly hosts: HostEntry[]; readonly groups: Map<string, HostEntry[]> }
  >();

  constructor(directory: ResourceDirectory) {
    this.names = directory.managers.flatMap(({ hosts }) => hosts.map((host): string => host.id));
    for (const { type, hosts } of directory.managers) {
      const entry = this.types.get(type) ?? { hosts: [], groups: new Map<string, HostEntry[]>() };
      this.types.set(type, entry);
      for (const host of hosts) {
        entry.hosts.push(host);
        for (const group of host.groups) append(entry.groups, group, host);
      }
    }
  }

  /** The names in a group, whatever their type; undefined when nobody is in it. */
  membersOf(group: string): string[] | undefined {
    const members = [...this.types.values()].flatMap(({ groups }) => groups.get(group) ?? []);
    return members.length === 0 ? undefined : members.map(({ id }) => id);
  }

  candidatesOf(
    { type, group, hosts }: ResourceReference,
    listed: ReadonlySet<string> | undefined,
  ): readonly HostEntry[] {
    if (hosts !== undefined && listed === undefined) return [];
    const entry = this.types.get(type);
    const grouped = (group === undefined ? entry?.hosts : entry?.groups.get(group)) ?? [];
    return listed === undefined ? grouped : grouped.filter(({ id }) => listed.has(id));
  }
}

function append(groups: Map<string, HostEntry[]>, group: string, host: HostEntry): void {
  const members = groups.get(group);
  if (members === undefined) groups.set(group, [host]);
  else members.push(host);
}

/** Its candidates; undefined when they are not known. */
function checkComponent(
  component: ComponentDefinition,
  pool: HostPool | undefined,
  context: CheckContext,
): Set<HostEntry> | undefined {
  const { problems, places } = context;
  const { name, hostsMin, resources, span } = component;
  if (resources.length === 0) {
    const message = `component '${name}' does not say where its hosts come from`;
    problems.error(
      span.start,
      message,
      'Write <resources><resource type="ssh"/></resources>, with a group if you like.',
    );
    return undefined;
  }
  const hasPlace = resources.map((resource) => checkManager(resource, pool, context));
  const sets = resources.map((resource) => checkResource(resource, pool, context));
  const areSound = resources.every(
    ({ hosts }, index) => hasPlace[index] === true && (hosts === undefined || sets[index] !== undefined),
  );
  const listed = sets.every((set) => set !== undefined)
    ? new Set(sets.flatMap((set) => [...set]))
    : undefined;
  if (listed !== undefined && listed.size < hostsMin) {
    const message = `component '${name}' wants ${hostCount(hostsMin)} and its resources list ${String(listed.size)}`;
    problems.error(places.inner(span, "rspec", "num_hosts"), message, "Lower num_hosts, or list more hosts.");
    return undefined;
  }
  if (pool === undefined) return undefined;
  const found = resources.map((resource, index) => pool.candidatesOf(resource, sets[index]));
  const all = new Set(found.flat());
  // Where a resource names what is not there, that is the cause and told already.
  if (all.size < hostsMin && areSound) {
    const each = resources
      .map((resource, index) => `${resourceText(resource)}: ${String(found[index]?.length ?? 0)}`)
      .join("; ");
    const message = `component '${name}' wants ${hostCount(hostsMin)} and the resource directory has ${String(all.size)} (${each})`;
    problems.error(
      places.inner(span, "rspec", "num_hosts"),
      message,
      "Lower num_hosts, or add hosts to the resource directory.",
    );
  }
  return all;
}

function hostCount(count: number): string {
  return count === 1 ? "1 host" : `${String(count)} hosts`;
}

/** The names that the resource lists; undefined when it lists none, or wrongly. */
function checkResource(
  resource: ResourceReference,
  pool: HostPool | undefined,
  context: CheckContext,
): ReadonlySet<string> | undefined {
  const { hosts, span } = resource;
  if (hosts === undefined) return undefined;
  const known =
    pool === undefined
      ? {}
      : { all: pool.names, groups: (_source: string | undefined, name: string) => pool.membersOf(name) };
  const result = parseNodeSet(hosts, known);
  if (result.kind === "ok") return new Set(result.set.names());
  // Without a directory, groups and wildcards cannot be told from mistakes.
  if (pool === undefined && /[@*?]/.test(hosts)) return undefined;
  const offset = context.places.attribute(span, "hosts") + result.offset;
  context.problems.error(
    offset,
    `hosts '${hosts}': ${result.message}`,
    "Write names such as node[1-5],node9.",
  );
  return undefined;
}

/** Whether its type and its group are there. */
function checkManager(
  { type, group, span }: ResourceReference,
  pool: HostPool | undefined,
  { problems, places }: CheckContext,
): boolean {
  if (MANAGER_TYPES.every((known) => known !== type)) {
    const message = `hosts of type '${type}' cannot be reached yet${suggestion(type, MANAGER_TYPES)}`;
    problems.error(places.attribute(span, "type"), message, MANAGER_TYPES_REMEDY);
    return false;
  }
  if (pool === undefined) return true;
  const entry = pool.types.get(type);
  if (entry === undefined) {
    const message = `the resource directory has no hosts of type '${type}'`;
    problems.error(places.attribute(span, "type"), message, "Add a <resource_manager> of this type to it.");
    return false;
  }
  if (group !== undefined && !entry.groups.has(group)) {
    const message = `the resource directory has no group '${group}' of type '${type}'${suggestion(group, entry.groups.keys())}`;
    problems.error(
      places.attribute(span, "group"),
      message,
      "Correct the name, or give it to hosts in the resource directory.",
    );
    return false;
  }
  return true;
}

function resourceText({ type, group, hosts }: ResourceReference): string {
  const parts = [
    type,
    ...(group === undefined ? [] : [`group '${group}'`]),
    ...(hosts === undefined ? [] : [hosts]),
  ];
  return parts.join(" ");
}

/** A host serves one component: gives out hosts as far as they go, and names the components that are short together. */
function checkTogether(
  candidates: ReadonlyMap<ComponentDefinition, ReadonlySet<HostEntry>>,
  context: CheckContext,
): void {
  const components = [...candidates.keys()];
  const classes = hostClassesOf(components, candidates);
  const sharing = new Sharing(components, classes);
  for (const [index, component] of components.entries()) {
    const short = sharing.serve(index);
    if (short === undefined) continue;
    const names = short.components.map((place) => components[place]?.name ?? "");
    const wanted = short.components.reduce((sum, place) => sum + (components[place]?.hostsMin ?? 0), 0);
    const message = `components ${quoted(names)} together want ${String(wanted)} hosts and the resource directory has ${String(short.hosts)} for them`;
    context.problems.error(
      context.places.inner(component.span, "rspec", "num_hosts"),
      message,
      "Lower num_hosts, or add hosts to the resource directory.",
    );
    return;
  }
}

/** Hosts that suit the same components are alike. */
interface HostClass {
  readonly suits: readonly number[];
  size: number;
}

function hostClassesOf(
  components: readonly ComponentDefinition[],
  candidates: ReadonlyMap<ComponentDefinition, ReadonlySet<HostEntry>>,
): HostClass[] {
  const suits = new Map<HostEntry, number[]>();
  for (const [index, component] of components.entries()) {
    for (const host of candidates.get(component) ?? []) {
      const list = suits.get(host);
      if (list === undefined) suits.set(host, [index]);
      else list.push(index);
    }
  }
  const classes = new Map<string, HostClass>();
  for (const list of suits.values()) {
    const key = list.join(",");
    const hostClass = classes.get(key) ?? { suits: list, size: 0 };
    hostClass.size += 1;
    classes.set(key, hostClass);
  }
  return [...classes.values()];
}

/** Component → from which component it was reached, through which class; nothing for the first. */
type Reached = Map<number, { readonly from: number; readonly through: number } | undefined>;

/** Flow from classes of hosts to components, one component at a time, making room where others can move (Ford-Fulkerson). */
class Sharing {
  readonly #components: readonly ComponentDefinition[];
  readonly #classes: readonly HostClass[];
  readonly #free: number[];
  /** Hosts given: [class][component]. */
  readonly #given: Map<number, number>[];

  constructor(components: readonly ComponentDefinition[], classes: readonly HostClass[]) {
    this.#components = components;
    this.#classes = classes;
    this.#free = classes.map(({ size }) => size);
    this.#given = classes.map(() => new Map<number, number>());
  }

  /** Undefined when the component got all it needs; otherwise who competes for how many hosts. */
  serve(index: number): { readonly components: readonly number[]; readonly hosts: number } | undefined {
    let needed = this.#components[index]?.hostsMin ?? 0;
    while (needed > 0) {
      const search = this.#search(index, needed);
      if (search.kind === "short") return search;
      needed -= search.moved;
    }
    return undefined;
  }

  /** Breadth first from the component over classes that suit it and over components that could give a host up. */
  #search(
    start: number,
    needed: number,
  ): { kind: "moved"; moved: number } | { kind: "short"; components: number[]; hosts: number } {
    const reached: Reached = new Map([[start, undefined]]);
    const classes = new Set<number>();
    // The loop also visits what is added while it runs.
    for (const component of reached.keys()) {
      for (const [place, hostClass] of this.#classes.entries()) {
        if (classes.has(place) || !hostClass.suits.includes(component)) continue;
        classes.add(place);
        if ((this.#free[place] ?? 0) > 0)
          return { kind: "moved", moved: this.#move(component, place, needed, reached) };
        this.#reachHolders(component, place, reached);
      }
    }
    const hosts = [...classes].reduce((sum, place) => sum + (this.#classes[place]?.size ?? 0), 0);
    return { kind: "short", components: [...reached.keys()].sort((one, other) => one - other), hosts };
  }

  #reachHolders(from: number, place: number, reached: Reached): void {
    for (const [holder, count] of this.#given[place] ?? []) {
      if (count > 0 && !reached.has(holder)) reached.set(holder, { from, through: place });
    }
  }

  /** Takes free hosts of a class for the last component of the path, which gives up as many to the one before it. */
  #move(last: number, free: number, needed: number, reached: Reached): number {
    const steps: { readonly to: number; readonly giver: number; readonly through: number }[] = [];
    for (let to = last, step = reached.get(to); step !== undefined; to = step.from, step = reached.get(to)) {
      steps.push({ to: step.from, giver: to, through: step.through });
    }
    const gifts = steps.map(({ giver, through }) => this.#given[through]?.get(giver) ?? 0);
    const moved = Math.min(needed, this.#free[free] ?? 0, ...gifts);
    this.#free[free] = (this.#free[free] ?? 0) - moved;
    this.#give(free, last, moved);
    for (const { to, giver, through } of steps) {
      this.#give(through, giver, -moved);
      this.#give(through, to, moved);
    }
    return moved;
  }

  #give(place: number, component: number, count: number): void {
    const given = this.#given[place];
    given?.set(component, (given.get(component) ?? 0) + count);
  }
}
