// The few live lines at the bottom of a terminal while a run goes on.
import { neutraliseLine } from "#shared/output-text/neutralise-output.ts";
import { waitingText } from "./render-run.ts";
import type { ComponentModel, RunModel } from "./run-model.ts";
import { connectedCount, wantedCount } from "./run-progress.ts";
import type { Style } from "./style.ts";
import { durationText } from "./table.ts";
import { cutToWidth, padToWidth, widthOf } from "./text-width.ts";

/** Components shown with a line each; a screen's worth of output must stay visible above. */
const COMPONENT_LINES_MAX = 4;
const BARRIER_LINES_MAX = 2;
const BAR_COLUMNS = 12;

/** `nowMs` is the clock's time: events may be rare while time goes on. */
export function renderStatus(
  model: RunModel,
  nowMs: number,
  columns: number,
  rows: number,
  style: Style,
): readonly string[] {
  if (model.startedMs === undefined || model.end !== undefined) return [];
  const components = [...model.components.values()].filter((component) => component.stage !== "finished");
  const nameColumns = Math.max(0, ...components.map((component) => widthOf(component.name)));
  const lines = [
    headLine(model, nowMs, style),
    ...components
      .slice(0, COMPONENT_LINES_MAX)
      .map((component) => componentLine(model, component, nameColumns, style)),
    ...(components.length > COMPONENT_LINES_MAX
      ? [style.dim(`  and ${components.length - COMPONENT_LINES_MAX} more components`)]
      : []),
    ...barrierLines(model),
    ...waitingLines(model, nowMs, style),
  ];
  return lines.slice(0, Math.max(1, rows - 2)).map((line) => cutToWidth(line, columns - 1));
}

function headLine(model: RunModel, nowMs: number, style: Style): string {
  const elapsed = durationText(Math.max(0, nowMs - (model.startedMs ?? nowMs)));
  const counts = processCounts(model);
  const processes = [
    counts.running > 0 ? `${counts.running} running` : "",
    counts.succeeded > 0 ? style.green(`${counts.succeeded} ok`) : "",
    counts.stopped > 0 ? `${counts.stopped} stopped` : "",
    counts.failed > 0 ? style.red(`${counts.failed} failed`) : "",
  ].filter((part) => part !== "");
  const tail = processes.length === 0 ? "" : `  processes: ${processes.join(", ")}`;
  return `${style.bold(model.state)} ${elapsed}${tail}`;
}

export function processCounts(
  model: RunModel,
  component?: string,
): Record<"running" | "succeeded" | "failed" | "stopped", number> {
  const counts = { running: 0, succeeded: 0, failed: 0, stopped: 0 };
  for (const process of model.processes.values()) {
    if (component === undefined || process.component === component) counts[process.outcome] += 1;
  }
  return counts;
}

function componentLine(
  model: RunModel,
  component: ComponentModel,
  nameColumns: number,
  style: Style,
): string {
  const name = padToWidth(component.name, nameColumns, "right");
  const connected = connectedCount(model, component);
  const wanted = wantedCount(component);
  if (connected < wanted && component.stage !== "running") {
    return `  ${name}  ${bar(connected, wanted, style)} connected ${connected}/${wanted}`;
  }
  for (const [software, hosts] of component.installed) {
    if (hosts.size < wanted)
      return `  ${name}  ${bar(hosts.size, wanted, style)} ${neutraliseLine(software)} installed ${hosts.size}/${wanted}`;
  }
  const total = component.total > 0 ? component.total : wanted;
  if (component.stage === "running") {
    const { serving, done, failed } = component;
    const parts = [
      ...(serving > 0 ? [`serving ${serving}/${total}`] : []),
      ...(serving === 0 || done > 0 ? [`ended ${done}/${total}`] : []),
      ...(failed > 0 ? [style.red(`${failed} failed`)] : []),
    ];
    return `  ${name}  ${bar(done + serving, total, style)} running, ${parts.join(", ")}`;
  }
  const stage = component.stage === "" ? "connected" : component.stage;
  return `  ${name}  ${bar(component.done, total, style)} ${stage} ${component.done}/${total}`;
}

function bar(done: number, total: number, style: Style): string {
  const filled = total > 0 ? Math.min(BAR_COLUMNS, Math.floor((done / total) * BAR_COLUMNS)) : 0;
  return style.green("█".repeat(filled)) + style.dim("░".repeat(BAR_COLUMNS - filled));
}

function barrierLines(model: RunModel): readonly string[] {
  return [...model.barriers.values()]
    .filter((barrier) => barrier.state === "waiting")
    .slice(0, BARRIER_LINES_MAX)
    .map(
      (barrier) =>
        `  barrier ${neutraliseLine(barrier.barrier)}: ${barrier.arrived}/${barrier.max} hosts have arrived`,
    );
}

function waitingLines(model: RunModel, nowMs: number, style: Style): readonly string[] {
  const { waiting } = model;
  if (waiting === undefined) return [];
  const sinceMs = waiting.sinceMs + Math.max(0, nowMs - waiting.atMs);
  return [style.yellow(`  ${waitingText(waiting.for, waiting.hosts, sinceMs, waiting.deadlineMs)}`)];
}
