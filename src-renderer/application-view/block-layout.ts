// Where the blocks of an application stand: a lane for each component, time from left to right, one gate for each barrier. Pure.
import type { Block, ComponentBlock, Experiment, Project } from "#shared/application/application.ts";
import { blockPathOf } from "#shared/base/ids.ts";

export const BLOCK_WIDTH = 192;
export const BLOCK_HEIGHT = 64;
export const GATE_WIDTH = 12;
const LANE_HEAD = 34;
const LANE_PADDING = 12;
const ROW_GAP = 14;
const COLUMN_GAP = 56;
/** Between lanes a gate's card finds room. */
const LANE_GAP = 44;
const LEFT = 14;
const TOP = 14;
/** A gate is narrow; the card with its name and count is not. */
const GATE_COLUMN = 132;

export interface LaneBox {
  readonly name: string;
  readonly component: string;
  readonly hosts: { readonly min: number; readonly max: number };
  readonly groups: readonly string[];
  readonly y: number;
  readonly height: number;
}

export interface BlockBox {
  /** The block's path, as the run's events name it. */
  readonly path: string;
  readonly name: string;
  readonly component: string;
  readonly process: string;
  readonly predecessors: readonly string[];
  readonly isService: boolean;
  readonly x: number;
  readonly y: number;
}

/** Barriers of the same name are one gate through all the lanes that have it. */
export interface GateBox {
  readonly name: string;
  /** `all`: every host of its lanes. */
  readonly max: number | "all";
  readonly deadlineMs: number;
  readonly lanes: readonly string[];
  readonly x: number;
  readonly y: number;
  readonly height: number;
  /** Where its card has its middle, from the gate's top: between its lanes, where it covers no block. */
  readonly cardY: number;
}

export interface Wire {
  readonly from: string;
  readonly to: string;
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
}

export interface DiagramPlaces {
  readonly lanes: readonly LaneBox[];
  readonly blocks: readonly BlockBox[];
  readonly gates: readonly GateBox[];
  readonly wires: readonly Wire[];
  readonly width: number;
  readonly height: number;
}

/** A block of one lane, or the gate that it is in. */
interface Node {
  readonly key: string;
  readonly lane: number;
  readonly block: Block;
}

export function placeBlocks(project: Project): DiagramPlaces | undefined {
  const { experiment } = project;
  if (experiment === undefined) return undefined;
  const nodes = experiment.componentBlocks.flatMap((componentBlock, lane) =>
    componentBlock.children.map((block): Node => ({ key: keyOf(block, lane), lane, block })),
  );
  const columns = columnsOf(nodes);
  const lefts = leftsOf(nodes, columns);
  const lanes: LaneBox[] = [];
  const blocks: BlockBox[] = [];
  let y = TOP;
  for (const [index, componentBlock] of experiment.componentBlocks.entries()) {
    const rows = rowsOf(
      nodes.filter((node) => node.lane === index && node.block.kind === "process"),
      columns,
    );
    const count = Math.max(1, ...[...rows.values()].map((row) => row + 1));
    const height = LANE_HEAD + LANE_PADDING + count * BLOCK_HEIGHT + (count - 1) * ROW_GAP;
    lanes.push({ ...laneOf(componentBlock, project), y, height });
    for (const [node, row] of rows) {
      const x = lefts.get(columns.get(node.key) ?? 0) ?? LEFT;
      const top = y + LANE_HEAD + row * (BLOCK_HEIGHT + ROW_GAP);
      blocks.push(boxOf(node.block, componentBlock, experiment, x, top));
    }
    y += height + LANE_GAP;
  }
  const gates = gatesOf(nodes, experiment, lanes, columns, lefts);
  const right = Math.max(...[...lefts.values()].map((x) => x + BLOCK_WIDTH), 0);
  return {
    lanes,
    blocks,
    gates,
    wires: wiresOf(nodes, experiment, blocks, gates),
    width: right + LEFT + LANE_PADDING,
    height: y,
  };
}

function keyOf(block: Block, lane: number): string {
  return block.kind === "barrier" ? `gate:${block.barrier.name}` : `block:${String(lane)}:${block.name}`;
}

/** The longest way from the beginning, over all lanes; in a circle (which is told as a problem) it ends somewhere. */
function columnsOf(nodes: readonly Node[]): ReadonlyMap<string, number> {
  const columns = new Map<string, number>(nodes.map(({ key }) => [key, 0]));
  const wires = nodes.flatMap(({ key, lane, block }) =>
    block.predecessors.flatMap(({ name }) => {
      const before = nodes.find((node) => node.lane === lane && node.block.name === name);
      return before === undefined ? [] : [{ from: before.key, to: key }];
    }),
  );
  for (let round = 0; round < nodes.length; round += 1) {
    let hasMoved = false;
    for (const { from, to } of wires) {
      const wanted = (columns.get(from) ?? 0) + 1;
      if (wanted <= (columns.get(to) ?? 0)) continue;
      columns.set(to, wanted);
      hasMoved = true;
    }
    if (!hasMoved) break;
  }
  return columns;
}

