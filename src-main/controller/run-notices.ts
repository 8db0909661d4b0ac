// Tells people what a run is waiting for when nothing moves: no wait is silent. Pure.
import type { RunEventBody } from "#shared/controller-api/run-events.ts";
import type { HostId } from "#shared/base/ids.ts";
import { foldNames } from "#shared/node-set/node-set.ts";
import type { Roster } from "./roster.ts";
import type { RunBarriers } from "./run-barriers.ts";
import { HOST_WAITS } from "./waits-of-run.ts";

/** With nothing new for so long, people are told what is being waited for. */
export const WAITING_NOTICE_MS = 10_000;

/** `movedMs`: when a host last got one phase further, failed or came into the run. */
export function waitingNotices(
  roster: Roster,
  barriers: RunBarriers,
  movedMs: number,
  nowMs: number,
): RunEventBody[] {
  const notices: RunEventBody[] = [];
  for (const barrier of barriers.waiting) {
    if (nowMs - barrier.lastArrivalMs < WAITING_NOTICE_MS) continue;
    const waitedMs = barrier.waitedMs(nowMs);
    const leftMs = Math.max(0, barrier.plan.deadlineMs - waitedMs);
    notices.push(notice(`barrier '${barrier.plan.name}'`, barriers.missing(barrier), waitedMs, leftMs));
  }
  const sinceMs = nowMs - movedMs;
  if (sinceMs < WAITING_NOTICE_MS) return notices;
  for (const { what, holds } of HOST_WAITS) {
    const hosts = roster.members.filter(holds).map((member) => member.host);
    if (hosts.length > 0) notices.push(notice(what, hosts, sinceMs, null));
  }
  return notices;
}

function notice(
  what: string,
  hosts: readonly HostId[],
  sinceMs: number,
  deadlineMs: number | null,
): RunEventBody {
  return { event: "waiting", for: what, hosts: foldNames(hosts), sinceMs, deadlineMs };
}
