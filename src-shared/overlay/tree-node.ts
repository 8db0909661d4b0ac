// What members and the root of the tree have in common: children and their subtrees, and what passes through.
import { CommandLog } from "./command-log.ts";
import { CommandWants, type CommandRange } from "./command-wants.ts";
import { LatestValues } from "./latest-values.ts";
import type { LinkId, OverlayLimits, OverlayTimes, Payload } from "./overlay.ts";
import { Progress, splitProgress } from "./progress.ts";
import { countRanks } from "./rank-set.ts";
import { Subtree, type SubtreeChange } from "./subtree.ts";
import { tagsOf } from "./tagged-ranks.ts";
import { type LatestValue, ROOT_RANK, type Candidate, type Rank } from "./topology.ts";
import type { TreeChild } from "./tree-child.ts";
import { TreeChildren, type Adopter, type Position } from "./tree-children.ts";
import { isUpFrame } from "./tree-frames.ts";
import type {
  EdgeRecord,
  FoldedItem,
  ProgressGroup,
  TreeFrame,
  TreeJoin,
  TreeRefusal,
  UpLane,
} from "./tree-frames.ts";
import { itemBytes, UpQueue } from "./up-queue.ts";

/** The largest single item: it may go out although it is larger than what is left of a window. */
const ITEM_BYTES_MAX = 1024 * 1024;

/** The end of a node that is not below: a member's parent, or the root itself. */
export interface TreeNodeEnd {
  readonly have: number;
  readonly position: Position | undefined;
  readonly now: number;
  readonly random: () => number;
  /** Whether what comes from below can be passed on. */
  readonly canSendUp: boolean;
  sendUp(frame: TreeFrame): void;
  send(link: LinkId, frame: TreeFrame): void;
  close(link: LinkId, reason: string): void;
  problem(reason: string): void;
  objection?(rank: Rank, join: TreeJoin): TreeRefusal | undefined;
  alternatives(child: Rank): readonly Candidate[];
  /** Something is to be told upwards within the time for grooming. */
  groomSoon(): void;
  /** The root has our own reports up to here. */
  receivedOwn(upTo: number, tag: Uint8Array): void;
  deliverBulk(payload: Payload, tag: Uint8Array): void;
  /** For the root: who has come and who has gone, before anything is passed on. */
  changed?(change: SubtreeChange, reason: string): void;
  /** For the root: what came up ends here. True when it was taken. */
  took?(lane: UpLane, items: readonly FoldedItem[]): boolean;
  goodbye?(rank: Rank, tag: Uint8Array): void;
  /** For the root: it goes no further. */
  tookLatest?(value: LatestValue): void;
  /** For the root: whether an edge is the child's own wish. */
  isEdge?(record: EdgeRecord): boolean;
  /** For the root: whether a rank has said itself that it has all commands up to there. */
  isProgress?(rank: Rank, upTo: number, tag: Uint8Array): boolean;
}

type PassedFrame = Extract<TreeFrame, { t: "received" | "taken" | "bulk" | "resync" }>;

export interface TreeNodeSettings {
  readonly protocol: number;
  readonly rank?: Rank;
  readonly degree: number;
  readonly times: OverlayTimes;
  readonly limits: OverlayLimits;
}

export interface TreeVariant {
  /** Without: a lost parent is the end of the subtree (Plush's own tree). */
  readonly repairs: boolean;
}

export class TreeNode {
  readonly rank: Rank;
  readonly subtree: Subtree;
  readonly children: TreeChildren;
  readonly log: CommandLog;
  /** Commands: who below (and here) has them up to where. */
  readonly progress = new Progress();
  readonly latest: LatestValues;
  readonly #end: TreeNodeEnd;
  readonly #settings: TreeNodeSettings;
  readonly #up: Readonly<Record<UpLane, UpQueue>>;
  /** Of each child: bytes taken from it and not yet passed on. */
  readonly #held = new Map<LinkId, number>();
  /** Edges that have changed since they were last told, in order. */
  readonly #edgeNews = new Map<Rank, EdgeRecord>();
  readonly #wants: CommandWants;

