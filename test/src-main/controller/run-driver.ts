// Drives one pure run in tests: its timers on a clock that is moved by hand, its hosts by hand-made reports.
import { expect } from "vitest";
import { parseApplication } from "../../../src-shared/application/parse-application.ts";
import { blockPathOf, hostIdOf, runIdOf } from "../../../src-shared/base/ids.ts";
import { hasErrors } from "../../../src-shared/base/problem.ts";
import type { EndCause } from "../../../src-shared/controller-api/controller-api.ts";
import type { RunEventBody } from "../../../src-shared/controller-api/run-events.ts";
import { parseDirectory } from "../../../src-shared/resource-directory/parse-directory.ts";
import type { ResourceDirectory } from "../../../src-shared/resource-directory/resource-directory.ts";
import type { Command } from "../../../src-shared/protocol/commands.ts";
import type { Report } from "../../../src-shared/protocol/reports.ts";
import { planRun, type RunPlan } from "../../../src-main/controller/run-plan.ts";
import type { RunEffect, RunInput } from "../../../src-main/controller/run-traffic.ts";
import { Run } from "../../../src-main/controller/run.ts";

export const RUN = runIdOf("run-1");

export function planOf(text: string): RunPlan {
  const { specification, problems } = parseApplication(text);
  expect(problems.filter((problem) => problem.severity === "error")).toEqual([]);
  const settings = { run: RUN, applicationPath: "app.xml", deadlineMs: undefined, variables: {} };
  return planRun(specification!, { ...settings, software: new Map() });
}

/** Hosts h1, h2, …, all of type ssh. */
export function directoryOf(count: number): ResourceDirectory {
  const text = `<plush><resource_manager type="ssh"><node hostname="h[1-${String(count)}]:15400" user="u"/></resource_manager></plush>`;
  const { directory, problems } = parseDirectory(text);
  expect(hasErrors(problems)).toBe(false);
  return directory!;
}

/** A report without its run. */
type Said = Report extends infer One ? (One extends Report ? Omit<One, "run"> : never) : never;

export class RunDriver {
  readonly run: Run;
  readonly effects: RunEffect[] = [];
  readonly #timers = new Map<string, number>();
  nowMs = 0;

  constructor(plan: RunPlan | string, hosts = 8, settings: { readonly keep?: boolean } = {}) {
    const built = typeof plan === "string" ? planOf(plan) : plan;
    const directory = directoryOf(hosts);
    this.run = new Run(built, { directory, preferred: [], keep: settings.keep ?? false });
  }

  give(input: RunInput): RunEffect[] {
    const effects = this.run.step(input, this.nowMs);
    for (const effect of effects) {
      if (effect.kind === "setTimer") this.#timers.set(effect.name, this.nowMs + effect.delayMs);
      if (effect.kind === "clearTimer") this.#timers.delete(effect.name);
      this.effects.push(effect);
    }
    return effects;
  }

  start(): this {
    this.give({ kind: "start" });
    return this;
  }

