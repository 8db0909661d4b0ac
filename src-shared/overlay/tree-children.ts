// The parent's side of a node of the tree: admits children, keeps their leases, passes commands on to them.
//
//   link --join--> child                      feasible, and there is room
//              \-> parked --newer stamp--> child | --too long--> refused
//              \-> redirected (full) | refused
import type { CommandLog, LoggedCommand } from "./command-log.ts";
import { CommandSender } from "./command-sender.ts";
import type { LinkId, OverlayLimits, OverlayTimes } from "./overlay.ts";
import { doRanksMeet, hasRank, type RankSet } from "./rank-set.ts";
import { isFeasible } from "./stamps.ts";
import { ROOT_RANK, type Candidate, type Rank } from "./topology.ts";
import { TreeChild, type Applicant } from "./tree-child.ts";
import {
  signedStampOf,
  type SignedStamp,
  type TreeFrame,
  type TreeJoin,
  type TreeRefusal,
} from "./tree-frames.ts";

/** A joiner that must wait for a newer stamp waits for the next beacon, and a little longer. */
const PARKED_BEACONS = 1.3;
/** Of a full node's children, so many are named to a joiner. */
const REDIRECTS_MAX = 3;
/** Named as others to try in each beacon: enough that some live, few enough that beacons stay small. */
const SAMPLES_MAX = 4;

/** Where the node is, and what it does with what its children bring. */
export interface Adopter {
  readonly rank: Rank;
  readonly protocol: number;
  readonly degree: number;
  readonly times: OverlayTimes;
  readonly limits: OverlayLimits;
  readonly log: CommandLog;
  /** All commands up to here have been here. */
  readonly have: number;
  /** Undefined: not attached, so nobody can be adopted. */
  readonly position: Position | undefined;
  readonly now: number;
  random(): number;
  send(link: LinkId, frame: TreeFrame): void;
  close(link: LinkId, reason: string): void;
  /** Why this one may not join here, whatever the place. */
  objection(rank: Rank, join: TreeJoin): TreeRefusal | undefined;
  /** Others outside of this node's subtree that a child may try. */
  alternatives(child: Rank): readonly Candidate[];
  adopted(child: TreeChild): void;
  lost(child: TreeChild, reason: string): void;
  /** Whether a child leads to any of these. */
  leads(child: Rank, targets: RankSet): boolean;
  /** A command that a child needs and that is not in the log, or has no body there. */
  lacks(sequence: number): void;
}

export interface Position extends SignedStamp {
  /** Hops to the root. */
  readonly depth: number;
  /** From the root to this node. */
  readonly path: readonly Candidate[];
}

export class TreeChildren {
  readonly #adopter: Adopter;
  readonly #children = new Map<LinkId, TreeChild>();
  readonly #byRank = new Map<Rank, TreeChild>();
  /** Of each that was ever a child, its own count of joins then: a join that was held up on its way is over. */
  readonly #newest = new Map<Rank, number>();
  readonly #applicants = new Map<LinkId, Applicant>();

  constructor(adopter: Adopter) {
    this.#adopter = adopter;
  }

  get count(): number {
    return this.#children.size;
  }

