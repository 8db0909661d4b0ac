// What members prove and the root signs in a tree, as words and bytes that mean one thing only.
import type { Rank } from "./topology.ts";
import type { RankSet } from "./rank-set.ts";
import type { Payload } from "./overlay.ts";

export const GOODBYE = "goodbye";
export const NOTHING: Payload = new Uint8Array(0);

/** A join below this parent, with the count of joins as its payload. */
export function edgeProof(parent: Rank): string {
  return `edge ${parent}`;
}

export function reportProof(sequence: number, skips: number): string {
  return `report ${sequence} ${skips}`;
}

export const BULK_PROOF = "bulk";

export function attachBytes(attach: number): Payload {
  return new TextEncoder().encode(String(attach));
}

/** What the root signs to send a client away, or to let it go: like a command that has no number. */
export function orderTo(
  rank: Rank,
  order: "expel" | "farewell",
  epoch: number,
): { epoch: number; sequence: number; targets: RankSet; payload: Payload } {
  return { epoch, sequence: 0, targets: [rank, rank], payload: new TextEncoder().encode(order) };
}
