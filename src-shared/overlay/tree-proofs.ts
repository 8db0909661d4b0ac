// What members prove and the root signs or proves in a tree, as words and bytes that mean one thing only.
import type { RankSet } from "./rank-set.ts";
import type { Payload } from "./overlay.ts";
import type { LatestValue, Rank, RootSeals } from "./topology.ts";
import type { SignedStamp } from "./tree-frames.ts";

// Proved by a member to the root.

export const GOODBYE = "goodbye";
export const NOTHING: Payload = new Uint8Array(0);
/** All commands up to a number were here, and with them all that was given: chainBytes() is the payload. */
export const HAVE_PROOF = "have";
export const BULK_PROOF = "bulk";

/** A join below this parent, with the count of joins as its payload. */
export function edgeProof(parent: Rank): string {
  return `edge ${parent}`;
}

export function reportProof(sequence: number, skips: number): string {
  return `report ${sequence} ${skips}`;
}

/** The newest of what a member says of itself; its number is what keeps an older one from coming again. */
export function latestProof(number: number): string {
  return `latest ${number}`;
}

export function isOwnLatest({ rank, number, payload, tag }: LatestValue, seals: RootSeals): boolean {
  return seals.isProved(rank, latestProof(number), payload, tag);
}

// Proved by the root to one member, by the same key: no word is used both ways.

/** The root has all reports up to the number that is the payload. */
export const RECEIVED_PROOF = "received";
export const BULK_DOWN_PROOF = "bulk down";

const encoder = new TextEncoder();

/** In decimal digits. An encoder of text takes five times as long, and each acknowledgement needs one. */
export function numberBytes(number: number): Payload {
  const digits = String(number);
  const bytes = new Uint8Array(digits.length);
  for (let at = 0; at < digits.length; at += 1) bytes[at] = digits.charCodeAt(at);
  return bytes;
}

/** A number of commands, and the digest of for whom they are (command-order.ts). */
export function chainBytes(sequence: number, chain: Uint8Array): Payload {
  const number = numberBytes(sequence);
  const bytes = new Uint8Array(number.length + 1 + chain.length);
  bytes.set(number);
  bytes.set(chain, number.length + 1);
  return bytes;
}

// Signed by the root for everybody: like a command that has no number.

interface Signed {
  readonly epoch: number;
  readonly sequence: number;
  readonly targets: RankSet;
  readonly payload: Payload;
  readonly before: Uint8Array;
}

/** To send a client away, or to let it go. */
export function orderTo(rank: Rank, order: "expel" | "farewell", epoch: number): Signed {
  return { epoch, sequence: 0, targets: [rank, rank], payload: encoder.encode(order), before: NOTHING };
}

/** A stamp, and what everybody had and what was given when it was issued; for nobody in particular, which no order is. */
export function beaconOf({ stamp, stable, last, chain }: Omit<SignedStamp, "seal">): Signed {
  const payload = encoder.encode(`beacon ${stamp.beacon} ${stable} ${last}`);
  return { epoch: stamp.epoch, sequence: 0, targets: [], payload, before: chain };
}
