// The order that predecessors give to the blocks of one component block, as a graph to walk.
import type { Block } from "./application.ts";

export interface BlockGraph {
  readonly byName: ReadonlyMap<string, Block>;
  /** How many different predecessors each block has; names that lead nowhere are not counted. */
  readonly waiting: ReadonlyMap<Block, number>;
  readonly successors: ReadonlyMap<Block, readonly Block[]>;
}

export function blockGraphOf(children: readonly Block[]): BlockGraph {
  const byName = new Map<string, Block>();
  for (const child of children) if (!byName.has(child.name)) byName.set(child.name, child);
  const waiting = new Map<Block, number>();
  const successors = new Map<Block, Block[]>();
  for (const child of children) {
    const names = new Set(child.predecessors.map(({ name }) => name));
    const predecessors = [...names].map((name) => byName.get(name)).filter((block) => block !== undefined);
    waiting.set(child, predecessors.length);
    for (const predecessor of predecessors) {
      const list = successors.get(predecessor);
      if (list === undefined) successors.set(predecessor, [child]);
      else list.push(child);
    }
  }
  return { byName, waiting, successors };
}

/** The blocks in a cycle or behind one, in document order: those that remain when all that can run has run. */
export function stuckBlocks(graph: BlockGraph): Set<Block> {
  const waiting = new Map(graph.waiting);
  const ready = [...waiting.keys()].filter((block) => waiting.get(block) === 0);
  for (let block = ready.pop(); block !== undefined; block = ready.pop()) {
    waiting.delete(block);
    for (const successor of graph.successors.get(block) ?? []) {
      const count = (waiting.get(successor) ?? 0) - 1;
      waiting.set(successor, count);
      if (count === 0) ready.push(successor);
    }
  }
  return new Set(waiting.keys());
}
