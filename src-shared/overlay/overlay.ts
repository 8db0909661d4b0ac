// The overlay's face: how commands go down and reports come up, whatever the topology (star, later trees).
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
  joinMsMax: 20_000,
  /** First pause before dialling again, doubled up to the maximum, with full jitter. */
  backoffMs: 100,
  backoffMsMax: 4000,
  /** An acknowledgement waits this long for company: 50 a second cost nothing, and nobody waits for one. */
  acknowledgeMs: 20,
  /** A graceful leave hands over its last reports within this time, or goes without. */
  leaveMs: 5000,
  /** Granted after the event loop stood still, to read what arrived meanwhile. */
  afterLagMs: 250,
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
} as const;

export type OverlayLimits = { readonly [Name in keyof typeof OVERLAY_LIMITS]: number };

/** What a member (the client's end) is told. */
export type MemberEvent =
  | { readonly kind: "start" }
  | { readonly kind: "linkUp"; readonly link: LinkId }
  | { readonly kind: "linkDown"; readonly link: LinkId; readonly reason: string }
  /**
   * Somebody who may be this member's parent has come by himself, over a stream of any kind, and has proved who he
   * is. The answer is "take" or "decline"; a stream that nobody takes is nobody's link.
   */
  | { readonly kind: "offered"; readonly offer: number }
  | { readonly kind: "frame"; readonly link: LinkId; readonly frame: OverlayFrame }
  | { readonly kind: "timer"; readonly name: string }
  /** A report to be kept until the root has it. The shell has appended it to the outbox under this number. */
  | { readonly kind: "reported"; readonly sequence: number }
  | { readonly kind: "bulk"; readonly payload: Payload }
  /** The event loop was held up: nobody is judged dead for that long. */
  | { readonly kind: "lagged"; readonly ms: number }
  /** From now on the controller may be away for so long. */
  | { readonly kind: "absenceAllowed"; readonly ms: number }
  | { readonly kind: "leave" };

export type MemberEffect =
  | { readonly kind: "dial"; readonly link: LinkId; readonly candidate: number }
  /** In place of a dial: what was offered becomes this link; "linkUp" or "linkDown" says how it went. */
  | { readonly kind: "take"; readonly link: LinkId; readonly offer: number }
  | { readonly kind: "decline"; readonly offer: number; readonly reason: string }
  | { readonly kind: "close"; readonly link: LinkId; readonly reason: string }
  | { readonly kind: "send"; readonly link: LinkId; readonly frame: OverlayFrame }
  /** Send the outbox's reports numbered [from, to] over the link (read from disk, in order). */
  | { readonly kind: "sendReports"; readonly link: LinkId; readonly from: number; readonly to: number }
  /** The root has all up to this number: the outbox may forget them. */
  | { readonly kind: "forgetReports"; readonly upTo: number }
  | { readonly kind: "setTimer"; readonly name: string; readonly delayMs: number }
  | { readonly kind: "clearTimer"; readonly name: string }
  | { readonly kind: "deliver"; readonly sequence: number; readonly payload: Payload }
  | { readonly kind: "deliverBulk"; readonly payload: Payload }
  | { readonly kind: "attached"; readonly parent: string; readonly path: readonly string[] }
  | { readonly kind: "orphaned"; readonly reason: string }
  /** The goodbye was said (or its time is over): nothing more will come. */
  | { readonly kind: "left" }
  /** No controller for the time allowed, or refused for good: the client ends itself, nothing more will come. */
  | { readonly kind: "abandoned"; readonly reason: string };

/** What the root (the controller's end) is told. A link's host comes from its certificate, never from a frame. */
export type RootEvent =
  /**
   * This incarnation of the host is to be expected; joins of others are refused. An invitation of a newer one
   * forgets the commands of the older one and closes its link; commands given from now on wait for the newer.
   */
  | { readonly kind: "invite"; readonly host: HostId; readonly incarnation: number }
  /** Forget the host: its link is closed, and a later join refused. */
  | { readonly kind: "dismiss"; readonly host: HostId }
  | { readonly kind: "linkUp"; readonly link: LinkId; readonly host: HostId }
  | { readonly kind: "linkDown"; readonly link: LinkId; readonly reason: string }
  | { readonly kind: "frame"; readonly link: LinkId; readonly frame: OverlayFrame }
  | { readonly kind: "timer"; readonly name: string }
  | { readonly kind: "command"; readonly targets: readonly HostId[]; readonly payload: Payload }
  | { readonly kind: "bulk"; readonly host: HostId; readonly payload: Payload }
  | { readonly kind: "lagged"; readonly ms: number }
  /** The root itself is cut off: orphaned hosts are not lost for so much longer. */
  | { readonly kind: "hold"; readonly ms: number };

