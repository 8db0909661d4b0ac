// The published RandTree as a topology, for the simulator and the figures: what PlushM had to live with.
import type { HostId } from "../base/ids.ts";
import type { LinkId, Surroundings } from "../overlay/overlay.ts";
import { FIRST_CHAIN } from "../overlay/command-order.ts";
import { RANK_MAX } from "../overlay/frame-fields.ts";
import { hasRank, rankSetOf } from "../overlay/rank-set.ts";
import { ROOT_RANK } from "../overlay/topology.ts";
import type {
  Candidate,
  MemberCore,
  MemberEffect,
  MemberEvent,
  MemberSettings,
  MemberState,
  Rank,
  RootCore,
  RootEffect,
  RootEvent,
  RootSettings,
  Topology,
} from "../overlay/topology.ts";
import type { ClassicFrame } from "./classic-frames.ts";
import { ClassicNode, type ClassicCarrier, type ClassicTimer } from "./classic-node.ts";

const ROOT: Candidate = { rank: ROOT_RANK, address: "" };
const TIMERS: readonly ClassicTimer[] = ["join", "recovery", "collect"];

/** Links by rank, and what waits for one to be made. */
class Transport {
  readonly byRank = new Map<Rank, LinkId>();
  readonly byLink = new Map<LinkId, Rank>();
  readonly waiting = new Map<Rank, ClassicFrame[]>();

  up(link: LinkId, rank: Rank): readonly ClassicFrame[] {
    this.byRank.set(rank, link);
    this.byLink.set(link, rank);
    const frames = this.waiting.get(rank) ?? [];
    this.waiting.delete(rank);
    return frames;
  }

  dialled(link: LinkId, rank: Rank): void {
    this.byLink.set(link, rank);
  }

  /** The rank that cannot be reached any more; undefined when another link leads to it. */
  down(link: LinkId): Rank | undefined {
    const rank = this.byLink.get(link);
    this.byLink.delete(link);
    if (rank === undefined) return undefined;
    const wasDial = this.waiting.delete(rank);
    const current = this.byRank.get(rank);
    if (current !== link) return wasDial && current === undefined ? rank : undefined;
    this.byRank.delete(rank);
    return rank;
  }
}

class ClassicMember implements MemberCore<ClassicFrame>, ClassicCarrier {
  readonly #settings: MemberSettings;
  readonly #node: ClassicNode;
  readonly #transport = new Transport();
  #lastLink = -1;
  #effects: MemberEffect<ClassicFrame>[] = [];
  #random: () => number = () => 0;
  #ended = false;

  constructor(settings: MemberSettings) {
    this.#settings = settings;
    this.#node = new ClassicNode(this, { rank: settings.rank, address: "" }, settings.degree);
  }

  get attached(): boolean {
    return this.#node.state === "joined" && this.#node.parent !== undefined && !this.#ended;
  }

  get parent(): LinkId | undefined {
    const { parent } = this.#node;
    return parent === undefined ? undefined : this.#transport.byRank.get(parent.rank);
  }

