// From a connected host to one that executes: software first, then all hosts of a component together. Pure.
import type { HostId } from "#shared/base/ids.ts";
import type { PrepareCommand } from "#shared/protocol/commands.ts";
import { executeCommand } from "./execute-command.ts";
import type { Roster } from "./roster.ts";
import type { RunBarriers } from "./run-barriers.ts";
import type { ComponentState, Member } from "./run-member.ts";
import type { RunOutput } from "./run-output.ts";
import type { HostFailure, RunPlan } from "./run-plan.ts";
import type { RunShortage } from "./run-shortage.ts";
import type { RunStory } from "./run-story.ts";
import { usersOf } from "./users-by-host.ts";

/** A host that has all the time its software is given and this much more has stopped answering. */
const PREPARE_EXTRA_MS = 30_000;
/** A person may be asked three times for a password that sudo wants, and other questions may come first. */
const PASSWORDS_MS = 600_000;
/** When a rack goes down, its replacements are told to the others together and not a hundred times. */
const SHARE_VARIABLES_MS = 1000;
export const VARIABLES_TIMER = "variables";

export const NOT_PREPARED: HostFailure = {
  step: "install",
  reason: "no answer within the time that its software is given",
  unreachable: false,
};

export const ALLOW_USER =
  "Allow it in the host's sudoers (visudo: ACCOUNT ALL=(USER) ALL), log in as that user, or leave out the user of the process.";

export interface SetUpParts {
  readonly plan: RunPlan;
  readonly roster: Roster;
  readonly barriers: RunBarriers;
  readonly story: RunStory;
  readonly out: RunOutput;
  readonly shortage: RunShortage;
}

export class RunSetUp {
  readonly #parts: SetUpParts;
  #variablesChanged = false;

  constructor(parts: SetUpParts) {
    this.#parts = parts;
  }

  connected(member: Member): void {
    const { plan, roster, story, out } = this.#parts;
    const { host, component: name } = member;
    const component = roster.componentOf(member);
    if (story.state === "connecting") story.setState("preparing");
    story.setPhase(member, "preparing", "preparing node");
    const { software } = component.plan;
    const users = usersOf(component.plan);
    const askingMs = users.length === 0 ? 0 : PASSWORDS_MS;
    const allowedMs = askingMs + software.reduce((sum, one) => sum + one.deadlineMs, 0) + PREPARE_EXTRA_MS;
    out.setTimer(timerOf(host), allowedMs);
    const prepare = { kind: "prepare", run: plan.run, component: name, software, users } as const;
    if (plan.startTogether) out.command([host], { ...prepare, execute: undefined });
    else this.#execute(component, [member], prepare);
  }

  prepared(member: Member): void {
    if (member.prepared || member.phase === "connecting") return;
    const { roster, story } = this.#parts;
    member.prepared = true;
    this.forget(member.host);
    if (member.phase !== "preparing") return;
    const component = roster.componentOf(member);
    story.setPhase(member, "prepared");
    if (!component.executing) story.stage(component, "setting up the nodes");
    this.startPrepared(component);
  }

  /** All hosts of a component start together; a replacement that comes later starts at once. */
  startPrepared(component: ComponentState): void {
    if (!this.#parts.plan.startTogether || this.#parts.shortage.found) return;
    const ready = component.in("prepared");
    if (ready.length === 0 || (!component.executing && component.count("connecting", "preparing") > 0))
      return;
    this.#execute(component, ready);
  }

  /** Processes that start from now on are to see the hosts as they are now. */
  hostsChanged(): void {
    const { plan, out } = this.#parts;
    // The one process of a command has started already.
    if (this.#variablesChanged || !plan.startTogether) return;
    this.#variablesChanged = true;
    out.setTimer(VARIABLES_TIMER, SHARE_VARIABLES_MS);
  }

  /** Before anything goes on that may depend on them, or when it is time. */
  shareVariables(): void {
    if (!this.#variablesChanged) return;
    const { plan, roster, out } = this.#parts;
    this.#variablesChanged = false;
    out.clearTimer(VARIABLES_TIMER);
    const hosts = roster.members.filter(({ phase }) => phase === "executing").map(({ host }) => host);
    if (hosts.length > 0) out.command(hosts, { kind: "variables", run: plan.run, table: roster.table });
  }

  /** Its time for that is over; answers whether it still was at it. */
  isLate(member: Member): boolean {
    return member.phase !== "connecting" && !member.prepared;
  }

  forget(host: HostId): void {
    this.#parts.out.clearTimer(timerOf(host));
  }

  /** `prepare`: what comes before it, as one command. */
  #execute(
    component: ComponentState,
    members: readonly Member[],
    prepare?: Omit<PrepareCommand, "execute">,
  ): void {
    const { plan, roster, barriers, story, out } = this.#parts;
    const hosts = members.map((member) => member.host);
    component.executing = true;
    this.shareVariables();
    story.setState("running");
    if (plan.secretNames.length > 0) out.sendSecrets(hosts);
    const execute = executeCommand(plan, component.plan, roster.table, barriers.open);
    out.command(hosts, prepare === undefined ? execute : { ...prepare, execute });
    for (const member of members) story.setPhase(member, "executing", "executing");
    story.stage(component, "running");
  }
}

function timerOf(host: HostId): string {
  return `prepare ${host}`;
}
