// What every topology is (star, trees): pure cores for a member and for the root, their events, effects and settings.
import type { HostId } from "../base/ids.ts";
import type {
  LinkId,
  MembershipChange,
  MembershipState,
  OverlayLimits,
  OverlayTimes,
  Payload,
  Surroundings,
} from "./overlay.ts";

/**
 * Names one started client for as long as the session lives: a new one for each incarnation on each host, given out
 * by the root and written into the client's certificate. So a rank never comes back with another memory, and an
 * older client of the same host is told apart by its rank alone. The root has 0.
 */
export type Rank = number;
export const ROOT_RANK: Rank = 0;

/** Somebody to dial. `address` is opaque to the cores: `host:port` as the shell writes it. */
export interface Candidate {
  readonly rank: Rank;
  readonly address: string;
}

/** What a host says of itself that only counts as long as it is the newest. */
export interface LatestValue {
  readonly rank: Rank;
  /** Raised by its origin with each; of two the higher counts. */
  readonly number: number;
  readonly payload: Payload;
  /** The origin's: prove(latestProof(number), payload). */
  readonly tag: Uint8Array;
}

/** What either end is told of its links and of time. */
export type NodeEvent<Frame> =
  | { readonly kind: "linkDown"; readonly link: LinkId; readonly reason: string }
  | { readonly kind: "frame"; readonly link: LinkId; readonly frame: Frame }
  | { readonly kind: "timer"; readonly name: string }
  /** The event loop was held up: nobody is judged dead for that long. */
  | { readonly kind: "lagged"; readonly ms: number }
  /** A large frame is on its way over this link: the other end is at work, though it has not said anything yet. */
  | { readonly kind: "receiving"; readonly link: LinkId };

/** What either end asks of its links and of time. */
export type NodeEffect<Frame> =
  | { readonly kind: "close"; readonly link: LinkId; readonly reason: string }
  | { readonly kind: "send"; readonly link: LinkId; readonly frame: Frame }
  | { readonly kind: "setTimer"; readonly name: string; readonly delayMs: number }
  | { readonly kind: "clearTimer"; readonly name: string };

/** What a member is told. Who is at the other end of a link comes from its certificate, never from a frame. */
export type MemberEvent<Frame> =
  | NodeEvent<Frame>
  | { readonly kind: "start" }
  /** `dialled`: by us, after the effect `dial` of this link; else somebody has come to us. */
  | { readonly kind: "linkUp"; readonly link: LinkId; readonly peer: Rank; readonly dialled: boolean }
  /** Others can dial us here from now on; "" when nobody can. */
  | { readonly kind: "listening"; readonly address: string }
  /** A report to be kept until the root has it. The shell has appended it to the outbox under this number. */
  | { readonly kind: "reported"; readonly sequence: number }
  /** For the root. `tag` proves the origin (Seals.prove of the payload). */
  | { readonly kind: "bulk"; readonly payload: Payload; readonly tag: Uint8Array }
  /** Replaces what was said so before. The shell counts them from 1. */
  | { readonly kind: "latest"; readonly value: LatestValue }
  /** From now on the controller may be away for so long. */
  | { readonly kind: "absenceAllowed"; readonly ms: number }
  | { readonly kind: "leave" };

export type MemberEffect<Frame> =
  | NodeEffect<Frame>
  /** The link's number is the member's own (odd numbers); the shell numbers links that come to it with even ones. */
  | { readonly kind: "dial"; readonly link: LinkId; readonly to: Candidate }
  /** Send the outbox's reports numbered [from, to] over the link (read from disk, in order; Topology.reportFrame). */
  | { readonly kind: "sendReports"; readonly link: LinkId; readonly from: number; readonly to: number }
  /** The root has all up to this number: the outbox may forget them. */
  | { readonly kind: "forgetReports"; readonly upTo: number }
  | { readonly kind: "deliver"; readonly sequence: number; readonly payload: Payload }
  | { readonly kind: "deliverBulk"; readonly payload: Payload }
  /** Also when the path changes while attached. */
  | { readonly kind: "attached"; readonly parent: Rank; readonly path: readonly Rank[] }
  | { readonly kind: "orphaned"; readonly reason: string }
  /** The goodbye was said (or its time is over): nothing more will come. */
  | { readonly kind: "left" }
  /** No controller for the time allowed, or refused for good: the client ends itself, nothing more will come. */
  | { readonly kind: "abandoned"; readonly reason: string }
  /** A parent that says what cannot be true was left: for the log, and for the root to hear. */
  | { readonly kind: "distrusted"; readonly neighbour: Rank; readonly reason: string }
  /** For the log: a neighbour that breaks the protocol, a candidate that cannot be reached. */
  | { readonly kind: "problem"; readonly reason: string };

