// The client's end of the overlay: dials, lets others hang below it, keeps the outbox, drives the pure member.
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import type { Clock } from "#shared/base/clock.ts";
import type { Random } from "#shared/base/random.ts";
import { CONTROL_BYTES_EASY } from "#shared/node/frame-link.ts";
import type { BulkOutcome, LinkTraffic } from "#shared/node/frame-link.ts";
import { OverlayNode } from "#shared/node/overlay-node.ts";
import { createMemberSeals } from "#shared/node/seals.ts";
import { createLinkContext, dialOver } from "#shared/node/tls-link.ts";
import { PAYLOAD_BYTES_MAX } from "#shared/overlay/frame-fields.ts";
import { OVERLAY_LIMITS, OVERLAY_TIMES } from "#shared/overlay/overlay.ts";
import type { LinkId, OverlayTimes, Payload } from "#shared/overlay/overlay.ts";
import { topologyNamed } from "#shared/overlay/topologies.ts";
import { ROOT_RANK } from "#shared/overlay/topology.ts";
import { latestProof } from "#shared/overlay/tree-proofs.ts";
import type {
  Candidate,
  MemberCore,
  MemberEffect,
  MemberEvent,
  MemberSeals,
  Rank,
  Topology,
} from "#shared/overlay/topology.ts";
import type { BulkMessage } from "#shared/protocol/bulk.ts";
import { checkBulk } from "#shared/protocol/check-bulk.ts";
import { checkCommand } from "#shared/protocol/check-commands.ts";
import { PROTOCOL_VERSION } from "#shared/protocol/commands.ts";
import type { Command } from "#shared/protocol/commands.ts";
import type { ClientCredentials } from "#shared/protocol/credentials.ts";
import type { HostMetrics } from "#shared/protocol/metrics.ts";
import type { Report } from "#shared/protocol/reports.ts";
import { MemberListeners } from "./member-listeners.ts";
import type { Outbox } from "./outbox.ts";
import { ReportPack } from "./report-pack.ts";

/** Called in order, never from inside a call of RunningOverlayMember. */
export interface OverlayMemberCallbacks {
  /** Exactly once and in order; acknowledged when this returns. */
  onCommand(sequence: number, command: Command): void;
  onBulk(message: BulkMessage): void;
  /** After `sendBulk` said "held", and after each attach: go on sending. */
  onBulkWritable(): void;
  /** Also when the path to the root has changed; `path` names ranks, from the root to this client. */
  onAttached(path: readonly Rank[]): void;
  onOrphaned(reason: string): void;
  /** No controller for `controllerAbsenceMs`, or refused for good: stop, clean up, end. Nothing comes after it. */
  onAbandoned(reason: string): void;
  /** A command of this controller makes no sense to this client: it will not be carried out, and must be told. */
  onMalformedCommand(reason: string): void;
  /** Every address of the controller was tried, and none has answered; said once, before the first attach. */
  onUnreached(reason: string): void;
  /** For the log: a failed dial, a malformed bulk message. Nothing has to be done. */
  onProblem(reason: string): void;
}

export interface OverlayMemberParts {
  readonly clock: Clock;
  readonly random: Random;
  /** From `openOutbox`; closed by whoever opened it. */
  readonly outbox: Outbox;
  readonly callbacks: OverlayMemberCallbacks;
  /** Default: the one that the credentials name. */
  readonly topology?: Topology<unknown>;
}

export interface OverlayMemberSettings {
  readonly credentials: ClientCredentials;
  /** Where other clients may dial this one; default: any free port. */
  readonly port?: number;
  readonly times?: Partial<OverlayTimes>;
}

export interface RunningOverlayMember {
  readonly attached: boolean;
  /** Of clients that hang below this one. */
  readonly children: number;
  /** Since its start, over all links. */
  readonly traffic: LinkTraffic;
  /** Kept on disk until the root has it. `patient`: it may wait a moment for the next one. */
  report(report: Report, patient?: boolean): void;
  sendBulk(message: BulkMessage): BulkOutcome;
  /** The newest that is known of this host: replaces what has not gone up yet. */
  tellMetrics(metrics: HostMetrics): void;
  /** To the parent and back; undefined while it is not known. */
  readonly rttMs: number | undefined;
  /** A stream on which somebody has come who may be the controller; resolves with whether he has proved it. */
  offer(stream: Duplex): Promise<boolean>;
  /** Replaces `controllerAbsenceMs` of the credentials, as `execute` asks. */
  allowAbsence(ms: number): void;
  /** The root is found there from now on; the addresses of the credentials come after these. */
  findRootAt(addresses: readonly string[]): void;
  /** Hands over the last reports, says goodbye; resolves when the root has heard it or after `leaveMs`. */
  leave(): Promise<void>;
  /** Drops the links without a goodbye. */
  close(): void;
}

