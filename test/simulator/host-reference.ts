// What the documents say about the order of blocks on one host, worked out once more and simply: from what the host
// itself reports of processes, it says what may have started.
import type { ExitPolicy, ProcessDefinition } from "../../src-shared/application/application.ts";
import type { BlockPlan, ExecuteCommand } from "../../src-shared/protocol/commands.ts";
import type { ProcessExit, Report } from "../../src-shared/protocol/reports.ts";

export class HostReference {
  readonly #blocks = new Map<string, BlockPlan>();
  readonly #passed = new Set<string>();
  readonly #released: Set<string>;
  readonly #attempts = new Map<string, number>();
  /** Started or about to be started again, and not over. */
  readonly #going = new Set<string>();
  /** Work that is to count as a failure; services may fail while the run is being stopped already. */
  readonly #failed = new Set<string>();

  constructor(command: ExecuteCommand) {
    for (const parent of command.componentBlocks)
      for (const block of parent.blocks) this.#blocks.set(block.path, block);
    this.#released = new Set(command.releasedBarriers);
  }

  isService(path: string): boolean {
    return this.#processOf(path)?.service === true;
  }

  released(barrier: string): void {
    this.#released.add(barrier);
  }

  get isBusy(): boolean {
    return this.#going.size > 0;
  }

  /** Barriers at which this host stands, as far as it knows. */
  get waitsAt(): readonly string[] {
    return [...this.#blocks.values()].flatMap((block) => {
      if (block.kind !== "barrier" || this.#released.has(block.barrier)) return [];
      const entered = block.predecessors.every((name) => this.hasPassed(block.path.replace(/^[^/]*/, name)));
      return entered ? [block.barrier] : [];
    });
  }

  spawned(path: string, attempt: number): void {
    const block = this.#blocks.get(path)!;
    for (const name of block.predecessors) {
      const predecessor = path.replace(/^[^/]*/, name);
      if (!this.hasPassed(predecessor)) throw new Error(`${path} started before ${predecessor} had passed`);
    }
    const expected = (this.#attempts.get(path) ?? 0) + 1;
    this.#attempts.set(path, expected);
    this.#going.add(path);
    if (attempt !== expected) throw new Error(`${path} is started as attempt ${String(attempt)}`);
    const limit = Math.max(3, ...(this.#processOf(path)?.exitPolicies.map((policy) => policy.limit) ?? []));
    if (attempt > 1 + limit) throw new Error(`${path} is restarted more than ${String(limit)} times`);
  }

  hasPassed(path: string): boolean {
    const block = this.#blocks.get(path);
    if (block?.kind === "process") return this.#passed.has(path);
    if (block === undefined || !this.#released.has(block.barrier)) return false;
    return block.predecessors.every((name) => this.hasPassed(path.replace(/^[^/]*/, name)));
  }

  /** Every process that is no service has passed and none has failed: what exit code 0 promises. */
  get allWell(): boolean {
    const work = [...this.#blocks.values()].filter(
      (block) => block.kind === "process" && !block.process.service,
    );
    return this.#failed.size === 0 && work.every((block) => this.#passed.has(block.path));
  }

  said(report: Report): void {
    if (report.kind === "processStarted") {
      const process = this.#processOf(report.block);
      if (process?.service === true && process.healthCheck === undefined) this.#passed.add(report.block);
    }
    if (report.kind === "health" && report.healthy && this.isService(report.block))
      this.#passed.add(report.block);
    if (report.kind === "processExited") this.#ended(report.block, report.attempt, report.exit);
    if (report.kind === "processNotStarted") this.#ended(report.block, report.attempt, undefined);
  }

  #ended(path: string, attempt: number, exit: ProcessExit | undefined): void {
    const process = this.#processOf(path)!;
    if (exit?.cause === "stopped") return;
    this.#going.delete(path);
    const policy = process.exitPolicies.find((candidate) => applies(candidate, exit));
    const well = exit?.cause === "itself" && exit.status === 0;
    const byItself = well ? "continue" : exit?.cause === "unhealthy" && process.service ? "restart" : "fail";
    const action = policy?.action ?? byItself;
    if (action === "restart" && attempt <= (policy?.limit ?? 3)) {
      this.#going.add(path);
      return;
    }
    if (action === "continue" || action === "ignore") this.#passed.add(path);
    const failed = action !== "ignore" && !(action === "continue" && well);
    if (failed && !process.service) this.#failed.add(path);
  }

  #processOf(path: string): ProcessDefinition | undefined {
    const block = this.#blocks.get(path);
    return block?.kind === "process" ? block.process : undefined;
  }
}

function applies({ condition }: ExitPolicy, exit: ProcessExit | undefined): boolean {
  if (exit === undefined) return condition.kind === "notStarted";
  if (exit.cause !== "itself") return condition.kind === exit.cause;
  if (exit.signal !== undefined) {
    return condition.kind === "signal" && (condition.signal ?? exit.signal) === exit.signal;
  }
  const status = exit.status ?? -1;
  if (condition.kind === "status") return condition.from <= status && status <= condition.to;
  return condition.kind === "nonzero" && status !== 0;
}
