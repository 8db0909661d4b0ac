// Knows what may happen in a simulated world of any topology, and throws at the first thing that may not: deliveries,
// reports, membership, cycles, degree. Numbers like S1 are those of the properties in docs/overlay.md.
import type { HostId } from "../base/ids.ts";
import type { LinkId, MembershipChange, MembershipState, Payload } from "../overlay/overlay.ts";
import { hasRank, ranksIn } from "../overlay/rank-set.ts";
import { ROOT_RANK } from "../overlay/topology.ts";
import type {
  MemberEffect,
  MemberEvent,
  Rank,
  RootEffect,
  RootEvent,
  RootRecord,
} from "../overlay/topology.ts";
import { demand } from "./broken-promise.ts";
import type { Sightings } from "./sightings.ts";
import type { TreeWorld, WorldWatch } from "./tree-world.ts";
import type { VirtualClient } from "./virtual-client.ts";
import type { VirtualConnection } from "./virtual-connection.ts";
import type { VirtualProgram } from "./virtual-program.ts";

interface Issued {
  readonly sequence: number;
  readonly payload: Payload;
}

/** What the judge knows of one client. */
export interface Record {
  readonly rank: Rank;
  readonly host: HostId;
  readonly incarnation: number;
  /** Commands for it, in order, and how many of them it has. */
  readonly expected: Issued[];
  delivered: number;
  /** Handed on by the root, and those of them that it has written down. */
  reportsHave: number;
  reportsKept: number;
  /** The number of the latest value that the root has. */
  latestHave: number;
  /** As the root has said last. */
  state: MembershipState | "invited";
  since: number;
  /** When the root was told to forget it. */
  dismissed: boolean;
  wasLost: boolean;
  client: VirtualClient<unknown> | undefined;
  /** The rank it hangs from, by its own account. */
  parent: Rank | undefined;
  attachments: number;
  /** Bulk that the root was asked to send to it. */
  readonly bulkGiven: Set<string>;
}

/** A frame's own rules, which differ from topology to topology. */
export interface FrameJudge<Frame> {
  sent(from: VirtualProgram<Frame>, connection: VirtualConnection<Frame>, frame: Frame): void;
  /** The one frame kind that takes a child. */
  isAccept(frame: Frame): boolean;
}

export class TreeJudge<Frame> implements WorldWatch<Frame> {
  readonly #world: TreeWorld<Frame>;
  readonly #frames: FrameJudge<Frame>;
  readonly #sightings: Sightings;
  readonly records = new Map<Rank, Record>();
  /** The newest invited client of each host, unless dismissed. */
  readonly #wanted = new Map<HostId, Record>();
  readonly #byIncarnation = new Map<string, Record>();
  readonly #commands = new Map<number, Payload>();
  /** Highest number kept by the root. */
  lastCommand = 0;
  stable = 0;
  reparentings = 0;
  #targets: readonly HostId[] | undefined;
  #checkAt = 0;

  constructor(world: TreeWorld<Frame>, frames: FrameJudge<Frame>, sightings: Sightings) {
    this.#world = world;
    this.#frames = frames;
    this.#sightings = sightings;
  }

  wanted(): Iterable<Record> {
    return this.#wanted.values();
  }

  isWanted(rank: Rank): boolean {
    const record = this.records.get(rank);
    return record !== undefined && this.#wanted.get(record.host) === record;
  }

  clientStarted(client: VirtualClient<Frame>): void {
    const record = this.records.get(client.rank);
    if (record !== undefined) record.client = client as VirtualClient<unknown>;
  }

  clientGone(client: VirtualClient<Frame>): void {
    const record = this.records.get(client.rank);
    if (record !== undefined) record.parent = undefined;
  }

  clientStepped(
    client: VirtualClient<Frame>,
    event: MemberEvent<Frame>,
    effects: readonly MemberEffect<Frame>[],
  ): void {
    const record = this.records.get(client.rank);
    demand(record !== undefined, `rank ${client.rank} runs and was never invited`);
    for (const effect of effects) {
      if (effect.kind === "deliver") this.#delivered(record, client, event, effect);
      else if (effect.kind === "abandoned") this.#abandoned(record, effect.reason);
      else if (effect.kind === "forgetReports") this.#forgotten(record, effect.upTo);
      else if (effect.kind === "deliverBulk") this.#bulkDelivered(record, effect.payload);
      else if (effect.kind === "distrusted") this.#distrusted(record, effect.reason);
      else if (effect.kind === "orphaned") this.#sightings.note(`orphaned: ${withoutNumbers(effect.reason)}`);
      else if (effect.kind === "close") this.#closed(client, effect.link, effect.reason);
      else if (effect.kind === "attached") this.#attached(record, client);
    }
    this.#noteParent(record, client);
  }

