// What must be true of a simulated world some time after its last fault: L1 to L5, L7, L12 of docs/overlay.md.
import type { HostId } from "../base/ids.ts";
import { ROOT_RANK } from "../overlay/topology.ts";
import type { MemberState, Rank } from "../overlay/topology.ts";
import { demand } from "./broken-promise.ts";
import type { Record, TreeJudge } from "./tree-judge.ts";
import type { TreeWorld } from "./tree-world.ts";
import type { VirtualClient } from "./virtual-client.ts";
import type { VirtualProgram } from "./virtual-program.ts";

interface Judged<Frame> {
  readonly world: TreeWorld<Frame>;
  readonly judge: TreeJudge<Frame>;
}

/** The clients that have to be in the tree: running, wanted, not on their way out. */
export function membersOf<Frame>({ world, judge }: Judged<Frame>): VirtualClient<Frame>[] {
  return [...world.clients.values()].filter(
    (client) => client.isRunning && !client.leaving && judge.isWanted(client.rank),
  );
}

/** Undefined when the tree is whole: every member attached, by its own account and the root's. */
export function whatIsMissing<Frame>(judged: Judged<Frame>): string | undefined {
  const { world } = judged;
  const known = statesOf(world);
  for (const client of membersOf(judged)) {
    if (!client.core.attached) return `${nameOf(client)} is not attached`;
    const state = known.get(client.host);
    if (state?.rank !== client.rank) return `${nameOf(client)} is unknown to the root`;
    if (state.state !== "attached") return `${nameOf(client)} is ${state.state} to the root`;
  }
  return undefined;
}

/** What of the work has not arrived: L4, L5. */
export function whatIsPending<Frame>(judged: Judged<Frame>): string | undefined {
  const known = statesOf(judged.world);
  for (const client of membersOf(judged)) {
    const record = judged.judge.records.get(client.rank);
    if (record === undefined) continue;
    const { delivered, expected, reportsHave } = record;
    if (delivered < expected.length)
      return `${nameOf(client)} has ${delivered} of ${expected.length} commands`;
    if (reportsHave < client.reports.length)
      return `of ${nameOf(client)} ${reportsHave} of ${client.reports.length} reports have arrived`;
    const pending = known.get(client.host)?.pendingCommands ?? 0;
    if (pending > 0) return `the root waits for ${nameOf(client)} to have ${pending} commands`;
  }
  return undefined;
}

/** Whose newest the root does not have: L13. */
export function whatIsStale<Frame>(judged: Judged<Frame>): string | undefined {
  for (const client of membersOf(judged)) {
    const { latestHave = 0 } = judged.judge.records.get(client.rank) ?? {};
    if (latestHave < client.latest)
      return `of ${nameOf(client)} value ${latestHave} is known, and ${client.latest} is its latest`;
  }
  return undefined;
}

/** L2, L3: parents and children agree, and the root sees the tree as it is. */
export function demandExactView<Frame>(judged: Judged<Frame>): void {
  const { world, judge } = judged;
  const members = new Map(membersOf(judged).map((client) => [client.rank, client]));
  for (const client of members.values()) demandPair(world, client);
  demandChildren(world.controller, world.controller.core.members(), members, world);
  for (const client of members.values()) demandLinks(client, client.core.children, members);
  for (const state of world.controller.core.members()) {
    const member = members.get(state.rank);
    const record = judge.records.get(state.rank);
    if (member === undefined) {
      demand(state.state !== "attached", `${state.host}: attached to the root, and it does not run`);
      continue;
    }
    demandPlace(world, state, member, record);
  }
}

function demandPair<Frame>(world: TreeWorld<Frame>, client: VirtualClient<Frame>): void {
  const link = client.core.parent;
  const connection = link === undefined ? undefined : client.links.get(link);
  demand(connection !== undefined, `${nameOf(client)} is attached to nobody`);
  const side = connection.sideOf(client) === 0 ? 1 : 0;
  const parent = connection.program(side);
  const theirs = connection.linkOf(side);
  const children = parent.rank === ROOT_RANK ? undefined : world.clients.get(parent.rank)?.core.children;
  const knows = children === undefined ? world.controller.links.has(theirs) : children.includes(theirs);
  demand(knows, `${nameOf(client)} hangs below rank ${parent.rank}, which does not know it`);
}

function demandLinks<Frame>(
  parent: VirtualProgram<Frame>,
  children: readonly number[],
  members: ReadonlyMap<Rank, VirtualClient<Frame>>,
): void {
  for (const link of children) {
    const connection = parent.links.get(link);
    demand(connection !== undefined, `rank ${parent.rank} has a child without a link`);
    const child = connection.program(connection.sideOf(parent) === 0 ? 1 : 0);
    const client = members.get(child.rank);
    const isRight = client?.core.parent === connection.linkOf(connection.sideOf(child));
    demand(isRight, `rank ${parent.rank} takes rank ${child.rank} for its child, and it is not`);
  }
}

/** The root's own links: all of them are of children. */
function demandChildren<Frame>(
  root: VirtualProgram<Frame>,
  states: readonly MemberState[],
  members: ReadonlyMap<Rank, VirtualClient<Frame>>,
  world: TreeWorld<Frame>,
): void {
  const direct = states.filter(({ state, parent }) => state === "attached" && parent === "controller");
  for (const { host, rank } of direct) {
    demand(members.has(rank), `${host}: a child of the root, and it does not run`);
    const link = world.controller.core.linkTo(host);
    demand(link !== undefined && root.links.has(link), `${host}: a child of the root without a link`);
  }
}

function demandPlace<Frame>(
  world: TreeWorld<Frame>,
  state: MemberState,
  member: VirtualClient<Frame>,
  record: Record | undefined,
): void {
  const parent = record?.parent;
  const parentHost: HostId | "controller" | undefined =
    parent === ROOT_RANK ? "controller" : parent === undefined ? undefined : world.clients.get(parent)?.host;
  demand(
    state.parent === parentHost,
    `${nameOf(member)} hangs below ${parentHost ?? "nobody"}; the root says ${state.parent ?? "nobody"}`,
  );
  const depth = member.core.path.length - 1;
  demand(state.depth === depth, `${nameOf(member)} is at depth ${depth}; the root says ${state.depth}`);
}

function statesOf<Frame>(world: TreeWorld<Frame>): Map<HostId, MemberState> {
  return new Map(world.controller.core.members().map((state) => [state.host, state]));
}

export function nameOf<Frame>(client: VirtualClient<Frame>): string {
  return `${client.host} ${client.incarnation} (rank ${client.rank})`;
}
