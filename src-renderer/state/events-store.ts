// The last events of all runs, without output, and the problems among them, joined by what they say.
import { createStore } from "zustand/vanilla";
import type { RunEvent } from "#shared/controller-api/run-events.ts";
import { foldNames, parseNodeSet } from "#shared/node-set/node-set.ts";

/** Kept in the window; all of them are in the run's results. */
const EVENTS_MAX = 5000;

export type TimedEvent = Exclude<RunEvent, { event: "output" }>;

export interface RunProblem {
  readonly run: string;
  readonly severity: "error" | "warning" | "note";
  readonly step: string;
  readonly message: string;
  readonly remedy: string;
  /** A folded node set; "" when it is about no host. */
  readonly hosts: string;
  readonly count: number;
  readonly time: string;
}

export interface EventsState {
  /** Oldest first. */
  readonly events: readonly TimedEvent[];
  readonly dropped: number;
  /** Newest first; the same words about several hosts are one. */
  readonly problems: readonly RunProblem[];
  /** What a run is waiting for now, by run and what. */
  readonly waiting: readonly Extract<TimedEvent, { event: "waiting" }>[];
}

const EMPTY: EventsState = { events: [], dropped: 0, problems: [], waiting: [] };

export const eventsStore = createStore<EventsState>(() => EMPTY);

export function forgetEvents(): void {
  eventsStore.setState(EMPTY);
}

export function takeEvents(batch: readonly RunEvent[]): void {
  const fresh = batch.filter((event) => event.event !== "output");
  if (fresh.length === 0) return;
  const state = eventsStore.getState();
  const all = [...state.events, ...fresh];
  const events = all.slice(-EVENTS_MAX);
  const problems = withProblems(state.problems, fresh);
  const waiting = fresh.reduce(withWaiting, state.waiting);
  eventsStore.setState({ events, dropped: state.dropped + all.length - events.length, problems, waiting });
}

/** Thousands of hosts may fail in one batch: their names are put together once for each reason. */
function withProblems(problems: readonly RunProblem[], fresh: readonly TimedEvent[]): readonly RunProblem[] {
  const byReason = new Map<string, { last: RunProblem; readonly names: Set<string> }>();
  for (const event of fresh) {
    const found = problemOf(event);
    if (found === undefined) continue;
    const key = reasonOf(found);
    const same = byReason.get(key) ?? { last: found, names: new Set() };
    same.last = found;
    for (const name of namesOf(found.hosts)) same.names.add(name);
    byReason.set(key, same);
  }
  if (byReason.size === 0) return problems;
  const known = problems.map((problem) => {
    const more = byReason.get(reasonOf(problem));
    byReason.delete(reasonOf(problem));
    return more === undefined ? problem : onHosts(more.last, [...namesOf(problem.hosts), ...more.names]);
  });
  const added = [...byReason.values()].map(({ last, names }) => onHosts(last, names));
  return [...added.toReversed(), ...known];
}

function reasonOf({ run, step, message }: RunProblem): string {
  return JSON.stringify([run, step, message]);
}

function onHosts(problem: RunProblem, hosts: Iterable<string>): RunProblem {
  const names = new Set(hosts);
  return { ...problem, hosts: foldNames(names), count: names.size };
}

function problemOf(event: TimedEvent): RunProblem | undefined {
  const { run, time } = event;
  if (event.event === "problem") {
    const { severity, step, message, remedy, hosts } = event;
    return { run, time, severity, step, message, remedy, hosts, count: namesOf(hosts).length };
  }
  if (event.event === "block" && event.outcome === "failed") {
    const { host, block, reason } = event;
    const step = block.split("/")[0] ?? block;
    return { run, time, severity: "error", step, message: reason, remedy: "", hosts: host, count: 1 };
  }
  if (event.event === "host" && event.state === "failed") {
    const { host, step = "", reason = "failed", remedy = "" } = event;
    return { run, time, severity: "error", step, message: reason, remedy, hosts: host, count: 1 };
  }
  return undefined;
}

function withWaiting(
  waiting: EventsState["waiting"],
  event: TimedEvent,
): readonly Extract<TimedEvent, { event: "waiting" }>[] {
  if (event.event === "run") return waiting.filter((one) => one.run !== event.run);
  if (event.event === "barrier" && event.state !== "reached")
    return waiting.filter((one) => one.run !== event.run || !one.for.includes(event.barrier));
  if (event.event !== "waiting") return waiting;
  return [event, ...waiting.filter((one) => one.run !== event.run || one.for !== event.for)];
}

function namesOf(folded: string): readonly string[] {
  if (folded === "") return [];
  const parsed = parseNodeSet(folded);
  return parsed.kind === "ok" ? parsed.set.names() : [folded];
}
