// What the documents say about a whole run, worked out once more and simply: from its inputs and events, it says
// which events may follow and which exit code is right.
import type { HostId } from "../../src-shared/base/ids.ts";
import type { RunEventBody } from "../../src-shared/controller-api/run-events.ts";
import type { RunPlan } from "../../src-main/controller/run-plan.ts";
import type { RunInput } from "../../src-main/controller/run-traffic.ts";

const RUN_ORDER = ["matching", "connecting", "preparing", "running", "stopping", "collecting", "cleaning up"];
const HOST_NEXT: Readonly<Record<string, readonly string[]>> = {
  none: ["connecting"],
  connecting: ["preparing node", "failed"],
  "preparing node": ["executing", "failed"],
  executing: ["finished", "failed"],
  finished: ["failed"],
  // A host on which a process failed may fail altogether later.
  failed: ["failed"],
};

export class RunReference {
  readonly #plan: RunPlan;
  readonly #states = new Map<string, string>();
  readonly #component = new Map<string, string>();
  readonly #arrived = new Map<string, Set<string>>();
  readonly #open = new Set<string>();
  readonly #unreachable = new Set<string>();
  readonly #failedHosts = new Map<string, "unreachable" | "failed">();
  readonly #failedMembers = new Set<string>();
  readonly #outside = new Set<string>();
  #last = "";
  #stopping = false;
  #timedOut = false;
  #fatal = false;

  constructor(plan: RunPlan) {
    this.#plan = plan;
  }

  get cutShort(): boolean {
    return this.#outside.size > 0 || this.#timedOut || this.#fatal;
  }

  get open(): ReadonlySet<string> {
    return this.#open;
  }

  /** Before the run takes it. */
  input(input: RunInput): void {
    if (input.kind === "end") {
      if (input.cause !== "timeout") this.#outside.add(input.cause);
    }
    if (input.kind === "timer" && input.name === "run" && !this.#stopping) this.#timedOut = true;
    if (input.kind === "timer" && input.name === "duration" && !this.#stopping) this.#outside.add("stop");
    if (input.kind === "hostLost") this.#unreachable.add(input.host);
    if (input.kind === "hostNotConnected" && input.failure.unreachable) this.#unreachable.add(input.host);
    if (input.kind === "report" && !this.#stopping && this.#component.has(input.host)) this.#report(input);
  }

  #report({ host, report }: Extract<RunInput, { kind: "report" }>): void {
    if (report.kind === "blockEnded" && report.outcome === "failed") this.#failedMembers.add(host);
    if (report.kind === "barrierReached") {
      const arrived = this.#arrived.get(report.barrier) ?? new Set();
      this.#arrived.set(report.barrier, arrived.add(host));
    }
  }

  event(event: RunEventBody): void {
    if (this.#last === "" && (event.event !== "run" || event.state !== "matching"))
      throw new Error("no beginning");
    this.#last = event.event;
    if (event.event === "run") this.#runState(event.state);
    if (event.event === "host") this.#hostState(event.host, event.component ?? "", event.state);
    if (event.event === "replaced") this.#replaced(event.host, event.by);
    if (event.event === "barrier") this.#barrier(event);
    if (event.event === "problem" && event.severity === "error") this.#fatal = true;
  }

  #runState(state: string): void {
    if (RUN_ORDER.indexOf(state) <= RUN_ORDER.indexOf(this.#states.get("run") ?? ""))
      throw new Error(`${state} comes late`);
    this.#states.set("run", state);
    if (state === "stopping") this.#stopping = true;
  }

  #hostState(host: string, component: string, state: string): void {
    const known = this.#states.get(`host ${host}`) ?? "none";
    if (HOST_NEXT[known]?.includes(state) !== true)
      throw new Error(`${host} becomes ${state} after ${known}`);
    if (this.#stopping) throw new Error(`${host} becomes ${state} after the run was stopped`);
    this.#states.set(`host ${host}`, state);
    this.#component.set(host, component);
  }

  #replaced(host: string, by: string | null): void {
    this.#component.delete(host);
    this.#failedMembers.delete(host);
    if (by === null) this.#failedHosts.set(host, this.#unreachable.has(host) ? "unreachable" : "failed");
    for (const [name, arrived] of this.#arrived) if (!this.#open.has(name)) arrived.delete(host);
  }

  #barrier({ barrier, state }: Extract<RunEventBody, { event: "barrier" }>): void {
    if (state === "timedOut") this.#barrierLate(barrier);
    if (state !== "released" && state !== "forced") return;
    if (this.#open.has(barrier)) throw new Error(`barrier ${barrier} opens twice`);
    this.#open.add(barrier);
    if (state === "forced") return;
    const { members, wanted } = this.#wantedAt(barrier);
    const there = members.filter((host) => this.#arrived.get(barrier)?.has(host) === true).length;
    if (there < wanted || there === 0)
      throw new Error(`barrier ${barrier} opens with ${String(there)} of ${String(wanted)}`);
  }

  /** As long as enough hosts may still come; else it should have been told as impossible long ago. */
  #barrierLate(barrier: string): void {
    this.#timedOut = true;
    const { members, wanted } = this.#wantedAt(barrier);
    const over = (host: string): boolean =>
      ["finished", "failed"].includes(this.#states.get(`host ${host}`) ?? "");
    const mayCome = members.filter((host) => this.#arrived.get(barrier)?.has(host) === true || !over(host));
    if (mayCome.length < wanted) throw new Error(`barrier ${barrier} was waited for in vain`);
  }

  #wantedAt(barrier: string): { readonly members: readonly string[]; readonly wanted: number } {
    const { max, components } = this.#plan.barriers.find(({ name }) => name === barrier)!;
    const members = [...this.#component]
      .filter(([, component]) => components.includes(component))
      .map(([host]) => host);
    return { members, wanted: max === "all" ? members.length : max };
  }

  get exitCode(): number {
    const failures = [...this.#failedHosts.values()];
    if (this.#outside.has("interrupt")) return 130;
    if (this.#timedOut) return 5;
    if (failures.includes("unreachable")) return 4;
    if (failures.length > 0 || this.#failedMembers.size > 0) return 3;
    return this.#outside.has("abort") || this.#fatal ? 1 : 0;
  }

  isMember(host: HostId): boolean {
    return this.#component.has(host);
  }
}
