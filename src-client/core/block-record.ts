// What the client remembers of each block of a run, and the graph that predecessors make of the blocks.
import type { BlockPlan, ExecuteCommand } from "#shared/protocol/commands.ts";
import type { BlockOutcome, ProcessExit } from "#shared/protocol/reports.ts";

/**
 * waiting → starting → running → ended          (process)
 *              ↑          │
 *           pausing ←─────┘ restart
 * waiting → atBarrier → ended                   (barrier)
 */
export type BlockState = "waiting" | "starting" | "running" | "pausing" | "atBarrier" | "ended";

export interface BlockRecord {
  readonly plan: BlockPlan;
  /** Those that name this one as a predecessor. */
  readonly successors: BlockRecord[];
  /** Predecessors that have not passed yet. */
  waitingFor: number;
  state: BlockState;
  outcome: BlockOutcome | undefined;
  /** Successors may start: it ended well enough, or is a service that is up. */
  passed: boolean;
  /** It will never start: a predecessor ended without letting others pass, here or further up. */
  blocked: boolean;
  attempt: number;
  stopCause: ProcessExit["cause"];
  healthy: boolean;
  failedProbes: number;
  /** Somebody has said that it counts as done; it is being stopped. */
  forced: boolean;
}

/** Names are unique within a component block, and predecessors are looked up there; the check refuses cycles. */
export function recordsOf(command: ExecuteCommand): BlockRecord[] {
  return command.componentBlocks.flatMap((componentBlock) => {
    const byName = new Map(componentBlock.blocks.map((plan) => [plan.name, recordOf(plan)]));
    for (const record of byName.values()) {
      for (const name of new Set(record.plan.predecessors)) {
        const predecessor = byName.get(name);
        if (predecessor === undefined) continue;
        predecessor.successors.push(record);
        record.waitingFor += 1;
      }
    }
    return [...byName.values()];
  });
}

function recordOf(plan: BlockPlan): BlockRecord {
  return {
    plan,
    successors: [],
    waitingFor: 0,
    state: "waiting",
    outcome: undefined,
    passed: false,
    blocked: false,
    attempt: 0,
    stopCause: "itself",
    healthy: false,
    failedProbes: 0,
    forced: false,
  };
}

/** Lets successors start as far as this one holds them up; answers those that may start now. */
export function passBlock(block: BlockRecord): BlockRecord[] {
  if (block.passed) return [];
  block.passed = true;
  const ready: BlockRecord[] = [];
  for (const successor of block.successors) {
    successor.waitingFor -= 1;
    if (successor.waitingFor === 0 && !successor.blocked) ready.push(successor);
  }
  return ready;
}

/** It ended without passing: whatever waits for it, near or far, waits in vain. Answers what does so from now on. */
export function blockSuccessors(block: BlockRecord): BlockRecord[] {
  const found: BlockRecord[] = [];
  const open = [...block.successors];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next.blocked || next.state !== "waiting") continue;
    next.blocked = true;
    found.push(next);
    for (const successor of next.successors) open.push(successor);
  }
  return found;
}

export function isService(block: BlockRecord): boolean {
  return block.plan.kind === "process" && block.plan.process.service;
}
