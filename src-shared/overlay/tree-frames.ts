// What neighbours in a tree say to each other; checked field by field at check-tree-frame.ts.
import type { Payload } from "./overlay.ts";
import type { Trip } from "./round-trips.ts";
import type { TaggedRanks } from "./tagged-ranks.ts";
import type { LatestValue, Candidate, Rank } from "./topology.ts";

/** Issued by the root alone, totally ordered: epoch first (raised by each start of a root), then the beacon's number. */
export interface Stamp {
  readonly epoch: number;
  readonly beacon: number;
}

/** What the root signs with each beacon (beaconOf in tree-proofs.ts), and every node checks before it believes it. */
export interface SignedStamp {
  readonly stamp: Stamp;
  /** Every member has every command up to here. */
  readonly stable: number;
  /** The last command that the root had given, and the digest of for whom all up to it are (command-order.ts). */
  readonly last: number;
  readonly chain: Uint8Array;
  readonly seal: Uint8Array;
}

/** Of a frame or a position that holds more. */
export function signedStampOf({ stamp, stable, last, chain, seal }: SignedStamp): SignedStamp {
  return { stamp, stable, last, chain, seal };
}

/**
 * `child` hangs below `parent` (`up`), or has hung there. `attach` is the child's own count of its joins, so that
 * (child, attach) names one edge for ever, and of two records of a child the one with the higher count is newer.
 * `proof` is the child's: prove(`edge ${parent}`, attach as text), so that nobody can attach others to itself.
 */
export interface EdgeRecord {
  readonly child: Rank;
  readonly parent: Rank;
  readonly attach: number;
  readonly up: boolean;
  /** Where the child can be dialled; "" where nobody can. */
  readonly address: string;
  readonly proof: Uint8Array;
}

/**
 * All of these ranks have all up to this number: commands, as each of them has proved (HAVE_PROOF), or their reports
 * at the root, as it has proved to each (RECEIVED_PROOF).
 */
export interface ProgressGroup extends TaggedRanks {
  readonly upTo: number;
}

/**
 * One text that several hosts have sent: the payload once, and for each of `parts` who sent it under which number.
 * `tags` holds TAG_BYTES for each rank, in order of ranks. Bulk has no numbers: sequence and skips are 0.
 */
export interface FoldedItem {
  readonly payload: Payload;
  readonly parts: readonly FoldedPart[];
}

export interface FoldedPart extends TaggedRanks {
  readonly sequence: number;
  /** So many numbers just before it were dropped at the source and will never come. */
  readonly skips: number;
}

/** What goes up in two queues, so that bulk never stands before a report. */
export type UpLane = "reports" | "bulk";

/** Why a join was refused. `unknown`, `version`: for good. The others: later, or elsewhere. */
export const TREE_REFUSALS = [
  "unknown",
  "version",
  "older",
  "detached",
  "leaving",
  "loop",
  "infeasible",
  "full",
  "busy",
] as const;
export type TreeRefusal = (typeof TREE_REFUSALS)[number];

export const TREE_REFUSAL_WORDS: Readonly<Record<TreeRefusal, string>> = {
  unknown: "the controller does not know this client (any more)",
  version: "the controller speaks another version of the protocol",
  older: "it knows a newer join of ours",
  detached: "it has lost its own parent",
  leaving: "it is leaving itself",
  loop: "it hangs below us",
  infeasible: "it may hang below us",
  full: "it has no room",
  busy: "it is busy",
};

export interface TreeJoin {
  readonly t: "join";
  readonly protocol: number;
  /** Raised with every join of this client. */
  readonly attach: number;
  readonly proof: Uint8Array;
  /** The newest stamp that the joiner has ever passed on, and its smallest depth at that stamp: see feasible(). */
  readonly stamp: Stamp;
  readonly depth: number;
  /** All commands up to here were delivered. */
  readonly have: number;
  /** Hosts in the joiner's subtree, itself included. */
  readonly size: number;
  /** Where others can dial the joiner; "" where nobody can: it can only be a leaf. */
  readonly address: string;
  /** Nobody else could be reached: only for the root, which then takes more children than its degree. */
  readonly insist: boolean;
}

