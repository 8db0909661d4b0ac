// A node of the published RandTree, as its source has it (eventwave, services/RandTree/RandTree.mac), with its known
// defects: no heartbeat, no incarnations, an orphan that takes itself for the root. The smallest rank becomes root.
//
//   init --start--> joining --accepted--> joined --parent lost--> joining      joining --5 s--> joining (next peer)
import type { Candidate, Rank } from "../overlay/topology.ts";
import type { ClassicEdge, ClassicFrame, ClassicReport } from "./classic-frames.ts";

const JOIN_MS = 5000;
const RECOVERY_MS = 10_000;
/** What goes up is kept together for as long as in the rooted tree, so that the two can be compared. */
const COLLECT_MS = 5;

export type ClassicTimer = "join" | "recovery" | "collect";

/** What the node needs of whoever carries its messages: sends over the link to a rank, or dials it first. */
export interface ClassicCarrier {
  send(to: Candidate, frame: ClassicFrame): void;
  setTimer(name: ClassicTimer, delayMs: number): void;
  clearTimer(name: ClassicTimer): void;
  random(): number;
  /** At the root. */
  collected(frame: Extract<ClassicFrame, { t: "collect" }>): void;
  distributed(frame: Extract<ClassicFrame, { t: "distribute" }>): void;
  joined(): void;
  parentLost(reason: string): void;
}

export class ClassicNode {
  readonly #carrier: ClassicCarrier;
  readonly #degree: number;
  #me: Candidate;
  state: "init" | "joining" | "joined" = "init";
  root: Candidate;
  parent: Candidate | undefined;
  readonly children = new Map<Rank, Candidate>();
  #siblings: readonly Candidate[] = [];
  /** Whom it was given at the start, and whom it has joined since: it never shrinks. */
  readonly #peers = new Map<Rank, Candidate>();
  #asked: Rank | undefined;
  #probed: Rank | undefined;
  /** Of each sender the highest number seen. */
  readonly #seen = new Map<Rank, number>();
  #edges: ClassicEdge[] = [];
  #have: number[] = [];
  #reports: ClassicReport[] = [];
  #collecting = false;

  constructor(carrier: ClassicCarrier, me: Candidate, degree: number) {
    this.#carrier = carrier;
    this.#me = me;
    this.#degree = degree;
    this.root = me;
  }

  set address(address: string) {
    const isRoot = this.#isRoot;
    this.#me = { ...this.#me, address };
    if (isRoot) this.root = this.#me;
  }

