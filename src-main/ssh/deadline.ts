// Time that is allowed for something, and that stands still while a person is being asked.
import { setMaxListeners } from "node:events";

export interface Deadline {
  /** Aborts when the time is up or the outer signal aborts. */
  readonly signal: AbortSignal;
  /** True when it was the time, not the outer signal. */
  readonly expired: boolean;
  /** Stands still until the promise is settled. */
  pauseFor<Value>(asked: Promise<Value>): Promise<Value>;
  stop(): void;
}

/** Calls when a signal aborts; returns what stops that. One signal may end the work on a thousand hosts at once. */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
  setMaxListeners(0, signal);
  signal.addEventListener("abort", listener, { once: true });
  return () => {
    signal.removeEventListener("abort", listener);
  };
}

export function startDeadline(limitMs: number, outer: AbortSignal): Deadline {
  const controller = new AbortController();
  let endsAt = performance.now() + limitMs;
  let expired = false;
  let pauses = 0;
  let leftAtPause = 0;
  let timer: NodeJS.Timeout | undefined;
  let unlisten = (): void => undefined;
  const leftMs = (): number => (pauses > 0 ? leftAtPause : Math.max(0, endsAt - performance.now()));
  const stop = (): void => {
    clearTimeout(timer);
    unlisten();
  };
  const onOuter = (): void => {
    stop();
    controller.abort(outer.reason);
  };
  const arm = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      expired = true;
      stop();
      controller.abort(new Error("the time is up"));
    }, leftMs());
  };
  if (outer.aborted) controller.abort(outer.reason);
  else {
    unlisten = onAbort(outer, onOuter);
    arm();
  }
  return {
    signal: controller.signal,
    get expired() {
      return expired;
    },
    async pauseFor(asked) {
      leftAtPause = leftMs();
      pauses += 1;
      clearTimeout(timer);
      try {
        return await asked;
      } finally {
        pauses -= 1;
        endsAt = performance.now() + leftAtPause;
        if (pauses === 0 && !controller.signal.aborted) arm();
      }
    },
    stop,
  };
}
