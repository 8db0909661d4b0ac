// Where the overlay's nodes stand: tidy, radial, or grid; from who hangs below whom. Pure.
import { hierarchy, tree, type HierarchyPointNode } from "d3";

export const LAYOUTS = ["tidy", "radial", "grid"] as const;
export type LayoutName = (typeof LAYOUTS)[number];

/** A host of the overlay, or one that is not in it (`parent` undefined). */
export interface TreeMember {
  readonly name: string;
  readonly parent: string | undefined;
}

export interface PlacedNode {
  readonly name: string;
  /** From 0 to 1 in a radial layout around (0.5, 0.5); else of the box, from left and top. */
  readonly x: number;
  readonly y: number;
  readonly depth: number;
  /** Undefined for the root and for those outside the tree. */
  readonly parent: string | undefined;
}

export interface TreePlaces {
  readonly nodes: readonly PlacedNode[];
  /** Hosts without a place in the tree, in a row of their own below. */
  readonly outside: readonly PlacedNode[];
}

interface Branch {
  readonly name: string;
  readonly children: Branch[];
}

/** Where the row of those outside begins, and how much the tree has, of the height. */
const TREE_SHARE = 0.8;
const OUTSIDE_Y = 0.94;

/** Members that hang below the same one stand beside each other as they come: by name. */
export function placeTree(root: string, members: readonly TreeMember[], layout: LayoutName): TreePlaces {
  const { branch, outside } = branchesOf(root, members);
  const share = outside.length > 0 ? TREE_SHARE : 1;
  const below = outside.map((name, index): PlacedNode => ({
    name,
    x: (index + 0.5) / outside.length,
    y: OUTSIDE_Y,
    depth: 0,
    parent: undefined,
  }));
  const nodes = layout === "grid" ? gridOf(branch) : layout === "radial" ? radialOf(branch) : tidyOf(branch);
  // A round one stays round.
  const across = layout === "radial" ? share : 1;
  const scaled =
    share === 1
      ? nodes
      : nodes.map((node) => ({ ...node, x: 0.5 + (node.x - 0.5) * across, y: node.y * share }));
  return { nodes: scaled, outside: below };
}

/** What is told comes piece by piece: whoever is not below the root right now stands outside. */
function branchesOf(
  root: string,
  members: readonly TreeMember[],
): { readonly branch: Branch; readonly outside: readonly string[] } {
  const below = new Map<string, string[]>();
  for (const { name, parent } of members) {
    if (parent === undefined) continue;
    const others = below.get(parent);
    if (others === undefined) below.set(parent, [name]);
    else others.push(name);
  }
  const placed = new Set<string>([root]);
  const branchOf = (name: string): Branch => {
    const children = (below.get(name) ?? []).filter((child) => !placed.has(child));
    for (const child of children) placed.add(child);
    return { name, children: children.map(branchOf) };
  };
  const branch = branchOf(root);
  const outside = members.map(({ name }) => name).filter((name) => !placed.has(name));
  return { branch, outside };
}

function laidOut(
  branch: Branch,
  width: number,
  separation: (depth: number) => number,
): HierarchyPointNode<Branch> {
  return tree<Branch>()
    .size([width, 1])
    .separation((left, right) => (left.parent === right.parent ? 1 : 2) * separation(left.depth))(
    hierarchy(branch, (one) => one.children),
  );
}

function tidyOf(branch: Branch): PlacedNode[] {
  return laidOut(branch, 1, () => 1)
    .descendants()
    .map((node) => placed(node, node.x, node.y * 0.9 + 0.05));
}

/** Further out there is more room for each: neighbours may stand closer in angle. */
function radialOf(branch: Branch): PlacedNode[] {
  return laidOut(branch, Math.PI * 2, (depth) => 1 / Math.max(1, depth))
    .descendants()
    .map((node) => {
      const radius = node.y * 0.46;
      const angle = node.x - Math.PI / 2;
      return placed(node, 0.5 + radius * Math.cos(angle), 0.5 + radius * Math.sin(angle));
    });
}

/** By depth, row after row: for many hosts, of which one wants to see the states. */
function gridOf(branch: Branch): PlacedNode[] {
  const all = hierarchy(branch, (one) => one.children).descendants();
  const columns = Math.max(1, Math.ceil(Math.sqrt(all.length * 1.6)));
  const rows = Math.ceil(all.length / columns);
  return all.map((node, index) => ({
    name: node.data.name,
    x: ((index % columns) + 0.5) / columns,
    y: (Math.floor(index / columns) + 0.5) / rows,
    depth: node.depth,
    parent: node.parent?.data.name,
  }));
}

function placed(node: HierarchyPointNode<Branch>, x: number, y: number): PlacedNode {
  return { name: node.data.name, x, y, depth: node.depth, parent: node.parent?.data.name };
}
