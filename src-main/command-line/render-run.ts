// What a run looks like to people: a fold of its events to lines. No I/O and no clock: time is an argument.
import { foldNames, parseNodeSet } from "#shared/node-set/node-set.ts";
import type {
  BarrierEvent,
  DeployingEvent,
  HostEvent,
  ProcessEvent,
  RunEvent,
} from "#shared/controller-api/run-events.ts";
import { createHostGrouping, type HostGroup } from "./group-by-hosts.ts";
import { helpLines } from "./help-lines.ts";
import { neutraliseLine, neutraliseOutput } from "#shared/output-text/neutralise-output.ts";
import { deployingText } from "./deploying-text.ts";
import { createOutputText } from "./render-output.ts";
import { renderSummary } from "./render-summary.ts";
import { applyRunEvent, createRunModel, exitText, outcomeOf, type RunModel } from "./run-model.ts";
import { createProgressTeller } from "./run-progress.ts";
import type { Style } from "./style.ts";
import { counted, durationText } from "./table.ts";

/** Problems of many hosts for the same reason come within moments of each other: this long they are collected, at most four times as long. */
export const GROUPING_MS = 250;
/** Different last words of a failed process that are shown for one group of hosts. */
const TAILS_SHOWN_MAX = 3;
/** A failure that was told more lines ago than fit on a small screen is told once more at the end. */
const LINES_REMEMBERED = 20;

export interface RunTextOptions {
  readonly style: Style;
  /** Columns of the terminal at this moment; undefined when there is none. */
  readonly columns: () => number | undefined;
  /** Progress on the way is in the status lines of a terminal. */
  readonly live: boolean;
  /** Only output, problems and the verdict. */
  readonly quiet: boolean;
  /** Every event. */
  readonly verbose: boolean;
  /** Output is shown folded at the end. */
  readonly fold: boolean;
}

export interface RunText {
  readonly model: RunModel;
  event(event: RunEvent, nowMs: number): readonly string[];
  /** To be called every so often: tells what was held back for grouping. */
  tick(nowMs: number): readonly string[];
  /** What is held back, folded output, and the summary. */
  end(): readonly string[];
}

interface Notice {
  readonly lines: (hosts: string, group: readonly string[]) => readonly string[];
  readonly isFailure?: boolean;
}

export function createRunText(options: RunTextOptions): RunText {
  const model = createRunModel();
  const notices = createHostGrouping<Notice>(GROUPING_MS);
  const progress = createProgressTeller(options.live);
  const output = createOutputText(options.style, options.verbose, options.fold);
  const context: Context = {
    options,
    model,
    notices,
    tailOf: (host, block) => output.tailOf(host, block),
    told: new Set(),
    replacedBy: new Map(),
    running: new Set(),
  };
  /** Lines since the first failure was told; undefined before that. */
  let linesSinceFailure: number | undefined;
  const told = (lines: readonly string[]): readonly string[] => {
    if (linesSinceFailure !== undefined) linesSinceFailure += lines.length;
    return lines;
  };
  const noticeLines = (groups: readonly HostGroup<Notice>[]): readonly string[] => {
    if (groups.some(({ detail }) => detail.isFailure)) linesSinceFailure ??= 0;
    return groups.flatMap((group) => group.detail.lines(group.folded, group.hosts));
  };

  return {
    model,
    event(event, nowMs) {
      applyRunEvent(model, event);
      if (event.event === "output") {
        progress.output(model, event.host, nowMs);
        return told(output.push(event, nowMs));
      }
      const lines = [...eventLines(context, event, nowMs)];
      if (!options.quiet) lines.push(...progress.event(model, event, nowMs));
      if (options.verbose) lines.push(options.style.dim(neutraliseLine(JSON.stringify(event))));
      return told(lines);
    },
    tick: (nowMs) =>
      told([
        ...output.tick(nowMs),
        ...noticeLines(notices.due(nowMs)),
        ...(options.quiet ? [] : progress.tick(nowMs)),
      ]),
    end() {
      const held = told([
        ...output.end(),
        ...noticeLines(notices.all()),
        ...(options.quiet ? [] : progress.end()),
      ]);
      const repeatFailures = linesSinceFailure !== undefined && linesSinceFailure > LINES_REMEMBERED;
      const { style, quiet } = options;
      return [...held, ...renderSummary(model, { style, columns: options.columns(), quiet, repeatFailures })];
    },
  };
}

