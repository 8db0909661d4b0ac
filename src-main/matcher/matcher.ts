// Chooses the hosts of one component from the resource directory; pure, and the same choice for the same input.
import type { ResourceReference } from "../../src-shared/application/application.ts";
import type { HostId } from "../../src-shared/base/ids.ts";
import { foldNames } from "../../src-shared/node-set/node-set.ts";
import type { ResourceDirectory } from "../../src-shared/resource-directory/resource-directory.ts";
import { poolOf, type ResourcePool } from "./resource-pool.ts";

export interface MatchRequest {
  readonly component: string;
  readonly hostsMin: number;
  readonly hostsMax: number;
  readonly resources: readonly ResourceReference[];
}

export interface MatchContext {
  /** Already members of the component that stay; they keep their places at the front. */
  readonly kept: readonly HostId[];
  /** Host to the component that holds it. */
  readonly held: ReadonlyMap<HostId, string>;
  /** Host to why it cannot be used. */
  readonly failed: ReadonlyMap<HostId, string>;
  /** The hosts of the last run, which have the software already. */
  readonly preferred: readonly HostId[];
}

export interface Rejection {
  readonly reason: string;
  readonly hosts: readonly HostId[];
}

export interface Match {
  readonly kind: "matched";
  /** Kept ones first, then new ones in the order of choice. */
  readonly hosts: readonly HostId[];
}

export interface NoMatch {
  readonly kind: "noMatch";
  readonly wanted: number;
  readonly found: number;
  readonly rejections: readonly Rejection[];
  readonly message: string;
}

/**
 * New hosts are chosen in the order: named by a `hosts` attribute, used by the last run, the rest of the pool; each
 * in the order of the directory, those of the last run in its order.
 */
export function matchComponent(
  request: MatchRequest,
  directory: ResourceDirectory,
  context: MatchContext,
): Match | NoMatch {
  const pool = poolOf(request.resources, directory);
  const found = candidatesOf(request.component, pool, context);
  if (found.length >= request.hostsMin) return { kind: "matched", hosts: found.slice(0, request.hostsMax) };
  const rejections = rejectionsOf(pool, request.component, context);
  const message = writeMessage(request, found.length, rejections, pool);
  return { kind: "noMatch", wanted: request.hostsMin, found: found.length, rejections, message };
}

/** Every host that the component may have, the best first. */
export function candidatesOf(
  component: string,
  pool: ResourcePool,
  context: MatchContext,
): readonly HostId[] {
  const candidates = new Set([...context.kept, ...inOrderOfChoice(pool, context.preferred)]);
  return [...candidates].filter((host) => rejectionOf(host, component, context) === undefined);
}

function rejectionOf(host: HostId, component: string, context: MatchContext): string | undefined {
  const failure = context.failed.get(host);
  if (failure !== undefined) return `failed: ${failure}`;
  const holder = context.held.get(host);
  return holder === undefined || holder === component ? undefined : `used by component '${holder}'`;
}

function inOrderOfChoice(pool: ResourcePool, preferred: readonly HostId[]): readonly HostId[] {
  const inPool = new Set(pool.hosts);
  const preferredInPool = preferred.filter((host) => inPool.has(host));
  const isNamed = (host: HostId): boolean => pool.named.has(host);
  return [
    ...new Set([
      ...preferredInPool.filter(isNamed),
      ...pool.hosts.filter(isNamed),
      ...preferredInPool,
      ...pool.hosts,
    ]),
  ];
}

/** Grouped by reason; failures come first, the biggest group first within its kind. */
function rejectionsOf(pool: ResourcePool, component: string, context: MatchContext): readonly Rejection[] {
  const byReason = new Map<string, HostId[]>();
  for (const host of pool.hosts) {
    const reason = rejectionOf(host, component, context);
    if (reason === undefined) continue;
    const hosts = byReason.get(reason);
    if (hosts === undefined) byReason.set(reason, [host]);
    else hosts.push(host);
  }
  return [...byReason].map(([reason, hosts]) => ({ reason, hosts })).sort(byKindAndSize);
}

function byKindAndSize(left: Rejection, right: Rejection): number {
  const kind = Number(right.reason.startsWith("failed")) - Number(left.reason.startsWith("failed"));
  return kind || right.hosts.length - left.hosts.length;
}

/** Beyond these a message is a report; the rejections carry the rest. */
const REASONS_SHOWN_MAX = 5;
const FOLDED_SHOWN_MAX = 120;

function writeMessage(
  request: MatchRequest,
  found: number,
  rejections: readonly Rejection[],
  pool: ResourcePool,
): string {
  const there = found === 0 ? "there is none" : `there ${found === 1 ? "is" : "are"} ${found}`;
  const head = `component '${request.component}' needs ${counted(request.hostsMin)} and ${there}`;
  const reasons = rejections.slice(0, REASONS_SHOWN_MAX).map(writeRejection);
  const hidden = rejections.slice(REASONS_SHOWN_MAX).reduce((sum, { hosts }) => sum + hosts.length, 0);
  if (hidden > 0) reasons.push(`${hidden} for other reasons`);
  const parts = [reasons.length === 0 ? head : `${head}: ${reasons.join(", ")}`, ...writeSources(pool)];
  return parts.join("; ");
}

function writeRejection({ reason, hosts }: Rejection): string {
  const folded = shortened(foldNames(hosts));
  const failure = /^failed: (.*)$/s.exec(reason)?.[1];
  return failure === undefined
    ? `${hosts.length} ${reason} (${folded})`
    : `${hosts.length} failed (${folded}: ${failure})`;
}

function writeSources(pool: ResourcePool): readonly string[] {
  if (pool.sources.length === 0) return ["it names no <resource> to take hosts from"];
  return pool.sources.flatMap(({ resource, hosts, missing, problem }) => {
    const group = resource.group === undefined ? "" : ` in group '${resource.group}'`;
    const offered =
      problem ??
      `the resource directory has ${counted(hosts.length)} of type '${resource.type}'${group}${resource.hosts === undefined ? "" : ` among hosts="${resource.hosts}"`}`;
    return missing.length === 0
      ? [offered]
      : [offered, `not in the directory there: ${shortened(foldNames(missing))}`];
  });
}

function counted(hosts: number): string {
  return hosts === 1 ? "1 host" : `${hosts} hosts`;
}

function shortened(folded: string): string {
  return folded.length <= FOLDED_SHOWN_MAX ? folded : `${folded.slice(0, FOLDED_SHOWN_MAX)}…`;
}