  rootStepping(event: RootEvent<Frame>): void {
    if (event.kind === "invite") this.#invited(event);
    else if (event.kind === "dismiss") this.#dismissed(event.host);
    else if (event.kind === "command") this.#targets = event.targets;
    else if (event.kind === "bulk") this.#wanted.get(event.host)?.bulkGiven.add(textOf(event.payload));
  }

  rootPerforming(effect: RootEffect<Frame>): void {
    switch (effect.kind) {
      case "keep":
        return this.#kept(effect.record);
      case "membership":
        return this.#membership(effect);
      case "report":
        return this.#report(effect);
      case "deliverBulk":
        return this.#bulk(effect.host, effect.payload);
      case "latest":
        return this.#latest(effect);
      case "close":
      case "send":
      case "setTimer":
      case "clearTimer":
      case "problem":
        return;
    }
  }

  rootStepped(): void {
    this.#targets = undefined;
    const { now } = this.#world.time;
    if (now < this.#checkAt) return;
    this.#checkAt = now + CHECK_EVERY_MS;
    this.#demandNoFalseAcknowledgement();
  }

  rootCrashed(): void {
    this.#targets = undefined;
  }

  /**
   * A root that was started anew does not know who is there: from its start on all may be orphaned that had neither
   * left nor been lost. Reports that were handed on and not yet written down are handed on again.
   */
  rootStarted(): void {
    for (const record of this.records.values()) {
      record.reportsHave = record.reportsKept;
      record.latestHave = 0;
      if (record.state === "left" || record.state === "lost") continue;
      record.state = "orphaned";
      record.since = this.#world.time.now;
    }
  }

  sent(from: VirtualProgram<Frame>, connection: VirtualConnection<Frame>, frame: Frame): void {
    this.#world.trace.mix(from.rank, this.#world.time.now * 1000);
    this.#frames.sent(from, connection, frame);
    if (!this.#frames.isAccept(frame)) return;
    const client = this.#world.clients.get(from.rank);
    if (client === undefined) return;
    // S4, S14
    const { children, attached } = client.core;
    const { degree } = this.#world.settings;
    demand(children.length <= degree, `rank ${from.rank} has ${children.length} children, ${degree} allowed`);
    demand(attached, `rank ${from.rank} takes a child while it is not attached itself`);
  }

  #invited(event: { readonly host: HostId; readonly incarnation: number; readonly rank: Rank }): void {
    const before = this.#wanted.get(event.host);
    if (before !== undefined) before.dismissed = true;
    const record: Record = {
      rank: event.rank,
      host: event.host,
      incarnation: event.incarnation,
      expected: [],
      delivered: 0,
      reportsHave: 0,
      reportsKept: 0,
      latestHave: 0,
      state: "invited",
      since: this.#world.time.now,
      dismissed: false,
      wasLost: false,
      client: undefined,
      parent: undefined,
      attachments: 0,
      bulkGiven: new Set(),
    };
    this.records.set(event.rank, record);
    this.#wanted.set(event.host, record);
    this.#byIncarnation.set(`${event.host} ${event.incarnation}`, record);
  }

  #dismissed(host: HostId): void {
    const record = this.#wanted.get(host);
    if (record === undefined) return;
    record.dismissed = true;
    this.#wanted.delete(host);
  }

