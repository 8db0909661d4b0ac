// One barrier of a run: who has arrived, when it opens, and when it can open no more. Pure.
import type { HostId } from "#shared/base/ids.ts";
import type { BarrierPlan } from "./run-plan.ts";

export type BarrierVerdict =
  | { readonly kind: "wait" }
  | { readonly kind: "release" }
  | { readonly kind: "impossible"; readonly reason: string };

/** waiting → released | forced | impossible | timedOut; the last two end the run. */
export type BarrierState = "waiting" | "released" | "forced" | "impossible" | "timedOut";

export class Barrier {
  readonly plan: BarrierPlan;
  readonly #arrived = new Set<HostId>();
  /** Hosts that have not come and never will: they have ended, or a block before this barrier has failed there. */
  readonly #missing = new Set<HostId>();
  #firstArrivalMs: number | undefined;
  #lastArrivalMs = 0;
  state: BarrierState = "waiting";

  constructor(plan: BarrierPlan) {
    this.plan = plan;
  }

  get arrived(): ReadonlySet<HostId> {
    return this.#arrived;
  }

  get open(): boolean {
    return this.state === "released" || this.state === "forced";
  }

  /** Somebody waits at it. */
  get waiting(): boolean {
    return this.state === "waiting" && this.#arrived.size > 0;
  }

  get lastArrivalMs(): number {
    return this.#lastArrivalMs;
  }

  /** `first`: the deadline counts from here. `repeated`: it was there already. */
  arrive(host: HostId, nowMs: number): "first" | "further" | "repeated" {
    if (this.#arrived.has(host)) return "repeated";
    this.#arrived.add(host);
    this.#missing.delete(host);
    this.#lastArrivalMs = nowMs;
    if (this.#firstArrivalMs !== undefined) return "further";
    this.#firstArrivalMs = nowMs;
    return "first";
  }

  miss(host: HostId): void {
    if (!this.#arrived.has(host)) this.#missing.add(host);
  }

  /**
   * A host that left the run before the release counts no more: its replacement arrives by itself. True when nobody
   * waits any more: then the deadline counts from the next arrival.
   */
  leave(host: HostId): boolean {
    this.#missing.delete(host);
    if (this.state !== "waiting" || !this.#arrived.delete(host) || this.#arrived.size > 0) return false;
    this.#firstArrivalMs = undefined;
    return true;
  }

  waitedMs(nowMs: number): number {
    return this.#firstArrivalMs === undefined ? 0 : nowMs - this.#firstArrivalMs;
  }

  /** `present`: hosts of its components that are still in the run, arrived or not. */
  maxOf(present: number): number {
    return this.plan.max === "all" ? present : this.plan.max;
  }

  judge(present: number): BarrierVerdict {
    if (this.state !== "waiting") return { kind: "wait" };
    const max = this.maxOf(present);
    if (this.#arrived.size > 0 && this.#arrived.size >= max) return { kind: "release" };
    const possible = present - this.#missing.size;
    if (possible >= max) return { kind: "wait" };
    const arrived = `${String(this.#arrived.size)} of ${String(max)} arrived`;
    return { kind: "impossible", reason: `${arrived} and only ${String(possible)} can` };
  }
}
