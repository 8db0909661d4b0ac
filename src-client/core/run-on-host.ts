// One run on this host: walks the graph of blocks, applies exit policies, watches services. Pure.
import type { CollectRule } from "#shared/application/application.ts";
import { unpackNames } from "#shared/application/packed-names.ts";
import type { VariableTable } from "#shared/application/variables.ts";
import type { ExecuteCommand } from "#shared/protocol/commands.ts";
import type { BlockOutcome, ProcessExit, Report } from "#shared/protocol/reports.ts";
import { blockSuccessors, isService, passBlock, recordsOf, type BlockRecord } from "./block-record.ts";
import type { ClientEffect, ExitedEvent, HostFacts, ProcessId } from "./client-events.ts";
import { decideAfter, describeEnding, restartDelayMs, type Ending } from "./exit-policy.ts";
import { HostProgress } from "./host-progress.ts";
import { buildRequest, collectRulesOf, fillProbe, type Fillings } from "./process-request.ts";

/** Until a service has answered once it is asked this often, so that what waits for it starts soon. */
const FIRST_PROBE_MS = 250;
/** Kept for processes that wait for their predecessors; those that are being started take all that comes. */
const WAITING_INPUT_BYTES_MAX = 16 * 1024 * 1024;
/** The reason that the controller knows a forced block by. */
const FORCED = "forced";
const RUN_STOPPED = "the run was stopped";

export interface RunParts {
  readonly facts: HostFacts;
  readonly secrets: Readonly<Record<string, string>>;
  readonly workDirectory: string;
}

export class RunOnHost {
  readonly #command: ExecuteCommand;
  readonly #parts: RunParts;
  readonly #blocks: readonly BlockRecord[];
  /** By the process that was last started for it. */
  readonly #byProcess = new Map<ProcessId, BlockRecord>();
  readonly #progress: HostProgress;
  readonly #released: Set<string>;
  readonly #missed = new Set<string>();
  /** What it was when the run started here: processes that start later are told the same. */
  readonly #index: number;
  readonly #ready: BlockRecord[];
  #effects: ClientEffect[] = [];
  #inputs: { readonly bytes: Uint8Array; readonly end: boolean }[] = [];
  #inputBytes = 0;
  #inputLost = false;
  #table: VariableTable;
  /** Processes that are starting or running. */
  #alive = 0;
  #stopping = false;
  #hostEnded = false;

  constructor(command: ExecuteCommand, parts: RunParts) {
    this.#command = command;
    this.#parts = parts;
    this.#blocks = recordsOf(command);
    this.#progress = new HostProgress(this.#blocks);
    this.#released = new Set(command.releasedBarriers);
    this.#table = command.variables;
    const hosts = command.variables.components.find(({ name }) => name === command.component)?.hosts ?? [];
    this.#index = Math.max(0, unpackNames(hosts).indexOf(parts.facts.host));
    this.#ready = this.#blocks.filter((block) => block.waitingFor === 0);
  }

  start(): ClientEffect[] {
    return this.#advance();
  }

  setVariables(table: VariableTable): void {
    this.#table = table;
  }

  release(barrier: string): ClientEffect[] {
    this.#released.add(barrier);
    for (const block of this.#blocks) {
      if (block.state !== "atBarrier" || block.plan.kind !== "barrier" || block.plan.barrier !== barrier)
        continue;
      this.#end(block, "succeeded", true, "released");
    }
    return this.#advance();
  }