  #kept(record: RootRecord): void {
    if (record.kind === "command") this.#commandKept(record);
    // S11: what the root forgets, everybody has.
    else if (record.kind === "stable") this.#stableKept(record.sequence);
    else if (record.kind === "reports") this.#reportsKept(record.rank, record.upTo);
  }

  #reportsKept(rank: Rank, upTo: number): void {
    const record = this.records.get(rank);
    if (record === undefined) return;
    demand(
      upTo <= record.reportsHave,
      `${record.host}: ${upTo} reports are written down, ${record.reportsHave} were handed on`,
    );
    record.reportsKept = Math.max(record.reportsKept, upTo);
  }

  #commandKept(record: Extract<RootRecord, { kind: "command" }>): void {
    demand(record.sequence === this.lastCommand + 1, `command ${record.sequence} after ${this.lastCommand}`);
    this.lastCommand = record.sequence;
    this.#commands.set(record.sequence, record.payload);
    for (const host of this.#targets ?? []) {
      const known = this.#wanted.get(host);
      if (known === undefined || known.state === "left" || known.wasLost) continue;
      demand(hasRank(record.targets, known.rank), `command ${record.sequence} leaves ${host} out`);
    }
    for (const rank of ranksIn(record.targets)) {
      const target = this.records.get(rank);
      demand(target !== undefined, `command ${record.sequence} for rank ${rank}, which nobody has`);
      target.expected.push({ sequence: record.sequence, payload: record.payload });
    }
  }

  #stableKept(sequence: number): void {
    demand(sequence >= this.stable, `stable falls from ${this.stable} to ${sequence}`);
    this.stable = sequence;
    for (const record of this.#wanted.values()) {
      if (record.state === "lost" || record.state === "left") continue;
      const next = record.expected[record.delivered];
      const isBehind = next !== undefined && next.sequence <= sequence;
      demand(!isBehind, `stable at ${sequence}, and ${record.host} waits for ${next?.sequence ?? 0}`);
    }
  }

  /** S7, S8, S9; S3: from its parent alone. */
  #delivered(
    record: Record,
    client: VirtualClient<Frame>,
    event: MemberEvent<Frame>,
    command: { readonly sequence: number; readonly payload: Payload },
  ): void {
    const expected = record.expected[record.delivered];
    const name = `${record.host} ${record.incarnation} (rank ${record.rank})`;
    demand(expected !== undefined, `${name}: command ${command.sequence}, none was expected`);
    demand(
      command.sequence === expected.sequence,
      `${name}: command ${command.sequence}, expected ${expected.sequence}`,
    );
    demand(isSame(command.payload, expected.payload), `${name}: command ${command.sequence} is another's`);
    demand(
      event.kind === "frame" && event.link === client.core.parent,
      `${name}: command ${command.sequence} from somebody who is not its parent`,
    );
    record.delivered += 1;
    this.#world.trace.mix(record.rank, command.sequence);
  }

  #abandoned(record: Record, reason: string): void {
    const { host, incarnation } = record;
    const isAllowed =
      record.dismissed || record.state === "lost" || record.wasLost || record.state === "left";
    demand(isAllowed, `${host} ${incarnation}: gave up (${reason}), and the controller wanted it`);
  }

  #closed(client: VirtualClient<Frame>, link: LinkId, reason: string): void {
    this.#sightings.note(`closed: ${withoutNumbers(reason)}`);
    const connection = client.links.get(link);
    if (reason !== EXPELLED || connection === undefined) return;
    const { rank } = connection.program(connection.sideOf(client) === 0 ? 1 : 0);
    const child = this.records.get(rank);
    const isUnwanted = child === undefined || child.dismissed || child.wasLost;
    demand(isUnwanted, `rank ${client.rank} sends rank ${rank} away, which the root has not said`);
  }

  /** S10: what a client forgets, the root has. */
  #forgotten({ host, reportsHave }: Record, upTo: number): void {
    demand(upTo <= reportsHave, `${host}: forgets reports up to ${upTo}, and the root has ${reportsHave}`);
  }

  #bulkDelivered({ host, bulkGiven }: Record, payload: Payload): void {
    const text = textOf(payload);
    demand(bulkGiven.has(text), `${host}: bulk that the root has not sent: ${text}`);
  }

  /** Nobody is accused where nobody forges. */
  #distrusted({ host }: Record, reason: string): void {
    this.#sightings.note(`distrusted: ${withoutNumbers(reason)}`);
    const isForged = [...this.#world.clients.values()].some(({ tamper }) => tamper !== undefined);
    demand(isForged, `${host}: takes somebody honest for a liar: ${reason}`);
  }

  #attached(record: Record, client: VirtualClient<Frame>): void {
    const { path } = client.core;
    demand(
      path[0] === ROOT_RANK && path.at(-1) === record.rank,
      `${record.host}: its path is ${path.join(" ")}`,
    );
  }

  /** S1, at every instant: a new edge must not lead back to where it starts. */
  #noteParent(record: Record, client: VirtualClient<Frame>): void {
    const link = client.ended === undefined ? client.core.parent : undefined;
    const connection = link === undefined ? undefined : client.links.get(link);
    const parent = connection?.program(connection.sideOf(client) === 0 ? 1 : 0).rank;
    if (parent === record.parent) return;
    record.parent = parent;
    if (parent === undefined) return;
    record.attachments += 1;
    if (record.attachments > 1) this.reparentings += 1;
    const way: Rank[] = [record.rank];
    let next: Rank | undefined = parent;
    while (next !== undefined && next !== ROOT_RANK) {
      way.push(next);
      demand(next !== record.rank, `a cycle: ${way.join(" below ")}`);
      demand(way.length <= this.records.size + 1, `a cycle: ${way.join(" below ")}`);
      next = this.records.get(next)?.parent;
    }
  }

  #membership(change: MembershipChange): void {
    const record = this.#byIncarnation.get(`${change.host} ${change.incarnation}`);
    demand(record !== undefined, `${change.host} ${change.incarnation}: ${change.state}, and never invited`);
    const { now } = this.#world.time;
    const name = `${change.host} ${change.incarnation}`;
    const before = record.state;
    demand(before !== "left", `${name}: ${change.state} after it had left`);
    if (change.state === "orphaned")
      demand(before === "attached" || before === "orphaned", `${name}: orphaned, but it was ${before}`);
    if (change.state === "lost") {
      demand(before === "orphaned" || before === "attached", `${name}: lost, but it was ${before}`);
      const graceMs = this.#world.settings.times.lostGraceMs;
      const forMs = now - record.since;
      demand(before === "orphaned" && forMs >= graceMs - 1, `${name}: lost after ${Math.round(forMs)} ms`);
      record.wasLost = true;
    }
    if (change.state === "left") {
      demand(record.client?.leaving === true, `${name}: left, and it never said so`);
      demand(
        record.reportsHave === record.client.reports.length,
        `${name}: left with ${record.reportsHave} of ${record.client.reports.length} reports`,
      );
    }
    if (before === "lost" && change.state === "attached") this.#sightings.note("back after it was lost");
    this.#sightings.note(`root says ${change.state}`);
    record.state = change.state;
    record.since = now;
    this.#world.trace.mix(record.rank, change.state.length);
  }

  #report(effect: {
    readonly host: HostId;
    readonly incarnation: number;
    readonly sequence: number;
    readonly payload: Payload;
  }): void {
    const name = `${effect.host} ${effect.incarnation}`;
    const record = this.#byIncarnation.get(name);
    demand(record?.client !== undefined, `${name}: a report of nobody`);
    const { reports, dropped } = record.client;
    demand(effect.sequence > record.reportsHave, `${name}: report ${effect.sequence} twice`);
    const said = reports[effect.sequence - 1];
    demand(
      said !== undefined && isSame(said, effect.payload),
      `${name}: report ${effect.sequence} is another's`,
    );
    const missing = effect.sequence - 1 - record.reportsHave;
    demand(
      missing === 0 || effect.sequence - 1 <= dropped,
      `${name}: report ${effect.sequence} after ${record.reportsHave}`,
    );
    record.reportsHave = effect.sequence;
    this.#world.trace.mix(record.rank, effect.sequence);
  }

  /** S10: bulk may be lost, but neither forged nor doubled. */
  #bulk(host: HostId, payload: Payload): void {
    const record = this.#wanted.get(host);
    const said = record?.client?.bulkSaid;
    const text = textOf(payload);
    demand(said?.delete(text) === true, `${host}: bulk that it has not sent, or twice: ${text}`);
    this.#sightings.note("bulk has arrived");
  }

  /** S17: a latest value is its origin's own, and newer than the one before. */
  #latest(effect: { readonly host: HostId; readonly incarnation: number; readonly payload: Payload }): void {
    const name = `${effect.host} ${effect.incarnation}`;
    const record = this.#byIncarnation.get(name);
    demand(record?.client !== undefined, `${name}: a latest value of nobody`);
    const [rank = 0, number = 0] = textOf(effect.payload).split(" ").map(Number);
    const isSaid = rank === record.rank && number <= record.client.latest;
    demand(isSaid, `${name}: a latest value that is another's: ${textOf(effect.payload)}`);
    demand(number > record.latestHave, `${name}: value ${number} after ${record.latestHave}`);
    if (number > record.latestHave + 1 && record.latestHave > 0)
      this.#sightings.note("a newer value has replaced one");
    record.latestHave = number;
    this.#world.trace.mix(record.rank, number);
  }

  /** S10: the root never takes a command for delivered that was not. */
  #demandNoFalseAcknowledgement(): void {
    for (const { rank, host, pendingCommands } of this.#world.controller.core.members()) {
      const record = this.records.get(rank);
      if (record === undefined || record.state === "lost" || record.wasLost || record.state === "left")
        continue;
      const pending = record.expected.length - record.delivered;
      demand(
        pendingCommands >= pending,
        `${host}: the root waits for ${pendingCommands} commands to arrive, but ${pending} have not`,
      );
    }
  }
}

const EXPELLED = "the controller has expelled it";
const decoder = new TextDecoder();

function textOf(payload: Payload): string {
  return decoder.decode(payload);
}

/** Numbers differ from life to life. */
function withoutNumbers(reason: string): string {
  return reason.replace(/[0-9]+/g, "n");
}

/** The whole view of the root is looked at this often. */
const CHECK_EVERY_MS = 1000;

export function isSame(one: Uint8Array, other: Uint8Array): boolean {
  if (one === other) return true;
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}
