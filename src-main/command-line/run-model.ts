// What is known of a run: a fold of its events, from which progress, status lines, summary and JSON are made.
import type { HostState, ProcessEvent, RunEvent, RunState } from "#shared/controller-api/run-events.ts";

export type ProcessOutcome = "running" | "succeeded" | "failed" | "stopped";

export interface HostModel {
  component: string | undefined;
  state: HostState;
  failure: { readonly step: string; readonly reason: string; readonly remedy: string } | undefined;
}

export interface ComponentModel {
  readonly name: string;
  /** As matched, folded; replaced hosts are in `hosts` below only. */
  matched: string;
  count: number;
  stage: string;
  done: number;
  total: number;
  /** Of `done`. */
  failed: number;
  /** Hosts on which only services go on. */
  serving: number;
  readonly hosts: Set<string>;
  /** software → hosts that have it. */
  readonly installed: Map<string, Set<string>>;
  startedMs: number | undefined;
  lastMs: number | undefined;
}

export interface ProcessModel {
  readonly host: string;
  readonly component: string;
  readonly block: string;
  readonly process: string;
  attempt: number;
  outcome: ProcessOutcome;
  detail: string;
}

export interface BarrierModel {
  readonly barrier: string;
  arrived: number;
  max: number;
  state: "waiting" | "released" | "forced" | "impossible" | "timedOut";
}

export interface WaitingModel {
  readonly for: string;
  readonly hosts: string;
  readonly sinceMs: number;
  readonly deadlineMs: number | null;
  readonly atMs: number;
}

/** Changed in place by applyRunEvent; everything is bounded by the number of hosts, blocks and barriers. */
export interface RunModel {
  run: string;
  application: string | undefined;
  experiment: string | undefined;
  state: RunState;
  startedMs: number | undefined;
  nowMs: number;
  readonly components: Map<string, ComponentModel>;
  readonly hosts: Map<string, HostModel>;
  readonly processes: Map<string, ProcessModel>;
  readonly barriers: Map<string, BarrierModel>;
  waiting: WaitingModel | undefined;
  collected: number;
  replaced: { readonly host: string; readonly by: string | null; readonly reason: string }[];
  end: RunEndModel | undefined;
}

export interface RunEndModel {
  readonly state: RunState;
  readonly exitCode: number;
  readonly reason: string;
  readonly results: string | undefined;
  readonly durationMs: number | undefined;
  readonly hosts:
    | {
        readonly succeeded: string;
        readonly failed: string;
        readonly unreachable: string;
        readonly replaced: string;
      }
    | undefined;
}

export function createRunModel(): RunModel {
  return {
    run: "",
    application: undefined,
    experiment: undefined,
    state: "matching",
    startedMs: undefined,
    nowMs: 0,
    components: new Map(),
    hosts: new Map(),
    processes: new Map(),
    barriers: new Map(),
    waiting: undefined,
    collected: 0,
    replaced: [],
    end: undefined,
  };
}

export function applyRunEvent(model: RunModel, event: RunEvent): void {
  const timeMs = Date.parse(event.time);
  if (!Number.isNaN(timeMs)) model.nowMs = Math.max(model.nowMs, timeMs);
  model.startedMs ??= model.nowMs;
  switch (event.event) {
    case "run":
      applyRunState(model, event);
      break;
    case "matching": {
      const component = componentOf(model, event.component);
      component.matched = event.hosts;
      component.count = event.count;
      break;
    }
    case "host":
      applyHost(model, event);
      break;
    case "software":
      applySoftware(model, event);
      break;
    case "stage": {
      const component = componentOf(model, event.component);
      Object.assign(component, {
        stage: event.stage,
        done: event.done,
        total: event.total,
        failed: event.failed ?? 0,
        serving: event.serving ?? 0,
        lastMs: model.nowMs,
      });
      component.startedMs ??= model.nowMs;
      break;
    }
    case "process":
      applyProcess(model, event);
      break;
    case "barrier":
      model.barriers.set(event.barrier, {
        barrier: event.barrier,
        arrived: event.arrived,
        max: event.max,
        state: event.state === "reached" ? "waiting" : event.state,
      });
      break;
    case "block":
      applyBlock(model, event.host, event.block, event.outcome);
      break;
    case "replaced":
      model.replaced.push({ host: event.host, by: event.by, reason: event.reason });
      break;
    case "deploying":
      break;
    case "collected":
      model.collected += 1;
      break;
    case "waiting":
      model.waiting = {
        for: event.for,
        hosts: event.hosts,
        sinceMs: event.sinceMs,
        deadlineMs: event.deadlineMs,
        atMs: model.nowMs,
      };
      break;
    case "output":
    case "problem":
      break;
  }
  // Anything that moves ends the waiting that was told before.
  if (event.event !== "waiting" && event.event !== "output") model.waiting = undefined;
}