export type RootEffect =
  | { readonly kind: "close"; readonly link: LinkId; readonly reason: string }
  | { readonly kind: "send"; readonly link: LinkId; readonly frame: OverlayFrame }
  | { readonly kind: "setTimer"; readonly name: string; readonly delayMs: number }
  | { readonly kind: "clearTimer"; readonly name: string }
  | ({ readonly kind: "membership" } & MembershipChange)
  | {
      readonly kind: "report";
      readonly host: HostId;
      readonly incarnation: number;
      readonly sequence: number;
      readonly payload: Payload;
    }
  | { readonly kind: "deliverBulk"; readonly host: HostId; readonly payload: Payload };

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

/** Why a join was refused; all but "busy" are for good. */
export type RefusalReason = "unknown" | "older" | "version" | "busy";

/** Frames between neighbours; every field is checked by the codec before it gets here. */
export type OverlayFrame =
  | JoinFrame
  /** `reportsHave`: the root has all reports up to here. `path`: names from the root to the joiner. */
  | {
      readonly t: "accept";
      readonly epoch: number;
      readonly reportsHave: number;
      readonly path: readonly string[];
    }
  | { readonly t: "refuse"; readonly why: RefusalReason; readonly backoffMs: number }
  | { readonly t: "beacon"; readonly epoch: number; readonly beacon: number; readonly reportsHave: number }
  | { readonly t: "acknowledge"; readonly reportsHave: number }
  /** The answer to a beacon, and the acknowledgement of commands: all up to `have` were delivered. */
  | { readonly t: "alive"; readonly have: number }
  | { readonly t: "command"; readonly sequence: number; readonly payload: Payload }
  /** `skips`: so many numbers just before this one were dropped at the source and will never come. */
  | { readonly t: "report"; readonly sequence: number; readonly skips: number; readonly payload: Payload }
  | { readonly t: "bulk"; readonly payload: Payload }
  /** Up: goodbye. Down: the goodbye was heard. */
  | { readonly t: "leave" };

export interface JoinFrame {
  readonly t: "join";
  readonly protocol: number;
  /** Raised by the controller with every client it starts on this host. */
  readonly incarnation: number;
  /** Raised with every dial of this incarnation: a delayed older join cannot displace a newer link. */
  readonly attempt: number;
  /** All commands up to here were delivered. */
  readonly have: number;
}

/** What every step is given besides the event; nothing else may be asked of the world. */
export interface Surroundings {
  /** Milliseconds of a clock that never goes back. */
  readonly now: number;
  /** In [0, 1), seeded. */
  readonly random: () => number;
}

/** A member of any topology: mutates its own state, returns effects in order, never throws on any frame. */
export interface OverlayMember {
  step(event: MemberEvent, surroundings: Surroundings): MemberEffect[];
  readonly attached: boolean;
  readonly parent: LinkId | undefined;
  readonly children: readonly LinkId[];
  /** Names from the root to here. */
  readonly path: readonly string[];
}

/** The root of any topology. */
export interface OverlayRoot {
  step(event: RootEvent, surroundings: Surroundings): RootEffect[];
  /** As known now: for `info mesh`. */
  members(): readonly MemberView[];
  /** The link that leads towards an attached host. */
  linkTo(host: HostId): LinkId | undefined;
}

export interface MemberView {
  readonly host: HostId;
  readonly incarnation: number;
  readonly state: MembershipState | "invited";
  readonly sinceMs: number;
  readonly parent: HostId | "controller";
  readonly depth: number;
  /** Commands sent and not yet acknowledged. */
  readonly pendingCommands: number;
}
