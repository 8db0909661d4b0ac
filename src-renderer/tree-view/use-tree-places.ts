// Where nodes are drawn right now: the layout of the tree as it is, reached by a short way from where they were.
import { useEffect, useMemo, useRef } from "react";
import type { HostRow } from "#shared/host-query/host-row.ts";
import { ROOT_NAME } from "#shared/host-query/host-facts.ts";
import {
  placeTree,
  type LayoutName,
  type PlacedNode,
  type TreeMember,
  type TreePlaces,
} from "./tree-layout.ts";
import { isMotionReduced } from "../state/settings-store.ts";

/** A node that moves is followed by the eye; a thousand that move are not. */
const MOVE_MS = 250;
const MOVING_MAX = 200;

export interface LivePlaces {
  readonly places: TreePlaces;
  /** The place of a node at this time, between where it was and where it goes. */
  at(node: PlacedNode, nowMs: number): { readonly x: number; readonly y: number };
  isMoving(nowMs: number): boolean;
}

interface Spot {
  readonly x: number;
  readonly y: number;
}

export function useTreePlaces(rows: readonly HostRow[], layout: LayoutName): LivePlaces {
  const known = useRef<readonly TreeMember[]>([]);
  if (!isOfShape(rows, known.current))
    known.current = rows.map(({ name, member }) => ({ name, parent: parentOf(member) }));
  const members = known.current;
  const places = useMemo(() => placeTree(ROOT_NAME, members, layout), [members, layout]);
  const from = useRef<ReadonlyMap<string, Spot>>(new Map());
  const startMs = useRef(-Infinity);
  const last = useRef<TreePlaces>(undefined);
  if (last.current !== places) {
    const before = last.current;
    from.current = movesBetween(before, places);
    startMs.current = performance.now();
    last.current = places;
  }
  useEffect(
    () => () => {
      from.current = new Map();
    },
    [],
  );
  return useMemo(
    () => ({
      places,
      at(node, nowMs) {
        const spot = from.current.get(node.name);
        if (spot === undefined) return node;
        const part = eased((nowMs - startMs.current) / MOVE_MS);
        return { x: spot.x + (node.x - spot.x) * part, y: spot.y + (node.y - spot.y) * part };
      },
      isMoving: (nowMs) => from.current.size > 0 && nowMs - startMs.current < MOVE_MS,
    }),
    [places],
  );
}

/** Ten times a second for thousands of hosts, of which few have moved. */
function isOfShape(rows: readonly HostRow[], members: readonly TreeMember[]): boolean {
  return (
    rows.length === members.length &&
    rows.every(({ name, member }, place) => {
      const known = members[place];
      return known?.name === name && known.parent === parentOf(member);
    })
  );
}

function parentOf(member: HostRow["member"]): string | undefined {
  return member === undefined || member.state === "left" ? undefined : member.parent;
}

function movesBetween(before: TreePlaces | undefined, after: TreePlaces): ReadonlyMap<string, Spot> {
  if (before === undefined || isMotionReduced()) return new Map();
  const old = new Map([...before.nodes, ...before.outside].map((node) => [node.name, node]));
  const moves = new Map<string, Spot>();
  for (const node of [...after.nodes, ...after.outside]) {
    const was = old.get(node.name);
    if (was !== undefined && Math.hypot(was.x - node.x, was.y - node.y) > 1e-6) moves.set(node.name, was);
  }
  return moves.size > MOVING_MAX ? new Map() : moves;
}

function eased(part: number): number {
  const t = Math.max(0, Math.min(1, part));
  return 1 - (1 - t) ** 3;
}