/** Dials at once, where it has an address. Throws when the credentials name a topology that this client does not know. */
export function createOverlayMember(
  parts: OverlayMemberParts,
  settings: OverlayMemberSettings,
): RunningOverlayMember {
  const topology = parts.topology ?? topologyNamed(settings.credentials.overlay);
  if (topology === undefined)
    throw new Error(`an overlay of this client's version is not called "${settings.credentials.overlay}"`);
  const member = new DrivenMember(parts, settings, topology);
  member.start();
  return member;
}

const NO_TAG = new Uint8Array();

type Event = MemberEvent<unknown>;
type Effect = MemberEffect<unknown>;

class DrivenMember implements RunningOverlayMember {
  readonly #parts: OverlayMemberParts;
  readonly #credentials: ClientCredentials;
  readonly #topology: Topology<unknown>;
  readonly #context;
  readonly #seals: MemberSeals;
  readonly #core: MemberCore<unknown>;
  readonly #node: OverlayNode<unknown, Event, Effect>;
  readonly #listeners: MemberListeners | undefined;
  /** Those of the credentials; before them whatever the root has told since. Dialled in turn, from the first on. */
  readonly #firstAddresses: readonly string[];
  #rootAddresses: readonly string[];
  #rootDials = 0;
  /** Has answered last: others may lead into networks that swallow what is sent from here, and cost seconds each. */
  #rootAnswers: string | undefined;
  /** Of the first dials of the root: one for each address, then everything has been tried. */
  #rootFailures: string[] = [];
  /** Handshakes of those who have come by themselves. */
  readonly #answering = new Set<AbortController>();
  /** Left or abandoned: the core says nothing more. */
  #over = false;
  /** Reports that the core has let out and the link has not taken yet. */
  #outgoing: { link: LinkId; from: number; to: number } | undefined;
  #onLeft: (() => void)[] = [];
  #lastLatest = 0;
  readonly #pack: ReportPack;

