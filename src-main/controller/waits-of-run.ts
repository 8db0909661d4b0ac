// What a run waits for, and why: from its members, its barriers, and what runs on the hosts. Pure.
import type { BlockSpan } from "#shared/controller-api/block-spans.ts";
import { barrierKey } from "#shared/controller-api/block-spans.ts";
import type { RunWait } from "#shared/controller-api/run-waits.ts";
import type { HostId } from "#shared/base/ids.ts";
import { foldNames } from "#shared/node-set/node-set.ts";
import type { BlockPlan } from "#shared/protocol/commands.ts";
import type { Barrier } from "./barrier.ts";
import type { Roster } from "./roster.ts";
import type { RunBarriers } from "./run-barriers.ts";
import type { ComponentState, Member } from "./run-member.ts";
import type { RunPlan } from "./run-plan.ts";

/** What runs on the hosts, by the run's events. */
export interface RunsNow {
  readonly nowMs: number;
  /** Since the run's start. */
  readonly elapsedMs: number;
  readonly spansOf: (host: string) => ReadonlyMap<string, BlockSpan> | undefined;
  /** How long ago a time of an event is, in milliseconds. */
  readonly ageOf: (time: string) => number;
}

export interface WaitParts {
  readonly plan: RunPlan;
  readonly roster: Roster;
  readonly barriers: RunBarriers;
  /** When a host last got further. */
  readonly movedMs: number;
  readonly isEnding: boolean;
}

/** Hosts that keep the run waiting on their way into it: told when nothing moves, and to whoever asks. */
export const HOST_WAITS = [
  {
    kind: "connect",
    what: "hosts to connect",
    holds: (member: Member) => member.phase === "connecting",
    then: "A host that cannot be reached is replaced, or its component goes on without it if it may.",
  },
  {
    kind: "prepare",
    what: "software to be installed",
    holds: (member: Member) => member.phase === "preparing",
    then: "A host that does not answer in the time that its software is given is replaced.",
  },
  {
    kind: "link",
    what: "hosts whose link is lost to come back",
    holds: (member: Member) => member.orphaned,
    then: "Their processes go on. A host that does not return in time counts as lost and is replaced.",
  },
] as const;

const NOTHING = {
  name: "",
  doing: [],
  waiting: "",
  waitingCount: 0,
  blocked: [],
  deadlineMs: null,
} as const;

/** In the order of a run: what keeps it from starting first, the run itself last. */
export function waitsOf(parts: WaitParts, now: RunsNow): RunWait[] {
  if (parts.isEnding) return endWaits(parts, now);
  return [
    ...hostWaits(parts, now),
    ...parts.barriers.waiting.map((barrier) => barrierWait(parts, barrier, now)),
    ...parts.roster.components.flatMap((component) => blockWaits(component, now)),
    runWait(parts, now),
  ];
}

function hostWaits({ roster, movedMs }: WaitParts, { nowMs }: RunsNow): RunWait[] {
  return roster.components.flatMap((component) =>
    HOST_WAITS.flatMap(({ kind, what, holds, then }): RunWait[] => {
      const hosts = component.members.filter(holds).map((member) => member.host);
      if (hosts.length === 0) return [];
      // All hosts of a component start together.
      const waiting = component.executing || kind === "link" ? [] : component.in("prepared");
      return [
        {
          ...NOTHING,
          kind,
          what: `${what} (${component.plan.name})`,
          ...setOf(hosts),
          ...waitingOf(waiting.map((member) => member.host)),
          sinceMs: nowMs - movedMs,
          then,
        },
      ];
    }),
  );
}

function barrierWait({ roster, barriers }: WaitParts, barrier: Barrier, now: RunsNow): RunWait {
  const { name, deadlineMs } = barrier.plan;
  const missing = barriers.missing(barrier);
  const waitedMs = barrier.waitedMs(now.nowMs);
  const doing = new Map<string, HostId[]>();
  for (const host of missing) {
    const member = roster.member(host);
    const words = member === undefined ? "has left" : doingOf(member, now);
    doing.set(words, [...(doing.get(words) ?? []), host]);
  }
  return {
    ...NOTHING,
    kind: "barrier",
    what: `barrier '${name}'`,
    name,
    ...setOf(missing),
    doing: [...doing].map(([words, hosts]) => ({ words, ...setOf(hosts) })),
    ...waitingOf([...barrier.arrived]),
    sinceMs: waitedMs,
    deadlineMs: Math.max(0, deadlineMs - waitedMs),
    then: "The run ends, as timed out (exit code 5).",
  };
}

