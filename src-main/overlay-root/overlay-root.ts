// The controller's end of the overlay: listens, admits clients by their certificates, drives the pure root.
import type { Duplex } from "node:stream";
import type { Clock } from "#shared/base/clock.ts";
import type { HostId } from "#shared/base/ids.ts";
import type { Random } from "#shared/base/random.ts";
import type { BulkOutcome, LinkTraffic } from "#shared/node/frame-link.ts";
import { OverlayNode } from "#shared/node/overlay-node.ts";
import { createRootSeals, type RunningRootSeals, type SessionKeys } from "#shared/node/seals.ts";
import { listenForClients } from "#shared/node/tls-link.ts";
import type { LinkListener } from "#shared/node/tls-link.ts";
import { PAYLOAD_BYTES_MAX } from "#shared/overlay/frame-fields.ts";
import { OVERLAY_LIMITS, OVERLAY_TIMES } from "#shared/overlay/overlay.ts";
import type { MembershipChange, OverlayTimes } from "#shared/overlay/overlay.ts";
import { DEGREE_DEFAULT } from "#shared/overlay/topologies.ts";
import { ROOT_RANK } from "#shared/overlay/topology.ts";
import type {
  MemberState,
  Propagated,
  Rank,
  RootCore,
  RootEffect,
  RootEvent,
  RootRecord,
  Topology,
} from "#shared/overlay/topology.ts";
import { writeAddress } from "#shared/protocol/address.ts";
import type { BulkMessage } from "#shared/protocol/bulk.ts";
import { checkBulk } from "#shared/protocol/check-bulk.ts";
import { checkReports } from "#shared/protocol/check-reports.ts";
import { PROTOCOL_VERSION } from "#shared/protocol/commands.ts";
import type { Command } from "#shared/protocol/commands.ts";
import type { LinkWay } from "#shared/base/link-way.ts";
import { checkMetrics, type HostMetrics } from "#shared/protocol/metrics.ts";
import type { OverlayCredentials, TlsCredentials } from "#shared/protocol/credentials.ts";
import type { Report } from "#shared/protocol/reports.ts";
import { CommandBatch } from "./command-batch.ts";
import type { RootJournal } from "./root-journal.ts";

/** Only this computer, until told otherwise. */
const ADDRESS_DEFAULT = "127.0.0.1";
/** Of what could not be reached and what broke the protocol, `info mesh` shows the last so many. */
const PROBLEMS_KEPT = 50;

/** Called in order, never from inside a call of RunningOverlayRoot. */
export interface OverlayRootCallbacks {
  /** Exactly once and in order per (host, incarnation); checked field by field. */
  onReport(host: HostId, incarnation: number, sequence: number, report: Report): void;
  onMembership(change: MembershipChange): void;
  onBulk(host: HostId, message: BulkMessage): void;
  /** The newest that a client has told; what it told in between may never come. */
  onMetrics(host: HostId, metrics: HostMetrics): void;
  /** After `bulk` said "held" for this host, and after each attach: go on sending. */
  onBulkWritable(host: HostId): void;
  /** For the log: a refused handshake, a malformed frame or payload. Nothing has to be done. */
  onProblem(host: HostId | undefined, reason: string): void;
}

export interface OverlayRootParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly topology: Topology<unknown>;
  /** Default: nothing is written down, and nobody can take the clients over when this root ends. */
  readonly journal?: RootJournal;
  readonly callbacks: OverlayRootCallbacks;
}

export interface OverlayRootSettings {
  readonly session: string;
  /** Issued by the session's authority for ROOT_NAME. */
  readonly credentials: TlsCredentials;
  readonly keys: SessionKeys;
  /** Where to listen; default 127.0.0.1 and any free port. */
  readonly address?: string;
  readonly port?: number;
  /** Children of one node at most. */
  readonly degree?: number;
  readonly times?: Partial<OverlayTimes>;
}

