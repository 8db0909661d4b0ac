// The spans of a run as a view draws them: looked at four times a second, for they change with each event.
import { useEffect, useState } from "react";
import { BlockSpans } from "#shared/controller-api/block-spans.ts";
import { spansStore } from "../state/spans-store.ts";
import type { SpansOf } from "./matrix-layout.ts";

const INTERVAL_MS = 250;
const NONE = new BlockSpans();

/** Another function each time that something has changed. */
export function useRunSpans(run: string | undefined): SpansOf {
  const [spansOf, setSpansOf] = useState<SpansOf>(() => lookUp(run));
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const take = (): void => {
      timer = undefined;
      setSpansOf(() => lookUp(run));
    };
    const stop = spansStore.subscribe(() => {
      timer ??= setTimeout(take, INTERVAL_MS);
    });
    take();
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [run]);
  return spansOf;
}

function lookUp(run: string | undefined): SpansOf {
  const spans = (run === undefined ? undefined : spansStore.getState().runs.get(run)) ?? NONE;
  return (host) => spans.of(host);
}

const times = new Map<string, number>();
/** Of a large run; then it begins anew. */
const TIMES_MAX = 200_000;

/** Milliseconds since 1970; the same texts are read again and again. */
export function timeOf(time: string): number {
  const known = times.get(time);
  if (known !== undefined) return known;
  if (times.size >= TIMES_MAX) times.clear();
  const read = Date.parse(time);
  times.set(time, read);
  return read;
}
