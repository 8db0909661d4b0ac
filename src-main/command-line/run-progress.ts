// Progress with counts ("clients: connected 7/10"): complete ones at once, the way there only now and then.
import type { RunEvent } from "#shared/controller-api/run-events.ts";
import { componentOf, type ComponentModel, type RunModel } from "./run-model.ts";

/** How often the way to completion is told where lines cannot be redrawn. */
export const PROGRESS_INTERVAL_MS = 2000;

/** That a component has ended is told when its hosts have been quiet for so long: their last output comes behind. */
const QUIET_MS = 300;
/** But no later than this, should others of its hosts never be quiet. */
const QUIET_MS_MAX = 3000;

interface Progress {
  readonly label: string;
  readonly done: number;
  readonly total: number;
  /** Behind the count. */
  readonly more?: string;
  /** Whether this is how far the set-up is, which nobody wants to hear once the component runs. */
  readonly kind: "set-up" | "ended" | "serving";
}

export interface ProgressTeller {
  event(model: RunModel, event: RunEvent, nowMs: number): readonly string[];
  /** Something was printed there. */
  output(model: RunModel, host: string, nowMs: number): void;
  tick(nowMs: number): readonly string[];
  /** What is held back. */
  end(): readonly string[];
}

interface Told {
  progress: Progress;
  toldDone: number;
  toldMs: number;
  /** When it is told that it is complete: held back until its output has come. */
  due: { atMs: number; readonly latestMs: number } | undefined;
}

/** With `onlyComplete` (a terminal shows the rest in its status lines) unfinished counts are never told. */
export function createProgressTeller(onlyComplete: boolean): ProgressTeller {
  const known = new Map<string, Told>();
  const tell = (told: Told, nowMs: number): string => {
    const { label, done, total, more } = told.progress;
    Object.assign(told, { toldDone: done, toldMs: nowMs, due: undefined });
    return `${label} ${done}/${total}${more ?? ""}`;
  };
  const note = (progress: Progress, nowMs: number): readonly string[] => {
    const before = known.get(progress.label);
    const told = before ?? { progress, toldDone: -1, toldMs: nowMs, due: undefined };
    known.set(progress.label, told);
    told.progress = progress;
    if (progress.done < progress.total) told.due = undefined;
    if (progress.done < progress.total || told.toldDone >= progress.done) return [];
    switch (progress.kind) {
      case "set-up":
        return [tell(told, nowMs)];
      case "serving":
        // Where services are all there is, "running" has said it.
        if (before !== undefined) return [tell(told, nowMs)];
        told.toldDone = progress.done;
        return [];
      case "ended":
        told.due ??= { atMs: nowMs + QUIET_MS, latestMs: nowMs + QUIET_MS_MAX };
        return [];
    }
  };
  return {
    event(model, event, nowMs) {
      if (event.event === "stage" && event.stage === "running") forgetSetUp(known, event.component);
      return progressOf(model, event).flatMap((progress) => note(progress, nowMs));
    },
    output(model, host, nowMs) {
      const due = known.get(endedLabel(model.hosts.get(host)?.component ?? ""))?.due;
      if (due !== undefined) due.atMs = Math.min(nowMs + QUIET_MS, due.latestMs);
    },
    tick(nowMs) {
      const lines: string[] = [];
      for (const told of known.values()) {
        if (told.due !== undefined) {
          if (nowMs >= told.due.atMs) lines.push(tell(told, nowMs));
          continue;
        }
        const { done } = told.progress;
        if (onlyComplete || done === told.toldDone || done === 0) continue;
        if (nowMs - told.toldMs >= PROGRESS_INTERVAL_MS) lines.push(tell(told, nowMs));
      }
      return lines;
    },
    end: () => [...known.values()].flatMap((told) => (told.due === undefined ? [] : [tell(told, 0)])),
  };
}

function endedLabel(component: string): string {
  return `${component}: ended`;
}

function forgetSetUp(known: Map<string, Told>, component: string): void {
  for (const [label, { progress }] of known) {
    if (label.startsWith(`${component}: `) && progress.kind === "set-up") known.delete(label);
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
          kind: "set-up",
        },
      ];
    }
    case "software": {
      const component = componentOf(model, event.component);
      const done = component.installed.get(event.software)?.size ?? 0;
      return [
        {
          label: `${component.name}: ${event.software} installed`,
          done,
          total: wantedCount(component),
          kind: "set-up",
        },
      ];
    }
    case "stage":
      return stageProgress(event);
    case "run":
    case "matching":
    case "deploying":
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

/** While it runs, the hosts that have ended are counted; before, those connected and installed are. */
function stageProgress(event: Extract<RunEvent, { event: "stage" }>): readonly Progress[] {
  const { component, stage, done, total, failed = 0, serving = 0 } = event;
  if (total <= 0 || (stage !== "running" && stage !== "finished")) return [];
  const more = failed > 0 ? `, ${failed} failed` : "";
  return [
    { label: endedLabel(component), done, total, more, kind: "ended" },
    { label: `${component}: serving`, done: serving, total, kind: "serving" },
  ];
}
