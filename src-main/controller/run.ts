// One run of an application: from matching to the last host cleaned up. Pure: inputs in, effects out.
import type { RunWait } from "#shared/controller-api/run-waits.ts";
import type { EndCause } from "#shared/controller-api/controller-api.ts";
import type { HostId } from "#shared/base/ids.ts";
import { foldNames } from "#shared/node-set/node-set.ts";
import type { Report } from "#shared/protocol/reports.ts";
import type { ResourceDirectory } from "#shared/resource-directory/resource-directory.ts";
import { eventsOfReport } from "./report-events.ts";
import { Roster, wordsOf } from "./roster.ts";
import { RunBarriers } from "./run-barriers.ts";
import { cleanedUp, ENDING_TIMER, RunEnding } from "./run-ending.ts";
import type { ComponentState, Member } from "./run-member.ts";
import { WAITING_NOTICE_MS, waitingNotices } from "./run-notices.ts";
import { RunOutput } from "./run-output.ts";
import type { HostFailure, RunPlan } from "./run-plan.ts";
import { ALLOW_USER, NOT_PREPARED, RunSetUp, VARIABLES_TIMER } from "./run-set-up.ts";
import { RunShortage, SHORTAGE_TIMER } from "./run-shortage.ts";
import { RunStory } from "./run-story.ts";
import { RunTidying, TIDY_TIMER } from "./run-tidying.ts";
import type { RunEffect, RunInput } from "./run-traffic.ts";
import { waitsOf, type RunsNow } from "./waits-of-run.ts";
import { RunTroubles } from "./run-troubles.ts";
import type { FatalTrouble } from "./verdict.ts";

const ALL_FINISHED = "all processes have finished";

export interface RunSettings {
  readonly directory: ResourceDirectory;
  readonly preferred: readonly HostId[];
  /** Leave installed software on the hosts. */
  readonly keep: boolean;
}

export class Run {
  readonly plan: RunPlan;
  readonly #keep: boolean;
  readonly #out = new RunOutput();
  readonly #story = new RunStory(this.#out);
  readonly #roster: Roster;
  readonly #barriers: RunBarriers;
  readonly #troubles = new RunTroubles();
  readonly #setUp: RunSetUp;
  readonly #shortage: RunShortage;
  readonly #tidying: RunTidying;
  #ending: RunEnding | undefined;
  #over = false;

