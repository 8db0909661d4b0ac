// Something that is done again and again while the program runs, and keeps it from nothing.

/** Returns what ends it. */
export function every(ms: number, look: () => void): () => void {
  const timer = setInterval(look, ms).unref();
  return () => clearInterval(timer);
}
