// Knows what may be delivered in a simulated star, and throws at the first delivery that may not.
import type { HostId } from "../base/ids.ts";
import type { MembershipChange, MembershipState, OverlayLimits, Payload } from "../overlay/overlay.ts";
import type { MemberState } from "../overlay/topology.ts";

export class BrokenPromise extends Error {}

/** `dropped` > 0: stands for so many reports that the outbox could not keep, this number the last of them. */
export function writeSimulatedReport(incarnation: number, sequence: number, dropped: number): Payload {
  return new TextEncoder().encode(`${incarnation} ${sequence} ${dropped}`);
}

function keyOf(host: HostId, incarnation: number): string {
  return `${host} ${incarnation}`;
}

interface ArrivedReport {
  readonly host: HostId;
  readonly incarnation: number;
  readonly sequence: number;
  readonly payload: Payload;
}

export class StarJudge {
  readonly #limits: OverlayLimits;
  /** Per host and incarnation: the commands it was given, how many it has, and the reports the root has. */
  readonly #issued = new Map<string, Payload[]>();
  readonly #delivered = new Map<string, number>();
  readonly #reports = new Map<string, number>();
  readonly #states = new Map<string, MembershipState>();

  constructor(limits: OverlayLimits) {
    this.#limits = limits;
  }

  commanded(members: readonly MemberState[], targets: readonly HostId[], payload: Payload): void {
    for (const member of members) {
      if (!targets.includes(member.host) || member.state === "left") continue;
      const key = keyOf(member.host, member.incarnation);
      const issued = this.#issued.get(key) ?? [];
      issued.push(payload);
      this.#issued.set(key, issued);
    }
  }

  delivered(
    host: HostId,
    incarnation: number,
    command: { readonly sequence: number; readonly payload: Payload },
  ): void {
    const key = keyOf(host, incarnation);
    const expected = (this.#delivered.get(key) ?? 0) + 1;
    demand(command.sequence === expected, `${key}: command ${command.sequence}, expected ${expected}`);
    demand(
      this.#issued.get(key)?.[expected - 1] === command.payload,
      `${key}: command ${expected} is another's`,
    );
    this.#delivered.set(key, expected);
  }

  reportArrived(report: ArrivedReport): void {
    const key = keyOf(report.host, report.incarnation);
    const have = this.#reports.get(key) ?? 0;
    const words = new TextDecoder().decode(report.payload).split(" ").map(Number);
    const [incarnation, sequence, dropped = 0] = words;
    demand(incarnation === report.incarnation && sequence === report.sequence, `${key}: another's report`);
    const covered = dropped > 0 ? dropped : 1;
    demand(sequence > have, `${key}: report ${sequence} twice`);
    demand(sequence - covered <= have, `${key}: report ${sequence} after ${have}`);
    this.#reports.set(key, sequence);
  }

  membership(change: MembershipChange): void {
    const key = keyOf(change.host, change.incarnation);
    const before = this.#states.get(key);
    demand(before !== "left", `${key}: ${change.state} after it had left`);
    demand(
      change.state !== "orphaned" || before === "attached",
      `${key}: orphaned, but it was ${before ?? "new"}`,
    );
    demand(change.state !== "lost" || before === "orphaned", `${key}: lost, but it was ${before ?? "new"}`);
    this.#states.set(key, change.state);
  }

  letOut(inFlight: number): void {
    demand(inFlight <= this.#limits.reportWindow, `${inFlight} reports are on their way at once`);
  }

  rootStepped(members: readonly MemberState[]): void {
    for (const { host, pendingCommands } of members) {
      demand(pendingCommands <= this.#limits.commandsKept, `${host}: ${pendingCommands} commands are kept`);
    }
  }

  /** When all is quiet: this incarnation has every command, and the root every report. */
  demandComplete(host: HostId, incarnation: number, lastReport: number): void {
    const key = keyOf(host, incarnation);
    const issued = this.#issued.get(key)?.length ?? 0;
    const delivered = this.#delivered.get(key) ?? 0;
    demand(delivered === issued, `${key}: ${delivered} of ${issued} commands were delivered`);
    this.demandReports(host, incarnation, lastReport);
  }

  demandReports(host: HostId, incarnation: number, lastReport: number): void {
    const key = keyOf(host, incarnation);
    const reports = this.#reports.get(key) ?? 0;
    demand(reports === lastReport, `${key}: ${reports} of ${lastReport} reports arrived`);
  }
}

export function demand(isKept: boolean, promise: string): asserts isKept {
  if (!isKept) throw new BrokenPromise(promise);
}
