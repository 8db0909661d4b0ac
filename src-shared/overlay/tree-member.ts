// A member of the rooted tree (RandTree's shape, made sound): joins, adopts, passes on, and moves with its subtree.
//
//   idle --start--> seeking --dial--> joining --accept--> attached --parent says detached--> holding
//                      ^                 | refused, late      | link down, no newer stamp       | | parent is back
//                      \-----------------/<-------------------/<---------- hold over -----------/ \--> attached
//   any --farewell, and nobody is below any more, or its time over--> ended (left)      not attached --absence--> ended (abandoned)
import { Deadlines } from "./deadlines.ts";
import { EffectList } from "./effect-list.ts";
import { MemberProofs } from "./member-proofs.ts";
import type { LinkId, Payload, Surroundings } from "./overlay.ts";
import { OwnCommands, type OwnCommand, type OwnCommandsEnd } from "./own-commands.ts";
import { OwnReports } from "./own-reports.ts";
import { Seeker, type DialFailure } from "./seeker.ts";
import { ROOT_RANK } from "./topology.ts";
import type { Candidate, MemberCore, MemberEffect, MemberEvent, MemberSettings, Rank } from "./topology.ts";
import type { Position } from "./tree-children.ts";
import { bulkOf, isJoinFrame, isUpFrame, TREE_REFUSAL_WORDS } from "./tree-frames.ts";
import type { OrderFrame, TreeFrame, TreeRefusal } from "./tree-frames.ts";
import { TreeNode, type TreeNodeEnd, type TreeVariant } from "./tree-node.ts";
import { TreeLeave, type LeaveTimer } from "./tree-leave.ts";
import { TreePlace } from "./tree-place.ts";

type Phase = "idle" | "seeking" | "joining" | "attached" | "holding" | "ended";

type TimerName = "dial" | "join" | "lease" | "hold" | "absence" | "groom" | "check" | LeaveTimer;

/** Looks after children so many times per dead interval. */
const CHECKS_PER_DEAD_INTERVAL = 4;
/** The effect's numbers for links of our own are odd. */
const LINK_STEP = 2;

