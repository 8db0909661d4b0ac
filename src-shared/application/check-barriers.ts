// Checks that every barrier can release: enough hosts reach it, and no two wait for each other.
import type { BarrierBlock, Block, ComponentBlock } from "./application.ts";
import { blockGraphOf, stuckBlocks, type BlockGraph } from "./block-graph.ts";
import type { CheckContext } from "./check-context.ts";
import { quoted } from "./check-names.ts";

/** Further ones follow from the same mistake more often than not. */
const CYCLES_TOLD_MAX = 20;

/** All blocks of one name are one barrier, wherever they stand. */
interface SharedBarrier {
  readonly name: string;
  readonly first: BarrierBlock;
  readonly blocks: BarrierBlock[];
  /** Component → the most and the fewest hosts that it brings; undefined when there is no such component. */
  readonly components: Map<string, { readonly most: number; readonly fewest: number } | undefined>;
}

export function checkBarriers(context: CheckContext): void {
  const barriers = sharedBarriersOf(context);
  const released = new Set<string>();
  for (const barrier of barriers.values()) {
    checkAgreement(barrier, context);
    if (!checkNumbers(barrier, context)) released.add(barrier.name);
  }
  const tracks = context.componentBlocks.map((parent) => trackOf(parent));
  // Predecessors in a circle are a problem of their own, and the barriers behind them would only repeat it.
  if (tracks.some(({ graph }) => stuckBlocks(graph).size > 0)) return;
  checkOrder(new Play(barriers, released, tracks), barriers, context);
}

function sharedBarriersOf(context: CheckContext): Map<string, SharedBarrier> {
  const barriers = new Map<string, SharedBarrier>();
  for (const parent of context.componentBlocks) {
    const component = context.components.get(parent.component.name);
    for (const block of parent.children) {
      if (block.kind !== "barrier") continue;
      const { name } = block.barrier;
      const barrier = barriers.get(name) ?? {
        name,
        first: block,
        blocks: [],
        components: new Map<string, never>(),
      };
      barriers.set(name, barrier);
      barrier.blocks.push(block);
      barrier.components.set(
        parent.component.name,
        component && { most: component.hostsMax, fewest: component.hostsMin },
      );
    }
  }
  return barriers;
}

function checkAgreement({ name, first, blocks }: SharedBarrier, { problems, places }: CheckContext): void {
  for (const { barrier } of blocks) {
    if (barrier.max !== first.barrier.max) {
      const message = `barrier '${name}' waits for ${String(first.barrier.max)} hosts in one block and for ${String(barrier.max)} in another`;
      const offset = places.attribute(barrier.span, "max");
      problems.error(
        offset,
        message,
        "Barriers of one name are one barrier: give them the same max, or different names.",
      );
    }
    if (barrier.deadlineMs !== first.barrier.deadlineMs) {
      const message = `barrier '${name}' has different deadlines in different blocks`;
      problems.warning(
        places.attribute(barrier.span, "deadline"),
        message,
        "Give all blocks of this barrier the same deadline.",
      );
    }
  }
}

/** False when there are never hosts enough. */
function checkNumbers(
  { name, first, components }: SharedBarrier,
  { problems, places }: CheckContext,
): boolean {
  const { max, span } = first.barrier;
  if (max === "all") return true;
  const bring = [...components.values()].filter((hosts) => hosts !== undefined);
  if (bring.length < components.size) return false;
  const most = bring.reduce((sum, hosts) => sum + hosts.most, 0);
  const fewest = bring.reduce((sum, hosts) => sum + hosts.fewest, 0);
  if (max > most) {
    const message = `barrier '${name}' waits for ${String(max)} hosts and at most ${String(most)} can reach it`;
    problems.error(
      places.attribute(span, "max"),
      message,
      `Lower max to ${String(Math.max(1, most))} or less, write max="all", or raise num_hosts.`,
    );
    return false;
  }
  if (max > fewest) {
    const message = `barrier '${name}' waits for ${String(max)} hosts and as few as ${String(fewest)} may reach it`;
    problems.warning(
      places.attribute(span, "max"),
      message,
      `Write max="all", lower max to ${String(fewest)}, or raise the min of num_hosts.`,
    );
  }
  return true;
}

/** Plays the blocks through once, every process ending at once: what is left waiting then waits for ever. */
function checkOrder(play: Play, barriers: ReadonlyMap<string, SharedBarrier>, context: CheckContext): void {
  play.run();
  for (let told = 0; told < CYCLES_TOLD_MAX; told += 1) {
    const cycle = play.waitingCycle();
    if (cycle === undefined) return;
    tellCycle(cycle, barriers, context);
    play.release(cycle);
    play.run();
  }
}

