// The end of a run: stop what runs, gather output and files, clean up; each step with its deadline. Pure.
import type { HostId, RunId } from "#shared/base/ids.ts";
import { RUN_EVENTS_VERSION, type RunState } from "#shared/controller-api/run-events.ts";
import { foldNames } from "#shared/node-set/node-set.ts";
import type { CollectableFile, Report } from "#shared/protocol/reports.ts";
import type { Member } from "./run-member.ts";
import type { GatherProblem, RunEffect } from "./run-traffic.ts";

/** Beyond the longest grace of a process: to signal, to look for strays and to say so. */
const STOP_EXTRA_MS = 15_000;
/** Listing files that match a few patterns. */
const LIST_FILES_MS = 60_000;
/** Removing a work directory, however large. */
const CLEAN_MS = 60_000;
export const ENDING_TIMER = "ending";
const REMEDY_AWAY = "its client ends by itself when no controller returns, and cleans up";

export interface EndingSettings {
  readonly run: RunId;
  readonly stopGraceMs: number;
  readonly collect: boolean;
  readonly keep: boolean;
  readonly reason: string;
  readonly collectsOn: (member: Member) => boolean;
}

/**
 * stopping → listing → gathering → cleaning → done
 *
 * Listing is passed over where nothing is collected. Gathering is bounded by whoever gathers.
 */
type Step = "stopping" | "listing" | "gathering" | "cleaning" | "done";

export class RunEnding {
  readonly #members: readonly Member[];
  readonly #settings: EndingSettings;
  #step: Step = "stopping";

  constructor(members: readonly Member[], settings: EndingSettings) {
    this.#members = members;
    this.#settings = settings;
    for (const member of members) if (member.gone) setAside(member);
  }

  get done(): boolean {
    return this.#step === "done";
  }

  begin(): RunEffect[] {
    const { run, reason, stopGraceMs } = this.#settings;
    const hosts = this.#members.filter((member) => !member.stopped).map((member) => member.host);
    return [
      stateEvent("stopping"),
      setTimer(stopGraceMs + STOP_EXTRA_MS),
      ...command(hosts, { kind: "stop", run, reason }),
      ...this.#advance(),
    ];
  }

  report(member: Member, report: Report): RunEffect[] {
    if (report.kind === "stopped") return this.#stopped(member, report.leftovers);
    if (report.kind === "collectable") return this.#listed(member, report.files, report.problems);
    if (report.kind === "runEnded") return this.#cleaned(member, report.problems);
    return []; // what processes do from now on is a consequence of the stop
  }

