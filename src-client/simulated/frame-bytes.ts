// How large a frame between simulated hosts would be on a wire: near enough for the bandwidth that it takes.
import { FRAME_BYTES } from "#shared/simulator/simulated-costs.ts";

/** Payloads are what makes frames large; they stand in the frame itself, or in a list. */
export function frameBytes(frame: unknown): number {
  const { items, values } = frame as { readonly items?: unknown; readonly values?: unknown };
  let bytes = FRAME_BYTES + payloadBytes(frame);
  for (const list of [items, values])
    if (Array.isArray(list)) for (const item of list as unknown[]) bytes += payloadBytes(item);
  return bytes;
}

function payloadBytes(thing: unknown): number {
  const { payload } = thing as { readonly payload?: unknown };
  return payload instanceof Uint8Array ? payload.length : 0;
}
