// What went wrong in a run, noted as it happens, and what follows from it at the end. Pure.
import type { EndCause } from "#shared/controller-api/controller-api.ts";
import type { RunEnd, RunVerdict } from "#shared/controller-api/run-events.ts";
import type { HostId } from "#shared/base/ids.ts";
import type { Roster } from "./roster.ts";
import type { Member } from "./run-member.ts";
import type { HostFailure } from "./run-plan.ts";
import type { EndedHosts } from "./run-traffic.ts";
import { judgeRun, type FatalTrouble } from "./verdict.ts";

type OutsideCause = Exclude<EndCause, "timeout">;
/** Who asks more decides: Ctrl-C after an abort is an interrupt. */
const CAUSE_RANKS: Readonly<Record<OutsideCause, number>> = { stop: 1, abort: 2, interrupt: 3 };

export class RunTroubles {
  /** Failed hosts whose place nobody took. */
  readonly #unreplaced = new Map<HostId, HostFailure>();
  readonly #replaced: HostId[] = [];
  /** Members on which a process failed. */
  readonly #failedMembers = new Set<HostId>();
  #ended: { readonly cause: OutsideCause; readonly reason: string } | undefined;
  #timedOut: string | undefined;
  #fatal: FatalTrouble | undefined;
  #aborted = false;

  get interrupted(): boolean {
    return this.#ended?.cause === "interrupt";
  }

  endedFromOutside(cause: OutsideCause, reason: string): void {
    if (this.#ended === undefined || CAUSE_RANKS[cause] > CAUSE_RANKS[this.#ended.cause]) {
      this.#ended = { cause, reason };
    }
  }

  timedOut(reason: string): void {
    this.#timedOut ??= reason;
  }

  fatal(trouble: FatalTrouble): void {
    this.#fatal ??= trouble;
  }

  policyAborted(): void {
    this.#aborted = true;
  }

  processFailed(host: HostId): void {
    this.#failedMembers.add(host);
  }

  /** Another host does all its work: what failed there counts no more. */
  replaced(host: HostId): void {
    this.#failedMembers.delete(host);
    this.#replaced.push(host);
  }

  notReplaced(host: HostId, failure: HostFailure): void {
    this.#failedMembers.delete(host);
    this.#unreplaced.set(host, failure);
  }

  conclude(roster: Roster): {
    readonly end: RunEnd;
    readonly verdict: RunVerdict;
    readonly hosts: EndedHosts;
  } {
    const failedMembers = [...this.#failedMembers];
    const { end, verdict } = judgeRun({
      ended: this.#ended,
      timedOut: this.#timedOut,
      fatal: this.#fatal,
      aborted: this.#aborted,
      failedHosts: this.#unreplaced,
      failedMembers,
    });
    const unreachable = [...this.#unreplaced]
      .filter(([, failure]) => failure.unreachable)
      .map(([host]) => host);
    const others = [...this.#unreplaced].filter(([, failure]) => !failure.unreachable).map(([host]) => host);
    const failed = [...new Set([...failedMembers, ...others])];
    const succeeded = roster.members.filter((member) => this.#succeeded(member, roster));
    const hosts = {
      succeeded: succeeded.map(({ host }) => host),
      failed,
      unreachable,
      replaced: this.#replaced,
    };
    return { end, verdict, hosts };
  }

  /** Its work is done; or it had only services, and they ran until the run was over in the ordinary way. */
  #succeeded(member: Member, roster: Roster): boolean {
    if (this.#failedMembers.has(member.host)) return false;
    if (member.phase !== "executing") return member.outcome === "finished";
    const cutShort = this.#timedOut !== undefined || this.#fatal !== undefined;
    const ordinary = this.#ended === undefined || this.#ended.cause === "stop";
    return roster.componentOf(member).plan.servicesOnly && ordinary && !cutShort;
  }
}