  get room(): number {
    return Math.max(0, this.#adopter.degree - this.#children.size);
  }

  get links(): readonly LinkId[] {
    return [...this.#children.keys()];
  }

  all(): IterableIterator<TreeChild> {
    return this.#children.values();
  }

  child(link: LinkId): TreeChild | undefined {
    return this.#children.get(link);
  }

  withRank(rank: Rank): TreeChild | undefined {
    return this.#byRank.get(rank);
  }

  has(link: LinkId): boolean {
    return this.#children.has(link) || this.#applicants.has(link);
  }

  /** Somebody has come; it has to ask within the time for a join. */
  linkUp(link: LinkId, rank: Rank): void {
    const { now, times } = this.#adopter;
    this.#applicants.set(link, { link, rank, join: undefined, endsAt: now + times.joinMs });
  }

  linkDown(link: LinkId, reason: string): void {
    this.#applicants.delete(link);
    const child = this.#children.get(link);
    if (child !== undefined) this.#forget(child, reason);
  }

  join(link: LinkId, join: TreeJoin): void {
    const applicant = this.#applicants.get(link);
    if (applicant === undefined || applicant.join !== undefined)
      return this.#adopter.close(link, "a second join on one link");
    this.#consider({ ...applicant, join }, join);
  }

  heard(child: TreeChild): void {
    child.leaseEnds = this.#adopter.now + this.#adopter.times.deadIntervalMs;
  }

  /** The position has changed for the better: passes the beacon on, and looks at those who wait for a newer stamp. */
  beacon(): void {
    for (const applicant of [...this.#applicants.values()]) {
      if (applicant.join !== undefined) this.#consider(applicant, applicant.join);
    }
    const { position } = this.#adopter;
    if (position === undefined) return;
    this.feed(true);
    const open = [...this.#children.values()].filter(({ address }) => address !== "");
    for (const child of this.#children.values()) this.#sendBeacon(child, position, open);
  }

  /** The node has lost its place: children hold on, whoever waits has to look elsewhere. */
  detach(): void {
    for (const applicant of [...this.#applicants.values()]) {
      if (applicant.join !== undefined) this.#refuse(applicant.link, "detached");
    }
    this.keepHolding();
  }

  /** Instead of beacons, which renew the place: that this node still lives. */
  keepHolding(): void {
    for (const link of this.#children.keys()) this.#adopter.send(link, { t: "detached" });
  }

  acknowledged(rank: Rank, upTo: number): void {
    this.#byRank.get(rank)?.acknowledged(upTo);
  }

  /** Sends what each child lacks, within its window; `all`: also headers that wait for company. */
  feed(all: boolean): void {
    for (const child of this.#children.values()) this.feedOne(child, all);
  }

  feedOne(child: TreeChild, all: boolean): void {
    const { log, limits, have } = this.#adopter;
    const sender = this.#sender(child.link);
    let next = child.sent + 1;
    for (; next <= have; next += 1) {
      const command = log.get(next);
      if (command === undefined) {
        // Below `stable` it will be told that it is lost; above, somebody else has it.
        if (next > log.stable) this.#adopter.lacks(next);
        break;
      }
      const isForIt = this.#isFor(child, command);
      if (isForIt && command.body === undefined) {
        this.#adopter.lacks(next);
        break;
      }
      const bytes = command.body?.payload.length ?? 0;
      if (isForIt && !child.mayTake(limits.commandWindow, limits.commandWindowBytes, bytes)) break;
      if (isForIt) child.noteSent(next, bytes);
      sender.add(command, isForIt);
    }
    if (!all && sender.held < limits.headersHeld) next -= sender.held;
    else sender.flush();
    child.sent = next - 1;
  }

  #isFor({ rank }: TreeChild, { targets }: LoggedCommand): boolean {
    return hasRank(targets, rank) || this.#adopter.leads(rank, targets);
  }

  /** A child lacks these for somebody below it: out of turn, and not counted. The first that is not here either. */
  need(link: LinkId, from: number, to: number, ranks: RankSet): number | undefined {
    const { log } = this.#adopter;
    const sender = this.#sender(link);
    let missing: number | undefined;
    for (let sequence = Math.max(from, log.stable + 1); sequence <= to; sequence += 1) {
      const command = log.get(sequence);
      const isForIt = command !== undefined && doRanksMeet(command.targets, ranks);
      if (command === undefined || (isForIt && command.body === undefined)) {
        missing = sequence;
        break;
      }
      sender.add(command, isForIt);
    }
    sender.flush();
    return missing;
  }

  #sender(link: LinkId): CommandSender {
    return new CommandSender((frame) => this.#adopter.send(link, frame), this.#adopter.limits.headersInFrame);
  }

  /** Those whose time is over. */
  check(): void {
    const { now, times } = this.#adopter;
    for (const child of [...this.#children.values()]) {
      if (now >= child.leaseEnds) this.drop(child, `nothing heard for ${times.deadIntervalMs} ms`);
    }
    for (const { link, join, endsAt } of [...this.#applicants.values()]) {
      if (now < endsAt) continue;
      if (join !== undefined) this.#refuse(link, "infeasible");
      else {
        this.#applicants.delete(link);
        this.#adopter.close(link, `no join within ${times.joinMs} ms`);
      }
    }
  }

  /** Nobody was listening for so long: no silence of that time counts. */
  extend(ms: number): void {
    const { now, times } = this.#adopter;
    const later = (deadline: number): number => Math.max(deadline + ms, now + times.afterLagMs);
    for (const child of this.#children.values()) child.leaseEnds = later(child.leaseEnds);
    for (const [link, applicant] of this.#applicants)
      this.#applicants.set(link, { ...applicant, endsAt: later(applicant.endsAt) });
  }

  drop(child: TreeChild, reason: string): void {
    this.#adopter.close(child.link, reason);
    this.#forget(child, reason);
  }

  closeAll(reason: string): void {
    for (const link of this.#applicants.keys()) this.#adopter.close(link, reason);
    this.#applicants.clear();
    for (const child of [...this.#children.values()]) this.drop(child, reason);
  }

  #consider(applicant: Applicant, join: TreeJoin): void {
    const { link, rank } = applicant;
    const { position, protocol } = this.#adopter;
    if (join.protocol !== protocol) return this.#refuse(link, "version");
    const objection = this.#adopter.objection(rank, join);
    if (objection !== undefined) return this.#refuse(link, objection);
    if (position === undefined) return this.#refuse(link, "detached");
    if (position.path.some((above) => above.rank === rank)) return this.#refuse(link, "loop");
    if (join.attach <= (this.#newest.get(rank) ?? 0)) return this.#refuse(link, "older");
    const known = this.#byRank.get(rank);
    // Only the child has noticed that its old link broke.
    if (known !== undefined) this.drop(known, "replaced by a newer link of the same client");
    if (this.#isFull(join)) return this.#redirect(link, rank);
    if (position.path.length >= this.#adopter.limits.path) return this.#refuse(link, "full");
    if (!isFeasible(position.stamp, position.depth, join)) return this.#park(applicant, join);
    this.#adopt(applicant, join, position);
  }

  #isFull(join: TreeJoin): boolean {
    const { degree, rank, limits } = this.#adopter;
    if (this.#children.size < degree) return false;
    if (rank !== ROOT_RANK) return true;
    // Who reaches nobody else hangs below the root, however many there are.
    const nobodyElse = ![...this.#children.values()].some(({ address }) => address !== "");
    return !((join.insist || nobodyElse) && this.#children.size < limits.rootChildren);
  }

  #park(applicant: Applicant, join: TreeJoin): void {
    const isNew = this.#applicants.get(applicant.link)?.join === undefined;
    if (!isNew) return;
    const { now, times, degree } = this.#adopter;
    const parked = [...this.#applicants.values()].filter((other) => other.join !== undefined).length;
    if (parked >= degree) return this.#refuse(applicant.link, "busy");
    this.#applicants.set(applicant.link, {
      ...applicant,
      join,
      endsAt: now + PARKED_BEACONS * times.beaconMs,
    });
  }

  #adopt({ link, rank }: Applicant, join: TreeJoin, position: Position): void {
    const { now, times } = this.#adopter;
    this.#applicants.delete(link);
    const child = new TreeChild(link, rank, join, now + times.deadIntervalMs);
    this.#children.set(link, child);
    this.#byRank.set(rank, child);
    this.#newest.set(rank, join.attach);
    this.#adopter.send(link, { t: "accept", ...signedStampOf(position), path: position.path });
    this.#adopter.adopted(child);
    this.feedOne(child, true);
  }

  /**
   * To the smallest subtrees, so that the tree stays flat also where nobody has planned it: RandTree's uniform choice
   * makes one of 1000 hosts with 2 children each 23 to 34 deep. Of equals, to one that has room itself.
   */
  #redirect(link: LinkId, joiner: Rank): void {
    const open = [...this.#children.values()].filter(
      ({ rank, address }) => rank !== joiner && address !== "",
    );
    const withRoom = open.filter(({ room }) => room > 0);
    const chosen = [...(withRoom.length > 0 ? withRoom : open)]
      .sort((one, other) => one.load - other.load)
      .slice(0, REDIRECTS_MAX);
    const [first] = chosen;
    if (first === undefined) return this.#refuse(link, "full");
    first.sentThere += 1;
    this.#applicants.delete(link);
    this.#adopter.send(link, { t: "redirect", to: chosen.map(({ candidate }) => candidate) });
    this.#adopter.close(link, "redirected");
  }

  #refuse(link: LinkId, why: TreeRefusal): void {
    const { times } = this.#adopter;
    this.#applicants.delete(link);
    this.#adopter.send(link, { t: "refuse", why, backoffMs: times.backoffMs });
    this.#adopter.close(link, `refused: ${why}`);
  }

  #forget(child: TreeChild, reason: string): void {
    this.#children.delete(child.link);
    if (this.#byRank.get(child.rank) === child) this.#byRank.delete(child.rank);
    this.#adopter.lost(child, reason);
  }

  #sendBeacon(child: TreeChild, position: Position, open: readonly TreeChild[]): void {
    child.trips.asked(position.stamp.beacon, this.#adopter.now);
    const siblings = this.#sample(open, SAMPLES_MAX).filter((other) => other !== child);
    this.#adopter.send(child.link, {
      t: "beacon",
      ...signedStampOf(position),
      path: position.path,
      alternatives: this.#sample(this.#adopter.alternatives(child.rank), SAMPLES_MAX),
      siblings: siblings.map(({ candidate }) => candidate),
      ...child.trips.trip,
    });
  }

  #sample<Thing>(things: readonly Thing[], count: number): readonly Thing[] {
    return sample(things, count, () => this.#adopter.random());
  }
}

/** So many of them, each at most once. */
export function sample<Thing>(
  things: readonly Thing[],
  count: number,
  random: () => number,
): readonly Thing[] {
  if (things.length <= count) return things;
  const chosen = new Set<Thing>();
  while (chosen.size < count) {
    const thing = things[Math.floor(random() * things.length)];
    if (thing !== undefined) chosen.add(thing);
  }
  return [...chosen];
}
