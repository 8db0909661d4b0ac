// A signal for the length of one piece of work: what the work has made outlives the signal, whatever becomes of that.

export async function untilDone<Result>(
  signal: AbortSignal,
  work: (own: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const own = new AbortController();
  const giveUp = (): void => own.abort();
  signal.addEventListener("abort", giveUp);
  if (signal.aborted) giveUp();
  try {
    return await work(own.signal);
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
}