  constructor(plan: RunPlan, settings: RunSettings) {
    this.plan = plan;
    this.#keep = settings.keep;
    this.#roster = new Roster(plan, settings.directory, settings.preferred);
    this.#barriers = new RunBarriers(plan, this.#roster, this.#out, () => this.#setUp.shareVariables());
    const parts = { roster: this.#roster, barriers: this.#barriers, story: this.#story, out: this.#out };
    this.#shortage = new RunShortage({ plan, ...parts });
    this.#setUp = new RunSetUp({ plan, ...parts, shortage: this.#shortage });
    this.#tidying = new RunTidying(plan, this.#roster, this.#out);
  }

  get members(): readonly Member[] {
    return this.#roster.members;
  }

  get over(): boolean {
    return this.#over;
  }

  /** A host's part in this run; undefined when it has none, or none any more. */
  member(host: HostId): Member | undefined {
    return this.#roster.member(host);
  }

  waits(now: RunsNow): RunWait[] {
    const parts = { plan: this.plan, roster: this.#roster, barriers: this.#barriers };
    const { movedMs } = this.#story;
    return this.#over ? [] : waitsOf({ ...parts, movedMs, isEnding: this.#isEnding() }, now);
  }

  /** `nowMs` of a clock that never goes back. */
  step(input: RunInput, nowMs: number): RunEffect[] {
    this.#out.begin(nowMs);
    if (this.#over) return [];
    if (this.#story.state === undefined) this.#open();
    this.#handle(input);
    this.#judgeShortage();
    this.#finishWhenDone();
    return this.#out.take();
  }

  #handle(input: RunInput): void {
    switch (input.kind) {
      case "start":
        return this.#start();
      case "timer":
        return this.#timer(input.name);
      case "end":
        return this.#endFromOutside(input.cause, input.reason);
      case "force":
        return this.#force(input.name);
      case "gathered":
        return this.#out.add(this.#ending?.gathered(input.problems) ?? []);
      case "hostConnected":
      case "hostNotConnected":
      case "hostProgress":
      case "hostOrphaned":
      case "hostBack":
      case "hostLost":
      case "report":
      case "failHost": {
        const member = this.#roster.member(input.host);
        // Hosts that are given up may still have something to say: it is heard no more.
        return member === undefined ? undefined : this.#handleHost(member, input);
      }
    }
  }

  #handleHost(member: Member, input: Extract<RunInput, { host: HostId }>): void {
    switch (input.kind) {
      case "hostConnected":
        if (member.phase === "connecting" && this.#ending === undefined) this.#setUp.connected(member);
        return;
      case "hostNotConnected":
        return this.#hostFailed(member, input.failure);
      case "hostProgress":
        return this.#story.progress(member, input.progress);
      case "hostOrphaned":
        return this.#orphaned(member, input.reason);
      case "hostBack":
        return this.#back(member);
      case "hostLost":
        return this.#lost(member, { step: "connection", reason: input.reason, unreachable: true });
      case "report":
        return this.#report(member, input.report);
      case "failHost":
        return this.#hostFailed(member, { step: "by hand", reason: input.reason, unreachable: false });
    }
  }

  /** Says what this is a run of, whatever comes first. */
  #open(): void {
    const { deadlineMs, durationMs } = this.plan;
    this.#story.open(this.plan);
    this.#out.setTimer("run", deadlineMs);
    if (durationMs !== undefined) this.#out.setTimer("duration", durationMs);
    this.#out.setTimer("waiting", WAITING_NOTICE_MS);
  }

  #start(): void {
    // Twice, or ended before it could start.
    if (this.#ending !== undefined || this.#story.state !== "matching") return;
    const shortages = this.#roster.matchAll();
    if (shortages.length > 0)
      return this.#fail(
        shortages.join("; "),
        "List more hosts in the resource directory, or lower num_hosts.",
      );
    const { components, members } = this.#roster;
    for (const { plan, hosts } of components) {
      const wanted = { min: plan.hostsMin, max: plan.hostsMax };
      const names = foldNames(hosts);
      this.#out.event({ event: "matching", component: plan.name, hosts: names, count: hosts.length, wanted });
    }
    this.#judgeBarriers();
    if (this.#isEnding()) return;
    this.#story.setState("connecting");
    for (const component of components) {
      this.#story.stage(component, "setting up the nodes");
      for (const host of component.hosts) this.#story.host(host, component.plan.name, "connecting");
    }
    this.#out.connect(members.map((member) => member.host));
  }

  #report(member: Member, report: Report): void {
    if ("run" in report && report.run !== this.plan.run) return;
    for (const body of eventsOfReport(member.host, member.component, report)) this.#out.event(body);
    if (this.#ending !== undefined) return this.#out.add(this.#ending.report(member, report));
    switch (report.kind) {
      case "prepared":
        return this.#setUp.prepared(member);
      case "prepareFailed":
        return this.#prepareFailed(member, report);
      case "barrierReached":
        if (member.phase === "executing") this.#barriers.reached(member, report.barrier);
        return this.#judgeBarriers();
      case "barrierMissed":
        this.#barriers.missed(member, report.barrier);
        return this.#judgeBarriers();
      case "hostEnded":
        return this.#hostEnded(member, report);
      case "blockEnded":
        if (report.outcome === "failed") this.#troubles.processFailed(member.host);
        return;
      case "stopped":
        // All its processes have ended, and have left nothing that runs.
        member.stopped = true;
        return;
      case "runEnded": // by itself (`cleansUp`)
        return this.#out.add(cleanedUp(member, report.problems));
      case "escalated":
        return this.#escalated(member, report.action, `${report.block}: ${report.reason}`);
      case "reportsDropped":
        // Among them may have been the one that is waited for.
        return this.#hostFailed(member, {
          step: "reports",
          reason: `${String(report.count)} of its reports are lost, so that nobody knows how it stands`,
          unreachable: false,
        });
      case "commandDropped":
        // It may have been the one that everything else depends on.
        return this.#hostFailed(member, { step: "commands", reason: report.reason, unreachable: false });
      case "distrusted":
      case "facts":
      case "passwordWanted":
      case "preparing":
      case "processStarted":
      case "processNotStarted":
      case "processExited":
      case "wholeOutput":
      case "processRestarting":
      case "health":
      case "collectable":
        return; // told as events, or of no meaning before the end
    }
  }

