// Drives the pure core of one node of the overlay, root or member: its links, timers, dials, and its sense of lag.
import type { Duplex } from "node:stream";
import type { SecureContext, TLSSocket } from "node:tls";
import type { Clock } from "../base/clock.ts";
import type { Random } from "../base/random.ts";
import type { LinkId, Surroundings } from "../overlay/overlay.ts";
import type { NodeEffect, NodeEvent, Rank, Topology } from "../overlay/topology.ts";
import { parseAddress } from "../protocol/address.ts";
import type { LinkWay } from "../base/link-way.ts";
import { createWireCodec, type WireCodec } from "../protocol/wire.ts";
import { addTraffic, createFrameLink, MALFORMED, NO_TRAFFIC } from "./frame-link.ts";
import type { FrameLink, LinkTraffic } from "./frame-link.ts";
import { createLagMonitor, type LagMonitor } from "./lag-monitor.ts";
import { createTimerTable, type TimerTable } from "./timer-table.ts";
import { dialPeer } from "./tls-link.ts";

export interface NodeParts<Frame, Event, Effect> {
  readonly clock: Clock;
  readonly random: Random;
  readonly topology: Topology<Frame>;
  readonly step: (event: Event | NodeEvent<Frame>, surroundings: Surroundings) => readonly Effect[];
  readonly perform: (effect: Effect) => void;
  /** Effects that must be on disk before whatever comes after them is performed. */
  readonly isKept: (effect: Effect) => boolean;
  /** Resolves when they are; several at once cost no more than one. */
  readonly keep: (effects: readonly Effect[]) => Promise<void>;
  readonly linkUp: (link: LinkId, peer: Rank, dialled: boolean) => Event;
  readonly onMalformed: (peer: Rank, reason: string) => void;
  readonly onBulkWritable: (peer: Rank, link: LinkId) => void;
  readonly onDrained: (link: LinkId) => void;
}

/** Who a dial is for, and how this end proves itself. */
export interface DialOrder {
  readonly link: LinkId;
  readonly rank: Rank;
  readonly session: string;
  readonly context: SecureContext;
  readonly to: string;
}

export interface DialCallbacks {
  /** Before the core hears of the link, which waits for it. */
  up(socket: TLSSocket): Promise<void> | undefined;
  /** `isGivenUp`: by the core itself. */
  failed(reason: string, isGivenUp: boolean): void;
}

interface OpenLink<Frame> {
  readonly peer: Rank;
  readonly way: LinkWay;
  readonly frames: FrameLink<Frame>;
}

interface Dial {
  readonly abort: AbortController;
  readonly failed: (reason: string, isGivenUp: boolean) => void;
}

export class OverlayNode<Frame, Event, Effect> {
  readonly codec: WireCodec<Frame>;
  readonly #parts: NodeParts<Frame, Event, Effect>;
  readonly #links = new Map<LinkId, OpenLink<Frame>>();
  readonly #dials = new Map<LinkId, Dial>();
  readonly #timers: TimerTable;
  readonly #lag: LagMonitor;
  /** Of the last link that came to us: even numbers; the core numbers its own dials with odd ones. */
  #lastIncoming = 0;
  /** Events that came while one was being handled: the core is never entered twice. */
  #events: (Event | NodeEvent<Frame>)[] = [];
  #busy = false;
  /** Effects that wait for the disk, and for those before them. */
  #waiting: Effect[] = [];
  #writing = false;
  /** Of links that are gone. */
  #pastTraffic: LinkTraffic = NO_TRAFFIC;
  #closed = false;

