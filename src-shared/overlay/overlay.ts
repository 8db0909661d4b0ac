// What all topologies share: names, timers, limits and what is told of members.
import type { HostId } from "../base/ids.ts";

/**
 * Carried and never looked into: bytes that the shell has encoded (protocol/wire.ts), so that one command for 300
 * hosts is encoded once, a report goes from the outbox to the socket as it is, and limits can count bytes.
 */
export type Payload = Uint8Array;
/** Names one link for as long as it lives; never used again. */
export type LinkId = number;

/** Timers of the overlay in one table: name, default, reason. Milliseconds. */
export const OVERLAY_TIMES = {
  /** The root says "I live" this often; three may be lost before anybody is taken for dead. */
  beaconMs: 1000,
  /** Silence after which a link counts as dead: 3 beacons on a LAN. */
  deadIntervalMs: 3000,
  /** After this long without a link, an orphaned host counts as lost (it is replaced). */
  lostGraceMs: 30_000,
  /** A join that is not answered by then is tried again; doubled up to the maximum. */
  joinMs: 2500,
  joinMsMax: 10_000,
  /**
   * Somebody other than the root that has not taken a dial by then is passed over. Over 80 ms one way it takes 0.4 s,
   * and whoever is slower than that is no good parent; of 14 ancestors of an orphan, half may be gone without a word.
   */
  dialMs: 1000,
  /** First pause before dialling again, doubled up to the maximum, with full jitter. */
  backoffMs: 100,
  backoffMsMax: 4000,
  /** An acknowledgement waits this long for company: 50 a second cost nothing, and nobody waits for one. */
  acknowledgeMs: 20,
  /** A graceful leave hands over its last reports within this time, or goes without. */
  leaveMs: 5000,
  /** Whose goodbye was heard stays so long for those below it, who may be leaving, too; three times that at most. */
  lingerMs: 1000,
  /** Granted after the event loop stood still, to read what arrived meanwhile. */
  afterLagMs: 250,
  /** A node below one that has lost its parent holds on so long, for the whole subtree to move as one. */
  detachedHoldMs: 30_000,
  /** A large frame on a slow line keeps beacons waiting: so long at most it counts as a sign of life. */
  stretchMs: 30_000,
  /** What goes up a tree waits so long at each hop for company: equal texts are folded, acknowledgements united. */
  groomMs: 5,
} as const;

export type OverlayTimes = { readonly [Name in keyof typeof OVERLAY_TIMES]: number };

/** Counts and bytes that bound every container of the overlay. */
export const OVERLAY_LIMITS = {
  /** Commands on their way to one host at once; more wait in the log, so a replay cannot flood the link. */
  commandWindow: 256,
  commandWindowBytes: 2 * 1024 * 1024,
  /** Commands kept for one host; a host that acknowledges none of so many is given up. */
  commandsKept: 10_000,
  commandsKeptBytes: 64 * 1024 * 1024,
  /** Reports on their way to the root at once: with 20 ms per acknowledgement over 10,000 reports a second. */
  reportWindow: 256,
  /** Every so many reports or commands the acknowledgement does not wait for its timer. */
  acknowledgeEvery: 64,
  /** Names in a path: deeper than any tree that is useful. */
  path: 64,
  /** Reports and bulk of others on their way to a parent that has not passed them on: what a child may make it hold. */
  hopBytes: 256 * 1024,
  /**
   * What a child says of itself needs no credit from hop to hop: the root grants it output (64 MiB to all together, which
   * may come twice), and reports have their window. Whoever makes a parent hold more does not keep to that.
   */
  childBytes: 128 * 1024 * 1024,
  /** Of what goes up in one frame: a beacon waits behind one at most. */
  hopFrameBytes: 64 * 1024,
  /** The latest value of one host: what a thousand of them cost on a link counts. */
  latestBytes: 512,
  /** Of latest values in one frame, which goes with the answer to a beacon: several hundred hosts. */
  latestFrameBytes: 64 * 1024,
  /** Edges in one frame, 100 bytes each: larger subtrees are told in several. */
  edgesInFrame: 4000,
  /** Hosts below one node: many times those of a session. Whoever names more wants to fill its memory. */
  subtree: 65_536,
  /** Headers of commands in one frame. */
  headersInFrame: 1024,
  /** Headers wait for the next beacon, but so many do not: passed on one by one they would cost what bodies cost. */
  headersHeld: 32,
  /** Children of the root beyond its degree, that reach nobody else: each costs it a link. */
  rootChildren: 4096,
} as const;

export type OverlayLimits = { readonly [Name in keyof typeof OVERLAY_LIMITS]: number };

/**
 * attached: reachable. orphaned: link gone, may come back. lost: gone for longer than the grace. left: said goodbye.
 * Between two attached of one incarnation there is always an orphaned, even when a newer link replaces one that the
 * root took for sound: what was on its way in bulk is gone.
 */
export type MembershipState = "attached" | "orphaned" | "lost" | "left";

export interface MembershipChange {
  readonly host: HostId;
  /** Commands and reports count from 1 for each incarnation. */
  readonly incarnation: number;
  readonly state: MembershipState;
  readonly reason: string;
}

/** What every step is given besides the event; nothing else may be asked of the world. */
export interface Surroundings {
  /** Milliseconds of a clock that never goes back. */
  readonly now: number;
  /** In [0, 1), seeded. */
  readonly random: () => number;
}