interface Context {
  readonly options: RunTextOptions;
  readonly model: RunModel;
  readonly notices: { add(key: string, host: string, detail: Notice, nowMs: number): void };
  readonly tailOf: (host: string, block: string) => readonly string[];
  /** Hosts of which a failure was told already: their own "failed" would only repeat it. */
  readonly told: Set<string>;
  /** The host that took a host's place. */
  readonly replacedBy: Map<string, string>;
  /** Components of which it was told that they run. */
  readonly running: Set<string>;
}

function eventLines(
  context: Context,
  event: Exclude<RunEvent, { event: "output" }>,
  nowMs: number,
): readonly string[] {
  const { options } = context;
  switch (event.event) {
    case "run":
      if (event.application === undefined || options.quiet) return [];
      return [`run ${event.run} of ${neutraliseLine(event.experiment ?? event.application)}`];
    case "matching":
      return options.quiet ? [] : [`${event.component}: ${counted(event.count, "host")}: ${event.hosts}`];
    case "host":
      if (event.state === "failed" && !context.told.has(event.host)) {
        addHostFailure(context, event, nowMs);
      }
      return [];
    case "deploying":
      if (!context.options.quiet) addDeploying(context, event, nowMs);
      return [];
    case "software":
      if (event.state === "failed") {
        context.told.add(event.host);
        const step = `${event.step ?? "install"} of software '${event.software}'`;
        addHostFailure(context, { ...event, step }, nowMs);
      }
      return [];
    case "process":
      processNotice(context, event, nowMs);
      return [];
    case "barrier":
      return barrierLines(context, event);
    case "replaced":
      addReplaced(context, event, nowMs);
      return [];
    case "problem":
      addProblem(context, event, nowMs);
      return [];
    case "waiting":
      return options.live || options.quiet
        ? []
        : [waitingText(event.for, event.hosts, event.sinceMs, event.deadlineMs)];
    case "stage":
      if (event.stage !== "running" || options.quiet || context.running.has(event.component)) return [];
      context.running.add(event.component);
      return [runningText(event)];
    case "block":
    case "collected":
      return [];
  }
}

function runningText({ component, total, serving }: Extract<RunEvent, { event: "stage" }>): string {
  const what = serving === total ? "running as a service" : "running";
  return `${neutraliseLine(component)}: ${what} on ${counted(total, "host")}`;
}

function addHostFailure(
  context: Context,
  failure: Pick<HostEvent, "host" | "step" | "reason" | "remedy">,
  nowMs: number,
): void {
  const { host, step = "", reason = "", remedy = "" } = failure;
  const { style } = context.options;
  const where = step === "" ? "" : ` (${neutraliseLine(step)})`;
  const lines = (hosts: string): readonly string[] => [
    `${style.red("failed:")} ${hosts}${where}: ${reasonText(reason)}`,
    ...helpLines(remedy, style),
  ];
  context.notices.add(`host|${step}|${reason}|${remedy}`, host, { lines, isFailure: true }, nowMs);
}

function addDeploying(context: Context, { host, doing, what, bytes }: DeployingEvent, nowMs: number): void {
  const lines = (hosts: string): readonly string[] => [deployingText(hosts, doing, what, bytes)];
  context.notices.add(`deploying|${doing}|${what}`, host, { lines }, nowMs);
}

function processNotice(context: Context, event: ProcessEvent, nowMs: number): void {
  const { options, notices } = context;
  const { red, yellow, green } = options.style;
  const name = neutraliseLine(`${event.process} (${event.component})`);
  switch (event.state) {
    case "started":
      return;
    case "healthy":
      if (!options.quiet)
        notices.add(
          `healthy|${event.block}`,
          event.host,
          { lines: (hosts) => [`${green("healthy:")} ${name} on ${hosts}`] },
          nowMs,
        );
      return;
    case "unhealthy": {
      const reason = reasonText(event.reason ?? "");
      notices.add(
        `unhealthy|${event.block}|${reason}`,
        event.host,
        { lines: (hosts) => [`${yellow("unhealthy:")} ${name} on ${hosts}: ${reason}`] },
        nowMs,
      );
      return;
    }
    case "restarting": {
      const when = event.delayMs === undefined ? "" : ` in ${durationText(event.delayMs)}`;
      const lines = (hosts: string): readonly string[] => [
        `${yellow("restart:")} ${name} on ${hosts}${when} (attempt ${event.attempt})`,
      ];
      notices.add(`restarting|${event.block}|${event.attempt}`, event.host, { lines }, nowMs);
      return;
    }
    case "notStarted":
    case "exited": {
      if (outcomeOf(event) !== "failed") return;
      context.told.add(event.host);
      const how = reasonText(exitText(event));
      const lines = (folded: string, hosts: readonly string[]): readonly string[] => [
        `${red("failed:")} ${name} on ${folded}: ${how}`,
        ...lastWords(context, hosts, event.block),
      ];
      notices.add(`process|${event.block}|${how}`, event.host, { lines, isFailure: true }, nowMs);
    }
  }
}