  gathered(problems: readonly GatherProblem[]): RunEffect[] {
    if (this.#step !== "gathering") return [];
    const told = problems.map(({ host, message }) =>
      problem([host], "collect", message, "what did arrive is in the results"),
    );
    return [...told, ...this.#clean()];
  }

  /** A host that will not answer any more is not waited for. */
  lost(member: Member, reason: string): RunEffect[] {
    if (this.#step === "done" || member.gone || member.cleaned) return [];
    setAside(member);
    const message = `the host went away before it had confirmed that it is clean: ${reason}`;
    return [problem([member.host], this.#step, message, REMEDY_AWAY), ...this.#advance()];
  }

  timer(): RunEffect[] {
    const missing = this.#members.filter((member) => this.#isMissing(member));
    if (missing.length === 0) return [];
    const hosts = missing.map((member) => member.host);
    for (const member of missing) this.#goOnWithout(member);
    const remedy = `look at the host; ${REMEDY_AWAY}`;
    return [problem(hosts, this.#step, "no answer within the time allowed", remedy), ...this.#advance()];
  }

  #stopped(member: Member, leftovers: readonly string[]): RunEffect[] {
    member.stopped = true;
    const remedy = "look at it on the host; the client could not end it";
    return [...leftovers.map((text) => problem([member.host], "stop", text, remedy)), ...this.#advance()];
  }

  #listed(member: Member, files: readonly CollectableFile[], problems: readonly string[]): RunEffect[] {
    if (this.#step !== "listing" || member.files !== undefined) return []; // too late
    member.files = files;
    const remedy = "check the path of the collect element";
    return [...problems.map((text) => problem([member.host], "collect", text, remedy)), ...this.#advance()];
  }

  #cleaned(member: Member, problems: readonly string[]): RunEffect[] {
    // Before it was asked to only where nothing is collected.
    const isEarly = this.#step !== "cleaning" && this.#settings.collectsOn(member);
    if (isEarly || member.cleaned) return [];
    return [...cleanedUp(member, problems), ...this.#advance()];
  }

  #goOnWithout(member: Member): void {
    member.stopped = true;
    if (this.#step !== "cleaning") member.files ??= [];
    else member.cleaned = true;
  }

  #isMissing(member: Member): boolean {
    switch (this.#step) {
      case "stopping":
        return !member.stopped;
      case "listing":
        return member.files === undefined && this.#settings.collectsOn(member);
      case "cleaning":
        return !member.cleaned;
      case "gathering":
      case "done":
        return false;
    }
  }

  #advance(): RunEffect[] {
    if (this.#members.some((member) => this.#isMissing(member))) return [];
    switch (this.#step) {
      case "stopping":
        return this.#list();
      case "listing":
        return this.#gather();
      case "cleaning":
        this.#step = "done";
        return [{ kind: "clearTimer", name: ENDING_TIMER }];
      case "gathering":
      case "done":
        return [];
    }
  }

  #list(): RunEffect[] {
    this.#step = "listing";
    const asked = this.#settings.collect ? this.#members.filter((member) => this.#isMissing(member)) : [];
    if (asked.length === 0) return this.#gather();
    const hosts = asked.map((member) => member.host);
    const ask = command(hosts, { kind: "collect", run: this.#settings.run });
    return [stateEvent("collecting"), setTimer(LIST_FILES_MS), ...ask];
  }

  #gather(): RunEffect[] {
    this.#step = "gathering";
    const files = new Map<HostId, readonly CollectableFile[]>();
    for (const member of this.#members) {
      if (member.files !== undefined && member.files.length > 0) files.set(member.host, member.files);
    }
    return [
      { kind: "clearTimer", name: ENDING_TIMER },
      { kind: "gather", files },
    ];
  }

  #clean(): RunEffect[] {
    this.#step = "cleaning";
    const { run, keep } = this.#settings;
    const hosts = this.#members.filter((member) => !member.cleaned).map((member) => member.host);
    const clean = command(hosts, { kind: "endRun", run, keep });
    return [stateEvent("cleaning up"), setTimer(CLEAN_MS), ...clean, ...this.#advance()];
  }
}

function setAside(member: Member): void {
  member.gone = true;
  member.stopped = true;
  member.files ??= [];
  member.cleaned = true;
}

function setTimer(delayMs: number): RunEffect {
  return { kind: "setTimer", name: ENDING_TIMER, delayMs };
}

function command(
  hosts: readonly HostId[],
  what: Extract<RunEffect, { kind: "command" }>["command"],
): RunEffect[] {
  return hosts.length === 0 ? [] : [{ kind: "command", hosts, command: what }];
}

/** Nothing is left to be asked of it. */
export function cleanedUp(member: Member, problems: readonly string[]): RunEffect[] {
  member.stopped = true;
  member.cleaned = true;
  return problems.map((text) => problem([member.host], "clean up", text, "remove it by hand"));
}

export function stateEvent(state: RunState): RunEffect {
  return { kind: "event", body: { event: "run", state, version: RUN_EVENTS_VERSION } };
}

export function problem(hosts: readonly HostId[], step: string, message: string, remedy: string): RunEffect {
  const where = foldNames(hosts);
  return {
    kind: "event",
    body: { event: "problem", severity: "warning", hosts: where, step, message, remedy },
  };
}