  get #isRoot(): boolean {
    return this.root.rank === this.#me.rank;
  }

  joinOverlay(peers: readonly Candidate[]): void {
    for (const peer of peers) if (peer.rank !== this.#me.rank) this.#peers.set(peer.rank, peer);
    this.#carrier.setTimer("recovery", RECOVERY_MS);
    const [first] = this.#peers.values();
    if (first === undefined) {
      this.state = "joined";
      return;
    }
    this.#joinAt(first);
  }

  #joinAt(peer: Candidate): void {
    this.state = "joining";
    this.#peers.set(peer.rank, peer);
    this.#asked = peer.rank;
    this.#carrier.setTimer("join", JOIN_MS);
    this.#carrier.send(peer, { t: "join", source: this.#me, redirectedBy: undefined });
  }

  timer(name: ClassicTimer): void {
    if (name === "join") return this.#joinTimer();
    if (name === "collect") return this.#flush();
    this.#carrier.setTimer("recovery", RECOVERY_MS);
    if (this.state === "joined") this.#probe();
  }

  #joinTimer(): void {
    if (this.state !== "joining") return;
    this.root = this.#me;
    // D7: the source looks for one that is no child without an end; here it gives up after a round.
    const next = this.#peerAfter(this.#asked, ({ rank }) => !this.children.has(rank));
    if (next !== undefined) this.#joinAt(next);
    else this.#carrier.setTimer("join", JOIN_MS);
  }

  #peerAfter(rank: Rank | undefined, isRight: (peer: Candidate) => boolean): Candidate | undefined {
    const peers = [...this.#peers.values()].sort((one, other) => one.rank - other.rank);
    const later = rank === undefined ? peers : peers.filter((peer) => peer.rank > rank);
    return [...later, ...peers].find((peer) => peer.rank !== this.#me.rank && isRight(peer));
  }

  #probe(): void {
    const known = (rank: Rank): boolean =>
      this.children.has(rank) || rank === this.parent?.rank || rank === this.root.rank;
    const peer = this.#peerAfter(this.#probed, ({ rank }) => !known(rank));
    if (peer === undefined) return;
    this.#probed = peer.rank;
    this.#carrier.send(peer, { t: "probe", from: this.#me, root: this.root });
  }

  frame(from: Rank, frame: ClassicFrame): void {
    switch (frame.t) {
      case "join":
        if (this.state !== "init") this.#join(from, frame.source, frame.redirectedBy);
        return;
      case "joinReply":
        return this.#joinReply(from, frame);
      case "remove":
        // RT10: only while joined.
        if (this.state === "joined" && this.children.delete(from)) this.#childGone(from);
        return;
      case "updateSiblings":
        if (from === this.parent?.rank) this.#siblings = frame.siblings;
        return;
      case "probe":
        return this.#probedBy(frame.from, frame.root);
      case "probeJoin":
        return this.#probeJoin(frame.root);
      case "newRoot":
        if (from === this.parent?.rank) this.#newRoot(frame.root);
        return;
      case "distribute":
        return this.#distribute(frame);
      case "collect":
        return this.#collect(frame);
    }
  }

  #join(from: Rank, source: Candidate, redirectedBy: Rank | undefined): void {
    if (!this.#isRoot && source.rank !== this.root.rank && redirectedBy !== this.root.rank)
      return this.#carrier.send(this.root, { t: "join", source, redirectedBy });
    if (source.rank === this.root.rank && !this.#isRoot) return this.#reply(source, "loopError");
    if (this.#isRoot && source.rank < this.#me.rank) {
      this.#reply(source, "rootForce");
      return this.#joinAt(source);
    }
    // D1: it may be there a second time because only it has seen its link break.
    if (this.children.has(source.rank)) return;
    if (this.children.size < this.#degree) return this.#accept(source);
    const others = [...this.children.values()].filter(({ rank }) => rank !== from);
    const child = others[Math.floor(this.#carrier.random() * others.length)];
    if (child !== undefined) this.#carrier.send(child, { t: "join", source, redirectedBy: this.root.rank });
  }

  #accept(source: Candidate): void {
    this.children.set(source.rank, source);
    this.#reply(source, "accepted");
    if (this.#isRoot) this.#updateSiblings();
  }

  #reply(to: Candidate, status: "accepted" | "rootForce" | "loopError"): void {
    this.#carrier.send(to, {
      t: "joinReply",
      status,
      root: this.root,
      siblings: [...this.children.values()],
    });
  }

  #updateSiblings(): void {
    const siblings = [...this.children.values()];
    for (const child of siblings)
      this.#carrier.send(child, { t: "updateSiblings", root: this.root, siblings });
  }

  #joinReply(from: Rank, frame: Extract<ClassicFrame, { t: "joinReply" }>): void {
    // D10: in init it is dropped, and whoever sent it keeps a child that is none.
    if (this.state === "init") return;
    if (this.state === "joined") {
      const sender = this.#peers.get(from) ?? { rank: from, address: "" };
      if (frame.status === "accepted" && from !== this.parent?.rank)
        this.#carrier.send(sender, { t: "remove" });
      return;
    }
    this.#carrier.clearTimer("join");
    this.state = "joined";
    if (frame.status !== "accepted") {
      this.root = this.#me;
      this.parent = undefined;
      return this.#tellRoot();
    }
    const sender =
      frame.root.rank === from ? frame.root : (this.#peers.get(from) ?? { rank: from, address: "" });
    this.parent = sender;
    this.root = frame.root;
    this.#peers.set(frame.root.rank, frame.root);
    this.#siblings = frame.siblings;
    this.#tellRoot();
    this.#carrier.joined();
    this.#note([{ child: this.#me.rank, parent: from, up: true }]);
    // Whoever came along says anew where it hangs.
    this.#note([...this.children.keys()].map((child) => ({ child, parent: this.#me.rank, up: true })));
  }

  #tellRoot(): void {
    for (const child of this.children.values()) this.#carrier.send(child, { t: "newRoot", root: this.root });
  }

  #newRoot(root: Candidate): void {
    this.root = root;
    this.#peers.set(root.rank, root);
    this.#tellRoot();
  }

  #probedBy(from: Candidate, theirs: Candidate): void {
    if (this.state !== "joined" || theirs.rank === this.root.rank) return;
    if (this.root.rank < theirs.rank) this.#carrier.send(theirs, { t: "probeJoin", root: this.root });
    else if (this.#isRoot) this.#joinAt(theirs);
    else this.#carrier.send(this.root, { t: "probeJoin", root: theirs });
    this.#peers.set(from.rank, from);
  }

  #probeJoin(root: Candidate): void {
    if (this.state === "joined" && this.#isRoot && root.rank < this.#me.rank) this.#joinAt(root);
  }

  /** The transport's word that a peer cannot be reached any more: the only detector of failures. */
  failed(rank: Rank, reason: string): void {
    if (this.children.delete(rank)) this.#childGone(rank);
    if (rank !== this.parent?.rank) return;
    this.parent = undefined;
    this.#carrier.parentLost(reason);
    const lostRoot = rank === this.root.rank;
    const root = this.root;
    this.root = this.#me;
    if (!lostRoot) return this.#joinAt(root);
    const heir = [this.#me, ...this.#siblings.filter((sibling) => sibling.rank !== rank)].reduce(
      (one, other) => (other.rank < one.rank ? other : one),
    );
    if (heir.rank !== this.#me.rank) return this.#joinAt(heir);
    this.state = "joined";
    this.#tellRoot();
  }

  #childGone(rank: Rank): void {
    if (this.#isRoot) this.#updateSiblings();
    this.#note([{ child: rank, parent: this.#me.rank, up: false }]);
  }

  distribute(uid: number, targets: readonly number[], payload: Uint8Array): void {
    this.#distribute({ t: "distribute", source: this.#me.rank, uid, targets, payload });
  }

  #distribute(frame: Extract<ClassicFrame, { t: "distribute" }>): void {
    if (frame.uid <= (this.#seen.get(frame.source) ?? 0)) return;
    this.#seen.set(frame.source, frame.uid);
    this.#carrier.distributed(frame);
    for (const child of this.children.values()) this.#carrier.send(child, frame);
  }

  #note(edges: readonly ClassicEdge[]): void {
    this.#collect({ t: "collect", edges, have: [], reports: [] });
  }

  acknowledge(uid: number): void {
    this.#collect({ t: "collect", edges: [], have: [this.#me.rank, uid], reports: [] });
  }

  #collect(frame: Extract<ClassicFrame, { t: "collect" }>): void {
    if (this.#isRoot) return this.#carrier.collected(frame);
    this.#edges.push(...frame.edges);
    this.#have.push(...frame.have);
    this.#reports.push(...frame.reports);
    if (this.#collecting) return;
    this.#collecting = true;
    this.#carrier.setTimer("collect", COLLECT_MS);
  }

  /** Into a parent that may be dead: nothing is sent again (D12). */
  #flush(): void {
    this.#collecting = false;
    const frame: ClassicFrame = {
      t: "collect",
      edges: this.#edges,
      have: this.#have,
      reports: this.#reports,
    };
    this.#edges = [];
    this.#have = [];
    this.#reports = [];
    if (this.parent !== undefined) this.#carrier.send(this.parent, frame);
  }
}