export type RootEvent<Frame> =
  | NodeEvent<Frame>
  /** This client is to be expected. An older one of the same host is given up, its commands forgotten. */
  | {
      readonly kind: "invite";
      readonly host: HostId;
      readonly incarnation: number;
      readonly rank: Rank;
    }
  /** Forget the host's client: its link is closed wherever it hangs, and a later join refused. */
  | { readonly kind: "dismiss"; readonly host: HostId }
  | { readonly kind: "linkUp"; readonly link: LinkId; readonly peer: Rank }
  | { readonly kind: "command"; readonly targets: readonly HostId[]; readonly payload: Payload }
  | { readonly kind: "bulk"; readonly host: HostId; readonly payload: Payload }
  /** The root itself is cut off: orphaned hosts are not lost for so much longer. */
  | { readonly kind: "hold"; readonly ms: number };

export type RootEffect<Frame> =
  | NodeEffect<Frame>
  | ({ readonly kind: "membership" } & MembershipChange)
  | {
      readonly kind: "report";
      readonly host: HostId;
      readonly incarnation: number;
      readonly sequence: number;
      readonly payload: Payload;
    }
  | { readonly kind: "deliverBulk"; readonly host: HostId; readonly payload: Payload }
  /** Newer than all before of this incarnation; some in between may never come. */
  | {
      readonly kind: "latest";
      readonly host: HostId;
      readonly incarnation: number;
      readonly payload: Payload;
    }
  /** To be on disk before any later effect of this step is performed. */
  | { readonly kind: "keep"; readonly record: RootRecord }
  | { readonly kind: "problem"; readonly host: HostId | undefined; readonly reason: string };

/** What a root writes down, so that one that is started anew takes its clients over with their processes untouched. */
export type RootRecord =
  | {
      readonly kind: "invited";
      readonly host: HostId;
      readonly incarnation: number;
      readonly rank: Rank;
      readonly start: number;
    }
  | { readonly kind: "dismissed"; readonly rank: Rank }
  | {
      readonly kind: "command";
      readonly sequence: number;
      readonly targets: readonly number[];
      readonly payload: Payload;
    }
  /** All members have all commands up to here; their records may be dropped. */
  | { readonly kind: "stable"; readonly sequence: number; readonly chain: Uint8Array }
  /** All reports of this rank up to here were handed on. */
  | { readonly kind: "reports"; readonly rank: Rank; readonly upTo: number }
  /** It has said goodbye, or is lost: it does not come back under this rank. */
  | { readonly kind: "ended"; readonly rank: Rank; readonly as: "left" | "lost" };

/** What the root signs; also its beacons and orders, which have no number (tree-proofs.ts). */
export interface SealedCommand {
  readonly epoch: number;
  readonly sequence: number;
  readonly targets: readonly number[];
  readonly payload: Payload;
  /** The digest of for whom all commands before it are. */
  readonly before: Uint8Array;
}

/**
 * Proofs of origin, as pure functions: a compromised interior host can drop, but neither forge nor replay. The root
 * signs what is for many (everybody can check); what a member says to the root, and the root to it alone, is proved by
 * a key that only these two have.
 */
export interface MemberSeals {
  /** The root's signature, with the session. */
  isSealed(command: SealedCommand, seal: Uint8Array): boolean;
  /** The digest of for whom all commands up to this one are, from that of those before: TAG_BYTES, by no key. */
  chain(before: Uint8Array, sequence: number, targets: readonly number[]): Uint8Array;
  /** TAG_BYTES long; `what` keeps proofs of different things apart. */
  prove(what: string, payload: Payload): Uint8Array;
  /** By the root, to this member. */
  isProved(what: string, payload: Payload, tag: Uint8Array): boolean;
}

export interface RootSeals {
  seal(command: SealedCommand): Uint8Array;
  /** As a member's. */
  chain(before: Uint8Array, sequence: number, targets: readonly number[]): Uint8Array;
  isProved(rank: Rank, what: string, payload: Payload, tag: Uint8Array): boolean;
  /** To one member. */
  prove(rank: Rank, what: string, payload: Payload): Uint8Array;
}