  #prepareFailed(member: Member, report: Extract<Report, { kind: "prepareFailed" }>): void {
    if (member.prepared || member.phase === "connecting") return;
    const step = report.software === "" ? report.step : `${report.step} of software '${report.software}'`;
    const remedy = report.step === "user" ? { remedy: ALLOW_USER } : {};
    this.#hostFailed(member, { step, reason: report.reason, ...remedy, unreachable: false });
  }

  #hostEnded(member: Member, report: Extract<Report, { kind: "hostEnded" }>): void {
    if (member.phase !== "executing") return;
    const { outcome } = report;
    member.outcome = outcome;
    if (outcome === "failed") this.#troubles.processFailed(member.host);
    const reason = report.reason === "" ? "a process failed" : `failed: ${report.reason}`;
    this.#story.setPhase(
      member,
      "ended",
      outcome,
      outcome === "failed" ? { step: "run", reason } : undefined,
    );
    this.#barriers.hostEnded(member);
    const component = this.#roster.componentOf(member);
    this.#story.stage(component, component.ended && component.serving === 0 ? "finished" : "running");
    this.#judgeBarriers();
  }

  #escalated(member: Member, action: "replace" | "abort", reason: string): void {
    if (action === "replace") return this.#hostFailed(member, { step: "run", reason, unreachable: false });
    this.#troubles.policyAborted();
    const short = `the exit policy aborts the run: ${member.host}`;
    const remedy = "Correct what failed, or the exit policy with the action abort.";
    this.#fail(`${short}: ${reason}`, remedy, { reason: short, isComplete: true });
  }

  /** A host whose work is done may go, unless others may still want something of it. */
  #lost(member: Member, failure: HostFailure): void {
    const { plan } = this.#roster.componentOf(member);
    if (this.#ending !== undefined || member.phase !== "ended" || plan.neededToTheEnd) {
      return this.#hostFailed(member, failure);
    }
    if (member.gone) return;
    member.gone = true;
    member.orphaned = false;
    this.#story.note(
      member.host,
      `lost after its work was done: ${failure.reason}`,
      "its client ends by itself and cleans up",
    );
    this.#out.giveUp(member.host, wordsOf(failure));
  }

  /** The host takes no more part: another one takes its place, or the component goes on without, or the run fails. */
  #hostFailed(member: Member, failure: HostFailure): void {
    const { host } = member;
    if (this.#ending !== undefined) {
      if (!member.gone) this.#out.giveUp(host, wordsOf(failure));
      return this.#out.add(this.#ending.lost(member, wordsOf(failure)));
    }
    this.#story.moved();
    this.#roster.noteFailure(host, failure);
    this.#setUp.forget(host);
    this.#story.host(host, member.component, "failed", failure);
    this.#out.giveUp(host, wordsOf(failure));
    this.#barriers.leave(host);
    const component = this.#roster.componentOf(member);
    const by = this.#roster.spareFor(component);
    if (by === undefined) this.#goOnWithout(component, member, failure);
    else this.#replace(member, by, failure);
    if (this.#ending === undefined) this.#setUp.startPrepared(component);
    this.#judgeBarriers();
  }

  #replace(member: Member, by: HostId, failure: HostFailure): void {
    const { host, component: name } = member;
    this.#roster.replace(member, by);
    this.#troubles.replaced(host);
    this.#out.event({ event: "replaced", component: name, host, by, reason: wordsOf(failure) });
    this.#story.host(by, name, "connecting");
    this.#out.connect([by]);
    this.#setUp.hostsChanged();
  }

  #goOnWithout(component: ComponentState, member: Member, failure: HostFailure): void {
    const { name } = component.plan;
    this.#roster.remove(member);
    this.#troubles.notReplaced(member.host, failure);
    this.#out.event({
      event: "replaced",
      component: name,
      host: member.host,
      by: null,
      reason: wordsOf(failure),
    });
    this.#setUp.hostsChanged();
    this.#shortage.lookAt(component);
  }

  #judgeShortage(): void {
    const shortage = this.#shortage.judge();
    if (shortage !== undefined) this.#fail(shortage.message, shortage.remedy, shortage.verdict);
  }

  #orphaned(member: Member, reason: string): void {
    if (member.gone || member.orphaned) return;
    member.orphaned = true;
    const remedy = "its processes go on; it counts as lost when it does not return in time";
    this.#story.note(member.host, `link lost: ${reason}`, remedy);
  }

  #back(member: Member): void {
    if (!member.orphaned) return;
    member.orphaned = false;
    this.#story.note(member.host, "link is back", "nothing was lost");
  }

  #force(name: string): void {
    if (this.#ending !== undefined) return;
    this.#barriers.force(name);
    const hosts = this.#roster.hostsOfBlock(name);
    if (hosts.length > 0) this.#out.command(hosts, { kind: "forceBlock", run: this.plan.run, block: name });
  }

  #judgeBarriers(): void {
    if (this.#ending !== undefined) return;
    const judged = this.#barriers.judge();
    if (judged === undefined) return;
    const { impossible: reason, why } = judged;
    const remedy = "Correct what failed above, or lower the max of the barrier.";
    this.#fail(`${reason}: ${why}`, remedy, { reason, isComplete: false });
  }

  #timer(name: string): void {
    if (name === ENDING_TIMER) return this.#out.add(this.#ending?.timer() ?? []);
    if (this.#ending !== undefined) return; // too late to matter
    const space = name.indexOf(" ");
    const purpose = space < 0 ? name : name.slice(0, space);
    const subject = space < 0 ? "" : name.slice(space + 1);
    if (purpose === TIDY_TIMER) return this.#beginEnding(ALL_FINISHED);
    if (purpose === "run") return this.#timeOut(this.#deadlineWords());
    if (purpose === "duration") return this.#endFromOutside("stop", "the run's duration is over");
    if (purpose === VARIABLES_TIMER) return this.#setUp.shareVariables();
    if (purpose === "waiting") return this.#noticeWaiting();
    if (purpose === SHORTAGE_TIMER) return this.#shortage.timeIsUp();
    if (purpose === "prepare") {
      const member = this.#roster.member(subject as HostId);
      const late = member !== undefined && this.#setUp.isLate(member);
      return late ? this.#hostFailed(member, NOT_PREPARED) : undefined;
    }
    const late = purpose === "barrier" ? this.#barriers.deadline(subject) : undefined;
    if (late !== undefined) this.#timeOut(late);
  }

  #noticeWaiting(): void {
    this.#out.setTimer("waiting", WAITING_NOTICE_MS);
    for (const notice of waitingNotices(this.#roster, this.#barriers, this.#story.movedMs, this.#out.nowMs)) {
      this.#out.event(notice);
    }
  }

  #deadlineWords(): string {
    const busy = this.#roster.members
      .filter((member) => member.phase !== "ended")
      .map((member) => member.host);
    const missing = busy.length === 0 ? "" : `; not finished: ${foldNames(busy)}`;
    return `the run's deadline of ${String(this.plan.deadlineMs / 1000)} s has passed${missing}`;
  }

  #endFromOutside(cause: EndCause, reason: string): void {
    if (cause === "timeout") return this.#timeOut(reason);
    this.#troubles.endedFromOutside(cause, reason);
    this.#beginEnding(reason);
  }

  #timeOut(reason: string): void {
    if (this.#ending !== undefined) return; // it has ended in time
    this.#troubles.timedOut(reason);
    this.#beginEnding(reason);
  }

  /** `verdict`: what the end says of it, when that is not the whole message. */
  #fail(
    message: string,
    remedy: string,
    verdict: FatalTrouble = { reason: message, isComplete: false },
  ): void {
    if (this.#ending !== undefined) return;
    this.#troubles.fatal(verdict);
    this.#out.event({ event: "problem", severity: "error", hosts: "", step: "run", message, remedy });
    this.#beginEnding(verdict.reason);
  }

  #beginEnding(reason: string): void {
    if (this.#ending !== undefined) return;
    for (const member of this.#roster.members) {
      this.#setUp.forget(member.host);
      if (member.phase !== "connecting") continue;
      this.#out.giveUp(member.host, "the run is ending");
      this.#roster.remove(member);
    }
    for (const timer of ["run", "duration", "waiting", TIDY_TIMER, VARIABLES_TIMER, SHORTAGE_TIMER])
      this.#out.clearTimer(timer);
    this.#barriers.clearTimers();
    this.#ending = new RunEnding(this.#roster.members, {
      run: this.plan.run,
      stopGraceMs: Math.max(0, ...this.plan.components.map((component) => component.stopGraceMs)),
      collect: !this.#troubles.interrupted,
      keep: this.#keep,
      reason,
      collectsOn: (member) => this.#roster.componentOf(member).plan.collects,
    });
    this.#out.add(this.#ending.begin());
  }

  #finishWhenDone(): void {
    const isDone = this.#story.state !== "matching" && this.#roster.workIsDone;
    if (this.#ending === undefined && isDone && !this.#tidying.isAwaited()) this.#beginEnding(ALL_FINISHED);
    if (this.#ending?.done !== true) return;
    this.#over = true;
    this.#out.add([{ kind: "ended", ...this.#troubles.conclude(this.#roster) }]);
  }

  #isEnding(): boolean {
    return this.#ending !== undefined;
  }
}