/** Columns in which only gates stand are narrow. */
function leftsOf(nodes: readonly Node[], columns: ReadonlyMap<string, number>): ReadonlyMap<number, number> {
  const last = Math.max(0, ...columns.values());
  const lefts = new Map<number, number>();
  let x = LEFT + LANE_PADDING;
  for (let column = 0; column <= last; column += 1) {
    lefts.set(column, x);
    const hasBlock = nodes.some(({ key, block }) => block.kind === "process" && columns.get(key) === column);
    x += hasBlock ? BLOCK_WIDTH + COLUMN_GAP : GATE_COLUMN + COLUMN_GAP / 2;
  }
  return lefts;
}

function rowsOf(nodes: readonly Node[], columns: ReadonlyMap<string, number>): ReadonlyMap<Node, number> {
  const used = new Map<number, number>();
  return new Map(
    nodes.map((node) => {
      const column = columns.get(node.key) ?? 0;
      const row = used.get(column) ?? 0;
      used.set(column, row + 1);
      return [node, row] as const;
    }),
  );
}

function laneOf({ name, component }: ComponentBlock, project: Project): Omit<LaneBox, "y" | "height"> {
  const definition = project.components.find((one) => one.name === component.name);
  return {
    name,
    component: component.name,
    hosts: { min: definition?.hostsMin ?? 0, max: definition?.hostsMax ?? 0 },
    groups: (definition?.resources ?? []).flatMap(({ group }) => group ?? []),
  };
}

function boxOf(
  block: Block,
  componentBlock: ComponentBlock,
  experiment: Experiment,
  x: number,
  y: number,
): BlockBox {
  return {
    path: blockPathOf(block.name, componentBlock.name, experiment.name),
    name: block.name,
    component: componentBlock.component.name,
    process: block.kind === "process" ? [block.process.path, ...block.process.args].join(" ") : "",
    predecessors: block.predecessors.map(({ name }) => name),
    isService: block.kind === "process" && block.process.service,
    x,
    y,
  };
}

function gatesOf(
  nodes: readonly Node[],
  experiment: Experiment,
  lanes: readonly LaneBox[],
  columns: ReadonlyMap<string, number>,
  lefts: ReadonlyMap<number, number>,
): readonly GateBox[] {
  const gates = new Map<string, GateBox>();
  for (const { key, lane, block } of nodes) {
    const box = lanes[lane];
    if (block.kind !== "barrier" || box === undefined) continue;
    const { name, max, deadlineMs } = block.barrier;
    const known = gates.get(key);
    const top = Math.min(known?.y ?? Infinity, box.y + LANE_HEAD - 4);
    const bottom = Math.max(
      known === undefined ? 0 : known.y + known.height,
      box.y + box.height - LANE_PADDING + 4,
    );
    const x = (lefts.get(columns.get(key) ?? 0) ?? LEFT) + (GATE_COLUMN - GATE_WIDTH) / 2;
    const laneName = experiment.componentBlocks[lane]?.component.name ?? "";
    gates.set(key, {
      name,
      max,
      deadlineMs,
      lanes: [...(known?.lanes ?? []), laneName],
      x,
      y: top,
      height: bottom - top,
      cardY: known?.cardY ?? box.y + box.height + LANE_GAP / 2 - top,
    });
  }
  return [...gates.values()].map((gate) =>
    gate.lanes.length > 1 ? gate : { ...gate, cardY: gate.height / 2 },
  );
}

function wiresOf(
  nodes: readonly Node[],
  experiment: Experiment,
  blocks: readonly BlockBox[],
  gates: readonly GateBox[],
): readonly Wire[] {
  const boxOfNode = ({ block, lane }: Node): BlockBox | GateBox | undefined => {
    if (block.kind === "barrier") return gates.find((gate) => gate.name === block.barrier.name);
    const path = blockPathOf(block.name, experiment.componentBlocks[lane]?.name ?? "", experiment.name);
    return blocks.find((box) => box.path === path);
  };
  return nodes.flatMap((node): Wire[] =>
    node.block.predecessors.flatMap(({ name }): Wire[] => {
      const before = nodes.find((one) => one.lane === node.lane && one.block.name === name);
      const [from, to] = [before === undefined ? undefined : boxOfNode(before), boxOfNode(node)];
      if (before === undefined || from === undefined || to === undefined) return [];
      // A gate is as high as its lanes: a wire meets it at the height of its other end.
      const y1 =
        "path" in from ? from.y + BLOCK_HEIGHT / 2 : "path" in to ? to.y + BLOCK_HEIGHT / 2 : from.y + 20;
      const y2 = "path" in to ? to.y + BLOCK_HEIGHT / 2 : y1;
      const x1 = from.x + ("path" in from ? BLOCK_WIDTH : GATE_WIDTH);
      return [{ from: before.key, to: node.key, x1, y1, x2: to.x, y2 }];
    }),
  );
}