export class TreeMember
  extends EffectList<MemberEffect<TreeFrame>>
  implements MemberCore<TreeFrame>, TreeNodeEnd, OwnCommandsEnd
{
  readonly #settings: MemberSettings;
  readonly #variant: TreeVariant;
  readonly #node: TreeNode;
  readonly #seeker: Seeker;
  readonly #place: TreePlace;
  readonly #reports: OwnReports;
  readonly #proofs: MemberProofs;
  readonly #deadlines = new Deadlines<TimerName>(this);
  readonly #exit: TreeLeave;
  #phase: Phase = "idle";
  /** To the parent, or to the one that was asked to be it. */
  #link: LinkId | undefined;
  #parent: Rank = ROOT_RANK;
  #lastLink = -1;
  /** Of this dial: the link is up, and the join was said. */
  #asked = false;
  #attach = 0;
  #address = "";
  readonly #commands: OwnCommands;
  #absenceMs: number;

  constructor(settings: MemberSettings, variant: TreeVariant) {
    super();
    this.#settings = settings;
    this.#variant = variant;
    this.#absenceMs = settings.controllerAbsenceMs;
    this.#reports = new OwnReports(settings.limits.reportWindow, settings.lastReport);
    this.#exit = new TreeLeave(this.#deadlines, settings.times);
    this.#proofs = new MemberProofs(settings.seals);
    this.#place = new TreePlace(settings.rank, this.#proofs);
    this.#seeker = new Seeker(settings.rank, settings.candidates, settings.times);
    this.#node = new TreeNode(this, settings);
    this.#commands = new OwnCommands(settings, this.#proofs, this.#node, this);
  }

  get attached(): boolean {
    return this.#phase === "attached";
  }

  get parent(): LinkId | undefined {
    return this.attached || this.#phase === "holding" ? this.#link : undefined;
  }

  get children(): readonly LinkId[] {
    return this.#node.children.links;
  }

  get path(): readonly Rank[] {
    return this.attached ? [...this.#place.above.map(({ rank }) => rank), this.#settings.rank] : [];
  }

  get tripUs(): number | undefined {
    return this.attached ? this.#node.latest.tripUs : undefined;
  }

  get have(): number {
    return this.#commands.have;
  }

  get position(): Position | undefined {
    return this.attached ? this.#place.position(this.#address) : undefined;
  }

  step(event: MemberEvent<TreeFrame>, surroundings: Surroundings): MemberEffect<TreeFrame>[] {
    this.begin(surroundings);
    if (this.#phase !== "ended") this.#handle(event);
    // Those for whom it has stayed have gone.
    if (this.#exit.isOver && this.#node.children.count === 0) this.#end({ kind: "left" });
    return this.effects;
  }

  #handle(event: MemberEvent<TreeFrame>): void {
    switch (event.kind) {
      case "start":
        return this.#start();
      case "linkUp":
        return this.#linkUp(event.link, event.peer, event.dialled);
      case "linkDown":
        if (event.link === this.#link) return this.#unlink(event.reason, "unreached");
        return this.#node.children.linkDown(event.link, event.reason);
      case "frame":
        return this.#frame(event.link, event.frame);
      case "timer":
        return this.#timer(event.name);
      case "listening":
        this.#address = event.address;
        return;
      case "reported":
        this.#reports.noteLast(event.sequence);
        return this.#pump();
      case "bulk":
        return this.attached ? this.sendUp(bulkOf(this.#settings.rank, event.payload, event.tag)) : undefined;
      case "latest":
        return this.#node.latest.putOwn(event.value);
      case "receiving":
        return event.link === this.#link ? this.#stretch() : this.#node.receiving(event.link);
      case "lagged":
        return this.#lagged(event.ms);
      case "absenceAllowed":
        this.#deadlines.postpone(["absence"], event.ms - this.#absenceMs, 0);
        this.#absenceMs = event.ms;
        return;
      case "leave":
        return this.#leave();
    }
  }

  #start(): void {
    if (this.#phase !== "idle") return;
    this.#deadlines.arm("absence", this.#absenceMs);
    this.#deadlines.arm("check", this.#settings.times.deadIntervalMs / CHECKS_PER_DEAD_INTERVAL);
    this.#dial();
  }

  #dial(): void {
    const to = this.#seeker.next(this.random);
    if (to === undefined) {
      // The controller may come by itself, as long as it may be away.
      this.#phase = "seeking";
      return;
    }
    this.#phase = "joining";
    this.#asked = false;
    this.#lastLink += LINK_STEP;
    this.#link = this.#lastLink;
    this.#parent = to.rank;
    this.effects.push({ kind: "dial", link: this.#lastLink, to });
    this.#deadlines.arm("join", this.#seeker.dialMs);
  }

  #linkUp(link: LinkId, peer: Rank, dialled: boolean): void {
    if (dialled && link === this.#link && this.#phase === "joining") {
      if (peer === this.#parent) return this.#join();
      return this.#unlink("somebody else answered", "unreached");
    }
    if (dialled) return this.close(link, "dialled too late");
    if (peer !== ROOT_RANK) return this.#node.children.linkUp(link, peer);
    // The controller has come to us: better than whatever is being tried.
    if (this.attached || this.#phase === "holding") return this.close(link, "not needed: attached already");
    if (this.#link !== undefined) this.close(this.#link, "the controller has come by itself");
    this.#deadlines.disarm("dial");
    this.#phase = "joining";
    this.#link = link;
    this.#parent = peer;
    this.#join();
  }

  #join(): void {
    this.#deadlines.arm("join", this.#seeker.joinMs);
    this.#asked = true;
    this.#attach += 1;
    const proof = this.#proofs.ofJoin(this.#parent, this.#attach);
    const own = { attach: this.#attach, proof, have: this.have, address: this.#address };
    const is = { protocol: this.#settings.protocol, size: this.#node.subtree.size + 1 };
    this.sendUp({ t: "join", ...is, ...own, ...this.#place.distance, insist: this.#seeker.insists });
  }

  #frame(link: LinkId, frame: TreeFrame): void {
    if (link !== this.#link) {
      if (frame.t === "goodbye") this.#exit.goodbyeFromBelow();
      return this.#node.fromBelow(link, frame);
    }
    if (this.#phase === "joining") return this.#answer(frame);
    if (isUpFrame(frame) || isJoinFrame(frame)) return this.violation(`${frame.t} from a parent`);
    if (frame.t === "beacon") return this.#beacon(frame);
    if (frame.t === "command") return this.#command(frame);
    if (frame.t === "headers") return this.#commands.headers(frame.from, frame.targets);
    if (frame.t === "detached") return this.#hold();
    if (frame.t === "refuse") return this.#refused(frame.why, frame.backoffMs);
    if (frame.t === "farewell" || frame.t === "expel") return this.#ordered(frame);
    this.#node.fromAbove(frame);
  }

  /** What may come before there is a parent. */
  #answer(frame: TreeFrame): void {
    if (frame.t === "accept") return this.#accepted(frame);
    if (frame.t === "redirect")
      return this.#retry("it is full", this.#seeker.redirected(frame.to, this.random));
    if (frame.t === "refuse") return this.#refused(frame.why, frame.backoffMs);
    this.violation(`${frame.t} before accept`);
  }

  #accepted(frame: Extract<TreeFrame, { t: "accept" }>): void {
    const wrong = this.#place.wrongWith(frame, this.#parent);
    if (wrong !== undefined) return this.violation(wrong);
    this.#deadlines.disarm("join");
    this.#phase = "attached";
    this.#place.take(frame, frame.path, this.now);
    this.#seeker.know(frame.path, this.#seeker.alternatives);
    this.#node.log.prune(frame.stable);
    this.#deadlines.arm("lease", this.#settings.times.deadIntervalMs);
    this.#commands.newParent();
    this.#node.tellState(true);
    this.#settled();
    this.#commands.confirm(frame);
    this.#node.children.beacon();
  }

  #beacon(frame: Extract<TreeFrame, { t: "beacon" }>): void {
    const { path, stable } = frame;
    const { order, hasMoved } = this.#place.news(frame);
    if (order < 0) return this.violation("a beacon of another time");
    if (!this.#place.isSigned(frame)) return this.violation("a beacon that the controller has not signed");
    if (!this.#place.isSound(path, this.#parent))
      return this.#unlink("its way to the controller leads over us", "refused");
    const wasHolding = this.#phase === "holding";
    if (!wasHolding && order === 0 && !hasMoved) return this.#stretch();
    this.#place.take(frame, path, this.now);
    this.#place.knowElsewhere(frame);
    this.#seeker.know(path, frame.alternatives);
    this.#node.log.prune(stable);
    if (order > 0) this.#seeker.settled();
    if (order > 0 || wasHolding) this.#deadlines.arm("lease", this.#settings.times.deadIntervalMs);
    if (wasHolding) {
      this.#phase = "attached";
      this.#deadlines.disarm("hold");
      this.#settled();
    } else if (hasMoved) this.effects.push({ kind: "attached", parent: this.#parent, path: this.path });
    this.#commands.confirm(frame);
    if (!this.attached) return;
    this.#reports.beacon();
    this.#pump();
    this.#node.flush();
    this.#node.answer(frame);
    this.#node.children.beacon();
    this.#node.askAgain();
    this.#commands.askAgain();
    this.#sayGoodbye();
  }

  /** Something large is on its way from the parent, and the next beacon behind it: not for ever, and told below. */
  #stretch(): void {
    const { deadIntervalMs, stretchMs } = this.#settings.times;
    if (!this.attached || this.#place.silentMs(this.now) > stretchMs) return;
    this.#deadlines.arm("lease", deadIntervalMs);
    this.#node.sayAlive();
    this.#node.children.beacon();
  }

  /** Attached, newly or again: what was on its way up is sent again. */
  #settled(): void {
    this.#deadlines.disarm("absence");
    this.effects.push({ kind: "attached", parent: this.#parent, path: this.path });
    this.#reports.again();
    this.#pump();
    this.#node.settled();
    this.#commands.askAgain();
    this.#sayGoodbye();
  }

  #command(command: Extract<TreeFrame, { t: "command" }>): void {
    if (this.#commands.knows(command.sequence)) return;
    const isSealed = this.#settings.seals.isSealed(command, command.seal);
    if (command.epoch > this.#place.stamp.epoch || !isSealed)
      return this.violation("a command that the controller has not signed");
    this.#commands.whole(command);
  }

  /** The parent says it again and again while it looks for another: so long it lives, and so do we to it. */
  #hold(): void {
    if (!this.#variant.repairs) return this.#unlink("the parent has lost its own", "refused");
    this.#deadlines.arm("lease", this.#settings.times.deadIntervalMs);
    this.#node.sayAlive();
    if (this.#phase !== "attached") return;
    this.#phase = "holding";
    this.#commands.newParent();
    this.#deadlines.arm("hold", this.#settings.times.detachedHoldMs);
    this.#lostPlace("the parent has lost its own, and is looking for another");
  }

  /** Not attached any more, whether the link to the parent stands or not. */
  #lostPlace(reason: string): void {
    this.#node.detach();
    this.#deadlines.disarm("groom");
    this.#deadlines.arm("absence", this.#absenceMs);
    this.effects.push({ kind: "orphaned", reason });
  }

  /** Only the root can make a client end: by its own word, or by its signature. */
  #ordered(order: OrderFrame<"expel" | "farewell">): void {
    const { t, rank } = order;
    if (!this.#proofs.isOrder(order)) return this.violation(`${t} that the controller has not signed`);
    if (rank !== this.#settings.rank) return this.#node.passDown(rank, order);
    if (t === "farewell") return this.#exit.letGo();
    if (this.#exit.isWanted) return this.#end({ kind: "left" });
    this.#end({ kind: "abandoned", reason: TREE_REFUSAL_WORDS.unknown });
  }

  #refused(why: TreeRefusal, backoffMs: number): void {
    if (this.#parent === ROOT_RANK && (why === "unknown" || why === "version")) {
      if (this.#exit.isWanted) return this.#end({ kind: "left" });
      return this.#end({ kind: "abandoned", reason: TREE_REFUSAL_WORDS[why] });
    }
    if (this.#phase !== "joining") return this.#unlink(TREE_REFUSAL_WORDS[why], "refused");
    this.#retry(TREE_REFUSAL_WORDS[why], this.#seeker.failed("refused", backoffMs, this.random));
  }

  /** Drops what was tried, and tries the next. */
  #retry(reason: string, pauseMs: number): void {
    this.#hangUp(reason);
    this.#phase = "seeking";
    this.#deadlines.disarm("join");
    this.#deadlines.arm("dial", pauseMs);
  }

  /** The link that counts is gone, or has to go. */
  #unlink(reason: string, why: DialFailure): void {
    if (this.#exit.isOver) return this.#end({ kind: "left" });
    if (this.#phase === "joining") {
      this.problem(`could not join below ${this.#parent}: ${reason}`);
      return this.#retry(reason, this.#seeker.failed(why, 0, this.random));
    }
    this.#hangUp(reason);
    const wasHolding = this.#phase === "holding";
    this.#place.leave();
    this.#phase = "seeking";
    this.#deadlines.disarm("lease", "hold");
    if (!wasHolding) this.#lostPlace(reason);
    if (!this.#variant.repairs) return;
    this.#deadlines.arm("dial", this.#seeker.begin(this.#parent, this.random));
  }

  #hangUp(reason: string): void {
    if (this.#link !== undefined) this.close(this.#link, reason);
    this.#link = undefined;
  }

  /** The parent is not to be believed: it is left for good. */
  violation(reason: string): void {
    this.#seeker.distrust(this.#parent);
    this.effects.push({ kind: "distrusted", neighbour: this.#parent, reason });
    this.#unlink(`it broke the protocol: ${reason}`, "refused");
  }

  /** Sends what the window allows. */
  #pump(): void {
    if (!this.attached || this.#link === undefined) return;
    const range = this.#reports.take();
    if (range !== undefined) this.effects.push({ kind: "sendReports", link: this.#link, ...range });
  }

  #leave(): void {
    if (this.#exit.isWanted) return;
    if (this.#phase === "idle") return this.#end({ kind: "left" });
    this.#exit.begin();
    this.#sayGoodbye();
  }

  /** When all reports have arrived; again with each beacon, until it is answered. */
  #sayGoodbye(): void {
    if (!this.#exit.isAsking || !this.attached || !this.#reports.allReceived) return;
    this.#node.flush();
    this.sendUp({ t: "goodbye", rank: this.#settings.rank, tag: this.#proofs.ofGoodbye() });
  }

  #timer(name: string): void {
    const { times } = this.#settings;
    switch (this.#deadlines.due(name)) {
      case undefined:
        return;
      case "dial":
        return this.#dial();
      case "join":
        return this.#unlink("no answer to the join", this.#asked ? "late" : "silent");
      case "lease":
        return this.#unlink(`no news of the controller for ${times.deadIntervalMs} ms`, "late");
      case "hold":
        return this.#unlink(`the parent found no other within ${times.detachedHoldMs} ms`, "late");
      case "absence":
        return this.#end({ kind: "abandoned", reason: `no controller for ${this.#absenceMs} ms` });
      case "groom":
        return this.#node.flush();
      case "leave":
      case "linger":
        return this.#end({ kind: "left" });
      case "check":
        this.#deadlines.arm("check", this.#settings.times.deadIntervalMs / CHECKS_PER_DEAD_INTERVAL);
        if (!this.attached) this.#node.children.keepHolding();
        return this.#node.children.check();
    }
  }

  /** Who should have spoken may have done so while nobody was listening. */
  #lagged(ms: number): void {
    this.#deadlines.postpone(["lease", "hold", "join", "absence"], ms, this.#settings.times.afterLagMs);
    this.#node.children.extend(ms);
  }

  #end(effect: MemberEffect<TreeFrame>): void {
    this.#hangUp(effect.kind);
    this.#phase = "ended";
    this.#node.children.closeAll("this client has ended");
    this.#deadlines.disarmAll();
    this.effects.push(effect);
  }

  // What the node asks of its end.

  get canSendUp(): boolean {
    return this.attached;
  }

  sendUp(frame: TreeFrame): void {
    if (this.#link !== undefined) this.send(this.#link, frame);
  }

  problem(reason: string): void {
    this.effects.push({ kind: "problem", reason });
  }

  deliver(command: OwnCommand): void {
    this.effects.push({ kind: "deliver", ...command });
  }

  objection(): TreeRefusal | undefined {
    return this.#exit.isWanted ? "leaving" : undefined;
  }

  alternatives(): readonly Candidate[] {
    return this.#place.elsewhere;
  }

  groomSoon(): void {
    if (!this.#deadlines.has("groom")) this.#deadlines.arm("groom", this.#settings.times.groomMs);
  }

  receivedOwn(upTo: number, tag: Uint8Array): void {
    if (!this.#proofs.isReceipt(upTo, tag))
      return this.violation("a receipt for reports that the controller has not given");
    if (!this.#reports.received(upTo)) return;
    this.effects.push({ kind: "forgetReports", upTo });
    this.#pump();
    this.#sayGoodbye();
  }

  deliverBulk(payload: Payload, tag: Uint8Array): void {
    if (!this.#proofs.isBulk(payload, tag)) return this.violation("bulk that the controller has not sent");
    this.effects.push({ kind: "deliverBulk", payload });
  }
}
