// When each block began and ended on each host, of the last runs: from their events, and asked for where this window came later.
import { createStore } from "zustand/vanilla";
import { BlockSpans, type BlockSpan } from "#shared/controller-api/block-spans.ts";
import type { RunEvent } from "#shared/controller-api/run-events.ts";

export interface SpansState {
  readonly runs: ReadonlyMap<string, BlockSpans>;
  /** Raised with each change: the folds change in place. */
  readonly version: number;
}

/** A few commands may come between two runs of an application. */
const RUNS_MAX = 8;

export const spansStore = createStore<SpansState>(() => ({ runs: new Map(), version: 0 }));

export function forgetSpans(): void {
  spansStore.setState({ runs: new Map(), version: 0 });
}

export function takeSpanEvents(events: readonly RunEvent[]): void {
  let { runs } = spansStore.getState();
  let hasChanged = false;
  for (const event of events) {
    if (event.event === "output") continue;
    const begins = event.event === "run" && event.state === "matching";
    if (begins && !runs.has(event.run)) runs = withRun(runs, event.run, new BlockSpans());
    const spans = runs.get(event.run);
    if (spans === undefined) continue;
    spans.add(event);
    hasChanged = true;
  }
  if (hasChanged) spansStore.setState({ runs, version: spansStore.getState().version + 1 });
}

/** What the controller knows of a run. */
export function takeSpans(run: string, known: readonly BlockSpan[]): void {
  const { runs, version } = spansStore.getState();
  const spans = new BlockSpans();
  for (const span of known) spans.put(span);
  spansStore.setState({ runs: withRun(runs, run, spans), version: version + 1 });
}

function withRun(
  runs: ReadonlyMap<string, BlockSpans>,
  run: string,
  spans: BlockSpans,
): ReadonlyMap<string, BlockSpans> {
  return new Map([...runs, [run, spans] as const].slice(-RUNS_MAX));
}
