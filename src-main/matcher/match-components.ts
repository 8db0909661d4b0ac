// Chooses the hosts of all components at once, so that one does not take what another cannot do without.
import type { HostId } from "../../src-shared/base/ids.ts";
import type { ResourceDirectory } from "../../src-shared/resource-directory/resource-directory.ts";
import {
  candidatesOf,
  matchComponent,
  type Match,
  type MatchContext,
  type MatchRequest,
  type NoMatch,
} from "./matcher.ts";
import { poolOf } from "./resource-pool.ts";

export interface ComponentMatch {
  readonly component: string;
  readonly result: Match | NoMatch;
}

/** A component while hosts are handed out. */
interface Share {
  readonly request: MatchRequest;
  /** The best first. */
  readonly candidates: readonly HostId[];
  readonly hosts: Set<HostId>;
}

/** How a search came to a share: `wanting` could have `host`, which this share holds. */
interface Step {
  readonly wanting: Share;
  readonly host: HostId;
}

type Holders = Map<HostId, Share>;

/**
 * If there is any way to give every component its minimum, this finds one (augmenting paths, as in Ford and Fulkerson's
 * maximum flow); what is left then goes to the components in their order, up to their maxima. One result for each
 * request, in their order. `context.held` and `context.failed` are excluded for all; `context.kept` must be empty.
 */
export function matchComponents(
  requests: readonly MatchRequest[],
  directory: ResourceDirectory,
  context: Omit<MatchContext, "kept">,
): readonly ComponentMatch[] {
  const matchContext = { ...context, kept: [] };
  const holders: Holders = new Map();
  const shares = requests.map((request): Share => {
    const pool = poolOf(request.resources, directory);
    return { request, candidates: candidatesOf(request.component, pool, matchContext), hosts: new Set() };
  });
  for (const share of shares) takeFree(share, share.request.hostsMin, holders);
  for (const share of shares) {
    let isGrowing = true;
    while (isGrowing && share.hosts.size < share.request.hostsMin) isGrowing = takeByMoving(share, holders);
  }
  const isComplete = shares.every((share) => share.hosts.size >= share.request.hostsMin);
  if (isComplete) for (const share of shares) takeFree(share, share.request.hostsMax, holders);
  return shares.map((share) => ({
    component: share.request.component,
    result: resultOf(share, directory, matchContext, holders),
  }));
}

function takeFree(share: Share, wanted: number, holders: Holders): void {
  for (const host of share.candidates) {
    if (share.hosts.size >= wanted) return;
    if (!holders.has(host)) give(host, share, holders);
  }
}

function give(host: HostId, share: Share, holders: Holders): void {
  holders.get(host)?.hosts.delete(host);
  holders.set(host, share);
  share.hosts.add(host);
}

/** Breadth first from the share in need over the holders of what it could have, to one that can take a free host instead. */
function takeByMoving(needy: Share, holders: Holders): boolean {
  const steps = new Map<Share, Step | undefined>([[needy, undefined]]);
  for (const share of steps.keys()) {
    const free = share.candidates.find((host) => !holders.has(host));
    if (free !== undefined) {
      moveAlong(steps, share, free, holders);
      return true;
    }
    for (const host of share.candidates) {
      const holder = holders.get(host);
      if (holder !== undefined && !steps.has(holder)) steps.set(holder, { wanting: share, host });
    }
  }
  return false;
}

function moveAlong(
  steps: ReadonlyMap<Share, Step | undefined>,
  last: Share,
  free: HostId,
  holders: Holders,
): void {
  give(free, last, holders);
  let step = steps.get(last);
  while (step !== undefined) {
    give(step.host, step.wanting, holders);
    step = steps.get(step.wanting);
  }
}

function resultOf(
  share: Share,
  directory: ResourceDirectory,
  context: MatchContext,
  holders: Holders,
): Match | NoMatch {
  const { request, candidates, hosts } = share;
  if (hosts.size >= request.hostsMin)
    return { kind: "matched", hosts: candidates.filter((host) => hosts.has(host)) };
  const held = new Map(context.held);
  for (const [host, holder] of holders) held.set(host, holder.request.component);
  return matchComponent(request, directory, { ...context, held });
}
