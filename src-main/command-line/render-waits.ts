// What `info waiting` shows: what the run waits for, for whom and until when, and what happens then; pure.
import type { RunWait } from "#shared/controller-api/run-waits.ts";
import { neutraliseLine } from "#shared/output-text/neutralise-output.ts";
import type { ViewOptions } from "./shell-views.ts";
import { durationText } from "./table.ts";

export function renderWaits(waits: readonly RunWait[], { style: { bold } }: ViewOptions): readonly string[] {
  if (waits.length === 0) return ["nothing waits: no run is going on"];
  return waits.flatMap((wait) => {
    const { what, hosts, count, doing, waiting, waitingCount, blocked, sinceMs, deadlineMs, then } = wait;
    const left = deadlineMs === null ? "" : `, ${durationText(deadlineMs)} left`;
    return [
      `${bold(neutraliseLine(what))}: since ${durationText(sinceMs)}${left}`,
      ...(doing.length > 0
        ? doing.map((one) => `  missing: ${one.hosts} (${String(one.count)}): ${neutraliseLine(one.words)}`)
        : count > 0
          ? [`  for ${hosts} (${String(count)})`]
          : []),
      ...(waitingCount > 0 ? [`  stand still: ${waiting} (${String(waitingCount)})`] : []),
      ...(blocked.length > 0 ? [`  after it: ${blocked.map(neutraliseLine).join(", ")}`] : []),
      ...(then === "" ? [] : [`  then: ${then}`]),
    ];
  });
}