export interface RunningOverlayRoot {
  readonly overlay: string;
  readonly address: string;
  readonly port: number;
  /** For clients elsewhere: listens on all addresses of this computer, and resolves with the port. */
  listenEverywhere(): Promise<number>;
  /** Expects a client; what was there of the host before is given up. Its rank goes into its certificate. */
  invite(host: HostId, incarnation: number): Rank;
  /** What to tell this client of the overlay: to be asked when it is started, not before. */
  introduce(rank: Rank): OverlayCredentials;
  dismiss(hosts: readonly HostId[]): void;
  /**
   * Kept per host until acknowledged: exactly once and in order, over any number of links, per incarnation. Hosts
   * that were not invited are left out. Throws a RangeError for a command larger than PAYLOAD_BYTES_MAX.
   */
  command(targets: readonly HostId[], command: Command): void;
  bulk(host: HostId, message: BulkMessage): BulkOutcome;
  /** This controller is cut off: orphaned hosts are given so much longer. */
  hold(ms: number): void;
  members(): readonly MemberState[];
  /** How the link came about over which a host is attached; undefined for one that hangs below another. */
  wayOf(host: HostId): LinkWay | undefined;
  /** The last ones: what could not be reached, who broke the protocol. */
  problems(): readonly OverlayProblem[];
  /** Of the last command that has reached all whom it is for; undefined before that, and on a topology that does not count. */
  propagation(): Propagated | undefined;
  /** Since its start, over all links: frames and their bytes, without those of TLS. */
  traffic(): LinkTraffic;
  /**
   * Takes a stream as a link, for example a channel of SSH. With `host`, the caller has proved whose it is and the
   * frames go over it as they are; without, TLS is spoken on it and the certificate says whose it is.
   */
  attachStream(stream: Duplex, way: LinkWay, host?: HostId): void;
  close(): Promise<void>;
}

export interface OverlayProblem {
  readonly host: HostId | undefined;
  readonly reason: string;
}

/** Resolves when it listens; rejects when it cannot. */
export async function createOverlayRoot(
  parts: OverlayRootParts,
  settings: OverlayRootSettings,
): Promise<RunningOverlayRoot> {
  const root = new DrivenRoot(parts, settings);
  await root.listen();
  return root;
}

type Event = RootEvent<unknown>;
type Effect = RootEffect<unknown>;

class DrivenRoot implements RunningOverlayRoot {
  readonly #parts: OverlayRootParts;
  readonly #settings: OverlayRootSettings;
  readonly #seals: RunningRootSeals;
  readonly #core: RootCore<unknown>;
  readonly #node: OverlayNode<unknown, Event, Effect>;
  /** Of the invited, by the rank in their certificates. */
  readonly #hosts = new Map<Rank, HostId>();
  readonly #ranks = new Map<HostId, Rank>();
  readonly #starts = new Map<Rank, number>();
  #lastRank: Rank = ROOT_RANK;
  #problems: OverlayProblem[] = [];
  #listener: LinkListener | undefined;
  #widened: Promise<number> | undefined;
  /** Given in this turn and not taken on yet. */
  readonly #batch = new CommandBatch();

