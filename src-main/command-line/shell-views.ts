// What `info` shows in the shell: hosts, one host, the controller (the overlay: render-mesh.ts); pure.
import { LINK_WAY_WORDS } from "#shared/base/link-way.ts";
import { foldNames } from "#shared/node-set/node-set.ts";
import type { ApplicationSummary, ControlView, HostView } from "#shared/controller-api/controller-api.ts";
import { METRIC_NAMES, METRIC_TITLES, metricLines, metricOf } from "#shared/host-query/metrics-text.ts";
import { metricRangeText, type MetricName } from "#shared/host-query/metrics-text.ts";
import { neutraliseLine } from "#shared/output-text/neutralise-output.ts";
import type { Style } from "./style.ts";
import { durationText, renderTable } from "./table.ts";

export interface ViewOptions {
  readonly style: Style;
  readonly columns: number | undefined;
}

/** Hosts that agree in everything but metrics share a row; the order is that of the first of each. */
export function renderHosts(hosts: readonly HostView[], { style, columns }: ViewOptions): readonly string[] {
  if (hosts.length === 0) return ["no hosts: load a directory with `use DIRECTORY.xml`"];
  const rows = new Map<string, { group: HostView[]; cells: readonly string[] }>();
  for (const host of hosts) {
    const cells = [
      host.managerType,
      host.groups.join(","),
      host.component ?? "-",
      host.state,
      host.reason,
    ].map(neutraliseLine);
    const key = cells.join("\n");
    const row = rows.get(key) ?? { group: [], cells };
    row.group.push(host);
    rows.set(key, row);
  }
  const shown = METRIC_NAMES.filter((name) =>
    hosts.some((host) => metricOf(host.metrics, name) !== undefined),
  );
  const titles = [
    ...["hosts", "count", "type", "groups", "component", "state"],
    ...shown.map((name) => METRIC_TITLES[name]),
    "reason",
  ].map((title) => ({ title }));
  const table = [...rows.values()].map(({ group, cells }) => [
    foldNames(group.map(({ host }) => host)),
    String(group.length),
    ...cells.slice(0, -1),
    ...shown.map((name) => metricRangeText(name, knownOf(group, name))),
    cells.at(-1) ?? "",
  ]);
  return renderTable(titles, table, columns, style.bold);
}

function knownOf(hosts: readonly HostView[], name: MetricName): readonly number[] {
  return hosts.flatMap(({ metrics }) => metricOf(metrics, name) ?? []);
}

export function renderHost(host: HostView, { style }: ViewOptions): readonly string[] {
  const { client } = host;
  const facts: (readonly [string, string])[] = [
    ["host", host.host],
    ["address", host.address],
    ["type", host.managerType],
    ["groups", host.groups.join(", ")],
    ["site", host.site ?? "-"],
    ["component", host.component ?? "-"],
    ["state", host.sinceMs === 0 ? host.state : `${host.state} for ${durationText(host.sinceMs)}`],
    ...(host.reason === "" ? [] : [["reason", host.reason] as const]),
    [
      "client",
      client === undefined
        ? "none"
        : `pid ${client.pid}, Node ${client.node} on ${client.platform}, in ${client.directory}`,
    ],
    ...(client === undefined
      ? []
      : [["link", client.way === undefined ? "none" : LINK_WAY_WORDS[client.way]] as const]),
    ...(host.metrics === undefined
      ? []
      : metricLines(host.metrics).map(({ title, text }) => [title, text] as const)),
    ...host.processes.map(
      (process) =>
        ["process", `${process.process} (${process.block}), pid ${process.pid}: ${process.state}`] as const,
    ),
  ];
  return factLines(facts, style);
}

export function renderControl(control: ControlView, { style, columns }: ViewOptions): readonly string[] {
  const { run } = control;
  const facts = factLines(
    [
      ["session", control.session],
      ["application", control.application ?? "none: load APPLICATION.xml"],
      ["directory", control.directory ?? "none: use DIRECTORY.xml"],
      ["run", run === undefined ? "none" : `${run.run}: ${run.state}, started ${run.startedAt}`],
      ...(run === undefined ? [] : [["results", run.results] as const]),
    ],
    style,
  );
  if (run === undefined) return facts;
  const titles = ["component", "hosts", "stage", "connected", "prepared", "ended", "failed"].map((title) => ({
    title,
  }));
  const rows = run.components.map((component) => [
    neutraliseLine(component.name),
    component.hosts,
    component.stage,
    String(component.connected),
    String(component.prepared),
    String(component.ended),
    String(component.failed),
  ]);
  const barriers = run.barriers.map(
    (barrier) =>
      `barrier ${neutraliseLine(barrier.name)}: ${barrier.arrived}/${barrier.max}${barrier.released ? ", released" : ""}`,
  );
  const { running, succeeded, failed } = run.processes;
  return [
    ...facts,
    "",
    ...renderTable(titles, rows, columns, style.bold),
    ...barriers,
    `processes: ${running} running, ${succeeded} ok, ${failed} failed`,
  ];
}

/** What Plush printed after `load`: the project's name and counted lists. */
export function renderApplication(
  application: ApplicationSummary,
  { style }: ViewOptions,
): readonly string[] {
  const list = (names: readonly string[]): string =>
    names.length === 0 ? "none" : `${names.length}: ${names.map(neutraliseLine).join(", ")}`;
  return factLines(
    [
      ["project", application.project],
      ["components", list(application.components)],
      ["software", list(application.software)],
      ["experiment", application.experiment ?? "none (it cannot be run)"],
      ...(application.barriers.length === 0 ? [] : [["barriers", list(application.barriers)] as const]),
    ],
    style,
  );
}

export function factLines(facts: readonly (readonly [string, string])[], style: Style): readonly string[] {
  const width = Math.max(...facts.map(([name]) => name.length));
  return facts.map(([name, value]) =>
    `${style.bold(name.padEnd(width))}  ${neutraliseLine(value)}`.trimEnd(),
  );
}
