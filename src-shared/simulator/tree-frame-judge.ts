// What frames of the rooted tree may say, and which rare ones were seen: judged where they are sent, by what their
// sender has sent before.
import type { OverlayLimits } from "../overlay/overlay.ts";
import { ROOT_RANK, TAG_BYTES } from "../overlay/topology.ts";
import type { Rank } from "../overlay/topology.ts";
import type {
  FoldedItem,
  ProgressGroup,
  Stamp,
  TreeFrame,
  TreeJoin,
  UpLane,
} from "../overlay/tree-frames.ts";
import { itemBytes } from "../overlay/up-queue.ts";
import { demand } from "./broken-promise.ts";
import type { Sightings } from "./sightings.ts";
import type { FrameJudge } from "./tree-judge.ts";
import type { VirtualConnection } from "./virtual-connection.ts";
import type { VirtualProgram } from "./virtual-program.ts";

/** Of one sender: these never fall. */
interface Said {
  stamp: Stamp;
  stable: number;
  attach: number;
  have: number;
}

const NOTHING_SAID: Stamp = { epoch: 0, beacon: -1 };

function compare(a: Stamp, b: Stamp): number {
  return a.epoch - b.epoch || a.beacon - b.beacon;
}

export class TreeFrameJudge implements FrameJudge<TreeFrame> {
  readonly #sightings: Sightings;
  readonly #said = new Map<Rank, Said>();
  readonly #joins = new WeakMap<VirtualConnection<TreeFrame>, { join: TreeJoin; at: number }>();
  /** By `epoch beacon`: what the root has said to be stable with it. */
  readonly #issued = new Map<string, number>();
  readonly #commandSaid = new WeakMap<VirtualConnection<TreeFrame>, number>();
  /** Bytes of others on their way up, by lane. */
  readonly #spent = new WeakMap<
    VirtualConnection<TreeFrame>,
    { reports: number; bulk: number; windows: number }
  >();
  /** By parent and child: the last join that was accepted. */
  readonly #takes = new Map<string, number>();
  readonly #limits: OverlayLimits;
  readonly #now: () => number;

  constructor(sightings: Sightings, limits: OverlayLimits, now: () => number) {
    this.#sightings = sightings;
    this.#limits = limits;
    this.#now = now;
  }

  isAccept(frame: TreeFrame): boolean {
    return frame.t === "accept";
  }

  sent(from: VirtualProgram<TreeFrame>, connection: VirtualConnection<TreeFrame>, frame: TreeFrame): void {
    switch (frame.t) {
      case "join":
        this.#joins.set(connection, { join: frame, at: this.#now() });
        this.#joined(from.rank, frame);
        return;
      case "accept":
        return this.#accepted(from.rank, connection, frame);
      case "beacon":
        return this.#beacon(from.rank, frame.stamp, frame.stable);
      case "refuse":
        return this.#sightings.note(`refused: ${frame.why}`);
      case "command":
        this.#sightings.note("body");
        return this.#command(connection, frame.sequence);
      case "state":
        demand(
          frame.edges.length <= this.#limits.edgesInFrame,
          `rank ${from.rank} tells ${frame.edges.length} edges in one frame`,
        );
        if (frame.edges.length > 1) this.#sightings.note("several edges in one frame");
        return;
      case "reports":
        this.#rising(from, connection, "reports", frame.items);
        if (from.rank !== ROOT_RANK && frame.items.some(({ parts }) => isFolded(parts)))
          this.#sightings.note("folded report");
        return;
      case "bulkUp":
        this.#rising(from, connection, "bulk", frame.items);
        return this.#sightings.note("bulkUp");
      case "taken":
        return this.#taken(connection, frame.lane, frame.bytes);
      case "detached":
        // Whoever hears it begins anew with a whole window, while the other side is still giving the old one back.
        this.#spentOn(connection).windows = 2;
        return this.#sightings.note("detached");
      case "redirect":
      case "headers":
      case "need":
      case "resync":
      case "goodbye":
      case "farewell":
      case "expel":
      case "bulk":
        return this.#sightings.note(frame.t);
      case "alive":
      case "latest":
      case "received":
        return;
    }
  }