  /** Moves the clock and lets timers come due on the way. */
  pass(ms: number): this {
    const end = this.nowMs + ms;
    for (;;) {
      const [name, dueMs] = [...this.#timers].sort((a, b) => a[1] - b[1])[0] ?? ["", Infinity];
      if (dueMs > end) break;
      this.nowMs = dueMs;
      this.#timers.delete(name);
      this.give({ kind: "timer", name });
    }
    this.nowMs = end;
    return this;
  }

  get timers(): readonly string[] {
    return [...this.#timers.keys()];
  }

  connected(...hosts: readonly string[]): this {
    for (const host of hosts) this.give({ kind: "hostConnected", host: hostIdOf(host) });
    return this;
  }

  prepared(...hosts: readonly string[]): this {
    for (const host of hosts) this.says(host, { kind: "prepared", installed: 0, alreadyThere: 0 });
    return this;
  }

  /** Starts everything and brings these hosts to where they execute. */
  executing(...hosts: readonly string[]): this {
    return this.start()
      .connected(...hosts)
      .prepared(...hosts);
  }

  says(host: string, said: Said): this {
    this.give({ kind: "report", host: hostIdOf(host), report: { run: RUN, ...said } as Report });
    return this;
  }

  ended(...hosts: readonly string[]): this {
    for (const host of hosts) this.says(host, { kind: "hostEnded", outcome: "finished", reason: "" });
    return this;
  }

  /** A process fails there for good, and with it the host. */
  processFails(host: string, block = "run"): this {
    const path = blockPathOf(block, "cb", "e");
    this.says(host, { kind: "blockEnded", block: path, outcome: "failed", reason: "exited with status 3" });
    return this.says(host, { kind: "hostEnded", outcome: "failed", reason: block });
  }

  reaches(barrier: string, ...hosts: readonly string[]): this {
    const block = blockPathOf("b", "cb", "e");
    for (const host of hosts) this.says(host, { kind: "barrierReached", block, barrier });
    return this;
  }

  lost(...hosts: readonly string[]): this {
    for (const host of hosts) this.give({ kind: "hostLost", host: hostIdOf(host), reason: "silent" });
    return this;
  }

  orphaned(...hosts: readonly string[]): this {
    for (const host of hosts) this.give({ kind: "hostOrphaned", host: hostIdOf(host), reason: "reset" });
    return this;
  }

  back(...hosts: readonly string[]): this {
    for (const host of hosts) this.give({ kind: "hostBack", host: hostIdOf(host) });
    return this;
  }

  notConnected(host: string, unreachable = true): this {
    const failure = { step: "deploy", reason: "refused", unreachable };
    this.give({ kind: "hostNotConnected", host: hostIdOf(host), failure });
    return this;
  }

  end(cause: EndCause): this {
    this.give({ kind: "end", cause, reason: `it was ${cause}` });
    return this;
  }

  /** All hosts do what the ending asks of them. */
  finish(): this {
    for (let round = 0; round < 3 && !this.run.over; round += 1) {
      for (const { host } of this.run.members) this.says(host, { kind: "stopped", leftovers: [] });
      for (const { host } of this.run.members)
        this.says(host, { kind: "collectable", files: [], problems: [] });
      this.give({ kind: "gathered", problems: [] });
      for (const { host } of this.run.members) this.says(host, { kind: "runEnded", problems: [] });
    }
    expect(this.run.over).toBe(true);
    return this;
  }

  get events(): readonly RunEventBody[] {
    return this.effects.flatMap((effect) => (effect.kind === "event" ? [effect.body] : []));
  }

  eventsOf<Name extends RunEventBody["event"]>(name: Name): Extract<RunEventBody, { event: Name }>[] {
    return this.events.filter(
      (event): event is Extract<RunEventBody, { event: Name }> => event.event === name,
    );
  }

  get states(): string[] {
    return this.eventsOf("run").map((event) => event.state);
  }

  statesOf(host: string): string[] {
    return this.eventsOf("host")
      .filter((event) => event.host === host)
      .map((event) => event.state);
  }

  /** Hosts that were sent such a command, in order. */
  sent(kind: Command["kind"]): string[] {
    return this.effects.flatMap((effect) =>
      effect.kind === "command" && effect.command.kind === kind ? effect.hosts : [],
    );
  }

  commands<Kind extends Command["kind"]>(
    kind: Kind,
  ): { hosts: readonly string[]; command: Extract<Command, { kind: Kind }> }[] {
    return this.effects.flatMap((effect) =>
      effect.kind === "command" && effect.command.kind === kind
        ? [{ hosts: effect.hosts, command: effect.command as Extract<Command, { kind: Kind }> }]
        : [],
    );
  }

  connects(): string[] {
    return this.effects.flatMap((effect) => (effect.kind === "connect" ? effect.hosts : []));
  }

  givenUp(): string[] {
    return this.effects.flatMap((effect) => (effect.kind === "giveUp" ? [effect.host] : []));
  }

  get hosts(): string[] {
    return this.run.members.map((member) => member.host);
  }

  get outcome(): Extract<RunEffect, { kind: "ended" }> {
    const last = this.effects.at(-1);
    expect(last?.kind).toBe("ended");
    return last as Extract<RunEffect, { kind: "ended" }>;
  }

  get exitCode(): number {
    return this.outcome.verdict.exitCode;
  }
}