  constructor(parts: OverlayRootParts, settings: OverlayRootSettings) {
    this.#parts = parts;
    this.#settings = settings;
    const { topology, journal } = parts;
    const records = journal?.records ?? [];
    this.#seals = createRootSeals(settings.session, settings.keys);
    for (const record of records) this.#remember(record);
    this.#core = topology.createRoot({
      protocol: PROTOCOL_VERSION,
      epoch: journal?.epoch ?? 1,
      degree: this.#degree,
      times: { ...OVERLAY_TIMES, ...settings.times },
      limits: OVERLAY_LIMITS,
      seals: this.#seals,
      records,
    });
    this.#node = new OverlayNode<unknown, Event, Effect>({
      clock: parts.clock,
      random: parts.random,
      topology,
      step: (event, surroundings) => this.#core.step(event, surroundings),
      perform: (effect) => this.#perform(effect),
      isKept: (effect) => effect.kind === "keep" && journal !== undefined,
      keep: (effects) => this.#keep(effects),
      linkUp: (link, peer) => ({ kind: "linkUp", link, peer }),
      onMalformed: (peer, reason) => this.#problem(this.#hosts.get(peer), reason),
      onBulkWritable: (_peer, link) => this.#bulkWritable(link),
      // Replays of commands are held back by their window already.
      onDrained: () => undefined,
    });
  }

  async listen(): Promise<void> {
    const { address = ADDRESS_DEFAULT, port = 0, credentials, session } = this.#settings;
    try {
      this.#listener = await listenForClients(
        { address, port, credentials, session, rank: ROOT_RANK },
        {
          onClient: (socket, peer, way) => this.#node.accept(socket, peer.rank, way),
          onRefused: (reason) => this.#problem(undefined, reason),
        },
      );
    } catch (error) {
      this.#node.close("it cannot listen");
      throw error;
    }
  }

  get overlay(): string {
    return this.#parts.topology.name;
  }

  get address(): string {
    return this.#listener?.address ?? "";
  }

  get port(): number {
    return this.#listener?.port ?? 0;
  }

  get #degree(): number {
    return this.#settings.degree ?? DEGREE_DEFAULT;
  }

  listenEverywhere(): Promise<number> {
    this.#widened ??= this.#listener?.widen().catch((error: unknown) => {
      // The port may be free when somebody asks again.
      this.#widened = undefined;
      throw error;
    });
    return this.#widened ?? Promise.reject(new Error("it does not listen yet"));
  }

  invite(host: HostId, incarnation: number): Rank {
    this.#giveCommands();
    this.#lastRank += 1;
    const rank = this.#lastRank;
    this.#remember({ kind: "invited", host, incarnation, rank, start: this.#core.lastCommand });
    this.#feed({ kind: "invite", host, incarnation, rank });
    return rank;
  }

  introduce(rank: Rank): OverlayCredentials {
    const { address, port } = this;
    const own = writeAddress({ host: address, port });
    const planned = this.#core.plan(rank, this.#node.surroundings);
    const candidates = planned.map((one) => (one.rank === ROOT_RANK ? { ...one, address: own } : one));
    const { root, own: proofKey } = this.#seals.memberKeys(rank);
    const start = this.#starts.get(rank) ?? 0;
    const startChain = Buffer.from(this.#core.chainAt(start)).toString("base64");
    const place = { rank, start, startChain, candidates };
    return { overlay: this.overlay, degree: this.#degree, ...place, rootKey: root, proofKey };
  }

  dismiss(hosts: readonly HostId[]): void {
    for (const host of hosts) {
      const rank = this.#ranks.get(host);
      if (rank !== undefined) this.#remember({ kind: "dismissed", rank });
      this.#feed({ kind: "dismiss", host });
    }
  }

  command(targets: readonly HostId[], command: Command): void {
    const payload = this.#node.codec.encodePayload(command);
    if (payload.length > PAYLOAD_BYTES_MAX) {
      throw new RangeError(
        `a ${command.kind} command of ${payload.length} bytes; ${PAYLOAD_BYTES_MAX} is the limit`,
      );
    }
    if (this.#batch.isEmpty) queueMicrotask(() => this.#giveCommands());
    this.#batch.add(targets, payload);
  }

  #giveCommands(): void {
    for (const { targets, payload } of this.#batch.take())
      this.#node.feed({ kind: "command", targets: [...targets], payload });
  }

  /** In the order in which all was asked. */
  #feed(event: Event): void {
    this.#giveCommands();
    this.#node.feed(event);
  }

  bulk(host: HostId, message: BulkMessage): BulkOutcome {
    const link = this.#node.link(this.#core.linkTo(host));
    if (link === undefined) return "dropped";
    this.#node.feed({ kind: "bulk", host, payload: this.#node.codec.encodePayload(message) });
    return link.bulkOutcome;
  }

  hold(ms: number): void {
    this.#node.feed({ kind: "hold", ms });
  }

  members(): readonly MemberState[] {
    this.#giveCommands();
    return this.#core.members();
  }

  wayOf(host: HostId): LinkWay | undefined {
    const rank = this.#ranks.get(host);
    const link = this.#core.linkTo(host);
    return rank === undefined || link === undefined ? undefined : this.#node.wayOf(link, rank);
  }

  problems(): readonly OverlayProblem[] {
    return this.#problems;
  }

  propagation(): Propagated | undefined {
    return this.#core.propagation?.last;
  }

  traffic(): LinkTraffic {
    return this.#node.traffic;
  }

  attachStream(stream: Duplex, way: LinkWay, host?: HostId): void {
    const rank = host === undefined ? undefined : this.#ranks.get(host);
    if (this.#node.closed || (host !== undefined && rank === undefined)) stream.destroy();
    else if (rank === undefined) this.#listener?.secure(stream, way);
    else this.#node.accept(stream, rank, way);
  }

  async close(): Promise<void> {
    if (this.#node.closed) return;
    this.#giveCommands();
    this.#node.close("the controller ends");
    await this.#listener?.close();
    await this.#parts.journal?.close();
  }

  #remember(record: RootRecord): void {
    switch (record.kind) {
      case "invited": {
        const older = this.#ranks.get(record.host);
        if (older !== undefined) this.#starts.delete(older);
        this.#hosts.set(record.rank, record.host);
        this.#ranks.set(record.host, record.rank);
        this.#starts.set(record.rank, record.start);
        this.#lastRank = Math.max(this.#lastRank, record.rank);
        return;
      }
      case "dismissed": {
        const host = this.#hosts.get(record.rank);
        this.#lastRank = Math.max(this.#lastRank, record.rank);
        this.#hosts.delete(record.rank);
        this.#starts.delete(record.rank);
        if (host !== undefined && this.#ranks.get(host) === record.rank) this.#ranks.delete(host);
        return;
      }
      case "command":
      case "stable":
      case "reports":
      case "ended":
        return;
    }
  }

  #perform(effect: Effect): void {
    switch (effect.kind) {
      case "send":
      case "close":
      case "setTimer":
      case "clearTimer":
        return this.#node.perform(effect);
      case "membership":
        return this.#membership(effect);
      case "report":
        return this.#report(effect);
      case "deliverBulk":
        return this.#bulkArrived(effect.host, effect.payload);
      case "latest":
        return this.#metrics(effect.host, effect.payload);
      case "keep":
        return; // without a journal nothing is kept
      case "problem":
        return this.#problem(effect.host, effect.reason);
    }
  }

  /** A disk that takes nothing must not end the run; but then nobody can take it over, and that is said. */
  async #keep(effects: readonly Effect[]): Promise<void> {
    const records = effects.flatMap((effect) => (effect.kind === "keep" ? [effect.record] : []));
    const failure = await this.#parts.journal?.append(records);
    if (failure !== undefined) this.#problem(undefined, failure);
  }

  #membership(change: MembershipChange): void {
    const { host, incarnation, state, reason } = change;
    this.#notify((to) => to.onMembership({ host, incarnation, state, reason }));
    if (state === "attached") this.#notify((to) => to.onBulkWritable(host));
  }

  /** A link may lead to many hosts. */
  #bulkWritable(link: number): void {
    for (const host of this.#ranks.keys())
      if (this.#core.linkTo(host) === link) this.#notify((to) => to.onBulkWritable(host));
  }

  #report(effect: Extract<Effect, { kind: "report" }>): void {
    const { host, incarnation, sequence, payload } = effect;
    const decoded = this.#node.codec.decodePayload(payload);
    if (!decoded.ok) return this.#problem(host, `report ${sequence} was dropped: ${decoded.reason}`);
    for (const checked of checkReports(decoded.value)) {
      if (checked.ok && checked.value.kind === "distrusted") this.#distrusted(host, checked.value);
      if (checked.ok) this.#notify((to) => to.onReport(host, incarnation, sequence, checked.value));
      else this.#problem(host, `report ${sequence} was dropped: ${checked.reason}`);
    }
  }

  #distrusted(host: HostId, { neighbour, reason }: Extract<Report, { kind: "distrusted" }>): void {
    const root = neighbour === ROOT_RANK ? "the controller" : undefined;
    const name = root ?? this.#hosts.get(neighbour) ?? `client ${String(neighbour)}`;
    this.#problem(host, `it has left ${name}, which or one above it breaks the protocol: ${reason}`);
  }

  #bulkArrived(host: HostId, payload: Uint8Array): void {
    const decoded = this.#node.codec.decodePayload(payload);
    const checked = decoded.ok ? checkBulk(decoded.value) : decoded;
    if (checked.ok) this.#notify((to) => to.onBulk(host, checked.value));
    else this.#problem(host, `a bulk message was dropped: ${checked.reason}`);
  }

  #metrics(host: HostId, payload: Uint8Array): void {
    const decoded = this.#node.codec.decodePayload(payload);
    const checked = decoded.ok ? checkMetrics(decoded.value) : decoded;
    if (checked.ok) this.#notify((to) => to.onMetrics(host, checked.value));
    else this.#problem(host, `its metrics were dropped: ${checked.reason}`);
  }

  #problem(host: HostId | undefined, reason: string): void {
    this.#problems = [...this.#problems, { host, reason }].slice(-PROBLEMS_KEPT);
    this.#notify((to) => to.onProblem(host, reason));
  }

  #notify(call: (to: OverlayRootCallbacks) => void): void {
    this.#node.notify(() => call(this.#parts.callbacks));
  }
}
