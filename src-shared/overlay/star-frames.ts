// What the root of the star and its members say to each other, and the door that checks it field by field.
import {
  BULK_PAYLOAD_BYTES_MAX,
  isCount,
  isListOf,
  isPayload,
  isRank,
  isTrip,
  type Fields,
} from "./frame-fields.ts";
import { OVERLAY_LIMITS, type Payload } from "./overlay.ts";
import type { Trip } from "./round-trips.ts";
import type { Rank } from "./topology.ts";

/** Why a join was refused; all but "busy" are for good. */
export const STAR_REFUSALS = ["unknown", "older", "version", "busy"] as const;
export type StarRefusal = (typeof STAR_REFUSALS)[number];

export interface StarJoin {
  readonly t: "join";
  readonly protocol: number;
  /** Raised with every dial of this client: a delayed older join cannot displace a newer link. */
  readonly attempt: number;
  /** All commands up to here were delivered. */
  readonly have: number;
}

export type StarFrame =
  | StarJoin
  /** `reportsHave`: the root has all reports up to here. `path`: ranks from the root to the joiner. */
  | {
      readonly t: "accept";
      readonly epoch: number;
      readonly reportsHave: number;
      readonly path: readonly Rank[];
    }
  | { readonly t: "refuse"; readonly why: StarRefusal; readonly backoffMs: number }
  /** `trip`: once the member has answered one. */
  | {
      readonly t: "beacon";
      readonly epoch: number;
      readonly beacon: number;
      readonly reportsHave: number;
      readonly trip?: Trip;
    }
  | { readonly t: "acknowledge"; readonly reportsHave: number }
  /** The answer to a beacon (`to`), and the acknowledgement of commands: all up to `have` were delivered. */
  | { readonly t: "alive"; readonly have: number; readonly to?: number }
  /** With the answer to a beacon: the newest that the member says of itself. */
  | { readonly t: "latest"; readonly number: number; readonly payload: Payload }
  | { readonly t: "command"; readonly sequence: number; readonly payload: Payload }
  /** `skips`: so many numbers just before this one were dropped at the source and will never come. */
  | { readonly t: "report"; readonly sequence: number; readonly skips: number; readonly payload: Payload }
  | { readonly t: "bulk"; readonly payload: Payload }
  /** Up: goodbye. Down: the goodbye was heard. */
  | { readonly t: "leave" };

/** Builds each frame anew from its known fields: nothing unknown passes. */
export function checkStarFrame(fields: Fields): StarFrame | undefined {
  const { t, epoch, reportsHave, have, sequence, payload } = fields;
  switch (t) {
    case "join":
      return joinOf(fields);
    case "accept": {
      const { path } = fields;
      return isCount(epoch) && isCount(reportsHave) && isListOf(path, isRank, OVERLAY_LIMITS.path)
        ? { t, epoch, reportsHave, path }
        : undefined;
    }
    case "refuse": {
      const why = STAR_REFUSALS.find((known) => known === fields["why"]);
      const { backoffMs } = fields;
      return why !== undefined && isCount(backoffMs) ? { t, why, backoffMs } : undefined;
    }
    case "beacon": {
      const { beacon, trip } = fields;
      if (!isCount(epoch) || !isCount(beacon) || !isCount(reportsHave)) return undefined;
      if (trip === undefined) return { t, epoch, beacon, reportsHave };
      return isTrip(trip)
        ? { t, epoch, beacon, reportsHave, trip: { beacon: trip.beacon, us: trip.us } }
        : undefined;
    }
    case "acknowledge":
      return isCount(reportsHave) ? { t, reportsHave } : undefined;
    case "alive": {
      const { to } = fields;
      if (!isCount(have)) return undefined;
      if (to === undefined) return { t, have };
      return isCount(to) ? { t, have, to } : undefined;
    }
    case "latest": {
      const { number } = fields;
      return isCount(number) && isPayload(payload, OVERLAY_LIMITS.latestBytes)
        ? { t, number, payload }
        : undefined;
    }
    case "command":
      return isCount(sequence) && isPayload(payload) ? { t, sequence, payload } : undefined;
    case "report": {
      const { skips } = fields;
      const isSound = isCount(sequence) && isCount(skips) && isPayload(payload);
      return isSound ? { t, sequence, skips, payload } : undefined;
    }
    case "bulk":
      return isPayload(payload, BULK_PAYLOAD_BYTES_MAX) ? { t, payload } : undefined;
    case "leave":
      return { t };
    default:
      return undefined;
  }
}

function joinOf({ protocol, attempt, have }: Fields): StarJoin | undefined {
  const isSound = isCount(protocol) && isCount(attempt) && isCount(have);
  return isSound ? { t: "join", protocol, attempt, have } : undefined;
}