  /** Process blocks of this name count as done, whatever they do; one that has ended stays as it is. */
  force(name: string): ClientEffect[] {
    if (this.#stopping) return [];
    for (const block of this.#blocks) {
      if (block.plan.kind === "process" && block.plan.name === name) this.#force(block);
    }
    return this.#advance();
  }

  input(bytes: Uint8Array, end: boolean): ClientEffect[] {
    if (!this.#command.inputWanted || this.#stopping) return [];
    const starting = this.#blocks.some((block) => block.state === "starting");
    const waiting = this.#blocks.some(
      (block) => block.state === "waiting" && block.plan.kind === "process" && !block.blocked,
    );
    if (starting || (waiting && this.#inputBytes + bytes.length <= WAITING_INPUT_BYTES_MAX)) {
      this.#inputs.push({ bytes, end });
      this.#inputBytes += bytes.length;
    } else if (waiting) this.#inputLost = true;
    const running = this.#blocks.filter((block) => block.state === "running");
    return running.map((block) => ({ kind: "input", process: this.#idOf(block), bytes, end }));
  }

  owns(process: ProcessId): boolean {
    return this.#byProcess.has(process);
  }

  /** No process is starting or running. */
  idle(): boolean {
    return this.#alive === 0;
  }

  /** Nothing will be started any more: also no service that waits for its restart after the host's other work. */
  get hasEnded(): boolean {
    return this.#hostEnded && this.#blocks.every(({ state, blocked }) => state === "ended" || blocked);
  }

  started(id: ProcessId, pid: number): ClientEffect[] {
    const block = this.#byProcess.get(id);
    if (block?.plan.kind !== "process" || block.state !== "starting") return [];
    const { path, process } = block.plan;
    block.state = "running";
    const news: Report = { kind: "processStarted", run: this.#run, block: path, attempt: block.attempt, pid };
    this.#effects.push({ kind: "report", report: news, patient: true });
    this.#giveInput(id);
    if (this.#stopping || block.forced) {
      block.stopCause = "stopped";
      this.#effects.push({ kind: "stopProcess", process: id, graceMs: process.stopGraceMs });
      return this.#advance();
    }
    if (process.deadlineMs !== undefined) this.#timer("deadline", block, process.deadlineMs);
    if (process.healthCheck !== undefined) {
      this.#timer("healthStart", block, process.healthCheck.startMs);
      this.#timer("probe", block, Math.min(process.healthCheck.intervalMs, FIRST_PROBE_MS));
    } else if (process.service) this.#pass(block);
    return this.#advance();
  }

  notStarted(id: ProcessId, step: string, reason: string): ClientEffect[] {
    const block = this.#byProcess.get(id);
    if (block?.state !== "starting") return [];
    this.#alive -= 1;
    this.#failStart(block, step, reason);
    return this.#advance();
  }

  printed(id: ProcessId, stdout: Uint8Array, stderr: Uint8Array): ClientEffect[] {
    const block = this.#byProcess.get(id);
    if (block === undefined) return [];
    const place = { run: this.#run, block: block.plan.path, attempt: block.attempt };
    return [{ kind: "report", report: { kind: "wholeOutput", ...place, stdout, stderr } }];
  }

  exited(event: ExitedEvent): ClientEffect[] {
    const block = this.#byProcess.get(event.process);
    if (block === undefined || (block.state !== "running" && block.state !== "starting")) return [];
    this.#alive -= 1;
    const { status, signal, usage, outputEnd } = event;
    const exit: ProcessExit = { status, signal, cause: this.#stopping ? "stopped" : block.stopCause };
    const { attempt, plan } = block;
    this.#clearTimers(block);
    this.#report({
      kind: "processExited",
      run: this.#run,
      block: plan.path,
      attempt,
      exit,
      usage,
      outputEnd,
    });
    this.#settle(block, { kind: "exited", exit });
    return this.#advance();
  }

  probed(id: ProcessId, healthy: boolean, detail: string): ClientEffect[] {
    const block = this.#byProcess.get(id);
    if (block?.plan.kind !== "process" || block.state !== "running" || this.#stopping) return [];
    const check = block.plan.process.healthCheck;
    // What is being stopped already is not judged again.
    if (check === undefined || block.stopCause !== "itself") return [];
    if (!healthy && block.healthy) {
      block.failedProbes += 1;
      if (block.failedProbes >= check.failures) {
        this.#becameUnhealthy(block, detail);
        return this.#advance();
      }
    }
    const known = block.healthy || healthy;
    this.#timer("probe", block, known ? check.intervalMs : Math.min(check.intervalMs, FIRST_PROBE_MS));
    if (healthy) this.#becameHealthy(block, detail);
    return this.#advance();
  }

  timer(name: string): ClientEffect[] {
    const space = name.indexOf(" ");
    const block = this.#byProcess.get(name.slice(space + 1));
    if (block?.plan.kind !== "process" || this.#stopping) return [];
    switch (name.slice(0, space)) {
      case "restart":
        if (block.state === "pausing") this.#spawn(block);
        break;
      case "deadline":
        this.#stopFor(block, "deadline");
        break;
      case "healthStart":
        if (!block.healthy)
          this.#becameUnhealthy(block, "it was not healthy in the time allowed for its start");
        break;
      case "probe":
        this.#probe(block);
        break;
      default:
        break; // nobody else's timer ends with the name of a process
    }
    return this.#advance();
  }

  stop(): ClientEffect[] {
    this.#stopping = true;
    this.#inputs = [];
    for (const block of this.#blocks) this.#stopBlock(block);
    return this.#advance();
  }

  collectRules(): CollectRule[] {
    return collectRulesOf(this.#command, this.#fillings());
  }

  get #run(): ExecuteCommand["run"] {
    return this.#command.run;
  }

  #fillings(): Fillings {
    const { facts, secrets, workDirectory } = this.#parts;
    const { component } = this.#command;
    const { address, site, user, node } = facts;
    const place = { name: facts.host, address, index: this.#index, component };
    return { table: this.#table, host: { ...place, user, site, directory: workDirectory, node }, secrets };
  }

  #idOf(block: BlockRecord): ProcessId {
    return `${this.#run} ${block.plan.path} ${String(block.attempt)}`;
  }

  #report(body: Report): void {
    this.#effects.push({ kind: "report", report: body });
  }

  #timer(purpose: string, block: BlockRecord, delayMs: number): void {
    this.#effects.push({ kind: "setTimer", name: `${purpose} ${this.#idOf(block)}`, delayMs });
  }

  #clearTimers(block: BlockRecord): void {
    if (block.attempt === 0) return; // never started
    for (const purpose of ["deadline", "healthStart", "probe", "restart"]) {
      this.#effects.push({ kind: "clearTimer", name: `${purpose} ${this.#idOf(block)}` });
    }
  }

  /** Enters what has become ready, until nothing moves; then looks whether the host has ended. */
  #advance(): ClientEffect[] {
    for (let ready = this.#ready.shift(); ready !== undefined; ready = this.#ready.shift())
      this.#enter(ready);
    if (!this.#stopping && !this.#hostEnded && this.#progress.hasEnded) {
      this.#hostEnded = true;
      const { failed } = this.#progress;
      const outcome = failed.length === 0 ? "finished" : "failed";
      this.#report({ kind: "hostEnded", run: this.#run, outcome, reason: failed.join(", ") });
    }
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  #enter(block: BlockRecord): void {
    if (this.#stopping || block.state !== "waiting" || block.blocked) return;
    if (block.plan.kind === "process") return this.#spawn(block);
    const { barrier, path } = block.plan;
    block.state = "atBarrier";
    this.#report({ kind: "barrierReached", run: this.#run, block: path, barrier });
    if (this.#released.has(barrier)) this.#end(block, "succeeded", true, "released");
  }

  #end(block: BlockRecord, outcome: BlockOutcome, passes: boolean, reason: string): void {
    this.#close(block, outcome, reason);
    if (passes) this.#pass(block);
    else if (!this.#stopping) this.#holdBack(block, reason);
  }

  #close(block: BlockRecord, outcome: BlockOutcome, reason: string): void {
    block.state = "ended";
    block.outcome = outcome;
    this.#report({ kind: "blockEnded", run: this.#run, block: block.plan.path, outcome, reason });
    if (!block.blocked) this.#progress.over(block);
  }

  #pass(block: BlockRecord): void {
    this.#ready.push(...passBlock(block));
  }

  /** Barriers behind a block that failed are told to the controller at once: others need not wait for this host. */
  #holdBack(block: BlockRecord, reason: string): void {
    for (const blocked of blockSuccessors(block)) {
      this.#progress.over(blocked);
      if (blocked.plan.kind === "barrier") this.#miss(blocked.plan.barrier, `${block.plan.name} ${reason}`);
    }
  }

  #miss(barrier: string, reason: string): void {
    const ways = this.#blocks.filter(({ plan }) => plan.kind === "barrier" && plan.barrier === barrier);
    if (this.#missed.has(barrier) || !ways.every((way) => way.blocked)) return;
    this.#missed.add(barrier);
    this.#report({ kind: "barrierMissed", run: this.#run, barrier, reason });
  }

  #spawn(block: BlockRecord): void {
    if (block.plan.kind !== "process") return;
    this.#byProcess.delete(this.#idOf(block));
    block.attempt += 1;
    block.stopCause = "itself";
    block.healthy = false;
    block.failedProbes = 0;
    block.state = "starting";
    const id = this.#idOf(block);
    this.#byProcess.set(id, block);
    const { path, process } = block.plan;
    const wantsInput = this.#command.inputWanted;
    if (wantsInput && this.#inputLost) {
      return this.#failStart(block, "input", "more came before its start than can be kept");
    }
    const place = { id, run: this.#run, block: path, attempt: block.attempt, wantsInput };
    const built = buildRequest(process, place, this.#fillings());
    if (built.kind === "unknown") {
      return this.#failStart(block, "variables", `no such variable: ${built.names.join(", ")}`);
    }
    this.#alive += 1;
    this.#effects.push({ kind: "spawn", request: built.request });
  }

  #giveInput(id: ProcessId): void {
    for (const input of this.#inputs) this.#effects.push({ kind: "input", process: id, ...input });
    if (this.#blocks.some((block) => block.state === "starting" || block.state === "waiting")) return;
    this.#inputs = [];
    this.#inputBytes = 0;
  }

  #force(block: BlockRecord): void {
    switch (block.state) {
      case "starting":
        block.forced = true;
        return;
      case "running":
        block.forced = true;
        return this.#stopFor(block, "stopped");
      case "pausing":
      case "waiting":
        if (block.blocked) return;
        this.#clearTimers(block);
        return this.#end(block, "succeeded", true, FORCED);
      case "atBarrier":
      case "ended":
        return;
    }
  }

  #failStart(block: BlockRecord, step: string, reason: string): void {
    const { plan, attempt } = block;
    this.#report({ kind: "processNotStarted", run: this.#run, block: plan.path, attempt, step, reason });
    this.#settle(block, { kind: "notStarted", reason: `${step}: ${reason}` });
  }

  /** Applies the exit policy to an ending. */
  #settle(block: BlockRecord, ending: Ending): void {
    const { plan } = block;
    if (plan.kind !== "process") return;
    if (this.#stopping) return this.#end(block, "stopped", false, RUN_STOPPED);
    if (block.forced) return this.#end(block, "succeeded", true, FORCED);
    const decision = decideAfter(plan.process, ending);
    const reason = describeEnding(ending);
    const well = ending.kind === "exited" && ending.exit.cause === "itself" && ending.exit.status === 0;
    switch (decision.action) {
      case "continue":
        return this.#end(block, well ? "succeeded" : "failed", true, reason);
      case "ignore":
        return this.#end(block, "succeeded", true, reason);
      case "fail":
        return this.#end(block, "failed", false, reason);
      case "restart": {
        if (block.attempt > decision.limit) {
          const times = decision.limit === 1 ? "once" : `${String(decision.limit)} times`;
          return this.#end(block, "failed", false, `${reason}; restarted ${times} in vain`);
        }
        const delayMs = restartDelayMs(decision, block.attempt - 1);
        block.state = "pausing";
        const attempt = block.attempt + 1;
        this.#report({ kind: "processRestarting", run: this.#run, block: plan.path, attempt, delayMs });
        return this.#timer("restart", block, delayMs);
      }
      case "replace":
      case "abort":
        this.#close(block, "failed", reason);
        // Before the barriers that it misses: where it is replaced, its replacement will not.
        this.#report({
          kind: "escalated",
          run: this.#run,
          block: plan.path,
          action: decision.action,
          reason,
        });
        return this.#holdBack(block, reason);
    }
  }

  #becameHealthy(block: BlockRecord, detail: string): void {
    block.failedProbes = 0;
    if (block.healthy) return;
    block.healthy = true;
    this.#report({ kind: "health", run: this.#run, block: block.plan.path, healthy: true, detail });
    if (isService(block)) this.#pass(block);
  }

  #becameUnhealthy(block: BlockRecord, detail: string): void {
    if (block.state !== "running" || block.stopCause !== "itself") return;
    block.healthy = false;
    this.#report({ kind: "health", run: this.#run, block: block.plan.path, healthy: false, detail });
    this.#stopFor(block, "unhealthy");
  }

  #probe(block: BlockRecord): void {
    if (block.plan.kind !== "process" || block.state !== "running" || block.stopCause !== "itself") return;
    const check = block.plan.process.healthCheck;
    if (check === undefined) return;
    const probe = fillProbe(check.probe, this.#fillings());
    const process = this.#idOf(block);
    this.#effects.push({ kind: "probe", process, run: this.#run, probe, timeoutMs: check.timeoutMs });
  }

  #stopFor(block: BlockRecord, cause: ProcessExit["cause"]): void {
    if (block.plan.kind !== "process" || block.state !== "running" || block.stopCause !== "itself") return;
    block.stopCause = cause;
    const graceMs = block.plan.process.stopGraceMs;
    this.#effects.push({ kind: "stopProcess", process: this.#idOf(block), graceMs });
  }

  #stopBlock(block: BlockRecord): void {
    switch (block.state) {
      case "running":
        this.#clearTimers(block);
        return this.#stopFor(block, "stopped");
      case "starting": // stopped as soon as it has started
      case "ended":
        return;
      case "pausing":
      case "waiting":
      case "atBarrier":
        this.#clearTimers(block);
        return this.#end(block, "stopped", false, RUN_STOPPED);
    }
  }
}