  #of(rank: Rank): Said {
    let said = this.#said.get(rank);
    if (said === undefined) {
      said = { stamp: NOTHING_SAID, stable: 0, attach: 0, have: 0 };
      this.#said.set(rank, said);
    }
    return said;
  }

  /** S5 */
  #joined(rank: Rank, join: TreeJoin): void {
    const said = this.#of(rank);
    demand(join.attach > said.attach, `rank ${rank} joins as its ${join.attach}th, after ${said.attach}`);
    demand(join.have >= said.have, `rank ${rank} has ${join.have} commands, after ${said.have}`);
    said.attach = join.attach;
    said.have = join.have;
    if (join.size > 1) this.#sightings.note("a subtree moves as one");
    if (join.insist) this.#sightings.note("insists on the root");
    if (join.address === "") this.#sightings.note("joins and cannot be dialled");
  }

  /** S2: the rule that keeps the tree free of cycles. */
  #accepted(
    rank: Rank,
    connection: VirtualConnection<TreeFrame>,
    { stamp, path, stable }: Extract<TreeFrame, { t: "accept" }>,
  ): void {
    const asked = this.#joins.get(connection);
    demand(asked !== undefined, `rank ${rank} accepts somebody who has not asked`);
    const { join, at } = asked;
    const order = compare(stamp, join.stamp);
    const depth = path.length - 1;
    demand(
      order > 0 || (order === 0 && depth < join.depth),
      `rank ${rank} at depth ${depth} accepts one that was at depth ${join.depth} with the same or a newer stamp`,
    );
    this.#takenIn(connection, rank, join.attach);
    if (this.#now() - at > PARKED_MS_MIN) this.#sightings.note("parked until the next beacon");
    if (join.stamp.epoch > 0 && stamp.epoch > join.stamp.epoch)
      this.#sightings.note("attached to a newer epoch");
    if (join.attach > 1 && stable > join.have) this.#sightings.note("back behind what is stable");
    this.#beacon(rank, stamp, stable);
    this.#commandSaid.set(connection, join.attach > 1 ? join.have : -1);
  }

  /** S13: a parent that knows a newer join of a child does not go back to an older one. */
  #takenIn(connection: VirtualConnection<TreeFrame>, parent: Rank, attach: number): void {
    const side = connection.program(0).rank === parent ? 1 : 0;
    const key = `${parent} ${connection.program(side).rank}`;
    const before = this.#takes.get(key) ?? 0;
    demand(
      attach > before,
      `rank ${key.replace(" ", " takes rank ")} by its ${attach}th join, after the ${before}th`,
    );
    this.#takes.set(key, attach);
  }

  /** S5, S6 */
  #beacon(rank: Rank, stamp: Stamp, stable: number): void {
    const said = this.#of(rank);
    demand(compare(stamp, said.stamp) >= 0, `rank ${rank} passes an older beacon on`);
    const falls = stable < said.stable && stamp.epoch === said.stamp.epoch;
    demand(!falls, `rank ${rank} says stable ${stable}, after ${said.stable}`);
    said.stamp = stamp;
    said.stable = stable;
    const key = `${stamp.epoch} ${stamp.beacon}`;
    if (rank === ROOT_RANK) this.#issued.set(key, stable);
    const issued = this.#issued.get(key);
    demand(issued !== undefined, `rank ${rank} passes on a beacon that the root has not issued`);
    demand(stable === issued, `rank ${rank} says stable ${stable}, where the root has said ${issued}`);
  }

  #command(connection: VirtualConnection<TreeFrame>, sequence: number): void {
    const have = this.#commandSaid.get(connection);
    if (have === undefined || have < 0) return;
    if (sequence === have + 1) this.#sightings.note("replay from a new parent");
    this.#commandSaid.set(connection, -1);
  }

  /** S16: no more than the window and one frame, as the one who gives credit sees it at the earliest. */
  #rising(
    { rank: from, tamper }: VirtualProgram<TreeFrame>,
    connection: VirtualConnection<TreeFrame>,
    lane: UpLane,
    items: readonly FoldedItem[],
  ): void {
    // What a forger makes longer or shorter is not what it is given credit for.
    if (tamper !== undefined) return;
    const spent = this.#spentOn(connection);
    const others = items.filter((item) => !isOwn(item, from));
    if (others.length === 0) return;
    const { hopFrameBytes } = this.#limits;
    const hopBytes = this.#limits.hopBytes * spent.windows;
    demand(spent[lane] < hopBytes, `rank ${from} sends ${lane} above its credit: ${spent[lane]} bytes`);
    const largest = Math.max(...others.map((item) => itemBytes(item)));
    for (const item of others) spent[lane] += itemBytes(item);
    demand(
      spent[lane] <= hopBytes + hopFrameBytes + largest,
      `rank ${from} sends a frame of ${spent[lane]} bytes`,
    );
    if (spent[lane] >= hopBytes) this.#sightings.note("hop credit exhausted");
  }

  #spentOn(connection: VirtualConnection<TreeFrame>): { reports: number; bulk: number; windows: number } {
    let spent = this.#spent.get(connection);
    if (spent === undefined) {
      spent = { reports: 0, bulk: 0, windows: 1 };
      this.#spent.set(connection, spent);
    }
    return spent;
  }

  #taken(connection: VirtualConnection<TreeFrame>, lane: UpLane, bytes: number): void {
    const spent = this.#spent.get(connection);
    if (spent !== undefined) spent[lane] = Math.max(0, spent[lane] - bytes);
  }
}

