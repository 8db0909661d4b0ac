// The root of the tree: issues stamps and commands, knows who is attached where, and who is lost.
import type { HostId } from "../base/ids.ts";
import { CommandOrder, FIRST_CHAIN } from "./command-order.ts";
import { judgeArrival } from "./delivery.ts";
import { EffectList } from "./effect-list.ts";
import type { LinkId, MembershipState, Payload, Surroundings } from "./overlay.ts";
import { ProgressGroups, splitProgress } from "./progress.ts";
import { Propagation } from "./propagation.ts";
import { rankSetOf, type RankSet } from "./rank-set.ts";
import type { SubtreeChange } from "./subtree.ts";
import { tagsOf } from "./tagged-ranks.ts";
import { ROOT_RANK } from "./topology.ts";
import type {
  LatestValue,
  Candidate,
  MemberState,
  Rank,
  RootCore,
  RootEffect,
  RootEvent,
  RootSettings,
} from "./topology.ts";
import type { Position } from "./tree-children.ts";
import type {
  EdgeRecord,
  FoldedItem,
  FoldedPart,
  TreeFrame,
  TreeJoin,
  TreeRefusal,
  UpLane,
} from "./tree-frames.ts";
import { counts, noteLatest, TreeMemberships, type TreeMembership } from "./tree-membership.ts";
import { TreeNode, type TreeNodeEnd } from "./tree-node.ts";
import { restoreRecords } from "./tree-records.ts";
import { drawPool, planCandidates } from "./tree-plan.ts";
import { BULK_DOWN_PROOF, BULK_PROOF, edgeProof, GOODBYE, HAVE_PROOF, NOTHING } from "./tree-proofs.ts";
import { beaconOf, chainBytes, isOwnLatest, numberBytes, orderTo } from "./tree-proofs.ts";
import { RECEIVED_PROOF, reportProof } from "./tree-proofs.ts";

type TimerName = "beacon" | "check" | "groom";

const CHECKS_PER_DEAD_INTERVAL = 4;

export class TreeRoot extends EffectList<RootEffect<TreeFrame>> implements RootCore<TreeFrame>, TreeNodeEnd {
  readonly #settings: RootSettings;
  readonly #node: TreeNode;
  readonly #members = new TreeMemberships();
  readonly #owed = new Set<Rank>();
  /** Whose place in the tree is planned, and below whom. */
  readonly #planned = new Map<Rank, Rank>();
  /** Where all paths begin, with the newest beacon. */
  position: Position | undefined;
  #given: CommandOrder;
  #started = false;
  #grooming = false;
  readonly propagation = new Propagation();

  constructor(settings: RootSettings) {
    super();
    this.#settings = settings;
    this.#node = new TreeNode(this, settings);
    this.#given = new CommandOrder(settings.seals, 0, FIRST_CHAIN);
    this.#restore();
  }

  get lastCommand(): number {
    return this.#given.last;
  }

  chainAt(sequence: number): Uint8Array {
    return this.#given.at(sequence) ?? FIRST_CHAIN;
  }

  members(): readonly MemberState[] {
    return [...this.#members.all()].map((member) => this.#stateOf(member));
  }

  linkTo(host: HostId): LinkId | undefined {
    const rank = this.#members.ofHost(host)?.rank;
    const place = rank === undefined ? undefined : this.#node.subtree.routeTo(rank);
    return place === undefined ? undefined : this.#node.children.withRank(place)?.link;
  }

  plan(rank: Rank, { random }: Surroundings): readonly Candidate[] {
    const { degree } = this.#settings;
    const plan = planCandidates({
      subtree: this.#node.subtree,
      planned: this.#planned,
      degree,
      rank,
      random,
    });
    this.#planned.set(rank, plan[0]?.rank ?? ROOT_RANK);
    return plan;
  }

  step(event: RootEvent<TreeFrame>, surroundings: Surroundings): RootEffect<TreeFrame>[] {
    this.begin(surroundings);
    if (!this.#started) this.#start();
    this.#handle(event);
    return this.effects;
  }

  #start(): void {
    this.#started = true;
    this.#issueBeacon();
    this.#setTimer("beacon");
    this.#setTimer("check");
    // Whoever was there before this root was started has as long to come back as whoever loses it.
    for (const member of this.#members.all()) {
      member.since = this.now;
      member.lostAt = this.now + this.#settings.times.lostGraceMs;
    }
  }

  #handle(event: RootEvent<TreeFrame>): void {
    switch (event.kind) {
      case "invite":
        return this.#invite(event.host, event.incarnation, event.rank);
      case "dismiss":
        return this.#dismiss(event.host);
      case "linkUp":
        return this.#node.children.linkUp(event.link, event.peer);
      case "linkDown":
        return this.#node.children.linkDown(event.link, event.reason);
      case "frame":
        return this.#node.fromBelow(event.link, event.frame);
      case "timer":
        return this.#timer(event.name);
      case "command":
        return this.#command(event.targets, event.payload);
      case "bulk":
        return this.#bulk(event.host, event.payload);
      case "hold":
        for (const member of this.#members.all())
          if (member.state === "orphaned") member.lostAt = Math.max(member.lostAt, this.now) + event.ms;
        return;
      case "receiving":
        return this.#node.receiving(event.link);
      case "lagged":
        return this.#lagged(event.ms);
    }
  }

  #invite(host: HostId, incarnation: number, rank: Rank): void {
    const start = this.#given.last;
    const before = this.#members.invite({ host, incarnation, rank, start }, this.now);
    if (this.#members.withRank(rank) === undefined) return;
    this.#keep({ kind: "invited", host, incarnation, rank, start });
    if (before === undefined) return;
    this.#forget(before);
    this.#order(before, "expel");
  }

  #dismiss(host: HostId): void {
    const member = this.#members.dismiss(host);
    if (member === undefined) return;
    this.#keep({ kind: "dismissed", rank: member.rank });
    this.#forget(member.rank);
    this.#order(member.rank, "expel");
  }

