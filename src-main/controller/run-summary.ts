// The summary of a run that its results folder keeps: for people and for programs. Pure.
import type { RunView } from "#shared/controller-api/controller-api.ts";
import { foldNames } from "#shared/node-set/node-set.ts";
import type { EndedHosts } from "./run-traffic.ts";

export interface SummaryParts {
  readonly view: RunView;
  readonly endState: string;
  readonly exitCode: number;
  readonly reason: string;
  readonly hosts: EndedHosts;
  readonly durationMs: number;
}

export function summaryText(parts: SummaryParts): string {
  const { view, hosts } = parts;
  const lines = [
    `run         ${view.run}`,
    `experiment  ${view.experiment}`,
    `started     ${view.startedAt}`,
    `took        ${(parts.durationMs / 1000).toFixed(1)} s`,
    `ended       ${parts.endState} (exit code ${String(parts.exitCode)}): ${parts.reason}`,
  ];
  for (const [name, set] of Object.entries(hosts) as [string, EndedHosts["failed"]][]) {
    if (set.length > 0) lines.push(`${name.padEnd(12)}${foldNames(set)}`);
  }
  for (const component of view.components) lines.push(`component   ${component.name}: ${component.hosts}`);
  for (const barrier of view.barriers) {
    lines.push(
      `barrier     ${barrier.name}: ${String(barrier.arrived)} of ${String(barrier.max)} arrived${barrier.released ? ", released" : ""}`,
    );
  }
  return `${lines.join("\n")}\n`;
}

export function summaryJson(parts: SummaryParts): string {
  const { view, hosts, endState: state, exitCode, reason, durationMs } = parts;
  return `${JSON.stringify({ version: 1, state, exitCode, reason, durationMs, hosts, run: view }, undefined, 2)}\n`;
}