/** A truncated HMAC-SHA256: 2^-128 for a guess. */
export const TAG_BYTES = 16;

export interface MemberSettings {
  readonly protocol: number;
  readonly rank: Rank;
  /** Commands up to here are not for this client: it was invited after them. */
  readonly start: number;
  /** The digest of for whom these are: RootCore.chainAt(start). */
  readonly startChain: Uint8Array;
  /** Whom to dial at first, the best first; the root is among them where it can be reached. */
  readonly candidates: readonly Candidate[];
  /** Children taken at most. */
  readonly degree: number;
  readonly controllerAbsenceMs: number;
  /** The last report in the outbox at the start. */
  readonly lastReport: number;
  readonly times: OverlayTimes;
  readonly limits: OverlayLimits;
  readonly seals: MemberSeals;
}

export interface RootSettings {
  readonly protocol: number;
  readonly epoch: number;
  readonly degree: number;
  readonly times: OverlayTimes;
  readonly limits: OverlayLimits;
  readonly seals: RootSeals;
  /** What an earlier root of this session has kept, in order; [] for a new session. */
  readonly records: readonly RootRecord[];
}

/** A member of any topology: mutates its own state, returns effects in order, never throws on any frame. */
export interface MemberCore<Frame> {
  step(event: MemberEvent<Frame>, surroundings: Surroundings): MemberEffect<Frame>[];
  readonly attached: boolean;
  readonly parent: LinkId | undefined;
  readonly children: readonly LinkId[];
  /** Ranks from the root to here, both included; empty while not attached. */
  readonly path: readonly Rank[];
  /** The least of the last round trips between the parent and here, as the parent has measured them; microseconds. */
  readonly tripUs: number | undefined;
}

/** Of the last command that all whom it was for are known to have. */
export interface Propagated {
  /** From its sending until the last acknowledgement. */
  readonly ms: number;
  /** For so many it was. */
  readonly hosts: number;
}

/** The root of any topology. */
export interface RootCore<Frame> {
  step(event: RootEvent<Frame>, surroundings: Surroundings): RootEffect<Frame>[];
  members(): readonly MemberState[];
  /** The link that leads towards an attached host. */
  linkTo(host: HostId): LinkId | undefined;
  /** Where a client that is about to be started should dial, the best first; counts on it coming. */
  plan(rank: Rank, surroundings: Surroundings): readonly Candidate[];
  /** The last command given: a client that is invited now starts after it. */
  readonly lastCommand: number;
  /** Undefined while no command has arrived, and where acknowledgements are not told apart. */
  readonly propagation?: { readonly last: Propagated | undefined };
  /** The digest of for whom all commands up to this one are; of those that not everybody has. */
  chainAt(sequence: number): Uint8Array;
}

/** What `info mesh` shows of one member. */
export interface MemberState {
  readonly host: HostId;
  readonly incarnation: number;
  readonly rank: Rank;
  readonly state: MembershipState | "invited";
  /** When it came to be so, by the clock of the root's steps. */
  readonly since: number;
  readonly parent: HostId | "controller" | undefined;
  /** Hops to the root; 0 while unknown. */
  readonly depth: number;
  /** Commands given and not known to have arrived. */
  readonly pendingCommands: number;
}

/** One topology: what the shells (real and simulated) need to run it. A further one is one more of these. */
export interface Topology<Frame> {
  readonly name: string;
  /** Whether members take children, so that others must be able to dial them. */
  readonly membersListen: boolean;
  createMember(settings: MemberSettings): MemberCore<Frame>;
  createRoot(settings: RootSettings): RootCore<Frame>;
  /** Whether a frame goes in the lane for bulk. */
  isBulk(frame: Frame): boolean;
  /** A member's own report as a frame; `tag` is prove(`report ${sequence} ${skips}`, payload). */
  reportFrame(
    rank: Rank,
    report: { readonly sequence: number; readonly skips: number; readonly payload: Payload },
    tag: Uint8Array,
  ): Frame;
  /** Builds a frame anew from its known fields, or undefined: the door for what comes over a link. */
  checkFrame(fields: Readonly<Record<string, unknown>>): Frame | undefined;
  /** The number of the rank sets a frame may hold is bounded by this many numbers. */
  readonly listNumbersMax: number;
}