  #forget(rank: Rank): void {
    this.propagation.gone(rank);
    this.#owed.delete(rank);
    this.#planned.delete(rank);
  }

  #order(rank: Rank, order: "expel" | "farewell"): void {
    if (!this.#node.subtree.has(rank)) return;
    const { epoch, seals } = this.#settings;
    this.#node.passDown(rank, { t: order, rank, epoch, seal: seals.seal(orderTo(rank, order, epoch)) });
  }

  #command(hosts: readonly HostId[], payload: Payload): void {
    const members = [...new Set(hosts)].map((host) => this.#members.ofHost(host));
    const targets = rankSetOf(
      members.flatMap((member) => (member !== undefined && counts(member) ? [member.rank] : [])),
    );
    if (targets.length === 0) return;
    if (this.#node.log.isFull) this.#giveUpSlowest();
    this.#keep({ kind: "command", sequence: this.#given.last + 1, targets, payload });
    this.#give(targets, payload);
    this.propagation.given(this.#given.last, targets, this.now);
    this.#node.children.feed(this.#node.log.isFilling);
  }

  #give(targets: RankSet, payload: Payload): void {
    const { epoch, seals } = this.#settings;
    const before = this.#given.lastChain;
    this.#given.add(targets);
    const sequence = this.#given.last;
    const seal = seals.seal({ epoch, sequence, targets, payload, before });
    this.#node.log.add({ sequence, targets, body: { epoch, payload, before, seal } });
  }

  /** Whoever holds up so many commands is beyond saving. */
  #giveUpSlowest(): void {
    const standing = [...this.#members.all()].filter(counts);
    const least = Math.min(...standing.map((member) => this.#haveOf(member)));
    for (const member of standing) {
      if (this.#haveOf(member) === least)
        this.#lose(member, "it acknowledges no commands; too many are waiting for it");
    }
    this.#prune();
  }

  #haveOf(member: TreeMembership): number {
    return Math.max(member.start, this.#node.progress.get(member.rank) ?? 0);
  }

  #prune(): void {
    let stable = this.#given.last;
    for (const member of this.#members.all())
      if (counts(member)) stable = Math.min(stable, this.#haveOf(member));
    if (stable <= this.#node.log.stable) return;
    this.#node.log.prune(stable);
    this.#given.forgetBelow(stable);
    this.#keep({ kind: "stable", sequence: stable, chain: this.chainAt(stable) });
  }

  #bulk(host: HostId, payload: Payload): void {
    const rank = this.#members.ofHost(host)?.rank;
    if (rank === undefined) return;
    const tag = this.#settings.seals.prove(rank, BULK_DOWN_PROOF, payload);
    this.#node.passDown(rank, { t: "bulk", rank, payload, tag });
  }

  #timer(name: string): void {
    switch (name) {
      case "beacon":
        this.#setTimer("beacon");
        this.#prune();
        this.#issueBeacon();
        this.#acknowledge();
        this.#pool = undefined;
        return this.#node.children.beacon();
      case "check":
        this.#setTimer("check");
        this.#node.children.check();
        for (const member of [...this.#members.all()]) {
          if (member.state === "orphaned" && this.now >= member.lostAt)
            this.#lose(member, `no way to it for ${this.#settings.times.lostGraceMs} ms`);
        }
        return;
      case "groom":
        this.#grooming = false;
        return this.#acknowledge();
      default:
        return;
    }
  }

  #issueBeacon(): void {
    const { epoch, seals } = this.#settings;
    const stamp = { epoch, beacon: (this.position?.stamp.beacon ?? 0) + 1 };
    const { last, lastChain: chain } = this.#given;
    const signed = { stamp, stable: this.#node.log.stable, last, chain };
    const seal = seals.seal(beaconOf(signed));
    this.position = { ...signed, seal, depth: 0, path: [{ rank: ROOT_RANK, address: "" }] };
  }

  #lose(member: TreeMembership, reason: string): void {
    this.#become(member, "lost", reason);
    this.#forget(member.rank);
    this.#order(member.rank, "expel");
  }

  #acknowledge(): void {
    const groups = new ProgressGroups();
    for (const rank of this.#owed) {
      if (!this.#node.subtree.has(rank)) continue;
      const upTo = this.#members.withRank(rank)?.reportsHave ?? 0;
      this.#keep({ kind: "reports", rank, upTo });
      groups.add(rank, upTo, this.#settings.seals.prove(rank, RECEIVED_PROOF, numberBytes(upTo)));
    }
    this.#owed.clear();
    for (const [place, parts] of splitProgress(groups.all(), (rank) => this.#node.subtree.routeTo(rank))) {
      const link = this.#node.children.withRank(place)?.link;
      if (link !== undefined) this.send(link, { t: "received", progress: parts });
    }
  }

  #lagged(ms: number): void {
    this.#node.children.extend(ms);
    this.#members.postpone(ms, this.now + this.#settings.times.afterLagMs);
  }

  #become(member: TreeMembership, state: MembershipState, reason: string): void {
    if (state === "left" || state === "lost") this.#keep({ kind: "ended", rank: member.rank, as: state });
    member.state = state;
    member.since = this.now;
    const { host, incarnation } = member;
    this.effects.push({ kind: "membership", host, incarnation, state, reason });
  }

  #stateOf(member: TreeMembership): MemberState {
    const { host, incarnation, rank, state, since } = member;
    const above = this.#node.subtree.record(rank)?.parent;
    const parent = above === ROOT_RANK ? "controller" : this.#members.withRank(above ?? -1)?.host;
    const pendingCommands = this.#node.log.countFor(rank, this.#haveOf(member), this.#given.last);
    const depth = this.#node.subtree.pathTo(rank).length;
    return { host, incarnation, rank, state, since, parent, depth, pendingCommands };
  }

  /** What an earlier root has kept. */
  #restore(): void {
    const restored = restoreRecords(this.#settings.records, this.#members);
    this.#given = new CommandOrder(this.#settings.seals, restored.stable, restored.chain);
    this.#node.log.prune(restored.stable);
    for (const { targets, payload } of restored.commands) this.#give(targets, payload);
  }

  #keep(record: Extract<RootEffect<TreeFrame>, { kind: "keep" }>["record"]): void {
    this.effects.push({ kind: "keep", record });
  }

  #setTimer(name: TimerName): void {
    const { beaconMs, deadIntervalMs, groomMs } = this.#settings.times;
    const delays = { beacon: beaconMs, check: deadIntervalMs / CHECKS_PER_DEAD_INTERVAL, groom: groomMs };
    this.effects.push({ kind: "setTimer", name, delayMs: delays[name] });
  }

  // What the node asks of its end.

  get have(): number {
    return this.#given.last;
  }

  readonly canSendUp = false;

  sendUp(): void {
    this.problem("a frame for somebody above the root");
  }

  problem(reason: string): void {
    this.effects.push({ kind: "problem", host: undefined, reason });
  }

  objection(rank: Rank, join: TreeJoin): TreeRefusal | undefined {
    const member = this.#members.withRank(rank);
    // Whoever has more than was ever given is another root's client.
    if (member === undefined || member.state === "lost" || join.have > this.#given.last) return "unknown";
    const isProved = this.#settings.seals.isProved(
      rank,
      edgeProof(ROOT_RANK),
      numberBytes(join.attach),
      join.proof,
    );
    return isProved ? undefined : "unknown";
  }

  /** Of everybody that can be dialled some, and of those whoever is not below the child. */
  alternatives(child: Rank): readonly Candidate[] {
    this.#pool ??= drawPool(this.#node.subtree, this.random);
    return this.#pool.filter(({ rank }) => this.#node.subtree.routeTo(rank) !== child);
  }

  #pool: readonly Candidate[] | undefined;

  groomSoon(): void {
    if (this.#grooming) return;
    this.#grooming = true;
    this.#setTimer("groom");
  }

  readonly receivedOwn = (): void => this.problem("the root has no reports");

  readonly deliverBulk = (): void => this.problem("bulk for the root from the root");

  isEdge({ child, parent, attach, proof }: EdgeRecord): boolean {
    if (this.#settings.seals.isProved(child, edgeProof(parent), numberBytes(attach), proof)) return true;
    this.problem(`an edge from ${child} to ${parent} that the child has not asked for`);
    return false;
  }

  isProgress(rank: Rank, upTo: number, tag: Uint8Array): boolean {
    if (upTo < this.#node.log.stable) return false;
    const chain = this.#given.at(upTo);
    const { seals } = this.#settings;
    const isProved = chain !== undefined && seals.isProved(rank, HAVE_PROOF, chainBytes(upTo, chain), tag);
    const member = this.#members.withRank(rank);
    if (isProved) this.propagation.acknowledged(rank, upTo, this.now);
    else if (member !== undefined) this.#forged(member, `an acknowledgement of commands up to ${upTo}`);
    return isProved;
  }

  changed({ gone, come }: SubtreeChange, reason: string): void {
    for (const rank of gone) {
      const member = this.#members.withRank(rank);
      if (member?.state !== "attached") continue;
      member.lostAt = this.now + this.#settings.times.lostGraceMs;
      this.#become(member, "orphaned", reason);
    }
    for (const rank of come) {
      const member = this.#members.withRank(rank);
      this.#planned.delete(rank);
      if (member === undefined || member.state === "lost") this.#order(rank, "expel");
      else if (member.state === "left") this.#order(rank, "farewell");
      else this.#become(member, "attached", "joined");
    }
  }

  took(lane: UpLane, items: readonly FoldedItem[]): boolean {
    for (const { payload, parts } of items) for (const part of parts) this.#tookPart(lane, payload, part);
    return true;
  }

  #tookPart(lane: UpLane, payload: Payload, part: FoldedPart): void {
    for (const [rank, tag] of tagsOf(part)) {
      if (lane === "bulk") this.#tookBulk(rank, payload, tag);
      else this.#tookReport(rank, part.sequence, part.skips, payload, tag);
    }
  }

  #tookBulk(rank: Rank, payload: Payload, tag: Uint8Array): void {
    const member = this.#members.withRank(rank);
    if (member === undefined || !counts(member)) return;
    if (this.#settings.seals.isProved(rank, BULK_PROOF, payload, tag))
      this.effects.push({ kind: "deliverBulk", host: member.host, payload });
    else this.#forged(member, "bulk");
  }

  #tookReport(rank: Rank, sequence: number, skips: number, payload: Payload, tag: Uint8Array): void {
    const member = this.#members.withRank(rank);
    if (member === undefined || !counts(member)) return;
    const arrival = judgeArrival(member.reportsHave, sequence, skips);
    // A hole: part of it was on a way that broke, and comes again.
    if (arrival === "gap") return;
    if (arrival === "next") {
      if (!this.#settings.seals.isProved(rank, reportProof(sequence, skips), payload, tag))
        return this.#forged(member, `report ${sequence}`);
      member.reportsHave = sequence;
      const { host, incarnation } = member;
      this.effects.push({ kind: "report", host, incarnation, sequence, payload });
    }
    this.#owed.add(rank);
    this.groomSoon();
  }

  /** By somebody on the way: only the two ends of it can tell. */
  #forged({ host, rank }: TreeMembership, what: string): void {
    const names = this.#members.namesOf(this.#node.subtree.pathTo(rank).slice(0, -1));
    const way = names.length > 0 ? `; it came over ${names.join(", ")}` : "";
    this.effects.push({ kind: "problem", host, reason: `${what} in its name that is not its own${way}` });
  }

  tookLatest(value: LatestValue): void {
    const member = this.#members.takesLatest(value);
    if (member === undefined) return;
    if (!isOwnLatest(value, this.#settings.seals)) return this.#forged(member, "a latest value");
    this.effects.push({ kind: "latest", ...noteLatest(member, value) });
  }

  goodbye(rank: Rank, tag: Uint8Array): void {
    const member = this.#members.withRank(rank);
    if (member === undefined || member.state === "lost") return;
    if (!this.#settings.seals.isProved(rank, GOODBYE, NOTHING, tag)) return this.#forged(member, "a goodbye");
    if (member.state !== "left") this.#become(member, "left", "said goodbye");
    this.#forget(rank);
    this.#order(rank, "farewell");
  }
}
