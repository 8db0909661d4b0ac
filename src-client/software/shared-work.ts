// One piece of work that several callers wait for: done once, stopped when the last of them has gone.

export interface SharedWorks<State, Result> {
  /** Joins the work of that name or begins it. Undefined when `signal` was aborted before the result. */
  join(
    name: string,
    begin: (signal: AbortSignal, tell: (state: State) => void) => Promise<Result>,
    signal: AbortSignal,
    onState: (state: State) => void,
  ): Promise<Result | undefined>;
}

interface Work<State, Result> {
  readonly result: Promise<Result>;
  readonly stop: AbortController;
  readonly listeners: Set<(state: State) => void>;
  state: State | undefined;
  waiting: number;
}

/** `begin` must settle soon after its signal is aborted: the last one to leave waits for that. */
export function createSharedWorks<State, Result>(): SharedWorks<State, Result> {
  const works = new Map<string, Work<State, Result>>();

  return {
    async join(name, begin, signal, onState) {
      if (signal.aborted) return undefined;
      const work = works.get(name) ?? start(begin);
      works.set(name, work);
      const forget = (): void => {
        if (works.get(name) === work) works.delete(name);
      };
      try {
        return await attend(work, signal, onState, forget);
      } finally {
        if (work.waiting === 0) forget();
      }
    },
  };
}

function start<State, Result>(
  begin: (signal: AbortSignal, tell: (state: State) => void) => Promise<Result>,
): Work<State, Result> {
  const stop = new AbortController();
  const listeners = new Set<(state: State) => void>();
  // Later, so that `work` is there when the first state is told.
  const result = Promise.resolve().then(async () =>
    begin(stop.signal, (state) => {
      work.state = state;
      for (const listener of listeners) listener(state);
    }),
  );
  const work: Work<State, Result> = { result, stop, listeners, state: undefined, waiting: 0 };
  return work;
}

async function attend<State, Result>(
  work: Work<State, Result>,
  signal: AbortSignal,
  onState: (state: State) => void,
  forget: () => void,
): Promise<Result | undefined> {
  const left = Symbol("left");
  const leaving = new AbortController();
  work.waiting += 1;
  work.listeners.add(onState);
  if (work.state !== undefined) onState(work.state);
  try {
    const gone = new Promise<typeof left>((resolve) => {
      const leave = (): void => {
        resolve(left);
      };
      signal.addEventListener("abort", leave, { once: true, signal: leaving.signal });
    });
    const first = await Promise.race([work.result, gone]);
    if (first !== left) return first;
  } finally {
    leaving.abort();
    work.listeners.delete(onState);
    work.waiting -= 1;
  }
  if (work.waiting > 0) return undefined;
  // Whoever asks from now on begins anew, beside what is being stopped.
  forget();
  work.stop.abort();
  await work.result;
  return undefined;
}