/** Down, but for those marked. */
export type TreeFrame =
  /** Up. */
  | TreeJoin
  | ({
      readonly t: "accept";
      /** From the root (whose address is "": everybody knows it) to the one that accepts. */
      readonly path: readonly Candidate[];
    } & SignedStamp)
  /** Full: try one of these. */
  | { readonly t: "redirect"; readonly to: readonly Candidate[] }
  | { readonly t: "refuse"; readonly why: TreeRefusal; readonly backoffMs: number }
  /** Only the root originates it; each hop adds itself to the path. */
  | ({
      readonly t: "beacon";
      readonly path: readonly Candidate[];
      /** Others outside of the sender's subtree: to be tried when the sender is lost. */
      readonly alternatives: readonly Candidate[];
      /** Other children of the sender: of use to the receiver's own children. */
      readonly siblings: readonly Candidate[];
      /** For the receiver alone, once it has answered one. */
      readonly trip?: Trip;
    } & SignedStamp)
  /** The sender has lost its own parent: hold on, it is looking for another. */
  | { readonly t: "detached" }
  | {
      readonly t: "command";
      readonly epoch: number;
      readonly sequence: number;
      readonly targets: readonly number[];
      readonly payload: Payload;
      /** The digest of for whom all commands before it are. */
      readonly before: Uint8Array;
      readonly seal: Uint8Array;
    }
  /** Commands from this number on, without a gap, of which none is for anybody below: for whom each is. */
  | { readonly t: "headers"; readonly from: number; readonly targets: readonly (readonly number[])[] }
  /** Up: what the sender lacks of these commands: the bodies of those for one of these ranks, of others the headers. */
  | { readonly t: "need"; readonly from: number; readonly to: number; readonly ranks: readonly number[] }
  /** Up: what has changed below (all of it, as the first on a link: `whole`). */
  | {
      readonly t: "state";
      readonly whole: boolean;
      /** The rest follows: there are more edges than one frame holds. Until then nobody counts as gone. */
      readonly more: boolean;
      readonly edges: readonly EdgeRecord[];
      readonly progress: readonly ProgressGroup[];
      /** Places for children at the sender itself. */
      readonly room: number;
    }
  /** Up, once a beacon: I live. `digest` is that of the sender's subtree (edge-table.ts), `to` the beacon it answers. */
  | {
      readonly t: "alive";
      readonly size: number;
      readonly digest: number;
      readonly room: number;
      readonly to?: number;
    }
  /** Up, with the answer to a beacon: the newest value of each of these. */
  | { readonly t: "latest"; readonly values: readonly LatestValue[] }
  /** The subtree as the parent knows it is not what the child says: say all of it again. */
  | { readonly t: "resync" }
  /** Up. */
  | { readonly t: "reports"; readonly items: readonly FoldedItem[] }
  /** So many more bytes of others' reports and bulk were passed on: the child may send as many again. */
  | { readonly t: "taken"; readonly lane: UpLane; readonly bytes: number }
  /** The root has all reports up to these numbers. */
  | { readonly t: "received"; readonly progress: readonly ProgressGroup[] }
  /** Down: for this rank; tag = the root's proof to it (BULK_DOWN_PROOF). */
  | { readonly t: "bulk"; readonly rank: Rank; readonly payload: Payload; readonly tag: Uint8Array }
  /** Up: from these ranks. */
  | { readonly t: "bulkUp"; readonly items: readonly FoldedItem[] }
  /** Up: this client leaves; tag = prove("goodbye", nothing). It hangs on until it is told `farewell`. */
  | { readonly t: "goodbye"; readonly rank: Rank; readonly tag: Uint8Array }
  /** On its way to this rank: its goodbye was heard. */
  | OrderFrame<"farewell">
  /** On its way to this rank, which is wanted no more. */
  | OrderFrame<"expel">;

/** Signed by the root (orderTo in tree-proofs.ts): nobody else can make a client end. */
export interface OrderFrame<Order extends "farewell" | "expel"> {
  readonly t: Order;
  readonly rank: Rank;
  readonly epoch: number;
  readonly seal: Uint8Array;
}

/** What only goes up, but for join: from a child. */
export const UP_FRAMES = ["need", "state", "alive", "latest", "reports", "bulkUp", "goodbye"] as const;
export type UpFrame = Extract<TreeFrame, { t: (typeof UP_FRAMES)[number] }>;

export function isUpFrame(frame: TreeFrame): frame is UpFrame {
  return UP_FRAMES.some((t) => t === frame.t);
}

/** What only an answer to a join is. */
export type JoinFrames = Extract<TreeFrame, { t: "join" | "accept" | "redirect" }>;

export function isJoinFrame(frame: TreeFrame): frame is JoinFrames {
  return frame.t === "join" || frame.t === "accept" || frame.t === "redirect";
}

/** A member's own bulk, with its proof. */
export function bulkOf(rank: Rank, payload: Payload, tag: Uint8Array): TreeFrame {
  const part = { sequence: 0, skips: 0, ranks: [rank, rank], tags: tag };
  return { t: "bulkUp", items: [{ payload, parts: [part] }] };
}
