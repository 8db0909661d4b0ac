// What has happened before a window was there: another window of the session tells it, so that a torn-off tab begins with it.
import type { RunEvent } from "#shared/controller-api/run-events.ts";
import { eventsStore, takeEvents, type EventsState } from "./events-store.ts";
import { outputStore, takeOutput, type OutputState } from "./output-texts-store.ts";
import { treeHistoryStore, type TreeHistory } from "./tree-history-store.ts";

export interface Past {
  readonly events: EventsState;
  readonly output: OutputState;
  readonly tree: TreeHistory;
  /** The last event in it. */
  readonly last: RunEvent | undefined;
}

/** Each window is told what happens ten times a second: by then this one has what the other had. */
const APPLY_DELAY_MS = 300;
/** Nobody has answered: there is no other window. */
const PATIENCE_MS = 3000;

let last: RunEvent | undefined;
/** What this window was told itself while it waits for the past; undefined: it does not wait. */
let own: RunEvent[] | undefined;

export function noteEvents(events: readonly RunEvent[]): void {
  last = events.at(-1) ?? last;
  own?.push(...events);
}

export function pastHere(): Past {
  return {
    events: eventsStore.getState(),
    output: outputStore.getState(),
    tree: treeHistoryStore.getState(),
    last,
  };
}

export function awaitPast(): void {
  own = [];
  setTimeout(() => (own = undefined), PATIENCE_MS);
}

/** The past of the other window, and behind it what only this one was told. */
export function takePast(past: Past): void {
  setTimeout(() => {
    if (own === undefined) return;
    const told = own;
    own = undefined;
    const key = JSON.stringify(past.last);
    const rest = told.slice(told.findLastIndex((event) => JSON.stringify(event) === key) + 1);
    eventsStore.setState(past.events);
    outputStore.setState(past.output);
    treeHistoryStore.setState(past.tree);
    takeEvents(rest);
    takeOutput(rest);
  }, APPLY_DELAY_MS);
}
