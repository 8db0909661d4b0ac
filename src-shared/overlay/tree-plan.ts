// Where a client that is about to be started should hang: the highest place that is free, so that the tree stays flat.
import type { Subtree } from "./subtree.ts";
import { ROOT_RANK, type Candidate, type Rank } from "./topology.ts";
import { sample } from "./tree-children.ts";

/** Besides the planned parent and those above it, in case all of them are gone when the client is up. */
const OTHERS_MAX = 2;
const POOL_MAX = 64;

export interface PlanNeeds {
  readonly subtree: Subtree;
  /** Clients that are being started, and below whom. */
  readonly planned: ReadonlyMap<Rank, Rank>;
  readonly degree: number;
  readonly rank: Rank;
  readonly random: () => number;
}

/** The planned parent, those above it, two others, the root. */
export function planCandidates(needs: PlanNeeds): Candidate[] {
  const { subtree, random, rank } = needs;
  const parent = placeFor(needs);
  const above = parent === undefined ? [] : subtree.pathTo(parent).reverse();
  const others = sample([...subtree.ranks()], OTHERS_MAX, random);
  const ranks = new Set([...above, ...others]);
  ranks.delete(rank);
  return [
    ...(parent === undefined ? [ROOT] : []),
    ...subtree.candidates(ranks),
    ...(parent === undefined ? [] : [ROOT]),
  ];
}

/** The shell knows where the root is. */
const ROOT: Candidate = { rank: ROOT_RANK, address: "" };

/** Some of those that can be dialled, for beacons to name to children as others to try. */
export function drawPool(subtree: Subtree, random: () => number): Candidate[] {
  const ranks = [...subtree.ranks()];
  const drawn = new Set<Rank>();
  for (let tries = 0; tries < POOL_MAX && ranks.length > 0; tries += 1) {
    const rank = ranks[Math.floor(random() * ranks.length)];
    if (rank !== undefined) drawn.add(rank);
  }
  return subtree.candidates(drawn);
}

/** Breadth first; undefined: below the root. */
function placeFor({ subtree, planned, degree, rank }: PlanNeeds): Rank | undefined {
  const coming = new Map<Rank, number>();
  for (const [child, parent] of planned)
    if (child !== rank && !subtree.has(child)) coming.set(parent, (coming.get(parent) ?? 0) + 1);
  const taken = (at: Rank): number => subtree.childrenOf(at).size + (coming.get(at) ?? 0);
  if (taken(ROOT_RANK) < degree) return undefined;
  for (const { child, address } of subtree.recordsBelow())
    if (address !== "" && child !== rank && taken(child) < degree) return child;
  return undefined;
}
