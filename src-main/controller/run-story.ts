// Tells how a run goes, as events: its own state, its components' stages, its hosts. Pure.
import type { ComponentStage, HostEvent, HostState, RunState } from "#shared/controller-api/run-events.ts";
import { RUN_EVENTS_VERSION } from "#shared/controller-api/run-events.ts";
import type { HostId } from "#shared/base/ids.ts";
import { stateEvent } from "./run-ending.ts";
import type { ComponentState, Member, MemberPhase } from "./run-member.ts";
import type { RunOutput } from "./run-output.ts";
import type { HostFailure, RunPlan } from "./run-plan.ts";
import type { RunInput } from "./run-traffic.ts";

export class RunStory {
  readonly #out: RunOutput;
  #state: RunState | undefined;
  #movedMs = 0;

  constructor(out: RunOutput) {
    this.#out = out;
  }

  /** Undefined before anything was told; of the ending, only its own part knows. */
  get state(): RunState | undefined {
    return this.#state;
  }

  /** When a host last got further, failed or came. */
  get movedMs(): number {
    return this.#movedMs;
  }

  open({ application, experiment, controllerAbsenceMs }: RunPlan): void {
    this.#state = "matching";
    this.moved();
    this.#out.event({
      event: "run",
      state: "matching",
      version: RUN_EVENTS_VERSION,
      application,
      experiment,
      controllerAbsenceMs,
    });
  }

  setState(state: RunState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#out.add([stateEvent(state)]);
  }

  moved(): void {
    this.#movedMs = this.#out.nowMs;
  }

  setPhase(
    member: Member,
    phase: MemberPhase,
    state?: HostState,
    failure?: Omit<HostFailure, "unreachable">,
  ): void {
    member.phase = phase;
    this.moved();
    if (state !== undefined) this.host(member.host, member.component, state, failure);
  }

  host(host: HostId, component: string, state: HostState, failure?: Omit<HostFailure, "unreachable">): void {
    this.#out.event({ event: "host", host, component, state, ...toldOf(failure) });
  }

  progress(member: Member, progress: Extract<RunInput, { kind: "hostProgress" }>["progress"]): void {
    this.moved();
    this.#out.event({ event: "deploying", host: member.host, component: member.component, ...progress });
  }

  stage(component: ComponentState, stage: ComponentStage): void {
    const settingUp = stage === "setting up the nodes";
    const total = component.members.length;
    const name = component.plan.name;
    if (settingUp) {
      const done = component.count("prepared", "executing", "ended");
      return this.#out.event({ event: "stage", component: name, stage, done, total });
    }
    const { done, serving } = component;
    const failed = done.filter(({ outcome }) => outcome === "failed").length;
    const more = { ...(failed > 0 ? { failed } : {}), ...(serving > 0 ? { serving } : {}) };
    this.#out.event({ event: "stage", component: name, stage, done: done.length, total, ...more });
  }

  /** Of a host's connection: good to know, and nothing to be done. */
  note(hosts: string, message: string, remedy: string): void {
    this.#out.event({ event: "problem", severity: "note", hosts, step: "connection", message, remedy });
  }
}

function toldOf(
  failure: Omit<HostFailure, "unreachable"> | undefined,
): Pick<HostEvent, "step" | "reason" | "remedy"> {
  if (failure === undefined) return {};
  const { step, reason, remedy = "" } = failure;
  return { step, reason, ...(remedy === "" ? {} : { remedy }) };
}
