// What nodes of the published RandTree say to each other, and of the multicast above it (Mace: RandTree.mac,
// GenericTreeMulticast.mac). For comparisons only.
import type { Payload } from "../overlay/overlay.ts";
import type { Candidate, Rank } from "../overlay/topology.ts";

export type JoinStatus = "accepted" | "rootForce" | "loopError";

export type ClassicFrame =
  | { readonly t: "join"; readonly source: Candidate; readonly redirectedBy: Rank | undefined }
  | {
      readonly t: "joinReply";
      readonly status: JoinStatus;
      readonly root: Candidate;
      readonly siblings: readonly Candidate[];
    }
  /** From a child to a parent that it has no more. */
  | { readonly t: "remove" }
  | { readonly t: "updateSiblings"; readonly root: Candidate; readonly siblings: readonly Candidate[] }
  | { readonly t: "probe"; readonly from: Candidate; readonly root: Candidate }
  | { readonly t: "probeJoin"; readonly root: Candidate }
  | { readonly t: "newRoot"; readonly root: Candidate }
  /** Down to everybody: a receiver keeps the highest number of each sender only, and drops what is not above it. */
  | {
      readonly t: "distribute";
      readonly source: Rank;
      readonly uid: number;
      readonly targets: readonly number[];
      readonly payload: Payload;
    }
  /** Up to the root, hop by hop: who hangs where, who has which command, and what hosts report. */
  | {
      readonly t: "collect";
      readonly edges: readonly ClassicEdge[];
      /** [rank, uid, rank, uid, …] */
      readonly have: readonly number[];
      readonly reports: readonly ClassicReport[];
    };

export interface ClassicEdge {
  readonly child: Rank;
  readonly parent: Rank;
  readonly up: boolean;
}

export interface ClassicReport {
  readonly rank: Rank;
  readonly sequence: number;
  readonly payload: Payload;
}

const CANDIDATE_BYTES = 26;

export function classicFrameBytes(frame: ClassicFrame): number {
  switch (frame.t) {
    case "join":
    case "probeJoin":
    case "newRoot":
      return CANDIDATE_BYTES;
    case "probe":
      return 2 * CANDIDATE_BYTES;
    case "joinReply":
    case "updateSiblings":
      return (1 + frame.siblings.length) * CANDIDATE_BYTES;
    case "remove":
      return 0;
    case "distribute":
      return frame.payload.length + 4 * frame.targets.length;
    case "collect":
      return (
        frame.edges.length * 9 +
        frame.have.length * 4 +
        frame.reports.reduce((sum, { payload }) => sum + 8 + payload.length, 0)
      );
  }
}
