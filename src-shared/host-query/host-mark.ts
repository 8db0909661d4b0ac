// One word for how a host is, from what its run says and from its place in the overlay: what glyphs and colours show.
import type { WindowHost, WindowMember } from "../controller-api/window-messages.ts";

/** Worst first: the order of sorting, of donuts and of groups. */
export const HOST_MARKS = [
  "failed",
  "lost",
  "orphaned",
  "preparing",
  "connecting",
  "executing",
  "attached",
  "finished",
  "unused",
] as const;
export type HostMark = (typeof HOST_MARKS)[number];

/** What the last run made of a host, once that run is over: shown for as long as nothing new is asked of the host. */
export type HostOutcome = "finished" | "failed";

/** Orphaned is not failed: its processes go on. What the run has decided (failed, finished) stands above the overlay's doubts. */
export function markOf(
  host: WindowHost,
  member: WindowMember | undefined,
  outcome: HostOutcome | undefined,
): HostMark {
  if (member?.state === "lost") return "lost";
  if (host.state === "failed") return "failed";
  if (member?.state === "orphaned") return "orphaned";
  if (outcome !== undefined && (host.state === "idle" || host.state === "disconnected")) return outcome;
  switch (host.state) {
    case "disconnected":
      return "unused";
    case "connecting":
      return "connecting";
    case "exchanging experiment data":
    case "preparing node":
      return "preparing";
    case "idle":
      return "attached";
    case "executing":
      return "executing";
    case "finished":
      return "finished";
  }
}

export const severityOf = (mark: HostMark): number => HOST_MARKS.indexOf(mark);

export function countMarks(marks: Iterable<HostMark>): ReadonlyMap<HostMark, number> {
  const counts = new Map<HostMark, number>();
  for (const mark of marks) counts.set(mark, (counts.get(mark) ?? 0) + 1);
  return counts;
}
