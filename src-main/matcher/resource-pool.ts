// Which hosts of the resource directory a component's <resource> elements offer, and what is wrong with them.
import type { ResourceReference } from "../../src-shared/application/application.ts";
import { nearestName } from "../../src-shared/application/nearest-name.ts";
import type { HostId } from "../../src-shared/base/ids.ts";
import { NodeSet, parseNodeSet } from "../../src-shared/node-set/node-set.ts";
import type { HostEntry, ResourceDirectory } from "../../src-shared/resource-directory/resource-directory.ts";

export interface ResourcePool {
  /** Union over the resources, in the order of the directory. */
  readonly hosts: readonly HostId[];
  /** Those that a `hosts` attribute chose; they are taken first. */
  readonly named: ReadonlySet<HostId>;
  /** One for each resource, in their order. */
  readonly sources: readonly PoolSource[];
}

export interface PoolSource {
  readonly resource: ResourceReference;
  readonly hosts: readonly HostId[];
  /** Named by its `hosts` attribute without being offered by its type and group. */
  readonly missing: readonly string[];
  /** Why it offers no host at all, a clause without a full stop; undefined when it offers some. */
  readonly problem: string | undefined;
}

type Listed = ReadonlyMap<string, readonly HostEntry[]>;

export function poolOf(resources: readonly ResourceReference[], directory: ResourceDirectory): ResourcePool {
  const byType = hostsByType(directory);
  const sources = resources.map((resource) => sourceOf(resource, byType));
  const offered = new Set(sources.flatMap((source) => source.hosts));
  const named = new Set(
    sources.flatMap((source) => (source.resource.hosts === undefined ? [] : source.hosts)),
  );
  const listed = [...byType.values()].flat().map((host) => host.id);
  return { hosts: [...new Set(listed)].filter((host) => offered.has(host)), named, sources };
}

/** Several managers of one type are one; the order of the directory stays. */
function hostsByType(directory: ResourceDirectory): Listed {
  const byType = new Map<string, HostEntry[]>();
  for (const manager of directory.managers) {
    const hosts = byType.get(manager.type);
    if (hosts === undefined) byType.set(manager.type, [...manager.hosts]);
    else for (const host of manager.hosts) hosts.push(host);
  }
  return byType;
}

function sourceOf(resource: ResourceReference, byType: Listed): PoolSource {
  const none = (problem: string, missing: readonly string[] = []): PoolSource => ({
    resource,
    hosts: [],
    missing,
    problem,
  });
  const ofType = byType.get(resource.type);
  if (ofType === undefined) return none(missingType(resource.type, byType));
  const { group } = resource;
  const ofGroup = group === undefined ? ofType : ofType.filter((host) => host.groups.includes(group));
  if (ofGroup.length === 0) {
    return none(
      group === undefined
        ? `type '${resource.type}' lists no host`
        : missingGroup(resource.type, group, byType),
    );
  }
  if (resource.hosts === undefined)
    return { resource, hosts: idsOf(ofGroup), missing: [], problem: undefined };
  const result = parseNodeSet(resource.hosts, { groups: groupsOf(ofType, byType), all: idsOf(ofGroup) });
  if (result.kind === "error") return none(`hosts="${resource.hosts}" is not understood: ${result.message}`);
  const hosts = idsOf(ofGroup).filter((host) => result.set.has(host));
  const missing = result.set.difference(new NodeSet(hosts)).names();
  if (hosts.length > 0) return { resource, hosts, missing, problem: undefined };
  return none(`none of hosts="${resource.hosts}" is listed with ${placeOf(resource.type, group)}`, missing);
}

function idsOf(hosts: readonly HostEntry[]): readonly HostId[] {
  return hosts.map((host) => host.id);
}

/** `@web` is a group of the resource's own type, `@ssh:web` one of another. */
function groupsOf(ofType: readonly HostEntry[], byType: Listed) {
  return (source: string | undefined, name: string): readonly string[] | undefined => {
    const candidates = source === undefined ? ofType : (byType.get(source) ?? []);
    const members = candidates.filter((host) => host.groups.includes(name));
    return members.length === 0 ? undefined : idsOf(members);
  };
}

function placeOf(type: string, group: string | undefined): string {
  return group === undefined ? `type '${type}'` : `type '${type}' and group '${group}'`;
}

function missingType(type: string, byType: Listed): string {
  if (byType.size === 0) return "the resource directory is empty";
  return `the resource directory has no resource manager of type '${type}', only ${quoted([...byType.keys()])}`;
}

function missingGroup(type: string, group: string, byType: Listed): string {
  const elsewhere = [...byType].filter(([, hosts]) => hosts.some((host) => host.groups.includes(group)));
  const start = `no host of type '${type}' is in group '${group}'`;
  if (elsewhere.length > 0)
    return `${start}; that group is of type ${quoted(elsewhere.map(([other]) => other))}`;
  const known = new Set((byType.get(type) ?? []).flatMap((host) => host.groups));
  const nearest = nearestName(group, known);
  if (nearest !== undefined) return `${start}; the nearest is '${nearest}'`;
  return known.size === 0
    ? `${start}; its hosts have no groups`
    : `${start}; its groups are ${quoted([...known])}`;
}

/** A message is read by people: beyond a handful, the number says enough. */
const QUOTED_MAX = 8;

function quoted(names: readonly string[]): string {
  const shown = names.slice(0, QUOTED_MAX).map((name) => `'${name}'`);
  const rest = names.length - shown.length;
  return rest > 0 ? `${shown.join(", ")} and ${rest} more` : shown.join(", ");
}