/** A join that waits for the next beacon takes longer than any way to and fro, but for hosts that are slow. */
const PARKED_MS_MIN = 300;

function isOwn({ parts }: FoldedItem, rank: Rank): boolean {
  return parts.every(({ ranks }) => ranks.length === 2 && ranks[0] === rank && ranks[1] === rank);
}

function isFolded(parts: readonly { readonly ranks: readonly number[] }[]): boolean {
  return parts.length > 1 || parts.some(({ ranks }) => ranks.length > 2 || ranks[0] !== ranks[1]);
}

/** Bytes of a frame beside its head: near enough for bandwidths. */
export function treeFrameBytes(frame: TreeFrame): number {
  switch (frame.t) {
    case "command":
      return frame.payload.length + SEAL_BYTES + frame.targets.length * 4;
    case "headers":
      return frame.targets.reduce((sum, { length }) => sum + 4 + length * 4, 0);
    case "need":
      return frame.ranks.length * 4;
    case "bulk":
      return frame.payload.length + TAG_BYTES;
    case "reports":
    case "bulkUp":
      return frame.items.reduce((sum, item) => sum + itemBytes(item), 0);
    case "state":
      return frame.edges.length * 48 + progressBytes(frame.progress);
    case "latest":
      return frame.values.reduce((sum, { payload }) => sum + payload.length + TAG_BYTES + 12, 0);
    case "received":
      return progressBytes(frame.progress);
    case "beacon":
      return (
        SEAL_BYTES + (frame.path.length + frame.alternatives.length + frame.siblings.length) * CANDIDATE_BYTES
      );
    case "accept":
      return SEAL_BYTES + frame.path.length * CANDIDATE_BYTES;
    case "redirect":
      return frame.to.length * CANDIDATE_BYTES;
    case "farewell":
    case "expel":
      return SEAL_BYTES;
    case "join":
    case "refuse":
    case "detached":
    case "alive":
    case "resync":
    case "taken":
    case "goodbye":
      return 0;
  }
}

function progressBytes(groups: readonly ProgressGroup[]): number {
  return groups.reduce((sum, { ranks, tags }) => sum + 4 + ranks.length * 4 + tags.length, 0);
}

/** An Ed25519 signature. */
const SEAL_BYTES = 64;
/** A rank and an address with a port. */
const CANDIDATE_BYTES = 26;
