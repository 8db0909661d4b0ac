// When blocks began and ended: a row of bars for each host, or, for many hosts, a band for each block with its stragglers. Pure.
import type { BlockSpan, SpanState } from "#shared/controller-api/block-spans.ts";
import { compareNames } from "#shared/node-set/node-set.ts";
import type { MatrixColumn, MatrixHost, SpansOf } from "./matrix-layout.ts";

/** More rows than that are not read one by one. */
export const ROWS_MAX = 50;
const STRAGGLERS_MAX = 5;
/** When so many have ended, those that have not are waited for. */
const MOST = 0.9;

export interface Bar {
  readonly key: string;
  readonly name: string;
  readonly kind: MatrixColumn["kind"];
  readonly startMs: number;
  /** Undefined while it goes on. */
  readonly endMs: number | undefined;
  readonly state: SpanState;
  readonly reason: string;
}

export interface HostBars {
  readonly host: string;
  readonly bars: readonly Bar[];
}

export interface Band {
  readonly key: string;
  readonly name: string;
  readonly kind: MatrixColumn["kind"];
  readonly count: number;
  readonly running: number;
  readonly failed: number;
  readonly firstStartMs: number;
  readonly medianStartMs: number;
  /** Of those that have ended; undefined while none has. */
  readonly medianEndMs: number | undefined;
  readonly p99EndMs: number | undefined;
  /** Undefined while some go on. */
  readonly lastEndMs: number | undefined;
  /** How long it took, of those that have ended. */
  readonly medianMs: number | undefined;
  readonly p99Ms: number | undefined;
  /** Those that most are waiting for, or that were the last; the slowest first. */
  readonly stragglers: readonly { readonly host: string; readonly tookMs: number | undefined }[];
}

interface Timed {
  readonly host: string;
  readonly span: BlockSpan;
  readonly startMs: number;
  readonly endMs: number | undefined;
}

type TimeOf = (time: string) => number;

export function hostBars(
  hosts: readonly MatrixHost[],
  columns: readonly MatrixColumn[],
  spansOf: SpansOf,
  timeOf: TimeOf,
): readonly HostBars[] {
  return hosts
    .map(({ name }) => ({
      host: name,
      bars: columns.flatMap((column): Bar[] => {
        const timed = timedOf(name, spansOf(name)?.get(column.key), timeOf);
        if (timed === undefined) return [];
        const { startMs, endMs, span } = timed;
        const { key, name: title, kind } = column;
        return [{ key, name: title, kind, startMs, endMs, state: span.state, reason: span.reason }];
      }),
    }))
    .filter(({ bars }) => bars.length > 0)
    .toSorted((left, right) => compareNames(left.host, right.host));
}

export function bandsOf(
  hosts: readonly MatrixHost[],
  columns: readonly MatrixColumn[],
  spansOf: SpansOf,
  timeOf: TimeOf,
): readonly Band[] {
  return columns.flatMap((column): Band[] => {
    const all = hosts.flatMap(({ name }) => timedOf(name, spansOf(name)?.get(column.key), timeOf) ?? []);
    if (all.length === 0) return [];
    const there = new Set(all.map(({ host }) => host));
    const missing = hosts.filter(
      ({ name, component }) => !there.has(name) && column.components.some((one) => one === component),
    );
    return [bandOf(column, all, missing)];
  });
}

function bandOf(
  { key, name, kind }: MatrixColumn,
  all: readonly Timed[],
  missing: readonly MatrixHost[],
): Band {
  const starts = sorted(all.map(({ startMs }) => startMs));
  const ended = all.filter((one) => one.endMs !== undefined);
  const ends = sorted(ended.map(({ endMs }) => endMs ?? 0));
  const durations = sorted(ended.map(({ startMs, endMs }) => (endMs ?? 0) - startMs));
  const running = all.length - ended.length;
  return {
    key,
    name,
    kind,
    count: all.length,
    running,
    failed: all.filter(({ span }) => span.state === "failed").length,
    firstStartMs: starts[0] ?? 0,
    medianStartMs: quantile(starts, 0.5) ?? 0,
    medianEndMs: quantile(ends, 0.5),
    p99EndMs: quantile(ends, 0.99),
    lastEndMs: running > 0 ? undefined : ends.at(-1),
    medianMs: quantile(durations, 0.5),
    p99Ms: quantile(durations, 0.99),
    stragglers:
      kind === "barrier"
        ? lastToArrive(all, running === 0 ? [] : missing, quantile(starts, 0.99) ?? 0)
        : stragglersOf(all, ended, quantile(ends, 0.99)),
  };
}

function stragglersOf(
  all: readonly Timed[],
  ended: readonly Timed[],
  p99EndMs: number | undefined,
): Band["stragglers"] {
  const isWaitedFor = ended.length < all.length && ended.length >= all.length * MOST;
  const late = isWaitedFor
    ? all.filter((one) => one.endMs === undefined).toSorted((left, right) => left.startMs - right.startMs)
    : ended.length < all.length
      ? []
      : ended
          .filter((one) => (one.endMs ?? 0) >= (p99EndMs ?? Infinity))
          .toSorted((left, right) => (right.endMs ?? 0) - (left.endMs ?? 0));
  return late.slice(0, STRAGGLERS_MAX).map(({ host, startMs, endMs }) => ({
    host,
    tookMs: endMs === undefined ? undefined : endMs - startMs,
  }));
}

/** While hosts wait at a barrier, those that are not there; then those that came last. */
function lastToArrive(
  all: readonly Timed[],
  missing: readonly MatrixHost[],
  p99StartMs: number,
): Band["stragglers"] {
  const late = all
    .filter(({ startMs }) => startMs >= p99StartMs)
    .toSorted((left, right) => right.startMs - left.startMs);
  const names = missing.length > 0 ? missing.map(({ name }) => name) : late.map(({ host }) => host);
  return names.slice(0, STRAGGLERS_MAX).map((host) => ({ host, tookMs: undefined }));
}

/** What never began has no place in time. */
function timedOf(host: string, span: BlockSpan | undefined, timeOf: TimeOf): Timed | undefined {
  if (span?.startedAt === undefined) return undefined;
  const { startedAt, endedAt } = span;
  return {
    host,
    span,
    startMs: timeOf(startedAt),
    endMs: endedAt === undefined ? undefined : timeOf(endedAt),
  };
}

const sorted = (values: readonly number[]): readonly number[] =>
  values.toSorted((left, right) => left - right);

/** The nearest rank. */
function quantile(values: readonly number[], share: number): number | undefined {
  return values[Math.max(0, Math.ceil(share * values.length) - 1)];
}
