// One run on this host: walks the graph of blocks, applies exit policies, watches services. Pure.
import type { CollectRule } from "#shared/application/application.ts";
import { unpackNames } from "#shared/application/packed-names.ts";
import type { VariableTable } from "#shared/application/variables.ts";
import type { BlockPath } from "#shared/base/ids.ts";
import type { ExecuteCommand } from "#shared/protocol/commands.ts";
import type { BlockOutcome, ProcessExit, Report } from "#shared/protocol/reports.ts";
import { hasEnded, isReady, isService, recordsOf, type BlockRecord } from "./block-record.ts";
import type { ClientEffect, ExitedEvent, HostFacts, ProcessId } from "./client-events.ts";
import { decideAfter, describeEnding, restartDelayMs, type Ending } from "./exit-policy.ts";
import { buildRequest, fillProbe, fillText, type Fillings } from "./process-request.ts";

/** Until a service has answered once it is asked this often, so that what waits for it starts soon. */
const FIRST_PROBE_MS = 250;
/** Input kept for processes that have not started yet; the controller sends no more before it is taken. */
const EARLY_INPUTS_MAX = 1024;

export interface RunParts {
  readonly facts: HostFacts;
  readonly secrets: Readonly<Record<string, string>>;
  readonly workDirectory: string;
}

export class RunOnHost {
  readonly #command: ExecuteCommand;
  readonly #parts: RunParts;
  readonly #blocks: readonly BlockRecord[];
  readonly #released: Set<string>;
  readonly #inputs: { bytes: Uint8Array; end: boolean }[] = [];
  #table: VariableTable;
  #stopping = false;
  #hostEnded = false;

  constructor(command: ExecuteCommand, parts: RunParts) {
    this.#command = command;
    this.#parts = parts;
    this.#blocks = recordsOf(command);
    this.#released = new Set(command.releasedBarriers);
    this.#table = command.variables;
  }

  start(): ClientEffect[] {
    return this.#advance();
  }

  setVariables(table: VariableTable): void {
    this.#table = table;
  }

