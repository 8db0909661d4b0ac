// The client's end of the overlay: dials the root, keeps the outbox, drives the pure member.
import type { Duplex } from "node:stream";
import type { SecureContext } from "node:tls";
import type { Clock } from "#shared/base/clock.ts";
import type { Random } from "#shared/base/random.ts";
import { CONTROL_BYTES_EASY, createFrameLink } from "#shared/node/frame-link.ts";
import type { BulkOutcome, FrameLink, FrameLinkCallbacks } from "#shared/node/frame-link.ts";
import { createLagMonitor } from "#shared/node/lag-monitor.ts";
import type { LagMonitor } from "#shared/node/lag-monitor.ts";
import { createTimerTable } from "#shared/node/timer-table.ts";
import type { TimerTable } from "#shared/node/timer-table.ts";
import { answerRoot, createLinkContext, dialRoot } from "#shared/node/tls-link.ts";
import { OVERLAY_LIMITS, OVERLAY_TIMES } from "#shared/overlay/overlay.ts";
import type {
  LinkId,
  MemberEffect,
  MemberEvent,
  OverlayMember,
  OverlayTimes,
} from "#shared/overlay/overlay.ts";
import { createStarMember } from "#shared/overlay/star-member.ts";
import type { BulkMessage } from "#shared/protocol/bulk.ts";
import { checkBulk } from "#shared/protocol/check-bulk.ts";
import { checkCommand } from "#shared/protocol/check-commands.ts";
import { PROTOCOL_VERSION } from "#shared/protocol/commands.ts";
import type { Command } from "#shared/protocol/commands.ts";
import type { ClientCredentials } from "#shared/protocol/credentials.ts";
import type { Report } from "#shared/protocol/reports.ts";
import { createWireCodec, PAYLOAD_BYTES_MAX } from "#shared/protocol/wire.ts";
import type { Outbox } from "./outbox.ts";

/** Called in order, never from inside a call of RunningOverlayMember. */
export interface OverlayMemberCallbacks {
  /** Exactly once and in order; acknowledged when this returns. */
  onCommand(sequence: number, command: Command): void;
  onBulk(message: BulkMessage): void;
  /** After `sendBulk` said "held", and after each attach: go on sending. */
  onBulkWritable(): void;
  onAttached(): void;
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
}

export interface OverlayMemberSettings {
  readonly credentials: ClientCredentials;
  readonly times?: Partial<OverlayTimes>;
}

export interface RunningOverlayMember {
  readonly attached: boolean;
  /** Kept on disk until the root has it. */
  report(report: Report): void;
  /** A stream on which somebody has come who may be the controller; resolves with whether he has proved it. */
  offer(stream: Duplex): Promise<boolean>;
  sendBulk(message: BulkMessage): BulkOutcome;
  /** Replaces `controllerAbsenceMs` of the credentials, as `execute` asks. */
  allowAbsence(ms: number): void;
  /** Hands over the last reports, says goodbye; resolves when the root has heard it or after `leaveMs`. */
  leave(): Promise<void>;
  /** Drops the link without a goodbye. */
  close(): void;
}

/** Dials at once, where it has an address. */
export function createOverlayMember(
  parts: OverlayMemberParts,
  settings: OverlayMemberSettings,
): RunningOverlayMember {
  const member = new DiallingMember(parts, settings);
  member.start();
  return member;
}

class DiallingMember implements RunningOverlayMember {
  readonly #parts: OverlayMemberParts;
  readonly #credentials: ClientCredentials;
  readonly #context: SecureContext;
  readonly #codec = createWireCodec();
  readonly #core: OverlayMember;
  readonly #timers: TimerTable;
  readonly #lag: LagMonitor;
  /** Dials under way, and links that stand. */
  readonly #dials = new Map<LinkId, AbortController>();
  readonly #links = new Map<LinkId, FrameLink>();
  /** Handshakes of those who have come by themselves, and what they have become for the core to take. */
  readonly #answering = new Set<AbortController>();
  readonly #offers = new Map<number, Duplex>();
  #lastOffer = 0;
  /** Of the first dials: one for each address, then everything has been tried. */
  #firstFailures: string[] = [];
  /** Reports that the core has let out and the link has not taken yet. */
  #outgoing: { link: LinkId; from: number; to: number } | undefined;
  #events: MemberEvent[] = [];
  #busy = false;
  #closed = false;
  /** Left or abandoned: the core says nothing more. */
  #over = false;
  #onLeft: (() => void)[] = [];