/** What a host does instead of arriving. */
function doingOf(member: Member, { spansOf, ageOf }: RunsNow): string {
  if (member.orphaned) return "its link is lost";
  switch (member.phase) {
    case "connecting":
      return "connects";
    case "preparing":
      return "installs its software";
    case "prepared":
      return "waits for the other hosts of its component";
    case "ended":
      return "has ended";
    case "executing": {
      const open = [...(spansOf(member.host)?.values() ?? [])].filter((span) => span.endedAt === undefined);
      const oldest = open.toSorted((one, other) => startAge(other, ageOf) - startAge(one, ageOf))[0];
      if (oldest === undefined) return "is between two blocks";
      const waits = oldest.state === "waiting";
      return waits
        ? `waits at barrier '${oldest.block.slice(barrierKey("").length)}'`
        : `executes '${blockName(oldest.block)}'`;
    }
  }
}

/** Services are waited for by nobody. */
function blockWaits(component: ComponentState, now: RunsNow): RunWait[] {
  return component.plan.blocks.flatMap(({ blocks }) =>
    blocks.flatMap((block): RunWait[] => {
      if (block.kind !== "process" || block.process.service) return [];
      const running = component.members.flatMap(({ host }) => {
        const span = now.spansOf(host)?.get(block.path);
        return span === undefined || span.endedAt !== undefined
          ? []
          : [{ host, ageMs: startAge(span, now.ageOf) }];
      });
      if (running.length === 0) return [];
      const sinceMs = Math.max(...running.map(({ ageMs }) => ageMs));
      const { deadlineMs } = block.process;
      return [
        {
          ...NOTHING,
          kind: "block",
          what: `'${block.name}' to end`,
          name: block.name,
          ...setOf(running.map(({ host }) => host)),
          blocked: blocks.filter((one) => one.predecessors.includes(block.name)).map(titleOf),
          sinceMs,
          deadlineMs: deadlineMs === undefined ? null : Math.max(0, deadlineMs - sinceMs),
          then:
            deadlineMs === undefined
              ? ""
              : "The process is stopped where its time is over, and counts as failed.",
        },
      ];
    }),
  );
}

function endWaits({ roster, movedMs }: WaitParts, { nowMs }: RunsNow): RunWait[] {
  const left = roster.members.filter((member) => !member.gone);
  const stopping = left.filter((member) => !member.stopped);
  const hosts = (stopping.length > 0 ? stopping : left.filter((member) => !member.cleaned)).map(
    ({ host }) => host,
  );
  if (hosts.length === 0) return [];
  const what =
    stopping.length > 0 ? "processes to be stopped" : "output and files to come, and hosts to clean up";
  const then = "The run ends without a host that does not answer; its client cleans up by itself.";
  return [{ ...NOTHING, kind: "end", what, ...setOf(hosts), sinceMs: nowMs - movedMs, then }];
}

function runWait({ plan, roster }: WaitParts, { elapsedMs }: RunsNow): RunWait {
  const busy = roster.members.filter((member) => member.phase !== "ended").map((member) => member.host);
  const { durationMs, deadlineMs } = plan;
  const isBounded = durationMs !== undefined && durationMs < deadlineMs;
  return {
    ...NOTHING,
    kind: "run",
    what: "the run's end",
    ...setOf(busy),
    sinceMs: elapsedMs,
    deadlineMs: Math.max(0, (isBounded ? durationMs : deadlineMs) - elapsedMs),
    then: isBounded
      ? "The run stops, as a success: its duration is over."
      : "Everything is stopped and cleaned up; the run counts as timed out (exit code 5).",
  };
}

function setOf(hosts: readonly HostId[]): Pick<RunWait, "hosts" | "count"> {
  return { hosts: foldNames(hosts), count: hosts.length };
}

function waitingOf(hosts: readonly HostId[]): Pick<RunWait, "waiting" | "waitingCount"> {
  return { waiting: foldNames(hosts), waitingCount: hosts.length };
}

function startAge({ startedAt }: BlockSpan, ageOf: RunsNow["ageOf"]): number {
  return startedAt === undefined ? 0 : Math.max(0, ageOf(startedAt));
}

function titleOf(block: BlockPlan): string {
  return block.kind === "barrier" ? `barrier '${block.barrier}'` : `'${block.name}'`;
}

function blockName(path: string): string {
  return path.split("/")[0] ?? path;
}
