// How long to wait before knocking again at a host that turns connections away while too many are logging in.
import { setTimeout as sleep } from "node:timers/promises";

/** sshd turns away at random from MaxStartups on: with these pauses six attempts take about six seconds. */
const ATTEMPTS_MAX = 6;
const FIRST_PAUSE_MS = 200;

/**
 * The pause after so many attempts, or undefined for "give up". It lies between half and one and a half of what doubles
 * each time, so that those who were turned away together do not come back together.
 */
export function crowdedPauseMs(attempts: number): number | undefined {
  if (attempts >= ATTEMPTS_MAX) return undefined;
  return FIRST_PAUSE_MS * 2 ** (attempts - 1) * (0.5 + Math.random());
}

/** Waits, or returns early when the signal aborts. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