  constructor(end: TreeNodeEnd, settings: TreeNodeSettings) {
    const { limits, rank = ROOT_RANK } = settings;
    const { commandsKept, commandsKeptBytes, hopBytes, hopFrameBytes, latestFrameBytes } = limits;
    const upLimits = { windowBytes: hopBytes, frameBytes: hopFrameBytes };
    this.rank = rank;
    this.#end = end;
    this.#settings = settings;
    this.#up = { reports: new UpQueue(upLimits), bulk: new UpQueue(upLimits) };
    this.latest = new LatestValues(latestFrameBytes);
    this.subtree = new Subtree(rank);
    this.log = new CommandLog({ kept: commandsKept, keptBytes: commandsKeptBytes });
    this.#wants = new CommandWants(this.log, (of) => of === rank || this.subtree.has(of));
    this.children = new TreeChildren(this.#adopter());
  }

  fromBelow(link: LinkId, frame: TreeFrame): void {
    if (frame.t === "join") return this.children.join(link, frame);
    const child = this.children.child(link);
    if (child === undefined) {
      // Behind a refusal, or before a parked join is decided: nothing else may come.
      this.children.linkDown(link, "it spoke before it was accepted");
      return this.#end.close(link, `${frame.t} before accept`);
    }
    if (!isUpFrame(frame)) return this.children.drop(child, `it broke the protocol: ${frame.t} from a child`);
    this.children.heard(child);
    switch (frame.t) {
      case "state":
        return this.#state(child, frame);
      case "alive":
        return this.#alive(child, frame);
      case "latest":
        return this.#latest(child, frame.values);
      case "need":
        return this.#need(child, frame);
      case "reports":
        return this.#items("reports", child, frame.items);
      case "bulkUp":
        return this.#items("bulk", child, frame.items);
      case "goodbye":
        return this.#goodbye(child, frame);
    }
  }

  /** From the parent, for this node or for somebody below it. */
  fromAbove(frame: PassedFrame): void {
    switch (frame.t) {
      case "received":
        return this.received(frame.progress);
      case "taken":
        return this.taken(frame.lane, frame.bytes);
      case "bulk":
        if (frame.rank === this.rank) return this.#end.deliverBulk(frame.payload, frame.tag);
        return this.passDown(frame.rank, frame);
      case "resync":
        return this.tellState(true);
    }
  }

  /** A child is at work on a large frame. */
  receiving(link: LinkId): void {
    const child = this.children.child(link);
    if (child !== undefined) this.children.heard(child);
  }

  /** All that has changed below, and what waits to go up. */
  flush(): void {
    if (!this.#end.canSendUp) return;
    if (this.#edgeNews.size > 0 || this.progress.hasNews) this.tellState(false);
    this.#flushUp();
  }

  sayAlive(): void {
    this.#end.sendUp(this.#life());
  }

  /** And with the answer goes what is newest of everybody here. */
  answer({ stamp, trip }: Extract<TreeFrame, { t: "beacon" }>): void {
    this.#end.sendUp({ ...this.#life(), to: stamp.beacon });
    this.latest.heard(trip);
    const values = this.latest.take(stamp.beacon);
    if (values.length > 0) this.#end.sendUp({ t: "latest", values });
  }

  /** Attached, newly or again. */
  settled(): void {
    this.latest.moved();
    this.askAgain();
  }

  #life(): Extract<TreeFrame, { t: "alive" }> {
    return { t: "alive", ...this.subtree.digestBelow(), room: this.children.room };
  }

  tellSoon(): void {
    this.#end.groomSoon();
  }

  /** `whole`: the first on a link, or when the other end has lost count. */
  tellState(whole: boolean): void {
    const news = [...this.#edgeNews.values()];
    const gone = news.filter(({ child, up }) => !up && !this.subtree.has(child));
    const edges = whole ? [...this.subtree.recordsBelow(), ...gone] : news;
    const progress = whole ? this.progress.takeAll() : this.progress.takeNews();
    this.#edgeNews.clear();
    const { room } = this.children;
    const { edgesInFrame } = this.#settings.limits;
    let at = 0;
    // Progress is believed only of those who are known by then.
    for (; at + edgesInFrame < edges.length; at += edgesInFrame) {
      const part = edges.slice(at, at + edgesInFrame);
      this.#end.sendUp({ t: "state", whole: whole && at === 0, more: true, edges: part, progress: [], room });
    }
    const rest = edges.slice(at);
    this.#end.sendUp({ t: "state", whole: whole && at === 0, more: false, edges: rest, progress, room });
  }

  /** The way up is gone, or not to be trusted: what was on it comes again from its origin. */
  detach(): void {
    this.children.detach();
    for (const lane of ["reports", "bulk"] as const) this.#giveBack(lane, this.#up[lane].clear());
    this.#wants.forgetAsked();
  }

  /** Commands have come, or headers, which are passed on at once: they have had company. */
  arrived(areHeaders: boolean): void {
    this.#serve();
    this.children.feed(areHeaders);
  }

  askAgain(): void {
    this.#wants.forgetAsked();
    this.children.feed(false);
    this.#serve();
  }

  /** Asks the parent for a command that was pruned or never was here, or came without a body that is needed now. */
  lacks(sequence: number, upTo = this.#end.have): void {
    if (!this.#end.canSendUp) return;
    const to = Math.max(sequence, Math.min(upTo, sequence + this.#settings.limits.commandWindow - 1));
    const range = this.#wants.ask(sequence, to, () => [this.rank, ...this.subtree.ranks()]);
    if (range !== undefined) this.#end.sendUp({ t: "need", ...range });
  }

  received(progress: readonly ProgressGroup[]): void {
    const here = this.rank;
    for (const [place, groups] of splitProgress(progress, (rank) => this.#placeOf(rank))) {
      if (place === here) for (const { upTo, tags } of groups) this.#end.receivedOwn(upTo, tags);
      else this.#sendTo(place, { t: "received", progress: groups });
    }
  }

  taken(lane: UpLane, bytes: number): void {
    this.#up[lane].taken(bytes);
    this.#flushUp();
  }

  /** Towards this rank. */
  passDown(rank: Rank, frame: TreeFrame): void {
    const place = this.subtree.routeTo(rank);
    const child = place === undefined ? undefined : this.children.withRank(place);
    if (child === undefined) return;
    this.#end.send(child.link, frame);
    if (frame.t === "expel" && place === rank) this.children.drop(child, "the controller has expelled it");
  }

  #placeOf(rank: Rank): Rank | undefined {
    return rank === this.rank ? rank : this.subtree.routeTo(rank);
  }

  #sendTo(child: Rank, frame: TreeFrame): void {
    const link = this.children.withRank(child)?.link;
    if (link !== undefined) this.#end.send(link, frame);
  }

  #adopter(): Adopter {
    const end = this.#end;
    const { protocol, degree, times, limits } = this.#settings;
    const { rank, log } = this;
    return {
      rank,
      protocol,
      degree,
      times,
      limits,
      log,
      get have() {
        return end.have;
      },
      get position() {
        return end.position;
      },
      get now() {
        return end.now;
      },
      random: () => end.random(),
      send: (link, frame) => end.send(link, frame),
      close: (link, reason) => end.close(link, reason),
      objection: (joiner, join) => end.objection?.(joiner, join),
      alternatives: (child) => end.alternatives(child),
      adopted: (child) => this.#adopted(child),
      lost: (child, reason) => this.#lost(child, reason),
      leads: (child, targets) => this.subtree.routesTo(targets).has(child),
      lacks: (sequence) => this.lacks(sequence),
    };
  }

  #adopted(child: TreeChild): void {
    this.#learn(child.edgeTo(this.rank, true), undefined, "joined");
    this.tellSoon();
  }

  #lost(child: TreeChild, reason: string): void {
    this.#held.delete(child.link);
    this.#wants.forget(child.link);
    const record = child.edgeTo(this.rank, false);
    this.#learn(record, undefined, reason);
    this.tellSoon();
  }

  #learn(record: EdgeRecord, via: Rank | undefined, reason: string): void {
    if (this.#end.isEdge?.(record) === false) return;
    const change = this.subtree.learn(record, via);
    for (const rank of change.gone) {
      this.progress.forget(rank);
      this.latest.forget(rank);
    }
    // Also one that changes nothing here: it may be news further up.
    const isNews = change.come.length + change.gone.length > 0 || !record.up;
    if (isNews && this.rank !== ROOT_RANK) {
      this.#edgeNews.delete(record.child);
      this.#edgeNews.set(record.child, record);
    }
    this.#end.changed?.(change, reason);
  }

  #state(child: TreeChild, frame: Extract<TreeFrame, { t: "state" }>): void {
    child.room = frame.room;
    const told = child.tells(frame);
    if (told !== undefined && !frame.more) this.#dropUntold(child, told);
    for (const record of frame.edges) this.#learn(record, child.rank, "told from below");
    const named = Math.max(this.subtree.size, this.#edgeNews.size, told?.size ?? 0);
    if (named > this.#settings.limits.subtree) return this.#dropLiar(child);
    for (const group of frame.progress)
      for (const [rank, tag] of tagsOf(group)) this.#progress(child, rank, group.upTo, tag);
    this.children.feedOne(child, false);
    this.tellSoon();
  }

  /** What may have been true of its words, the parent finds out by the digest. */
  #dropLiar(child: TreeChild): void {
    this.children.drop(child, "it names more hosts below it than there are");
    for (const rank of this.#edgeNews.keys())
      if (rank !== child.rank && !this.subtree.has(rank)) this.#edgeNews.delete(rank);
  }

  #progress(child: TreeChild, rank: Rank, upTo: number, tag: Uint8Array): void {
    if (rank !== child.rank && this.subtree.routeTo(rank) !== child.rank) return;
    if (!this.progress.isNews(rank, upTo, tag) || this.#end.isProgress?.(rank, upTo, tag) === false) return;
    this.progress.raise(rank, upTo, tag);
    if (rank === child.rank) this.children.acknowledged(rank, upTo);
  }

  /** The child names all that are below it: those that it does not name are not. */
  #dropUntold(child: TreeChild, told: ReadonlySet<Rank>): void {
    for (const record of this.subtree.recordsBelow(child.rank)) {
      if (told.has(record.child) || !this.subtree.has(record.child)) continue;
      this.#learn({ ...record, up: false }, undefined, "not told any more");
    }
  }

  #alive(child: TreeChild, frame: Extract<TreeFrame, { t: "alive" }>): void {
    child.alive(frame.room, frame.size);
    child.trips.answered(frame.to, this.#end.now);
    if (this.subtree.record(child.rank)?.parent !== this.rank) this.#adopted(child);
    const known = this.subtree.digestBelow(child.rank);
    if (known.size === frame.size && known.digest === frame.digest) return;
    this.#end.send(child.link, { t: "resync" });
  }

  /** What is said of others than those below it is dropped: they have moved, and say it again. */
  #latest(child: TreeChild, values: readonly LatestValue[]): void {
    for (const value of values) {
      if (value.rank !== child.rank && this.subtree.routeTo(value.rank) !== child.rank) continue;
      if (this.#end.tookLatest === undefined) this.latest.put(value);
      else this.#end.tookLatest(value);
    }
  }

  #need({ link }: TreeChild, { from, to, ranks }: Extract<TreeFrame, { t: "need" }>): void {
    this.#wants.forget(link);
    // Also what has not come here yet: whoever asks may have had it, and forgotten it as told falsely.
    const end = Math.min(to, from + this.#settings.limits.commandWindow - 1);
    this.#serveOne(link, { from, to: end, ranks });
  }

  #serve(): void {
    for (const [link, want] of this.#wants.all()) this.#serveOne(link, want);
  }

  #serveOne(link: LinkId, want: CommandRange): void {
    const missing = this.children.need(link, want.from, want.to, want.ranks);
    this.#wants.set(link, want, missing);
    if (missing !== undefined) this.lacks(missing);
  }

  #items(lane: UpLane, child: TreeChild, items: readonly FoldedItem[]): void {
    if (this.#end.took?.(lane, items) === true) {
      const bytes = items.reduce((sum, item) => sum + (isOwn(item, child.rank) ? 0 : itemBytes(item)), 0);
      if (bytes > 0) this.#end.send(child.link, { t: "taken", lane, bytes });
      return;
    }
    // On its way when the place was lost: it comes again.
    if (!this.#end.canSendUp) return this.#discard(lane, child, items);
    for (const item of items) {
      const spent = isOwn(item, child.rank) ? 0 : itemBytes(item);
      this.#held.set(child.link, (this.#held.get(child.link) ?? 0) + spent);
      this.#up[lane].offer(child, item, spent);
    }
    const { hopBytes, hopFrameBytes, childBytes } = this.#settings.limits;
    // Two lanes.
    const isOverCredit = (this.#held.get(child.link) ?? 0) > 2 * (hopBytes + hopFrameBytes + ITEM_BYTES_MAX);
    if (isOverCredit || this.#up[lane].heldOf(child.rank) > childBytes)
      return this.children.drop(child, "it sends more than it may");
    this.tellSoon();
  }

  #discard(lane: UpLane, child: TreeChild, items: readonly FoldedItem[]): void {
    const bytes = items.reduce((sum, item) => sum + (isOwn(item, child.rank) ? 0 : itemBytes(item)), 0);
    if (bytes > 0) this.#end.send(child.link, { t: "taken", lane, bytes });
  }

  #flushUp(): void {
    if (!this.#end.canSendUp) return;
    for (const lane of ["reports", "bulk"] as const) {
      const queue = this.#up[lane];
      while (!queue.isEmpty && queue.isOpen) {
        const { items, freed } = queue.take();
        this.#end.sendUp(lane === "reports" ? { t: "reports", items } : { t: "bulkUp", items });
        this.#giveBack(lane, freed);
      }
    }
  }

  #giveBack(lane: UpLane, freed: ReadonlyMap<LinkId, number>): void {
    for (const [link, bytes] of freed) {
      if (!this.#held.has(link)) continue;
      this.#held.set(link, Math.max(0, (this.#held.get(link) ?? 0) - bytes));
      this.#end.send(link, { t: "taken", lane, bytes });
    }
  }

  #goodbye(child: TreeChild, frame: Extract<TreeFrame, { t: "goodbye" }>): void {
    if (frame.rank !== child.rank && this.subtree.routeTo(frame.rank) !== child.rank) return;
    if (this.#end.goodbye !== undefined) this.#end.goodbye(frame.rank, frame.tag);
    else if (this.#end.canSendUp) this.#end.sendUp(frame);
  }
}

/** Says nothing but of the child itself: bounded by its own window. */
function isOwn(item: FoldedItem, child: Rank): boolean {
  return item.parts.every(({ ranks }) => ranks[0] === child && countRanks(ranks) === 1);
}
