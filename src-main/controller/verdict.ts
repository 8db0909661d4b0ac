// Decides how a run ended and its exit code, from all that went wrong in it.
import { foldNames } from "#shared/node-set/node-set.ts";
import type { EndCause } from "#shared/controller-api/controller-api.ts";
import type { RunEnd, RunVerdict } from "#shared/controller-api/run-events.ts";
import type { HostId } from "#shared/base/ids.ts";
import type { FailedHosts } from "./run-plan.ts";

export interface FatalTrouble {
  readonly reason: string;
  /** The hosts that failed are its cause, and were told: they need not be named again. */
  readonly isComplete: boolean;
}

export interface Troubles {
  /** Why it was ended from outside, if it was. */
  readonly ended: { readonly cause: EndCause; readonly reason: string } | undefined;
  /** A deadline of a barrier or of the run has passed. */
  readonly timedOut: string | undefined;
  /** The run cannot go on: no hosts, a barrier that cannot open, a policy that aborts. */
  readonly fatal: FatalTrouble | undefined;
  /** An exit policy or a person said "abort". */
  readonly aborted: boolean;
  /** Given up and not replaced. */
  readonly failedHosts: FailedHosts;
  /** Members on which a process failed. */
  readonly failedMembers: readonly HostId[];
}

/** Where several codes apply, this order decides: 130, 5, 4, 3, 1 (6 and 7 are refused before a run exists). */
export function judgeRun(troubles: Troubles): { readonly end: RunEnd; readonly verdict: RunVerdict } {
  const { ended } = troubles;
  const failed = [...troubles.failedHosts]
    .filter(([, failure]) => !failure.unreachable)
    .map(([host]) => host);
  const unreachable = [...troubles.failedHosts]
    .filter(([, failure]) => failure.unreachable)
    .map(([host]) => host);
  const onHosts = describeHosts(unreachable, [...failed, ...troubles.failedMembers]);
  if (ended?.cause === "interrupt") return verdict("aborted", 130, ended.reason);
  if (troubles.timedOut !== undefined) return verdict("failed", 5, troubles.timedOut);
  if (unreachable.length > 0) return verdict(endOf(troubles), 4, joined(troubles.fatal, onHosts));
  if (failed.length > 0 || troubles.failedMembers.length > 0)
    return verdict(endOf(troubles), 3, joined(troubles.fatal, onHosts));
  if (ended?.cause === "abort") return verdict("aborted", 1, ended.reason);
  if (troubles.fatal !== undefined) return verdict(endOf(troubles), 1, troubles.fatal.reason);
  return verdict("finished", 0, ended?.cause === "stop" ? ended.reason : "all processes finished");
}

function endOf(troubles: Troubles): RunEnd {
  return troubles.aborted || troubles.ended?.cause === "abort" ? "aborted" : "failed";
}

function verdict(end: RunEnd, exitCode: number, reason: string): { end: RunEnd; verdict: RunVerdict } {
  return { end, verdict: { exitCode, reason } };
}

function joined(fatal: FatalTrouble | undefined, onHosts: string): string {
  if (fatal === undefined) return onHosts;
  return fatal.isComplete ? fatal.reason : `${fatal.reason}; ${onHosts}`;
}

function describeHosts(unreachable: readonly HostId[], failed: readonly HostId[]): string {
  const parts: string[] = [];
  if (failed.length > 0) parts.push(`failed on ${foldNames(new Set(failed))}`);
  if (unreachable.length > 0) parts.push(`unreachable: ${foldNames(unreachable)}`);
  return parts.join("; ");
}