function tellCycle(
  cycle: readonly string[],
  barriers: ReadonlyMap<string, SharedBarrier>,
  { problems }: CheckContext,
): void {
  const first = barriers.get(cycle[0] ?? "")?.first;
  if (first === undefined) return;
  const message = `barriers ${quoted(cycle)} can never release: each waits for hosts that wait at another of them`;
  problems.error(first.span.start, message, "Put them into the same order in every component block.");
}

/** One component block as it is played through. */
interface Track {
  readonly parent: ComponentBlock;
  readonly graph: BlockGraph;
  /** Predecessors that each block still waits for. */
  readonly waiting: Map<Block, number>;
  readonly barriers: ReadonlySet<string>;
}

class Play {
  readonly #barriers: ReadonlyMap<string, SharedBarrier>;
  readonly #released: Set<string>;
  readonly #entered: { readonly track: Track; readonly block: Block }[] = [];
  readonly #parked = new Map<string, { readonly track: Track; readonly block: Block }[]>();
  readonly #arrived = new Map<string, Set<string>>();

  constructor(
    barriers: ReadonlyMap<string, SharedBarrier>,
    released: ReadonlySet<string>,
    tracks: readonly Track[],
  ) {
    this.#barriers = barriers;
    this.#released = new Set(released);
    for (const track of tracks) {
      for (const [block, count] of track.waiting) if (count === 0) this.#entered.push({ track, block });
    }
  }

  run(): void {
    for (let next = this.#entered.pop(); next !== undefined; next = this.#entered.pop()) {
      const { track, block } = next;
      if (block.kind === "process" || this.#arrive(track, block)) this.#finish(track, block);
    }
  }

  release(names: readonly string[]): void {
    for (const name of names) {
      this.#released.add(name);
      for (const { track, block } of this.#parked.get(name) ?? []) this.#finish(track, block);
      this.#parked.delete(name);
    }
  }

  #arrive(track: Track, block: BarrierBlock): boolean {
    const { name } = block.barrier;
    if (this.#released.has(name)) return true;
    const arrived = this.#arrived.get(name) ?? new Set();
    this.#arrived.set(name, arrived.add(track.parent.component.name));
    const parked = this.#parked.get(name) ?? [];
    parked.push({ track, block });
    this.#parked.set(name, parked);
    const barrier = this.#barriers.get(name);
    if (barrier !== undefined && isFull(barrier, arrived)) this.release([name]);
    return false;
  }

  #finish(track: Track, block: Block): void {
    track.waiting.delete(block);
    for (const successor of track.graph.successors.get(block) ?? []) {
      const count = (track.waiting.get(successor) ?? 0) - 1;
      track.waiting.set(successor, count);
      if (count === 0) this.#entered.push({ track, block: successor });
    }
  }

  /** Barriers of which each lacks hosts that wait at the next; undefined when nothing waits. */
  waitingCycle(): string[] | undefined {
    let name = [...this.#barriers.keys()].find((first) => this.#parked.has(first));
    const chain = new Set<string>();
    while (name !== undefined && !chain.has(name)) {
      chain.add(name);
      name = this.#whereOthersWait(name);
    }
    if (chain.size === 0) return undefined;
    const names = [...chain];
    return name === undefined ? names : names.slice(names.indexOf(name));
  }

  /** A barrier at which a component waits that has not come to this one. */
  #whereOthersWait(name: string): string | undefined {
    for (const [other, parked] of this.#parked) {
      if (other === name) continue;
      const lacks = parked.some(({ track }) => {
        const missing = !(this.#arrived.get(name)?.has(track.parent.component.name) ?? false);
        return missing && track.barriers.has(name);
      });
      if (lacks) return other;
    }
    return undefined;
  }
}

function trackOf(parent: ComponentBlock): Track {
  const graph = blockGraphOf(parent.children);
  const barriers = parent.children.flatMap((child) => (child.kind === "barrier" ? [child.barrier.name] : []));
  return { parent, graph, waiting: new Map(graph.waiting), barriers: new Set(barriers) };
}

function isFull({ first, components }: SharedBarrier, arrived: ReadonlySet<string>): boolean {
  const { max } = first.barrier;
  if (max === "all") return arrived.size === components.size;
  let hosts = 0;
  for (const name of arrived) hosts += components.get(name)?.most ?? 0;
  return hosts >= max;
}
