// What a run looks like now: a fold of its events, and of nothing else. Pure.
import { BlockSpans, exitedState } from "#shared/controller-api/block-spans.ts";
import { DEFAULTS } from "#shared/application/application-limits.ts";
import type { HostState, RunEvent, RunState, RunVerdict } from "#shared/controller-api/run-events.ts";
import type { RunView } from "#shared/controller-api/controller-api.ts";
import { foldNames } from "#shared/node-set/node-set.ts";

export interface ProcessView {
  readonly process: string;
  readonly block: string;
  readonly pid: number;
  readonly state: string;
}

interface HostFold {
  component: string | null;
  state: HostState;
  reason: string;
  readonly processes: Map<string, ProcessView>;
}

interface ComponentFold {
  wanted: { min: number; max: number };
  stage: string;
}

const GOING_ON: ReadonlySet<string> = new Set(["running", "restarting"]);

export class RunViewFold {
  readonly #run: string;
  readonly #results: string;
  readonly #hosts = new Map<string, HostFold>();
  readonly #components = new Map<string, ComponentFold>();
  readonly #barriers = new Map<string, { arrived: number; max: number; released: boolean }>();
  readonly spans = new BlockSpans();
  #experiment = "";
  #controllerAbsenceMs: number = DEFAULTS.controllerAbsenceMs;
  #state: RunState = "matching";
  #startedAt = "";
  #verdict: RunVerdict | undefined;
  #endedAt: string | undefined;
  #outcomes: RunView["outcomes"];

  constructor(run: string, results: string) {
    this.#run = run;
    this.#results = results;
  }

  add(event: RunEvent): void {
    this.spans.add(event);
    switch (event.event) {
      case "run":
        this.#state = event.state;
        if (this.#startedAt === "") this.#startedAt = event.time;
        this.#experiment = event.experiment ?? this.#experiment;
        this.#controllerAbsenceMs = event.controllerAbsenceMs ?? this.#controllerAbsenceMs;
        if (event.exitCode !== undefined) {
          this.#verdict = { exitCode: event.exitCode, reason: event.reason ?? "" };
          this.#endedAt = event.time;
          this.#outcomes = event.hosts;
        }
        return;
      case "matching":
        this.#components.set(event.component, { wanted: event.wanted, stage: "allocating resources" });
        return;
      case "stage": {
        const component = this.#components.get(event.component);
        if (component !== undefined) component.stage = event.stage;
        return;
      }
      case "host":
        return this.#host(event);
      case "process":
        return this.#process(event);
      case "barrier":
        this.#barriers.set(event.barrier, {
          arrived: event.arrived,
          max: event.max,
          released: event.state === "released" || event.state === "forced",
        });
        return;
      case "block": {
        // How its process ended is one thing, what its exit policies make of that is another.
        const process = this.#hosts.get(event.host)?.processes.get(event.block);
        if (process !== undefined && event.outcome !== "forced") {
          this.#hosts.get(event.host)?.processes.set(event.block, { ...process, state: event.outcome });
        }
        return;
      }
      case "replaced": {
        // Another host has its place; without one, the gap is shown as a failed host.
        const host = this.#hosts.get(event.host);
        if (host !== undefined && event.by !== null) host.component = null;
        return;
      }
      case "deploying":
      case "software":
      case "output":
      case "collected":
      case "problem":
      case "waiting":
        return;
    }
  }

  host(
    name: string,
  ):
    | { component: string | null; state: HostState; reason: string; processes: readonly ProcessView[] }
    | undefined {
    const host = this.#hosts.get(name);
    return host === undefined ? undefined : { ...host, processes: [...host.processes.values()] };
  }

  view(): RunView {
    const processes = [...this.#hosts.values()].flatMap((host) => [...host.processes.values()]);
    const count = (state: string): number => processes.filter((process) => process.state === state).length;
    return {
      run: this.#run,
      experiment: this.#experiment,
      state: this.#state,
      startedAt: this.#startedAt,
      endedAt: this.#endedAt,
      controllerAbsenceMs: this.#controllerAbsenceMs,
      verdict: this.#verdict,
      results: this.#results,
      components: [...this.#components].map(([name, component]) => this.#component(name, component)),
      barriers: [...this.#barriers].map(([name, barrier]) => ({ name, ...barrier })),
      processes: { running: count("running"), succeeded: count("succeeded"), failed: count("failed") },
      blocks: this.#blocks(),
      outcomes: this.#outcomes,
    };
  }

  #blocks(): RunView["blocks"] {
    const blocks = new Map<string, Record<string, number>>();
    for (const host of this.#hosts.values()) {
      // One that was replaced counts no more: its successor does.
      if (host.component === null) continue;
      for (const { block, state } of host.processes.values()) {
        const counts = blocks.get(block) ?? {};
        counts[state] = (counts[state] ?? 0) + 1;
        blocks.set(block, counts);
      }
    }
    return [...blocks].map(([block, counts]) => ({ block, counts }));
  }

  #host(event: Extract<RunEvent, { event: "host" }>): void {
    const known = this.#hosts.get(event.host);
    const processes = known?.processes ?? new Map<string, ProcessView>();
    // Nobody is going to say how they have ended: they went with the host that is given up.
    if (event.state === "failed")
      for (const [block, process] of processes)
        if (GOING_ON.has(process.state)) processes.set(block, { ...process, state: "lost" });
    const reason = event.reason === undefined ? "" : `${event.step ?? ""}: ${event.reason}`;
    this.#hosts.set(event.host, { component: event.component, state: event.state, reason, processes });
  }

  #process(event: Extract<RunEvent, { event: "process" }>): void {
    const host = this.#hosts.get(event.host);
    if (host === undefined) return;
    const known = host.processes.get(event.block);
    const base = { process: event.process, block: event.block, pid: event.pid ?? known?.pid ?? 0 };
    switch (event.state) {
      case "started":
        host.processes.set(event.block, { ...base, state: "running" });
        return;
      case "notStarted":
        host.processes.set(event.block, { ...base, state: "failed" });
        return;
      case "exited": {
        host.processes.set(event.block, { ...base, state: exitedState(event.exit) });
        return;
      }
      case "restarting":
        host.processes.set(event.block, { ...base, state: "restarting" });
        return;
      case "healthy":
      case "unhealthy":
        return;
    }
  }

  #component(name: string, component: ComponentFold): RunView["components"][number] {
    const hosts = [...this.#hosts].filter(([, host]) => host.component === name);
    const inStates = (...states: readonly HostState[]): number =>
      hosts.filter(([, host]) => states.includes(host.state)).length;
    const present = hosts.filter(([, host]) => host.state !== "disconnected").map(([host]) => host);
    return {
      name,
      hosts: foldNames(present),
      stage: component.stage,
      connected: inStates("idle", "preparing node", "executing", "finished"),
      prepared: inStates("executing", "finished"),
      ended: inStates("finished", "failed"),
      failed: inStates("failed"),
      wanted: component.wanted,
    };
  }
}