  get children(): readonly LinkId[] {
    return [...this.#node.children.keys()].flatMap((rank) => this.#transport.byRank.get(rank) ?? []);
  }

  /** It does not know more. */
  get path(): readonly Rank[] {
    return this.attached ? [ROOT_RANK, this.#settings.rank] : [];
  }

  get tripUs(): undefined {
    return undefined;
  }

  step(event: MemberEvent<ClassicFrame>, surroundings: Surroundings): MemberEffect<ClassicFrame>[] {
    this.#effects = [];
    this.#random = surroundings.random;
    if (!this.#ended) this.#handle(event);
    return this.#effects;
  }

  #handle(event: MemberEvent<ClassicFrame>): void {
    switch (event.kind) {
      case "start":
        return this.#node.joinOverlay([ROOT]);
      case "listening":
        this.#node.address = event.address;
        return;
      case "linkUp":
        for (const frame of this.#transport.up(event.link, event.peer))
          this.#effects.push({ kind: "send", link: event.link, frame });
        return;
      case "linkDown": {
        const rank = this.#transport.down(event.link);
        if (rank !== undefined) this.#node.failed(rank, event.reason);
        return;
      }
      case "frame": {
        const from = this.#transport.byLink.get(event.link);
        if (from !== undefined) this.#node.frame(from, event.frame);
        return;
      }
      case "timer": {
        const timer = TIMERS.find((name) => name === event.name);
        if (timer !== undefined) this.#node.timer(timer);
        return;
      }
      case "reported": {
        const link = this.parent;
        const { sequence } = event;
        if (link !== undefined)
          this.#effects.push({ kind: "sendReports", link, from: sequence, to: sequence });
        return;
      }
      case "leave":
        this.#ended = true;
        this.#effects.push({ kind: "left" });
        return;
      case "bulk":
      case "latest":
      case "lagged":
      case "receiving":
      case "absenceAllowed":
        return;
    }
  }

  send(to: Candidate, frame: ClassicFrame): void {
    const link = this.#transport.byRank.get(to.rank);
    if (link !== undefined) {
      this.#effects.push({ kind: "send", link, frame });
      return;
    }
    const waiting = this.#transport.waiting.get(to.rank);
    if (waiting !== undefined) {
      waiting.push(frame);
      return;
    }
    this.#transport.waiting.set(to.rank, [frame]);
    this.#lastLink += 2;
    this.#transport.dialled(this.#lastLink, to.rank);
    this.#effects.push({ kind: "dial", link: this.#lastLink, to });
  }

  setTimer(name: ClassicTimer, delayMs: number): void {
    this.#effects.push({ kind: "setTimer", name, delayMs });
  }

  clearTimer(name: ClassicTimer): void {
    this.#effects.push({ kind: "clearTimer", name });
  }

  random(): number {
    return this.#random();
  }

  collected(): void {
    // An orphan that takes itself for the root has nobody to tell it to (D6).
  }

  distributed({ uid, targets, payload }: Extract<ClassicFrame, { t: "distribute" }>): void {
    if (hasRank(targets, this.#settings.rank))
      this.#effects.push({ kind: "deliver", sequence: uid, payload });
    this.#node.acknowledge(uid);
  }

  joined(): void {
    const parent = this.#node.parent?.rank ?? ROOT_RANK;
    this.#effects.push({ kind: "attached", parent, path: this.path });
  }

  parentLost(reason: string): void {
    this.#effects.push({ kind: "orphaned", reason });
  }
}

interface ClassicMembership {
  readonly host: HostId;
  readonly incarnation: number;
  readonly rank: Rank;
  have: number;
  wasSeen: boolean;
  isAttached: boolean;
}

class ClassicRoot implements RootCore<ClassicFrame>, ClassicCarrier {
  readonly #node: ClassicNode;
  readonly #transport = new Transport();
  readonly #byRank = new Map<Rank, ClassicMembership>();
  readonly #byHost = new Map<HostId, ClassicMembership>();
  readonly #parents = new Map<Rank, Rank>();
  readonly #targets = new Map<number, readonly number[]>();
  #effects: RootEffect<ClassicFrame>[] = [];
  #random: () => number = () => 0;
  #started = false;
  lastCommand = 0;

  chainAt(): Uint8Array {
    return FIRST_CHAIN;
  }

  constructor(settings: RootSettings) {
    this.#node = new ClassicNode(this, ROOT, settings.degree);
  }

  members(): readonly MemberState[] {
    return [...this.#byRank.values()].map((member) => {
      const { host, incarnation, rank } = member;
      const parent = this.#parents.get(rank);
      return {
        host,
        incarnation,
        rank,
        state: member.isAttached ? "attached" : member.wasSeen ? "orphaned" : "invited",
        since: 0,
        parent: parent === ROOT_RANK ? "controller" : this.#byRank.get(parent ?? -1)?.host,
        depth: this.#depthOf(rank) ?? 0,
        pendingCommands: this.#pendingOf(member),
      };
    });
  }

  #pendingOf({ rank, have }: ClassicMembership): number {
    let pending = 0;
    for (let uid = have + 1; uid <= this.lastCommand; uid += 1)
      if (hasRank(this.#targets.get(uid) ?? [], rank)) pending += 1;
    return pending;
  }

  /** Undefined: its edges do not lead here. */
  #depthOf(rank: Rank): number | undefined {
    let at: Rank | undefined = rank;
    for (let hops = 0; hops <= this.#parents.size + 1; hops += 1) {
      if (at === ROOT_RANK) return hops;
      if (at === undefined) return undefined;
      at = this.#parents.get(at);
    }
    return undefined;
  }

  linkTo(host: HostId): LinkId | undefined {
    let rank = this.#byHost.get(host)?.rank;
    for (let hops = 0; rank !== undefined && hops <= this.#parents.size; hops += 1) {
      const parent = this.#parents.get(rank);
      if (parent === ROOT_RANK) return this.#transport.byRank.get(rank);
      rank = parent;
    }
    return undefined;
  }

  plan(): readonly Candidate[] {
    return [ROOT];
  }

  step(event: RootEvent<ClassicFrame>, surroundings: Surroundings): RootEffect<ClassicFrame>[] {
    this.#effects = [];
    this.#random = surroundings.random;
    if (!this.#started) {
      this.#started = true;
      this.#node.joinOverlay([]);
    }
    this.#handle(event);
    return this.#effects;
  }

  #handle(event: RootEvent<ClassicFrame>): void {
    switch (event.kind) {
      case "invite": {
        const { host, incarnation, rank } = event;
        const before = this.#byHost.get(host);
        if (before !== undefined) this.#byRank.delete(before.rank);
        const member = { host, incarnation, rank, have: this.lastCommand, wasSeen: false, isAttached: false };
        this.#byRank.set(rank, member);
        this.#byHost.set(host, member);
        return;
      }
      case "dismiss": {
        const member = this.#byHost.get(event.host);
        if (member !== undefined) this.#byRank.delete(member.rank);
        this.#byHost.delete(event.host);
        return;
      }
      case "linkUp":
        for (const frame of this.#transport.up(event.link, event.peer))
          this.#effects.push({ kind: "send", link: event.link, frame });
        return;
      case "linkDown": {
        const rank = this.#transport.down(event.link);
        if (rank !== undefined) this.#node.failed(rank, event.reason);
        return;
      }
      case "frame": {
        const from = this.#transport.byLink.get(event.link);
        if (from !== undefined) this.#node.frame(from, event.frame);
        return;
      }
      case "timer": {
        const timer = TIMERS.find((name) => name === event.name);
        if (timer !== undefined) this.#node.timer(timer);
        return;
      }
      case "command": {
        const ranks = event.targets.flatMap((host) => this.#byHost.get(host)?.rank ?? []);
        this.lastCommand += 1;
        const targets = rankSetOf(new Set(ranks));
        this.#targets.set(this.lastCommand, targets);
        return this.#node.distribute(this.lastCommand, targets, event.payload);
      }
      case "bulk":
      case "lagged":
      case "hold":
      case "receiving":
        return;
    }
  }

  /** The controller dials nobody: whoever it has no link to does not hear. */
  send(to: Candidate, frame: ClassicFrame): void {
    const link = this.#transport.byRank.get(to.rank);
    if (link !== undefined) this.#effects.push({ kind: "send", link, frame });
  }

  setTimer(name: ClassicTimer, delayMs: number): void {
    this.#effects.push({ kind: "setTimer", name, delayMs });
  }

  clearTimer(name: ClassicTimer): void {
    this.#effects.push({ kind: "clearTimer", name });
  }

  random(): number {
    return this.#random();
  }

  collected({ edges, have, reports }: Extract<ClassicFrame, { t: "collect" }>): void {
    for (const { child, parent, up } of edges) {
      if (up) this.#parents.set(child, parent);
      else if (this.#parents.get(child) === parent) this.#parents.delete(child);
    }
    if (edges.length > 0) this.#judgeAll();
    for (let at = 0; at < have.length; at += 2) {
      const member = this.#byRank.get(have[at] ?? -1);
      if (member !== undefined) member.have = Math.max(member.have, have[at + 1] ?? 0);
    }
    for (const { rank, sequence, payload } of reports) {
      const member = this.#byRank.get(rank);
      if (member === undefined) continue;
      const { host, incarnation } = member;
      this.#effects.push({ kind: "report", host, incarnation, sequence, payload });
    }
  }

  #judgeAll(): void {
    for (const member of this.#byRank.values()) {
      const isAttached = this.#depthOf(member.rank) !== undefined;
      if (isAttached === member.isAttached) continue;
      member.isAttached = isAttached;
      member.wasSeen = true;
      const { host, incarnation } = member;
      const state = isAttached ? "attached" : "orphaned";
      this.#effects.push({ kind: "membership", host, incarnation, state, reason: "told from below" });
    }
  }

  distributed(): void {
    // The root's own.
  }

  joined(): void {
    // The root joins nobody.
  }

  parentLost(): void {
    // The root has none.
  }
}

export const classicRandTree: Topology<ClassicFrame> = {
  name: "classic-rand-tree",
  membersListen: true,
  listNumbersMax: RANK_MAX,
  createMember: (settings) => new ClassicMember(settings),
  createRoot: (settings) => new ClassicRoot(settings),
  isBulk: () => false,
  reportFrame: (rank, { sequence, payload }) => ({
    t: "collect",
    edges: [],
    have: [],
    reports: [{ rank, sequence, payload }],
  }),
  // It never leaves the simulator.
  checkFrame: (fields) => fields as unknown as ClassicFrame,
};
