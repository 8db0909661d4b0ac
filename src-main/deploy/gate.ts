// Lets a bounded number of things go on at the same time; the others wait their turn.

export interface Gate {
  /** Undefined when `signal` is aborted before there is a turn. */
  through<Result>(work: () => Promise<Result>, signal: AbortSignal): Promise<Result | undefined>;
}

export function createGate(atOnceMax: number): Gate {
  const waiting: (() => void)[] = [];
  let inside = 0;
  const enter = (signal: AbortSignal): Promise<boolean> => {
    if (signal.aborted) return Promise.resolve(false);
    if (inside < atOnceMax) {
      inside += 1;
      return Promise.resolve(true);
    }
    return new Promise((resolve) => {
      const giveUp = (): void => {
        waiting.splice(waiting.indexOf(admit), 1);
        resolve(false);
      };
      const admit = (): void => {
        signal.removeEventListener("abort", giveUp);
        resolve(true);
      };
      waiting.push(admit);
      signal.addEventListener("abort", giveUp, { once: true });
    });
  };
  return {
    async through(work, signal) {
      if (!(await enter(signal))) return undefined;
      try {
        return await work();
      } finally {
        const next = waiting.shift();
        // The place goes to the next one as it is.
        if (next === undefined) inside -= 1;
        else next();
      }
    },
  };
}