export function componentOf(model: RunModel, name: string): ComponentModel {
  let component = model.components.get(name);
  if (component === undefined) {
    component = {
      name,
      matched: "",
      count: 0,
      stage: "",
      done: 0,
      total: 0,
      failed: 0,
      serving: 0,
      hosts: new Set(),
      installed: new Map(),
      startedMs: undefined,
      lastMs: undefined,
    };
    model.components.set(name, component);
  }
  return component;
}

/** How a process ended, in words: "exit status 3", "killed by SIGKILL", "stopped at its deadline". */
export function exitText(event: ProcessEvent): string {
  if (event.state === "notStarted") return `not started: ${event.reason ?? "no reason given"}`;
  const exit = event.exit;
  if (exit === undefined) return event.reason ?? event.state;
  const how =
    exit.signal === undefined ? `exit status ${exit.status ?? "unknown"}` : `killed by ${exit.signal}`;
  switch (exit.cause) {
    case "itself":
      return how;
    case "stopped":
      return `stopped (${how})`;
    case "deadline":
      return `stopped at its deadline (${how})`;
    case "unhealthy":
      return `stopped as unhealthy (${how})`;
  }
}

export function outcomeOf(event: ProcessEvent): ProcessOutcome {
  switch (event.state) {
    case "started":
    case "healthy":
    case "unhealthy":
    case "restarting":
      return "running";
    case "notStarted":
      return "failed";
    case "exited":
      if (event.exit?.cause === "stopped") return "stopped";
      return event.exit?.cause === "itself" && event.exit.status === 0 ? "succeeded" : "failed";
  }
}

export function processKey(host: string, block: string): string {
  return `${host}\n${block}`;
}

function applyRunState(model: RunModel, event: Extract<RunEvent, { event: "run" }>): void {
  model.run = event.run;
  model.state = event.state;
  model.application = event.application ?? model.application;
  model.experiment = event.experiment ?? model.experiment;
  if (event.exitCode === undefined) return;
  model.end = {
    state: event.state,
    exitCode: event.exitCode,
    reason: event.reason ?? "",
    results: event.results,
    durationMs: event.durationMs,
    hosts: event.hosts,
  };
}

function applyHost(model: RunModel, event: Extract<RunEvent, { event: "host" }>): void {
  const host = model.hosts.get(event.host) ?? {
    component: undefined,
    state: event.state,
    failure: undefined,
  };
  host.component = event.component ?? host.component;
  host.state = event.state;
  const { step = "", reason = "", remedy = "" } = event;
  if (event.state === "failed") host.failure = { step, reason, remedy };
  model.hosts.set(event.host, host);
  if (event.component === null) return;
  const component = componentOf(model, event.component);
  component.hosts.add(event.host);
  component.startedMs ??= model.nowMs;
  // Leaving after the end is clean-up, not work.
  if (event.state !== "disconnected") component.lastMs = model.nowMs;
}

function applySoftware(model: RunModel, event: Extract<RunEvent, { event: "software" }>): void {
  const component = componentOf(model, event.component);
  const hosts = component.installed.get(event.software) ?? new Set<string>();
  component.installed.set(event.software, hosts);
  if (event.state === "installed" || event.state === "alreadyThere") hosts.add(event.host);
  component.lastMs = model.nowMs;
}

function applyProcess(model: RunModel, event: ProcessEvent): void {
  const key = processKey(event.host, event.block);
  const known = model.processes.get(key);
  const process: ProcessModel = known ?? {
    host: event.host,
    component: event.component,
    block: event.block,
    process: event.process,
    attempt: event.attempt,
    outcome: "running",
    detail: "",
  };
  process.attempt = event.attempt;
  process.outcome = outcomeOf(event);
  process.detail = event.state === "exited" || event.state === "notStarted" ? exitText(event) : "";
  model.processes.set(key, process);
  componentOf(model, event.component).lastMs = model.nowMs;
}

/** A policy may have made a success of a failed exit ("ignore"); somebody may have forced the block. */
function applyBlock(
  model: RunModel,
  host: string,
  block: string,
  outcome: "succeeded" | "failed" | "stopped" | "forced",
): void {
  const process = model.processes.get(processKey(host, block));
  if (process === undefined || process.outcome === "running") return;
  if (outcome === "forced") process.outcome = "succeeded";
}
