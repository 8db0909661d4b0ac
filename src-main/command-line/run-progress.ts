// Progress with counts ("clients: connected 7/10"): complete ones at once, the way there only now and then.
import type { RunEvent } from "#shared/controller-api/run-events.ts";
import { componentOf, type ComponentModel, type RunModel } from "./run-model.ts";

/** How often the way to completion is told where lines cannot be redrawn. */
export const PROGRESS_INTERVAL_MS = 2000;

const FINISHED = ": finished";

export interface Progress {
  readonly label: string;
  readonly done: number;
  readonly total: number;
}

export interface ProgressTeller {
  event(model: RunModel, event: RunEvent, nowMs: number): readonly string[];
  tick(nowMs: number): readonly string[];
}

interface Told {
  done: number;
  total: number;
  toldDone: number;
  toldMs: number;
}

/** With `onlyComplete` (a terminal shows the rest in its status lines) unfinished counts are never told. */
export function createProgressTeller(onlyComplete: boolean): ProgressTeller {
  const known = new Map<string, Told>();
  return {
    event(model, event, nowMs) {
      if (event.event === "stage" && event.stage === "running") forgetSetUp(known, event.component);
      return progressOf(model, event).flatMap(({ label, done, total }) => {
        const told = known.get(label) ?? { done, total, toldDone: -1, toldMs: nowMs };
        known.set(label, told);
        told.done = done;
        told.total = total;
        if (done < total || told.toldDone >= done) return [];
        told.toldDone = done;
        told.toldMs = nowMs;
        return [`${label} ${done}/${total}`];
      });
    },
    tick(nowMs) {
      if (onlyComplete) return [];
      const lines: string[] = [];
      for (const [label, told] of known) {
        if (told.done === told.toldDone || told.done === 0 || nowMs - told.toldMs < PROGRESS_INTERVAL_MS)
          continue;
        told.toldDone = told.done;
        told.toldMs = nowMs;
        lines.push(`${label} ${told.done}/${told.total}`);
      }
      return lines;
    },
  };
}

/** Once a component runs, nobody wants to hear how far its set-up got. */
function forgetSetUp(known: Map<string, Told>, component: string): void {
  for (const label of known.keys()) {
    if (label.startsWith(`${component}: `) && !label.endsWith(FINISHED)) known.delete(label);
  }
}

/** How many of the component's hosts have a client that answers. */
export function connectedCount(model: RunModel, component: ComponentModel): number {
  let count = 0;
  for (const name of component.hosts) {
    const state = model.hosts.get(name)?.state;
    if (state !== undefined && state !== "disconnected" && state !== "connecting" && state !== "failed")
      count += 1;
  }
  return count;
}

export function wantedCount(component: ComponentModel): number {
  return component.count > 0 ? component.count : Math.max(component.total, component.hosts.size);
}

function progressOf(model: RunModel, event: RunEvent): readonly Progress[] {
  switch (event.event) {
    case "host": {
      if (event.component === null || (event.state !== "idle" && event.state !== "preparing node")) return [];
      const component = componentOf(model, event.component);
      return [
        {
          label: `${component.name}: connected`,
          done: connectedCount(model, component),
          total: wantedCount(component),
        },
      ];
    }
    case "software": {
      const component = componentOf(model, event.component);
      const done = component.installed.get(event.software)?.size ?? 0;
      return [
        { label: `${component.name}: ${event.software} installed`, done, total: wantedCount(component) },
      ];
    }
    case "stage": {
      // While it runs, the hosts that have ended are counted; before, those connected and installed are.
      if (event.total <= 0 || (event.stage !== "running" && event.stage !== "finished")) return [];
      return [{ label: `${event.component}${FINISHED}`, done: event.done, total: event.total }];
    }
    case "run":
    case "matching":
    case "process":
    case "output":
    case "barrier":
    case "block":
    case "replaced":
    case "collected":
    case "problem":
    case "waiting":
      return [];
  }
}
