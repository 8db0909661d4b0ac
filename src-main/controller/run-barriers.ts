// All barriers of a run: arrivals, releases, deadlines, and those that nobody can open any more. Pure.
import type { BarrierEvent } from "#shared/controller-api/run-events.ts";
import type { HostId } from "#shared/base/ids.ts";
import { foldNames } from "#shared/node-set/node-set.ts";
import { Barrier } from "./barrier.ts";
import type { Roster } from "./roster.ts";
import type { Member } from "./run-member.ts";
import type { RunOutput } from "./run-output.ts";
import type { RunPlan } from "./run-plan.ts";

type Told = Pick<BarrierEvent, "host" | "waitedMs" | "reason">;

export class RunBarriers {
  readonly #plan: RunPlan;
  readonly #roster: Roster;
  readonly #out: RunOutput;
  readonly #beforeRelease: () => void;
  readonly #barriers: ReadonlyMap<string, Barrier>;

  /** `beforeRelease`: what hosts should know before they go on. */
  constructor(plan: RunPlan, roster: Roster, out: RunOutput, beforeRelease: () => void) {
    this.#beforeRelease = beforeRelease;
    this.#plan = plan;
    this.#roster = roster;
    this.#out = out;
    this.#barriers = new Map(plan.barriers.map((barrier) => [barrier.name, new Barrier(barrier)]));
  }

  /** What a host that starts now passes at once. */
  get open(): readonly string[] {
    return [...this.#barriers.values()].filter((barrier) => barrier.open).map(({ plan }) => plan.name);
  }

  get waiting(): readonly Barrier[] {
    return [...this.#barriers.values()].filter((barrier) => barrier.waiting);
  }

  reached(member: Member, name: string): void {
    const barrier = this.#barriers.get(name);
    if (barrier?.state !== "waiting" || !barrier.plan.components.includes(member.component)) return;
    const arrival = barrier.arrive(member.host, this.#out.nowMs);
    if (arrival === "repeated") return;
    if (arrival === "first") this.#out.setTimer(timerOf(barrier), barrier.plan.deadlineMs);
    this.#tell(barrier, "reached", { host: member.host });
  }

  missed(member: Member, name: string): void {
    const barrier = this.#barriers.get(name);
    if (barrier?.plan.components.includes(member.component) === true) barrier.miss(member.host);
  }

  /** Where a host that has ended has not come by now, it never will. */
  hostEnded(member: Member): void {
    for (const name of this.#barriers.keys()) this.missed(member, name);
  }

  leave(host: HostId): void {
    for (const barrier of this.#barriers.values()) {
      if (barrier.leave(host)) this.#out.clearTimer(timerOf(barrier));
    }
  }

  /** After anything that may open a barrier, or make it impossible: then the answer is which, and why. */
  judge(): { readonly impossible: string; readonly why: string } | undefined {
    for (const barrier of this.#barriers.values()) {
      if (barrier.state !== "waiting") continue;
      const verdict = barrier.judge(this.#presentAt(barrier));
      if (verdict.kind === "release") this.#release(barrier, "released");
      if (verdict.kind !== "impossible") continue;
      barrier.state = "impossible";
      this.#tell(barrier, "impossible", { reason: verdict.reason });
      return { impossible: `barrier '${barrier.plan.name}' can never be released`, why: verdict.reason };
    }
    return undefined;
  }

  force(name: string): void {
    const barrier = this.#barriers.get(name);
    if (barrier?.state === "waiting") this.#release(barrier, "forced");
  }

  /** Its deadline has passed: says so, with the hosts that are missing. Undefined when it does not matter any more. */
  deadline(name: string): string | undefined {
    const barrier = this.#barriers.get(name);
    if (barrier?.waiting !== true) return undefined;
    const arrived = `${String(barrier.arrived.size)} of ${String(barrier.maxOf(this.#presentAt(barrier)))} arrived`;
    const reason = `${arrived}; missing: ${foldNames(this.missing(barrier))}`;
    barrier.state = "timedOut";
    this.#tell(barrier, "timedOut", { reason });
    return `barrier '${name}' was not released within ${String(barrier.plan.deadlineMs / 1000)} s: ${reason}`;
  }

  missing(barrier: Barrier): HostId[] {
    const hosts = this.#membersOf(barrier).map((member) => member.host);
    return hosts.filter((host) => !barrier.arrived.has(host));
  }

  clearTimers(): void {
    for (const barrier of this.#barriers.values()) this.#out.clearTimer(timerOf(barrier));
  }

  #release(barrier: Barrier, state: "released" | "forced"): void {
    barrier.state = state;
    this.#out.clearTimer(timerOf(barrier));
    this.#beforeRelease();
    // Hosts that have not started yet learn of it with `execute`.
    const started = this.#membersOf(barrier).filter(
      ({ phase }) => phase === "executing" || phase === "ended",
    );
    const hosts = started.filter((member) => !member.gone).map((member) => member.host);
    this.#out.command(hosts, { kind: "release", run: this.#plan.run, barrier: barrier.plan.name });
    this.#tell(barrier, state, { waitedMs: barrier.waitedMs(this.#out.nowMs) });
  }

  #membersOf(barrier: Barrier): Member[] {
    return barrier.plan.components.flatMap((name) => this.#roster.component(name).members);
  }

  #presentAt(barrier: Barrier): number {
    return barrier.plan.components.reduce(
      (sum, name) => sum + this.#roster.component(name).members.length,
      0,
    );
  }

  #tell(barrier: Barrier, state: BarrierEvent["state"], more: Told): void {
    const max = barrier.maxOf(this.#presentAt(barrier));
    const { name } = barrier.plan;
    this.#out.event({ event: "barrier", barrier: name, state, arrived: barrier.arrived.size, max, ...more });
  }
}

function timerOf(barrier: Barrier): string {
  return `barrier ${barrier.plan.name}`;
}
