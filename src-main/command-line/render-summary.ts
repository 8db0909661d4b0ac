// The end of a run: a table for people, and the one JSON object of --output json.
import { foldNames } from "#shared/node-set/node-set.ts";
import { RUN_EVENTS_VERSION } from "#shared/controller-api/run-events.ts";
import { helpLines } from "./help-lines.ts";
import { neutraliseLine } from "#shared/output-text/neutralise-output.ts";
import type { ComponentModel, RunModel } from "./run-model.ts";
import type { Style } from "./style.ts";
import { durationText, renderTable } from "./table.ts";

export interface SummaryOptions {
  readonly style: Style;
  readonly columns: number | undefined;
  readonly quiet: boolean;
  /** What failed was told so long ago that it is told once more. */
  readonly repeatFailures: boolean;
}

interface FailureSummary {
  readonly hosts: string;
  readonly component: string | null;
  readonly step: string;
  readonly reason: string;
  readonly remedy: string;
}

export function renderSummary(model: RunModel, options: SummaryOptions): readonly string[] {
  const { style, quiet, repeatFailures } = options;
  const { end } = model;
  const verdict = end === undefined ? [] : [verdictLine(model, style)];
  const results = end?.results === undefined ? [] : [`results: ${end.results}`];
  if (quiet) return end?.exitCode === 0 ? [] : [...verdict, ...results];
  const failures = repeatFailures ? failureLines(model, style) : [];
  return [...tableLines(model, options), ...failures, ...results, ...verdict];
}

function tableLines(model: RunModel, { style, columns }: SummaryOptions): readonly string[] {
  if (model.components.size === 0) return [];
  const titles = [
    { title: "component" },
    { title: "hosts" },
    { title: "processes" },
    { title: "time", side: "right" as const },
  ];
  const rows = [...model.components.values()].map((component) => {
    return [
      neutraliseLine(component.name),
      hostsText(component),
      processesText(countsOf(model, component.name), style),
      timeOf(component),
    ];
  });
  return ["", ...renderTable(titles, rows, columns, style.bold)];
}

function countsOf(
  model: RunModel,
  component: string,
): { succeeded: number; failed: number; stopped: number } {
  const counts = { succeeded: 0, failed: 0, stopped: 0, running: 0 };
  for (const process of model.processes.values()) {
    if (process.component === component) counts[process.outcome] += 1;
  }
  // What never told its end was stopped with its host.
  return { succeeded: counts.succeeded, failed: counts.failed, stopped: counts.stopped + counts.running };
}

function processesText(counts: { succeeded: number; failed: number; stopped: number }, style: Style): string {
  const all = counts.succeeded + counts.failed + counts.stopped;
  const parts = [
    ...(counts.succeeded > 0 ? [style.green(`${counts.succeeded} ok`)] : []),
    ...(counts.failed > 0 ? [style.red(`${counts.failed} failed`)] : []),
    ...(counts.stopped > 0 ? [`${counts.stopped} stopped`] : []),
  ];
  return parts.length === 0 ? "none" : `${all}: ${parts.join(", ")}`;
}

/** Both columns start with their own number: there may be more processes than hosts. */
function hostsText(component: ComponentModel): string {
  const count = component.hosts.size === 0 ? component.count : component.hosts.size;
  return `${count}: ${hostsOf(component)}`;
}

function hostsOf(component: ComponentModel): string {
  return component.hosts.size === 0 ? component.matched : foldNames(component.hosts);
}

function timeOf(component: ComponentModel): string {
  if (component.startedMs === undefined || component.lastMs === undefined) return "-";
  return durationText(component.lastMs - component.startedMs);
}

function failureLines(model: RunModel, style: Style): readonly string[] {
  return failuresOf(model).flatMap(({ hosts, component, step, reason, remedy }) => {
    const which = component === null ? "" : ` of ${neutraliseLine(component)}`;
    const when = step === "" || step === "run" ? "" : ` (${neutraliseLine(step)})`;
    return [
      `${style.red("failed:")} ${hosts}${which}${when}: ${neutraliseLine(reason)}`,
      ...helpLines(remedy, style),
    ];
  });
}

/** Hosts with the same component, step and reason together. A host's failed processes say more than "a process failed". */
function failuresOf(model: RunModel): readonly FailureSummary[] {
  const processes = failedProcesses(model);
  const groups = new Map<string, { names: string[]; failure: Omit<FailureSummary, "hosts"> }>();
  for (const [name, host] of model.hosts) {
    if (host.failure === undefined) continue;
    const component = host.component ?? null;
    const told = processes.get(name);
    const failure =
      told === undefined
        ? { component, ...host.failure }
        : { component, step: "run", reason: told, remedy: "" };
    const key = JSON.stringify(failure);
    const group = groups.get(key) ?? { names: [], failure };
    group.names.push(name);
    groups.set(key, group);
  }
  return [...groups.values()].map(({ names, failure }) => ({ hosts: foldNames(names), ...failure }));
}

/** host → "work: exit status 3; sum up: killed by SIGKILL". */
function failedProcesses(model: RunModel): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  for (const { host, process, outcome, detail } of model.processes.values()) {
    if (outcome !== "failed") continue;
    const before = texts.get(host);
    texts.set(host, `${before === undefined ? "" : `${before}; `}${process}: ${detail}`);
  }
  return texts;
}

function verdictLine(model: RunModel, style: Style): string {
  const { end } = model;
  if (end === undefined) return "";
  const time = end.durationMs === undefined ? "" : ` after ${durationText(end.durationMs)}`;
  const reason = end.reason === "" ? "" : `: ${neutraliseLine(end.reason)}`;
  if (end.exitCode === 0) return `${style.green(end.state)}${time}${reason}`;
  return `${style.red(end.state)}${time}${reason} (exit code ${end.exitCode})`;
}

/** The object of `--output json`: documented in docs/run-events.md, versioned with the events. */
export function summaryObject(model: RunModel): Record<string, unknown> {
  const { end } = model;
  return {
    version: RUN_EVENTS_VERSION,
    run: model.run,
    state: model.state,
    exitCode: end?.exitCode ?? null,
    reason: end?.reason ?? "",
    application: model.application ?? null,
    experiment: model.experiment ?? null,
    durationMs: end?.durationMs ?? null,
    results: end?.results ?? null,
    hosts: end?.hosts ?? null,
    components: [...model.components.values()].map((component) => ({
      name: component.name,
      hosts: hostsOf(component),
      count: component.hosts.size,
      processes: countsOf(model, component.name),
    })),
    processes: [...model.processes.values()]
      .filter((process) => process.outcome === "failed")
      .map(({ host, block, process, attempt, detail }) => ({ host, block, process, attempt, detail })),
    failures: failuresOf(model),
    barriers: [...model.barriers.values()],
    replaced: model.replaced,
    collected: model.collected,
  };
}