  constructor(parts: OverlayMemberParts, settings: OverlayMemberSettings) {
    const { credentials } = settings;
    this.#parts = parts;
    this.#credentials = credentials;
    this.#context = createLinkContext(credentials);
    this.#core = createStarMember({
      protocol: PROTOCOL_VERSION,
      incarnation: credentials.incarnation,
      candidates: credentials.candidates.length,
      controllerAbsenceMs: credentials.controllerAbsenceMs,
      lastReport: parts.outbox.last,
      times: { ...OVERLAY_TIMES, ...settings.times },
      limits: OVERLAY_LIMITS,
    });
    this.#lag = createLagMonitor({ clock: parts.clock, onLag: (ms) => this.#feed({ kind: "lagged", ms }) });
    this.#timers = createTimerTable((name) => {
      this.#lag.check();
      this.#feed({ kind: "timer", name });
    });
  }

  start(): void {
    this.#feed({ kind: "start" });
  }

  get attached(): boolean {
    return this.#core.attached;
  }

  report(report: Report): void {
    const payload = this.#codec.encodePayload(report);
    if (payload.length > PAYLOAD_BYTES_MAX) {
      throw new RangeError(
        `a ${report.kind} report of ${payload.length} bytes; ${PAYLOAD_BYTES_MAX} is the limit`,
      );
    }
    this.#feed({ kind: "reported", sequence: this.#parts.outbox.append(payload) });
  }

  async offer(stream: Duplex): Promise<boolean> {
    const answering = new AbortController();
    this.#answering.add(answering);
    if (this.#closed) answering.abort();
    const { session } = this.#credentials;
    try {
      const link = await answerRoot(stream, { context: this.#context, session, signal: answering.signal });
      this.#lastOffer += 1;
      this.#offers.set(this.#lastOffer, link);
      this.#feed({ kind: "offered", offer: this.#lastOffer });
      // A core that has ended answers nothing.
      this.#decline(this.#lastOffer);
      return true;
    } catch (error) {
      stream.destroy();
      this.#notify((to) => to.onProblem(`somebody came and is not the controller: ${messageOf(error)}`));
      return false;
    } finally {
      this.#answering.delete(answering);
    }
  }

  sendBulk(message: BulkMessage): BulkOutcome {
    const link = this.#links.get(this.#core.parent ?? 0);
    if (link === undefined) return "dropped";
    this.#feed({ kind: "bulk", payload: this.#codec.encodePayload(message) });
    return link.bulkOutcome;
  }

  allowAbsence(ms: number): void {
    this.#feed({ kind: "absenceAllowed", ms });
  }

  leave(): Promise<void> {
    if (this.#closed || this.#over) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onLeft.push(resolve);
      this.#feed({ kind: "leave" });
    });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#timers.clearAll();
    this.#lag.close();
    for (const dial of [...this.#dials.values(), ...this.#answering]) dial.abort();
    for (const offer of [...this.#offers.keys()]) this.#decline(offer);
    for (const link of this.#links.values()) link.close("the client ends");
    for (const resolve of this.#onLeft.splice(0)) resolve();
  }

  #dial(id: LinkId, candidate: number): void {
    const address = this.#credentials.candidates[candidate];
    // The core was told how many there are; its deadline for the join is the answer to any other number.
    if (address === undefined) return;
    const dial = new AbortController();
    this.#dials.set(id, dial);
    const { session } = this.#credentials;
    const dialled = dialRoot({ ...address, context: this.#context, session, signal: dial.signal });
    dialled.then(
      (socket) => this.#dialled(id, socket),
      (error: unknown) => this.#dialFailed(id, `${address.host}:${address.port}: ${messageOf(error)}`),
    );
  }

  #dialFailed(id: LinkId, reason: string): void {
    if (!this.#dials.delete(id)) return;
    this.#countFailure(reason);
    this.#notify((to) => to.onProblem(`cannot reach the controller at ${reason}`));
    this.#feed({ kind: "linkDown", link: id, reason });
  }

  #countFailure(reason: string): void {
    const needed = this.#credentials.candidates.length;
    if (this.#firstFailures.length >= needed) return;
    this.#firstFailures.push(reason);
    const all = this.#firstFailures.join("; ");
    if (this.#firstFailures.length === needed) this.#notify((to) => to.onUnreached(all));
  }

  #dialled(id: LinkId, stream: Duplex): void {
    if (!this.#dials.delete(id) || this.#closed) stream.destroy();
    else this.#linkUp(id, stream);
  }

  #take(id: LinkId, offer: number): void {
    const stream = this.#offers.get(offer);
    this.#offers.delete(offer);
    if (stream === undefined || stream.destroyed)
      this.#feed({ kind: "linkDown", link: id, reason: "the controller has gone again" });
    else this.#linkUp(id, stream);
  }

  #decline(offer: number): void {
    this.#offers.get(offer)?.destroy();
    this.#offers.delete(offer);
  }

  #linkUp(id: LinkId, stream: Duplex): void {
    const callbacks: FrameLinkCallbacks = {
      onFrame: (frame) => this.#feed({ kind: "frame", link: id, frame }),
      onClosed: (reason) => {
        this.#links.delete(id);
        this.#feed({ kind: "linkDown", link: id, reason });
      },
      onBulkWritable: () => this.#notify((to) => to.onBulkWritable()),
      onDrained: () => this.#sendReports(),
    };
    const { clock } = this.#parts;
    this.#links.set(id, createFrameLink({ stream, codec: this.#codec, clock, callbacks }));
    this.#feed({ kind: "linkUp", link: id });
  }

  #feed(event: MemberEvent): void {
    if (this.#closed) return;
    this.#events.push(event);
    if (this.#busy) return;
    this.#busy = true;
    try {
      for (let next = this.#events.shift(); next !== undefined; next = this.#events.shift()) {
        const { clock, random } = this.#parts;
        for (const effect of this.#core.step(next, { now: clock.now(), random })) this.#perform(effect);
      }
    } finally {
      this.#busy = false;
    }
  }

  #perform(effect: MemberEffect): void {
    switch (effect.kind) {
      case "dial":
        return this.#dial(effect.link, effect.candidate);
      case "take":
        return this.#take(effect.link, effect.offer);
      case "decline":
        return this.#decline(effect.offer);
      case "close":
        return this.#closeLink(effect.link, effect.reason);
      case "send":
        this.#links.get(effect.link)?.send(effect.frame);
        return;
      case "sendReports":
        return this.#letOut(effect.link, effect.from, effect.to);
      case "forgetReports":
        return this.#parts.outbox.forget(effect.upTo);
      case "setTimer":
        return this.#timers.set(effect.name, effect.delayMs);
      case "clearTimer":
        return this.#timers.clear(effect.name);
      case "deliver":
        return this.#command(effect.sequence, effect.payload);
      case "deliverBulk":
        return this.#bulkArrived(effect.payload);
      case "attached":
        this.#notify((to) => to.onAttached());
        return this.#notify((to) => to.onBulkWritable());
      case "orphaned":
        return this.#notify((to) => to.onOrphaned(effect.reason));
      case "left":
        return this.#ended();
      case "abandoned":
        this.#notify((to) => to.onAbandoned(effect.reason));
        return this.#ended();
    }
  }

  #closeLink(id: LinkId, reason: string): void {
    const dial = this.#dials.get(id);
    if (dial !== undefined) {
      this.#dials.delete(id);
      dial.abort();
      this.#countFailure(reason);
    }
    this.#links.get(id)?.close(reason);
  }

  #ended(): void {
    this.#over = true;
    this.#lag.close();
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
    const link = range === undefined ? undefined : this.#links.get(range.link);
    if (range === undefined || link === undefined) return;
    while (range.from <= range.to && link.controlBytes < CONTROL_BYTES_EASY) {
      const batch = this.#parts.outbox.read(range.from, range.to);
      for (const record of batch) link.send({ t: "report", ...record });
      range.from = (batch.at(-1)?.sequence ?? range.to) + 1;
    }
    if (range.from > range.to) this.#outgoing = undefined;
  }

  #command(sequence: number, payload: Uint8Array): void {
    const decoded = this.#codec.decodePayload(payload);
    const checked = decoded.ok ? checkCommand(decoded.value) : decoded;
    if (checked.ok) return this.#notify((to) => to.onCommand(sequence, checked.value));
    this.#notify((to) => to.onMalformedCommand(`command ${sequence} was dropped: ${checked.reason}`));
  }

  #bulkArrived(payload: Uint8Array): void {
    const decoded = this.#codec.decodePayload(payload);
    const checked = decoded.ok ? checkBulk(decoded.value) : decoded;
    if (checked.ok) return this.#notify((to) => to.onBulk(checked.value));
    this.#notify((to) => to.onProblem(`a bulk message was dropped: ${checked.reason}`));
  }

  /** In order and after the call or event under way: whoever is called may call back. */
  #notify(call: (to: OverlayMemberCallbacks) => void): void {
    queueMicrotask(() => {
      if (!this.#closed) call(this.#parts.callbacks);
    });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