  constructor(parts: OverlayMemberParts, settings: OverlayMemberSettings, topology: Topology<unknown>) {
    const { credentials } = settings;
    const { session, rank, start, candidates, degree, controllerAbsenceMs, rootKey, proofKey } = credentials;
    this.#parts = parts;
    this.#credentials = credentials;
    this.#topology = topology;
    this.#context = createLinkContext(credentials);
    this.#seals = createMemberSeals(session, { root: rootKey, own: proofKey });
    this.#firstAddresses = candidates.flatMap((one) => (one.rank === ROOT_RANK ? [one.address] : []));
    this.#rootAddresses = this.#firstAddresses;
    this.#core = topology.createMember({
      protocol: PROTOCOL_VERSION,
      rank,
      start,
      startChain: Buffer.from(credentials.startChain, "base64"),
      candidates,
      degree,
      controllerAbsenceMs,
      lastReport: parts.outbox.last,
      times: { ...OVERLAY_TIMES, ...settings.times },
      limits: OVERLAY_LIMITS,
      seals: this.#seals,
    });
    this.#node = new OverlayNode<unknown, Event, Effect>({
      clock: parts.clock,
      random: parts.random,
      topology,
      step: (event, surroundings) => this.#core.step(event, surroundings),
      perform: (effect) => this.#perform(effect),
      isKept: () => false,
      keep: () => Promise.resolve(),
      linkUp: (link, peer, dialled) => ({ kind: "linkUp", link, peer, dialled }),
      onMalformed: (peer, reason) => this.#problem(`${nameOf(peer)}: ${reason}`),
      onBulkWritable: (_peer, link) => {
        if (link === this.#core.parent) this.#notify((to) => to.onBulkWritable());
      },
      onDrained: () => this.#sendReports(),
    });
    this.#pack = new ReportPack(this.#node.codec, PAYLOAD_BYTES_MAX, (payload) =>
      this.#tellReported(payload),
    );
    if (topology.membersListen && degree > 0)
      this.#listeners = new MemberListeners(
        { credentials, session, rank, port: settings.port ?? 0 },
        {
          onListening: (address) => this.#node.feed({ kind: "listening", address }),
          onClient: (socket, peer) => this.#node.accept(socket, peer, "client"),
          onProblem: (reason) => this.#problem(reason),
        },
      );
  }

  start(): void {
    this.#node.feed({ kind: "start" });
  }

  get attached(): boolean {
    return this.#core.attached;
  }

  get children(): number {
    return this.#core.children.length;
  }

  get traffic(): LinkTraffic {
    return this.#node.traffic;
  }

  report(report: Report, patient = false): void {
    this.#pack.add(report, patient);
  }

  #tellReported(payload: Payload): void {
    this.#parts.outbox.append(payload);
    this.#node.feed({ kind: "reported", sequence: this.#parts.outbox.last });
  }

  sendBulk(message: BulkMessage): BulkOutcome {
    const link = this.#node.link(this.#core.parent);
    if (link === undefined) return "dropped";
    const payload = this.#node.codec.encodePayload(message);
    this.#node.feed({ kind: "bulk", payload, tag: this.#prove("bulk", payload) });
    return link.bulkOutcome;
  }

  tellMetrics(metrics: HostMetrics): void {
    const payload = this.#node.codec.encodePayload(metrics);
    this.#lastLatest += 1;
    const number = this.#lastLatest;
    const tag = this.#prove(latestProof(number), payload);
    this.#node.feed({ kind: "latest", value: { rank: this.#credentials.rank, number, payload, tag } });
  }

  get rttMs(): number | undefined {
    const { tripUs } = this.#core;
    return tripUs === undefined ? undefined : tripUs / 1000;
  }

  async offer(stream: Duplex): Promise<boolean> {
    const answering = new AbortController();
    this.#answering.add(answering);
    if (this.#node.closed) answering.abort();
    const { session } = this.#credentials;
    const end = { context: this.#context, session, rank: ROOT_RANK, signal: answering.signal };
    try {
      const socket = await dialOver(stream, end);
      if (this.#over) socket.destroy();
      else this.#node.accept(socket, ROOT_RANK, "controller");
      return true;
    } catch (error) {
      stream.destroy();
      const reason = error instanceof Error ? error.message : String(error);
      this.#problem(`somebody came and is not the controller: ${reason}`);
      return false;
    } finally {
      this.#answering.delete(answering);
    }
  }

  allowAbsence(ms: number): void {
    this.#node.feed({ kind: "absenceAllowed", ms });
  }

  findRootAt(addresses: readonly string[]): void {
    // One that was never to dial goes on waiting to be dialled.
    if (this.#firstAddresses.length === 0) return;
    this.#rootAddresses = [...new Set([...addresses, ...this.#firstAddresses])];
    this.#rootDials = 0;
  }

  leave(): Promise<void> {
    if (this.#node.closed || this.#over) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onLeft.push(resolve);
      this.#pack.flush();
      this.#node.feed({ kind: "leave" });
    });
  }

  close(): void {
    this.#pack.close();
    this.#node.close("the client ends");
    this.#listeners?.close();
    for (const answering of this.#answering) answering.abort();
    for (const resolve of this.#onLeft.splice(0)) resolve();
  }

  #dial(link: LinkId, { rank, address }: Candidate): void {
    const { session } = this.#credentials;
    const isRoot = rank === ROOT_RANK;
    const to = isRoot ? (this.#rootAnswers ?? this.#nextOfRoot()) : address;
    const order = { link, rank, session, context: this.#context, to };
    this.#node.dial(order, {
      up: (socket) => {
        if (isRoot) this.#rootAnswers = to;
        return this.#listenBeside(socket);
      },
      failed: (reason, isGivenUp) => {
        if (isRoot) this.#rootFailed(to, reason);
        if (!isGivenUp) this.#problem(`cannot reach ${nameOf(rank)} at ${to}: ${reason}`);
      },
    });
  }

  /** The core knows one root, wherever that is. */
  #nextOfRoot(): string {
    this.#rootDials += 1;
    return this.#rootAddresses[(this.#rootDials - 1) % Math.max(1, this.#rootAddresses.length)] ?? "";
  }

  #rootFailed(address: string, reason: string): void {
    if (address === this.#rootAnswers) this.#rootAnswers = undefined;
    const needed = this.#firstAddresses.length;
    if (this.#rootFailures.length >= needed) return;
    this.#rootFailures.push(`${address}: ${reason}`);
    const all = this.#rootFailures.join("; ");
    if (this.#rootFailures.length === needed) this.#notify((to) => to.onUnreached(all));
  }

  /** Where this client is seen from there, others will find it as well as anybody can know. */
  #listenBeside(socket: TLSSocket): Promise<void> | undefined {
    const { localAddress } = socket;
    return localAddress === undefined ? undefined : this.#listeners?.at(localAddress);
  }

  #perform(effect: Effect): void {
    switch (effect.kind) {
      case "dial":
        return this.#dial(effect.link, effect.to);
      case "close":
      case "send":
      case "setTimer":
      case "clearTimer":
        return this.#node.perform(effect);
      case "sendReports":
        return this.#letOut(effect.link, effect.from, effect.to);
      case "forgetReports":
        return this.#parts.outbox.forget(effect.upTo);
      case "deliver":
        return this.#command(effect.sequence, effect.payload);
      case "deliverBulk":
        return this.#bulkArrived(effect.payload);
      case "attached":
        this.#rootDials = 0;
        this.#notify((to) => to.onAttached(effect.path));
        return this.#notify((to) => to.onBulkWritable());
      case "orphaned":
        return this.#notify((to) => to.onOrphaned(effect.reason));
      case "left":
        return this.#ended();
      case "abandoned":
        this.#notify((to) => to.onAbandoned(effect.reason));
        return this.#ended();
      case "distrusted":
        return this.#distrusted(effect.neighbour, effect.reason);
      case "problem":
        return this.#problem(effect.reason);
    }
  }

  #distrusted(neighbour: Rank, reason: string): void {
    this.#problem(`${nameOf(neighbour)} breaks the protocol: ${reason}`);
    this.report({ kind: "distrusted", neighbour, reason });
  }

  #ended(): void {
    this.#over = true;
    this.#node.rest();
    this.#listeners?.close();
    for (const resolve of this.#onLeft.splice(0)) resolve();
  }

  #letOut(link: LinkId, from: number, to: number): void {
    const isMore = this.#outgoing?.link === link;
    this.#outgoing = { link, from: isMore ? (this.#outgoing?.from ?? from) : from, to };
    this.#sendReports();
  }

  /** One by one while the link takes them easily: a window of large reports must not fill memory. */
  #sendReports(): void {
    const range = this.#outgoing;
    const link = this.#node.link(range?.link);
    if (range === undefined || link === undefined) return;
    while (range.from <= range.to && link.controlBytes < CONTROL_BYTES_EASY) {
      const batch = this.#parts.outbox.read(range.from, range.to);
      for (const record of batch) {
        const tag = this.#prove(`report ${record.sequence} ${record.skips}`, record.payload);
        link.send(this.#topology.reportFrame(this.#credentials.rank, record, tag));
      }
      range.from = (batch.at(-1)?.sequence ?? range.to) + 1;
    }
    if (range.from > range.to) this.#outgoing = undefined;
  }

  /** Where nobody is between this client and the root, the link itself proves who speaks. */
  #prove(what: string, payload: Uint8Array): Uint8Array {
    return this.#topology.membersListen ? this.#seals.prove(what, payload) : NO_TAG;
  }

  #command(sequence: number, payload: Uint8Array): void {
    const decoded = this.#node.codec.decodePayload(payload);
    const checked = decoded.ok ? checkCommand(decoded.value) : decoded;
    if (checked.ok) return this.#notify((to) => to.onCommand(sequence, checked.value));
    this.#notify((to) => to.onMalformedCommand(`command ${sequence} was dropped: ${checked.reason}`));
  }

  #bulkArrived(payload: Uint8Array): void {
    const decoded = this.#node.codec.decodePayload(payload);
    const checked = decoded.ok ? checkBulk(decoded.value) : decoded;
    if (checked.ok) return this.#notify((to) => to.onBulk(checked.value));
    this.#problem(`a bulk message was dropped: ${checked.reason}`);
  }

  #problem(reason: string): void {
    this.#notify((to) => to.onProblem(reason));
  }

  #notify(call: (to: OverlayMemberCallbacks) => void): void {
    this.#node.notify(() => call(this.#parts.callbacks));
  }
}

function nameOf(rank: Rank): string {
  return rank === ROOT_RANK ? "the controller" : `client ${String(rank)}`;
}