  constructor(parts: NodeParts<Frame, Event, Effect>) {
    this.#parts = parts;
    this.codec = createWireCodec(parts.topology);
    this.#lag = createLagMonitor({ clock: parts.clock, onLag: (ms) => this.feed({ kind: "lagged", ms }) });
    this.#timers = createTimerTable((name) => {
      this.#lag.check();
      this.feed({ kind: "timer", name });
    });
  }

  get closed(): boolean {
    return this.#closed;
  }

  get traffic(): LinkTraffic {
    return [...this.#links.values()].reduce(
      (sum, { frames }) => addTraffic(sum, frames.traffic),
      this.#pastTraffic,
    );
  }

  get surroundings(): Surroundings {
    return { now: this.#parts.clock.now(), random: this.#parts.random };
  }

  link(id: LinkId | undefined): FrameLink<Frame> | undefined {
    return id === undefined ? undefined : this.#links.get(id)?.frames;
  }

  feed(event: Event | NodeEvent<Frame>): void {
    if (this.#closed) return;
    this.#events.push(event);
    if (this.#busy) return;
    this.#busy = true;
    try {
      for (let next = this.#events.shift(); next !== undefined; next = this.#events.shift())
        this.#performAll(this.#parts.step(next, this.surroundings));
    } finally {
      this.#busy = false;
    }
  }

  perform(effect: NodeEffect<Frame>): void {
    switch (effect.kind) {
      case "close":
        this.#giveUp(effect.link, effect.reason);
        return this.#links.get(effect.link)?.frames.close(effect.reason);
      case "send":
        return this.#links.get(effect.link)?.frames.send(effect.frame);
      case "setTimer":
        return this.#timers.set(effect.name, effect.delayMs);
      case "clearTimer":
        return this.#timers.clear(effect.name);
    }
  }

  /** "linkUp" or "linkDown" follows, but for a dial that the core itself gives up. */
  dial(order: DialOrder, callbacks: DialCallbacks): void {
    const { link, rank, session, context, to } = order;
    const abort = new AbortController();
    const dial: Dial = { abort, failed: (reason, isGivenUp) => callbacks.failed(reason, isGivenUp) };
    this.#dials.set(link, dial);
    const failed = (reason: string): void => {
      // One that was given up has been told as failed already.
      if (this.#dials.get(link) !== dial) return;
      this.#dials.delete(link);
      dial.failed(reason, false);
      this.feed({ kind: "linkDown", link, reason });
    };
    const at = parseAddress(to);
    if (at === undefined) {
      // Not from within the step that asked for it.
      queueMicrotask(() => failed(to === "" ? "no address is known" : "that is no address"));
      return;
    }
    dialPeer(at, { context, session, rank, signal: abort.signal })
      .then(async (socket) => {
        // Until frames are read from it, an end of the connection is heard by nobody else.
        socket.on("error", () => socket.destroy());
        await callbacks.up(socket);
        if (this.#dials.get(link) === dial && !this.#closed) {
          this.#dials.delete(link);
          this.#open(link, { peer: rank, way: "client", dialled: true }, socket);
        } else socket.destroy();
      })
      .catch((error: unknown) => failed(error instanceof Error ? error.message : String(error)));
  }

  /** A link that has come to us, from whom its certificate says. */
  accept(stream: Duplex, peer: Rank, way: LinkWay): void {
    if (this.#closed) {
      stream.destroy();
      return;
    }
    this.#lastIncoming += 2;
    this.#open(this.#lastIncoming, { peer, way, dialled: false }, stream);
  }

  /** How it came about, when it leads to this peer itself. */
  wayOf(id: LinkId, peer: Rank): LinkWay | undefined {
    const link = this.#links.get(id);
    return link?.peer === peer ? link.way : undefined;
  }

  /** In order and after the call or event under way: whoever is called may call back. */
  notify(call: () => void): void {
    queueMicrotask(() => {
      if (!this.#closed) call();
    });
  }

  /** Nothing more is to be judged by the clock; links stay. */
  rest(): void {
    this.#lag.close();
  }

  close(reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#timers.clearAll();
    this.#lag.close();
    for (const { abort } of this.#dials.values()) abort.abort();
    for (const { frames } of this.#links.values()) frames.close(reason);
  }

  #giveUp(link: LinkId, reason: string): void {
    const dial = this.#dials.get(link);
    if (dial === undefined) return;
    this.#dials.delete(link);
    dial.abort.abort();
    dial.failed(reason, true);
  }

  #open(
    id: LinkId,
    { peer, way, dialled }: { readonly peer: Rank; readonly way: LinkWay; readonly dialled: boolean },
    stream: Duplex,
  ): void {
    const { clock, topology, linkUp, onBulkWritable, onDrained } = this.#parts;
    const frames = createFrameLink<Frame>({
      stream,
      codec: this.codec,
      isBulk: (frame) => topology.isBulk(frame),
      clock,
      callbacks: {
        onFrame: (frame) => this.feed({ kind: "frame", link: id, frame }),
        onReceiving: () => this.feed({ kind: "receiving", link: id }),
        onClosed: (reason) => this.#down(id, reason),
        onBulkWritable: () => onBulkWritable(peer, id),
        onDrained: () => onDrained(id),
      },
    });
    this.#links.set(id, { peer, way, frames });
    this.feed(linkUp(id, peer, dialled));
  }

  #down(id: LinkId, reason: string): void {
    const link = this.#links.get(id);
    if (link === undefined) return;
    this.#links.delete(id);
    this.#pastTraffic = addTraffic(this.#pastTraffic, link.frames.traffic);
    if (reason.startsWith(MALFORMED)) this.#parts.onMalformed(link.peer, reason);
    this.feed({ kind: "linkDown", link: id, reason });
  }

  #performAll(effects: readonly Effect[]): void {
    const { perform, isKept } = this.#parts;
    effects.forEach((effect) => {
      if (!this.#writing && this.#waiting.length === 0 && !isKept(effect)) perform(effect);
      else this.#waiting.push(effect);
    });
    if (!this.#writing && this.#waiting.length > 0) void this.#writeWaiting();
  }

  /** All records that wait go to the disk together: a burst of commands costs one wait for it, not one each. */
  async #writeWaiting(): Promise<void> {
    const { perform, isKept, keep } = this.#parts;
    this.#writing = true;
    while (this.#waiting.length > 0 && !this.#closed) {
      const batch = this.#waiting;
      this.#waiting = [];
      await keep(batch.filter((effect) => isKept(effect)));
      for (const effect of batch) if (!isKept(effect) && !this.#closed) perform(effect);
    }
    this.#writing = false;
  }
}