  release(barrier: string): ClientEffect[] {
    this.#released.add(barrier);
    const waiting = this.#blocks.filter((block) => block.state === "atBarrier" && block.plan.kind === "barrier" && block.plan.barrier === barrier);
    if (waiting.length === 0) return [];
    const effects = waiting.flatMap((block) => this.#end(block, "succeeded", true, "released"));
    return [...effects, ...this.#advance()];
  }

  input(bytes: Uint8Array, end: boolean): ClientEffect[] {
    if (!this.#command.inputWanted) return [];
    const early = this.#blocks.some((block) => block.state === "starting" || block.state === "waiting");
    if (early && this.#inputs.length < EARLY_INPUTS_MAX) this.#inputs.push({ bytes, end });
    const running = this.#blocks.filter((block) => block.state === "running");
    return running.map((block) => ({ kind: "input", process: this.#idOf(block), bytes, end }));
  }

  owns(process: ProcessId): boolean {
    return this.#blockOf(process) !== undefined;
  }

  /** No process is starting or running. */
  idle(): boolean {
    return !this.#blocks.some((block) => block.state === "starting" || block.state === "running");
  }

  started(id: ProcessId, pid: number): ClientEffect[] {
    const block = this.#blockOf(id);
    if (block?.plan.kind !== "process") return [];
    const { process } = block.plan;
    block.state = "running";
    const effects: ClientEffect[] = [this.#report({ kind: "processStarted", run: this.#run, block: block.plan.path, attempt: block.attempt, pid })];
    effects.push(...this.#inputs.map((input): ClientEffect => ({ kind: "input", process: id, ...input })));
    if (this.#stopping) return [...effects, { kind: "stopProcess", process: id, graceMs: process.stopGraceMs }];
    if (process.deadlineMs !== undefined) effects.push(this.#timer("deadline", block, process.deadlineMs));
    if (process.healthCheck !== undefined) {
      effects.push(this.#timer("healthStart", block, process.healthCheck.startMs));
      effects.push(this.#timer("probe", block, Math.min(process.healthCheck.intervalMs, FIRST_PROBE_MS)));
      return effects;
    }
    return process.service ? [...effects, ...this.#pass(block)] : effects;
  }

  notStarted(id: ProcessId, step: string, reason: string): ClientEffect[] {
    const block = this.#blockOf(id);
    return block === undefined ? [] : this.#failStart(block, step, reason);
  }

  exited(event: ExitedEvent): ClientEffect[] {
    const block = this.#blockOf(event.process);
    if (block === undefined) return [];
    const exit: ProcessExit = { status: event.status, signal: event.signal, cause: this.#stopping ? "stopped" : block.stopCause };
    const { usage, outputEnd } = event;
    const told: Report = { kind: "processExited", run: this.#run, block: block.plan.path, attempt: block.attempt, exit, usage, outputEnd };
    return [...this.#clearTimers(block), this.#report(told), ...this.#settle(block, { kind: "exited", exit })];
  }

  probed(id: ProcessId, healthy: boolean, detail: string): ClientEffect[] {
    const block = this.#blockOf(id);
    if (block?.plan.kind !== "process" || block.state !== "running" || this.#stopping) return [];
    const check = block.plan.process.healthCheck;
    if (check === undefined) return [];
    const wait = block.healthy || healthy ? check.intervalMs : Math.min(check.intervalMs, FIRST_PROBE_MS);
    const next = this.#timer("probe", block, wait);
    if (healthy) return [next, ...this.#becameHealthy(block, detail)];
    if (!block.healthy) return [next];
    block.failedProbes += 1;
    if (block.failedProbes < check.failures) return [next];
    return this.#becameUnhealthy(block, detail);
  }

  timer(name: string): ClientEffect[] {
    const [purpose = "", ...rest] = name.split(" ");
    const block = this.#blockOf(rest.join(" "));
    if (block?.plan.kind !== "process" || this.#stopping) return [];
    switch (purpose) {
      case "restart":
        return block.state === "pausing" ? this.#spawn(block) : [];
      case "deadline":
        return this.#stopFor(block, "deadline");
      case "healthStart":
        return block.healthy ? [] : this.#becameUnhealthy(block, "it was not healthy in the time allowed for its start");
      case "probe":
        return this.#probe(block);
      default:
        return [];
    }
  }

  stop(): ClientEffect[] {
    this.#stopping = true;
    return this.#blocks.flatMap((block) => this.#stopBlock(block));
  }

  collectRules(): CollectRule[] {
    const rules = this.#command.componentBlocks.flatMap((componentBlock) => [
      ...componentBlock.collects,
      ...componentBlock.blocks.flatMap((block) => (block.kind === "process" ? block.process.collects : [])),
    ]);
    return rules.map((rule) => ({ ...rule, path: fillText(rule.path, this.#fillings()) }));
  }

  get #run(): ExecuteCommand["run"] {
    return this.#command.run;
  }

  #fillings(): Fillings {
    const { facts, secrets, workDirectory } = this.#parts;
    const { component } = this.#command;
    const hosts = this.#table.components.find((candidate) => candidate.name === component)?.hosts;
    const index = Math.max(0, hosts === undefined ? 0 : unpackNames(hosts).indexOf(facts.host));
    const { address, site, user, node } = facts;
    const host = { name: facts.host, address, index, component, user, site, directory: workDirectory, node };
    return { table: this.#table, host, secrets };
  }

  #idOf(block: BlockRecord): ProcessId {
    return processIdOf(this.#run, block.plan.path, block.attempt);
  }

  #blockOf(id: ProcessId): BlockRecord | undefined {
    return this.#blocks.find((block) => block.plan.kind === "process" && this.#idOf(block) === id);
  }

  #report(body: Report): ClientEffect {
    return { kind: "report", report: body };
  }

  #timer(purpose: string, block: BlockRecord, delayMs: number): ClientEffect {
    return { kind: "setTimer", name: `${purpose} ${this.#idOf(block)}`, delayMs };
  }

  #clearTimers(block: BlockRecord): ClientEffect[] {
    return ["deadline", "healthStart", "probe", "restart"].map((purpose) => ({ kind: "clearTimer", name: `${purpose} ${this.#idOf(block)}` }));
  }

  /** Enters every block whose predecessors have passed, until nothing moves; then looks whether the host has ended. */
  #advance(): ClientEffect[] {
    const effects: ClientEffect[] = [];
    for (let ready = this.#nextReady(); ready !== undefined; ready = this.#nextReady()) effects.push(...this.#enter(ready));
    if (this.#stopping || this.#hostEnded || !hasEnded(this.#blocks)) return effects;
    this.#hostEnded = true;
    const failed = this.#blocks.filter((block) => block.outcome === "failed");
    const outcome = failed.length === 0 ? "finished" : "failed";
    const reason = failed.map((block) => block.plan.name).join(", ");
    return [...effects, this.#report({ kind: "hostEnded", run: this.#run, outcome, reason })];
  }

  #nextReady(): BlockRecord | undefined {
    return this.#stopping ? undefined : this.#blocks.find((block) => block.state === "waiting" && isReady(block));
  }

  #enter(block: BlockRecord): ClientEffect[] {
    if (block.plan.kind === "process") return this.#spawn(block);
    const { barrier, path } = block.plan;
    block.state = "atBarrier";
    const reached = this.#report({ kind: "barrierReached", run: this.#run, block: path, barrier });
    return this.#released.has(barrier) ? [reached, ...this.#end(block, "succeeded", true, "released")] : [reached];
  }

  #end(block: BlockRecord, outcome: BlockOutcome, passed: boolean, reason: string): ClientEffect[] {
    block.state = "ended";
    block.outcome = outcome;
    block.passed = passed;
    return [this.#report({ kind: "blockEnded", run: this.#run, block: block.plan.path, outcome, reason })];
  }

  #pass(block: BlockRecord): ClientEffect[] {
    if (block.passed) return [];
    block.passed = true;
    return this.#advance();
  }

  #spawn(block: BlockRecord): ClientEffect[] {
    if (block.plan.kind !== "process") return [];
    block.attempt += 1;
    block.stopCause = "itself";
    block.healthy = false;
    block.failedProbes = 0;
    block.state = "starting";
    const { path } = block.plan;
    const place = { id: this.#idOf(block), run: this.#run, block: path, attempt: block.attempt, wantsInput: this.#command.inputWanted };
    const built = buildRequest(block.plan.process, place, this.#fillings());
    if (built.kind === "request") return [{ kind: "spawn", request: built.request }];
    return this.#failStart(block, "variables", `no such variable: ${built.names.join(", ")}`);
  }

  #failStart(block: BlockRecord, step: string, reason: string): ClientEffect[] {
    const told: Report = { kind: "processNotStarted", run: this.#run, block: block.plan.path, attempt: block.attempt, step, reason };
    return [this.#report(told), ...this.#settle(block, { kind: "notStarted", reason: `${step}: ${reason}` })];
  }

  /** Applies the exit policy to an ending. */
  #settle(block: BlockRecord, ending: Ending): ClientEffect[] {
    const { plan } = block;
    if (plan.kind !== "process") return [];
    if (this.#stopping) return this.#end(block, "stopped", false, "the run was stopped");
    const decision = decideAfter(plan.process, ending);
    const reason = describeEnding(ending);
    const well = ending.kind === "exited" && ending.exit.cause === "itself" && ending.exit.status === 0;
    switch (decision.action) {
      case "continue":
        return [...this.#end(block, well ? "succeeded" : "failed", true, reason), ...this.#advance()];
      case "ignore":
        return [...this.#end(block, "succeeded", true, reason), ...this.#advance()];
      case "fail":
        return [...this.#end(block, "failed", false, reason), ...this.#advance()];
      case "restart": {
        if (block.attempt > decision.limit) {
          return [...this.#end(block, "failed", false, `${reason}; restarted ${String(decision.limit)} times in vain`), ...this.#advance()];
        }
        const delayMs = restartDelayMs(decision, block.attempt - 1);
        block.state = "pausing";
        const told: Report = { kind: "processRestarting", run: this.#run, block: plan.path, attempt: block.attempt + 1, delayMs };
        return [this.#report(told), this.#timer("restart", block, delayMs)];
      }
      case "replace":
      case "abort": {
        const ended = this.#end(block, "failed", false, reason);
        return [...ended, this.#report({ kind: "escalated", run: this.#run, block: plan.path, action: decision.action, reason })];
      }
    }
  }

  #becameHealthy(block: BlockRecord, detail: string): ClientEffect[] {
    block.failedProbes = 0;
    if (block.healthy) return [];
    block.healthy = true;
    const told = this.#report({ kind: "health", run: this.#run, block: block.plan.path, healthy: true, detail });
    return isService(block) ? [told, ...this.#pass(block)] : [told];
  }

  #becameUnhealthy(block: BlockRecord, detail: string): ClientEffect[] {
    block.healthy = false;
    const told = this.#report({ kind: "health", run: this.#run, block: block.plan.path, healthy: false, detail });
    return [told, ...this.#stopFor(block, "unhealthy")];
  }

  #probe(block: BlockRecord): ClientEffect[] {
    if (block.plan.kind !== "process" || block.state !== "running") return [];
    const check = block.plan.process.healthCheck;
    if (check === undefined) return [];
    const probe = fillProbe(check.probe, this.#fillings());
    return [{ kind: "probe", process: this.#idOf(block), run: this.#run, probe, timeoutMs: check.timeoutMs }];
  }

  #stopFor(block: BlockRecord, cause: ProcessExit["cause"]): ClientEffect[] {
    if (block.plan.kind !== "process" || block.state !== "running" || block.stopCause !== "itself") return [];
    block.stopCause = cause;
    return [{ kind: "stopProcess", process: this.#idOf(block), graceMs: block.plan.process.stopGraceMs }];
  }

  #stopBlock(block: BlockRecord): ClientEffect[] {
    switch (block.state) {
      case "running":
        return [...this.#clearTimers(block), ...this.#stopFor(block, "stopped")];
      case "starting":
      case "ended":
        return [];
      case "pausing":
      case "waiting":
      case "atBarrier":
        return [...this.#clearTimers(block), ...this.#end(block, "stopped", false, "the run was stopped")];
    }
  }
}

export function processIdOf(run: string, block: BlockPath, attempt: number): ProcessId {
  return `${run} ${block} ${String(attempt)}`;
}
