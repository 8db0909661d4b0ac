// Hosts that views show in detail: the controller measures them more often, and their past is kept here for lines.
import { createStore } from "zustand/vanilla";
import {
  METRICS_SAMPLES_MAX,
  WATCHED_HOSTS_MAX,
  type HostHistory,
  type MetricsSample,
  type MetricsView,
} from "#shared/controller-api/host-metrics.ts";

export interface PastMetricsState {
  readonly samples: ReadonlyMap<string, readonly MetricsSample[]>;
}

/** Of those that are watched, and of nobody else: bounded by what is on screen. */
export const pastMetricsStore = createStore<PastMetricsState>(() => ({ samples: new Map() }));

/** What is scrolled past is not asked for. */
const SETTLE_MS = 400;
/** Views come into sight and go out of it without a word. */
const LOOK_MS = 1000;
/** Before half of a minute is over, for which the controller goes on by itself. */
const AGAIN_MS = 20_000;

type Ask = (hosts: readonly string[]) => Promise<readonly HostHistory[]>;

interface Watcher {
  readonly hosts: readonly string[];
  readonly isShown: () => boolean;
}

const watchers = new Set<Watcher>();
let asks: Ask | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;
/** What was asked last, and when. */
let asked = { key: "", atMs: 0 };

/** Once, at the start: the way to the controller. */
export function startWatching(ask: Ask): void {
  asks = ask;
  plan(SETTLE_MS);
}

/** Until the function that is returned is called. */
export function watchHosts(hosts: readonly string[], isShown: () => boolean): () => void {
  const watcher = { hosts, isShown };
  watchers.add(watcher);
  plan(SETTLE_MS);
  return () => {
    watchers.delete(watcher);
    plan(SETTLE_MS);
  };
}

/** A controller that was started anew knows nothing of what was there before. */
export function forgetPastMetrics(): void {
  pastMetricsStore.setState({ samples: new Map() });
  asked = { key: "", atMs: 0 };
  plan(SETTLE_MS);
}

/** What hosts tell while they are watched goes behind their past. */
export function takeMetrics(
  told: readonly { readonly host: string; readonly metrics?: MetricsView | undefined }[],
): void {
  const { samples } = pastMetricsStore.getState();
  const news = told.flatMap(({ host, metrics }) => {
    const known = samples.get(host);
    return known === undefined || metrics === undefined || metrics.toldAt <= (known.at(-1)?.toldAt ?? 0)
      ? []
      : [[host, [...known, metrics].slice(-METRICS_SAMPLES_MAX)] as const];
  });
  if (news.length > 0) pastMetricsStore.setState({ samples: new Map([...samples, ...news]) });
}

function plan(delayMs: number): void {
  clearTimeout(timer);
  timer = setTimeout(() => void askNow(), delayMs);
}

async function askNow(): Promise<void> {
  const shown = [...watchers].filter(({ isShown }) => isShown()).flatMap(({ hosts }) => hosts);
  const hosts = [...new Set(shown)].slice(0, WATCHED_HOSTS_MAX);
  const key = hosts.join("\n");
  if (watchers.size > 0) plan(LOOK_MS);
  const isNew = key !== asked.key || performance.now() - asked.atMs > AGAIN_MS;
  if (asks === undefined || hosts.length === 0 || !isNew) return;
  asked = { key, atMs: performance.now() };
  try {
    const histories = await asks(hosts);
    pastMetricsStore.setState({
      samples: new Map(histories.map(({ host, samples }) => [host, samples])),
    });
  } catch {
    // The controller is gone: the window says so itself, and asks again when it is back.
  }
}
