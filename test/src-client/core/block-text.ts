// Builds what a client is told to execute from the text of a specification's blocks, and drives a core by hand.
import { expect } from "vitest";
import { parseApplication } from "../../../src-shared/application/parse-application.ts";
import { createVariableTable } from "../../../src-shared/application/variables.ts";
import { runIdOf } from "../../../src-shared/base/ids.ts";
import type { ExecuteCommand } from "../../../src-shared/protocol/commands.ts";
import type { Report } from "../../../src-shared/protocol/reports.ts";
import type { ClientEffect, ClientEvent, HostFacts } from "../../../src-client/core/client-events.ts";
import { ClientCore } from "../../../src-client/core/client-core.ts";
import { planRun } from "../../../src-main/controller/run-plan.ts";
import { componentBlock, specification } from "../../src-shared/application/specification-text.ts";

export const RUN = runIdOf("run-1");
export const FACTS: HostFacts = {
  host: "h2",
  address: "10.0.0.2",
  site: "",
  user: "u",
  directory: "/d",
  node: "/node",
};
const USAGE = { wallMs: 1, cpuMs: 1, memoryBytesMax: 1 };

export function executeOf(blocks: string, more: Partial<ExecuteCommand> = {}): ExecuteCommand {
  const { specification: parsed, problems } = parseApplication(
    specification({ blocks: componentBlock("cb", "c", blocks) }),
  );
  expect(problems.filter((problem) => problem.severity === "error")).toEqual([]);
  const settings = {
    run: RUN,
    applicationPath: "a",
    deadlineMs: undefined,
    variables: {},
    software: new Map(),
  };
  const plan = planRun(parsed!, settings);
  const hosts = ["h1", "h2", "h3"].map((name) => ({ name, address: name }));
  const variables = createVariableTable({
    runId: RUN,
    variables: new Map(),
    components: [{ name: "c", hosts }],
    software: [],
  });
  return {
    kind: "execute",
    run: RUN,
    component: "c",
    componentBlocks: plan.components[0]!.blocks,
    variables,
    releasedBarriers: [],
    controllerAbsenceMs: plan.controllerAbsenceMs,
    secretNames: [],
    inputWanted: false,
    cleansUp: false,
    ...more,
  };
}

/** One client core with its run; processes are named by their block and, after restarts, by their attempt. */
export class CoreDriver {
  readonly core = new ClientCore(FACTS);
  readonly effects: ClientEffect[] = [];

  give(event: ClientEvent): ClientEffect[] {
    const effects = this.core.step(event);
    this.effects.push(...effects);
    return effects;
  }

  command(command: Extract<ClientEvent, { kind: "command" }>["command"]): ClientEffect[] {
    return this.give({ kind: "command", command });
  }

  prepare(): this {
    this.command({ kind: "prepare", execute: undefined, run: RUN, component: "c", users: [], software: [] });
    this.give({ kind: "workReady", run: RUN, directory: "/d/work" });
    return this;
  }

  execute(blocks: string, more: Partial<ExecuteCommand> = {}): this {
    this.prepare().command(executeOf(blocks, more));
    return this;
  }

  started(...blocks: readonly string[]): this {
    for (const block of blocks) this.give({ kind: "started", process: idOf(block), pid: 7 });
    return this;
  }

  exited(block: string, status: number | undefined = 0, signal?: string): this {
    const outputEnd = { stdout: 0, stderr: 0 };
    this.give({
      kind: "exited",
      process: idOf(block),
      status: signal === undefined ? status : undefined,
      signal,
      usage: USAGE,
      outputEnd,
    });
    return this;
  }

  printed(block: string, printed: { readonly stdout: Uint8Array; readonly stderr: Uint8Array }): this {
    this.give({ kind: "printed", process: idOf(block), ...printed });
    return this;
  }

  /** Starts and ends. */
  runs(block: string, status = 0): this {
    return this.started(block).exited(block, status);
  }

  probed(block: string, healthy: boolean): this {
    this.give({ kind: "probed", process: idOf(block), healthy, detail: "d" });
    return this;
  }

  timer(purpose: string, block: string): this {
    this.give({ kind: "timer", name: `${purpose} ${idOf(block)}` });
    return this;
  }

  release(barrier: string): this {
    this.command({ kind: "release", run: RUN, barrier });
    return this;
  }

  stop(): this {
    this.command({ kind: "stop", run: RUN, reason: "enough" });
    return this;
  }

  get reports(): Report[] {
    return this.effects.flatMap((effect) => (effect.kind === "report" ? [effect.report] : []));
  }

  /** `block attempt` of everything that was started. */
  get spawned(): string[] {
    return this.effects.flatMap((effect) =>
      effect.kind === "spawn" ? [`${nameOf(effect.request.block)} ${String(effect.request.attempt)}`] : [],
    );
  }

  /** Names of blocks with how they ended, in order. */
  get ended(): string[] {
    return this.reports.flatMap((report) =>
      report.kind === "blockEnded" ? [`${nameOf(report.block)} ${report.outcome}`] : [],
    );
  }

  get hostEnded(): string[] {
    return this.reports.flatMap((report) =>
      report.kind === "hostEnded" ? [`${report.outcome}: ${report.reason}`] : [],
    );
  }

  /** Without the reports. */
  kinds(): string[] {
    return this.effects.flatMap((effect) => (effect.kind === "report" ? [] : [effect.kind]));
  }

  timers(): string[] {
    return this.effects.flatMap((effect) =>
      effect.kind === "setTimer" ? [`${effect.name.split(" ")[0] ?? ""} ${String(effect.delayMs)}`] : [],
    );
  }
}

/** `p` is the first start of block p, `p#2` its second. */
function idOf(block: string): string {
  const [name = "", attempt = "1"] = block.split("#");
  return `${RUN} ${name}/cb/e ${attempt}`;
}

function nameOf(path: string): string {
  return path.split("/")[0] ?? path;
}