/** The last lines of stderr, once for all hosts that say the same. */
function lastWords(context: Context, hosts: readonly string[], block: string): readonly string[] {
  const words = createHostGrouping<readonly string[]>(0);
  for (const host of hosts) {
    const tail = context.tailOf(host, block);
    if (tail.length > 0) words.add(tail.join("\n"), host, tail, 0);
  }
  const groups = words.all();
  const { dim } = context.options.style;
  const lines = groups.slice(0, TAILS_SHOWN_MAX).flatMap((group) => {
    const heading = groups.length > 1 ? [dim(`  ${group.folded} said:`)] : [];
    return [...heading, ...group.detail.map((line) => `  ${dim("|")} ${line}`)];
  });
  const more = groups.length - TAILS_SHOWN_MAX;
  return more > 0 ? [...lines, dim(`  (${counted(more, "other text")} not shown)`)] : lines;
}

function barrierLines(context: Context, event: BarrierEvent): readonly string[] {
  const { style, quiet } = context.options;
  const name = `barrier ${neutraliseLine(event.barrier)}`;
  const count = `${event.arrived}/${event.max} hosts`;
  const reason = event.reason === undefined ? "" : `: ${reasonText(event.reason)}`;
  switch (event.state) {
    case "reached":
      return [];
    case "released": {
      const waited = event.waitedMs === undefined ? "" : `, ${durationText(event.waitedMs)} after the first`;
      return quiet ? [] : [`${name} released: ${count}${waited}`];
    }
    case "forced":
      return [`${style.yellow("forced:")} ${name} with ${count}${reason}`];
    case "impossible":
      return []; // the error that ends the run says it, with the reason
    case "timedOut":
      return [`${style.red("failed:")} ${name} timed out with ${count}`]; // the last line has the reason
  }
}

/** In line with the failure that it answers, which may be held back for grouping and has told the reason. */
function addReplaced(context: Context, event: Extract<RunEvent, { event: "replaced" }>, nowMs: number): void {
  const { yellow, red } = context.options.style;
  const { host, by } = event;
  const { replacedBy } = context;
  if (by !== null) replacedBy.set(host, by);
  const lines = (hosts: string, group: readonly string[]): readonly string[] => [
    by === null
      ? `${red("given up:")} ${hosts}, no other host can take ${group.length === 1 ? "its place" : "their places"}`
      : `${yellow("replaced:")} ${hosts} by ${foldNames(group.map((one) => replacedBy.get(one) ?? ""))}`,
  ];
  const key = `${by === null ? "given up" : "replaced"}|${event.component}`;
  context.notices.add(key, host, { lines }, nowMs);
}

function addProblem(context: Context, event: Extract<RunEvent, { event: "problem" }>, nowMs: number): void {
  const { style, quiet, verbose } = context.options;
  if (event.severity === "note" && (quiet || !verbose)) return;
  const word = { error: style.red("error:"), warning: style.yellow("warning:"), note: style.dim("note:") }[
    event.severity
  ];
  const step = event.step === "" || event.step === "run" ? "" : ` (${neutraliseLine(event.step)})`;
  const lines = (hosts: string): readonly string[] => [
    `${word} ${hosts === "" ? "" : `${hosts}${step}: `}${reasonText(event.message)}`,
    ...helpLines(event.remedy, style),
  ];
  const key = `problem|${event.severity}|${event.step}|${event.message}`;
  for (const host of unfolded(event.hosts)) context.notices.add(key, host, { lines }, nowMs);
}

/** One empty name stands for "no host in particular". */
function unfolded(hosts: string): readonly string[] {
  const result = parseNodeSet(hosts);
  if (result.kind !== "ok" || result.set.size === 0) return [hosts];
  return result.set.names();
}

export function waitingText(what: string, hosts: string, sinceMs: number, deadlineMs: number | null): string {
  const where = hosts === "" ? "" : ` on ${hosts}`;
  const deadline = deadlineMs === null ? "" : ` (at most ${durationText(deadlineMs)})`;
  return `waiting for ${neutraliseLine(what)}${where}: ${durationText(sinceMs)}${deadline}`;
}

/** Words of hosts may have several lines: the following ones are indented. */
function reasonText(reason: string): string {
  const text = neutraliseOutput(reason).trim();
  return text === "" ? "no reason given" : text.replaceAll("\n", "\n    ");
}
