// What hosts were in the application's last run, once that is over: they take part in none then, and people want to see it.
import type { RunView } from "../controller-api/controller-api.ts";
import { parseNodeSet } from "../node-set/node-set.ts";
import type { HostOutcome } from "./host-mark.ts";

export interface PartInRun {
  readonly component: string | undefined;
  readonly outcome: HostOutcome | undefined;
}

/** A command on hosts is a run, too, and has no stages to show: its answers are shown where it was given. */
export function isOfApplication(run: RunView): boolean {
  return run.components.length > 0 && run.experiment !== "command";
}

export function lastOfApplication(runs: Iterable<RunView>): RunView | undefined {
  return [...runs].findLast(isOfApplication);
}

/** By host; empty while the run goes on. */
export function partsInRun(run: RunView | undefined): ReadonlyMap<string, PartInRun> {
  const parts = new Map<string, PartInRun>();
  if (run?.outcomes === undefined) return parts;
  const { succeeded, failed, unreachable, replaced } = run.outcomes;
  const ended = new Map<string, HostOutcome>([
    ...namesIn(succeeded).map((name) => [name, "finished"] as const),
    ...[failed, unreachable, replaced].flatMap(namesIn).map((name) => [name, "failed"] as const),
  ]);
  for (const component of run.components)
    for (const name of namesIn(component.hosts))
      parts.set(name, { component: component.name, outcome: ended.get(name) });
  for (const [name, outcome] of ended)
    if (!parts.has(name)) parts.set(name, { component: undefined, outcome });
  return parts;
}

function namesIn(folded: string): readonly string[] {
  const parsed = parseNodeSet(folded);
  return parsed.kind === "ok" ? parsed.set.names() : [];
}
