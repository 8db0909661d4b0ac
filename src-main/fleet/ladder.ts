// Goes along the ways to a client that has not come by itself, or comes no more, until it is attached.
import type { Duplex } from "node:stream";
import type { Random } from "#shared/base/random.ts";
import { backOffMs } from "#shared/overlay/back-off.ts";
import type { LinkWay } from "#shared/base/link-way.ts";
import type { ClientWay } from "../deploy/deployment.ts";

/** On a stream that stands, until the client has taken it: a handshake and a join, on a busy host. */
const TAKE_MS = 5000;
/** Between two rounds of all ways: a network that comes back is found soon, and one that stays away is left alone. */
const PAUSE_MS = 1000;
const PAUSE_MS_MAX = 15_000;
/** 10 minutes of the longest pauses: no controller is awaited by its clients for longer, unless they are told to. */
const ROUNDS_MAX = 60;

export interface LadderParts {
  /** Hands a stream over to the overlay. */
  readonly attach: (stream: Duplex, way: LinkWay) => void;
  /** Resolves early, with false, when the signal is aborted. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<unknown>;
  readonly random: Random;
  /** Why a way did not lead there, as often as that happens. */
  readonly note: (way: LinkWay, reason: string) => void;
}

/** Until the signal says that the host is attached, or given up. Resolves when nothing is left to be tried. */
export async function climb(
  ways: readonly ClientWay[],
  signal: AbortSignal,
  parts: LadderParts,
): Promise<void> {
  /** Where an answer said no, the same answer would come again: a login refused is not tried twice. */
  const refused = new Set<ClientWay>();
  for (let round = 0; round < ROUNDS_MAX && refused.size < ways.length; round += 1) {
    for (const way of ways) {
      if (signal.aborted) return;
      if (!refused.has(way) && !(await tryWay(way, signal, parts))) refused.add(way);
    }
    if (refused.size < ways.length)
      await parts.pause(PAUSE_MS / 2 + backOffMs(round, PAUSE_MS, PAUSE_MS_MAX, parts.random), signal);
  }
}

/** False: it need not be tried again. */
async function tryWay(
  { way, open }: ClientWay,
  signal: AbortSignal,
  { attach, pause, note }: LadderParts,
): Promise<boolean> {
  const result = await open(signal);
  if (result.kind === "stream") {
    if (signal.aborted) {
      result.stream.destroy();
      return true;
    }
    attach(result.stream, way);
    await pause(TAKE_MS, signal);
    // A stream that has not become a link by now is in the way of the next one.
    if (!signal.aborted) {
      result.stream.destroy();
      note(way, `the client did not answer within ${String(TAKE_MS / 1000)} s`);
    }
    return true;
  }
  const { step, reason, unreachable } = result.failure;
  if (!signal.aborted) note(way, `${step}: ${reason}`);
  return unreachable;
}
