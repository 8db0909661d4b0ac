// The runs that the controller knows, and the one that the window is about: the last one of an application.
import { createStore } from "zustand/vanilla";
import type { RunView } from "#shared/controller-api/controller-api.ts";
import { lastOfApplication } from "#shared/host-query/part-in-run.ts";

export interface RunsState {
  readonly runs: ReadonlyMap<string, RunView>;
  readonly current: RunView | undefined;
}

const EMPTY: RunsState = { runs: new Map(), current: undefined };

export const runsStore = createStore<RunsState>(() => EMPTY);

export function forgetRuns(): void {
  runsStore.setState(EMPTY);
}

export function takeRuns(changed: readonly RunView[]): void {
  if (changed.length === 0) return;
  const runs = new Map(runsStore.getState().runs);
  for (const run of changed) runs.set(run.run, run);
  runsStore.setState({ runs, current: lastOfApplication(runs.values()) });
}

export function isOver(run: RunView): boolean {
  return run.verdict !== undefined;
}
