// The controller's end of the overlay: listens, admits clients by their certificates, drives the pure root.
import type { Duplex } from "node:stream";
import type { Clock } from "#shared/base/clock.ts";
import type { HostId } from "#shared/base/ids.ts";
import type { Random } from "#shared/base/random.ts";
import { addTraffic, createFrameLink, MALFORMED, NO_TRAFFIC } from "#shared/node/frame-link.ts";
import type { BulkOutcome, FrameLink, FrameLinkCallbacks, LinkTraffic } from "#shared/node/frame-link.ts";
import { createLagMonitor } from "#shared/node/lag-monitor.ts";
import type { LagMonitor } from "#shared/node/lag-monitor.ts";
import { createTimerTable } from "#shared/node/timer-table.ts";
import type { TimerTable } from "#shared/node/timer-table.ts";
import { listenForClients } from "#shared/node/tls-link.ts";
import type { LinkListener } from "#shared/node/tls-link.ts";
import { OVERLAY_LIMITS, OVERLAY_TIMES } from "#shared/overlay/overlay.ts";
import type {
  LinkId,
  MembershipChange,
  MemberView,
  OverlayRoot,
  OverlayTimes,
  RootEffect,
  RootEvent,
} from "#shared/overlay/overlay.ts";
import { createStarRoot } from "#shared/overlay/star-root.ts";
import type { BulkMessage } from "#shared/protocol/bulk.ts";
import { checkBulk } from "#shared/protocol/check-bulk.ts";
import { checkReport } from "#shared/protocol/check-reports.ts";
import { PROTOCOL_VERSION } from "#shared/protocol/commands.ts";
import type { Command } from "#shared/protocol/commands.ts";
import type { TlsCredentials } from "#shared/protocol/credentials.ts";
import type { LinkWay } from "#shared/base/link-way.ts";
import type { Report } from "#shared/protocol/reports.ts";
import { createWireCodec, PAYLOAD_BYTES_MAX } from "#shared/protocol/wire.ts";

/** Only this computer, until told otherwise. */
const ADDRESS_DEFAULT = "127.0.0.1";

/** Called in order, never from inside a call of RunningOverlayRoot. */
export interface OverlayRootCallbacks {
  /** Exactly once and in order per (host, incarnation); checked field by field. */
  onReport(host: HostId, incarnation: number, sequence: number, report: Report): void;
  onMembership(change: MembershipChange): void;
  onBulk(host: HostId, message: BulkMessage): void;
  /** After `bulk` said "held" for this host, and after each attach: go on sending. */
  onBulkWritable(host: HostId): void;
  /** For the log: a refused handshake, a malformed frame or payload. Nothing has to be done. */
  onProblem(host: HostId | undefined, reason: string): void;
}

export interface OverlayRootParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly callbacks: OverlayRootCallbacks;
}

export interface OverlayRootSettings {
  readonly session: string;
  /** Issued by the session's authority for role "root". */
  readonly credentials: TlsCredentials;
  /** Where to listen; default 127.0.0.1 and any free port. */
  readonly address?: string;
  readonly port?: number;
  /** Raised with every start of a root on the same journal. */
  readonly epoch?: number;
  readonly times?: Partial<OverlayTimes>;
}

export interface Invitation {
  readonly host: HostId;
  readonly incarnation: number;
}

export interface RunningOverlayRoot {
  readonly address: string;
  readonly port: number;
  /** For clients elsewhere: listens on all addresses of this computer, and resolves with the port. */
  listenEverywhere(): Promise<number>;
  invite(invitations: readonly Invitation[]): void;
  dismiss(hosts: readonly HostId[]): void;
  /**
   * Kept per host until acknowledged: exactly once and in order, over any number of links, per incarnation. Hosts
   * that were not invited are left out. Throws a RangeError for a command larger than PAYLOAD_BYTES_MAX.
   */
  command(targets: readonly HostId[], command: Command): void;
  bulk(host: HostId, message: BulkMessage): BulkOutcome;
  /** This controller is cut off: orphaned hosts are given so much longer. */
  hold(ms: number): void;
  members(): readonly MemberView[];
  /** How the link came about that leads towards an attached host. */
  wayOf(host: HostId): LinkWay | undefined;
  /** Since its start, over all links: frames and their bytes, without those of TLS. */
  traffic(): LinkTraffic;
  /**
   * Takes a stream as a link, for example a channel of SSH. With `host`, the caller has proved whose it is and the
   * frames go over it as they are; without, TLS is spoken on it and the certificate says whose it is.
   */
  attachStream(stream: Duplex, way: LinkWay, host?: HostId): void;
  close(): Promise<void>;
}

/** Resolves when it listens; rejects when it cannot. */
export async function createOverlayRoot(
  parts: OverlayRootParts,
  settings: OverlayRootSettings,
): Promise<RunningOverlayRoot> {
  const root = new ListeningRoot(parts, settings);
  await root.listen();
  return root;
}

class ListeningRoot implements RunningOverlayRoot {
  readonly #parts: OverlayRootParts;
  readonly #settings: OverlayRootSettings;
  readonly #codec = createWireCodec();
  readonly #core: OverlayRoot;
  readonly #links = new Map<LinkId, FrameLink>();
  readonly #hosts = new Map<LinkId, { readonly host: HostId; readonly way: LinkWay }>();
  readonly #timers: TimerTable;
  readonly #lag: LagMonitor;
  #listener: LinkListener | undefined;
  #widened: Promise<number> | undefined;
  #lastLink = 0;
  /** Of links that are gone. */
  #pastTraffic: LinkTraffic = NO_TRAFFIC;
  /** Events that came while one was being handled: the core is never entered twice. */
  #events: RootEvent[] = [];
  #busy = false;
  #closed = false;

  constructor(parts: OverlayRootParts, settings: OverlayRootSettings) {
    this.#parts = parts;
    this.#settings = settings;
    this.#core = createStarRoot({
      protocol: PROTOCOL_VERSION,
      epoch: settings.epoch ?? 1,
      times: { ...OVERLAY_TIMES, ...settings.times },
      limits: OVERLAY_LIMITS,
    });
    this.#lag = createLagMonitor({ clock: parts.clock, onLag: (ms) => this.#feed({ kind: "lagged", ms }) });
    this.#timers = createTimerTable((name) => {
      this.#lag.check();
      this.#feed({ kind: "timer", name });
    });
  }

  async listen(): Promise<void> {
    const { address = ADDRESS_DEFAULT, port = 0, credentials, session } = this.#settings;
    const settings = { address, port, credentials, session };
    try {
      this.#listener = await listenForClients(settings, {
        onClient: (socket, peer, way) => this.#attach(socket, way, peer.host),
        onRefused: (reason) => this.#problem(undefined, reason),
      });
    } catch (error) {
      this.#lag.close();
      throw error;
    }
  }

  get address(): string {
    return this.#listener?.address ?? "";
  }

  get port(): number {
    return this.#listener?.port ?? 0;
  }

  listenEverywhere(): Promise<number> {
    this.#widened ??= this.#listener?.widen().catch((error: unknown) => {
      // The port may be free when somebody asks again.
      this.#widened = undefined;
      throw error;
    });
    return this.#widened ?? Promise.reject(new Error("it does not listen yet"));
  }

  invite(invitations: readonly Invitation[]): void {
    for (const invitation of invitations) this.#feed({ kind: "invite", ...invitation });
  }

  dismiss(hosts: readonly HostId[]): void {
    for (const host of hosts) this.#feed({ kind: "dismiss", host });
  }

  command(targets: readonly HostId[], command: Command): void {
    const payload = this.#codec.encodePayload(command);
    if (payload.length > PAYLOAD_BYTES_MAX) {
      throw new RangeError(
        `a ${command.kind} command of ${payload.length} bytes; ${PAYLOAD_BYTES_MAX} is the limit`,
      );
    }
    this.#feed({ kind: "command", targets, payload });
  }

  bulk(host: HostId, message: BulkMessage): BulkOutcome {
    const link = this.#links.get(this.#core.linkTo(host) ?? 0);
    if (link === undefined) return "dropped";
    this.#feed({ kind: "bulk", host, payload: this.#codec.encodePayload(message) });
    return link.bulkOutcome;
  }

  hold(ms: number): void {
    this.#feed({ kind: "hold", ms });
  }

  members(): readonly MemberView[] {
    return this.#core.members();
  }

  wayOf(host: HostId): LinkWay | undefined {
    return this.#hosts.get(this.#core.linkTo(host) ?? 0)?.way;
  }

  traffic(): LinkTraffic {
    return [...this.#links.values()].reduce((sum, link) => addTraffic(sum, link.traffic), this.#pastTraffic);
  }

  attachStream(stream: Duplex, way: LinkWay, host?: HostId): void {
    if (this.#closed) stream.destroy();
    else if (host === undefined) this.#listener?.secure(stream, way);
    else this.#attach(stream, way, host);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#timers.clearAll();
    this.#lag.close();
    for (const link of this.#links.values()) link.close("the controller ends");
    await this.#listener?.close();
  }

  #attach(stream: Duplex, way: LinkWay, host: HostId): void {
    if (this.#closed) {
      stream.destroy();
      return;
    }
    this.#lastLink += 1;
    const id = this.#lastLink;
    const callbacks: FrameLinkCallbacks = {
      onFrame: (frame) => this.#feed({ kind: "frame", link: id, frame }),
      onClosed: (reason) => this.#detach(id, reason),
      onBulkWritable: () => this.#notify((to) => to.onBulkWritable(host)),
      // Replays of commands are held back by their window already.
      onDrained: () => undefined,
    };
    const { clock } = this.#parts;
    this.#links.set(id, createFrameLink({ stream, codec: this.#codec, clock, callbacks }));
    this.#hosts.set(id, { host, way });
    this.#feed({ kind: "linkUp", link: id, host });
  }

  #detach(id: LinkId, reason: string): void {
    const link = this.#links.get(id);
    if (link === undefined) return;
    this.#links.delete(id);
    this.#pastTraffic = addTraffic(this.#pastTraffic, link.traffic);
    const host = this.#hosts.get(id)?.host;
    this.#hosts.delete(id);
    if (reason.startsWith(MALFORMED)) this.#problem(host, reason);
    this.#feed({ kind: "linkDown", link: id, reason });
  }

  #feed(event: RootEvent): void {
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

  #perform(effect: RootEffect): void {
    switch (effect.kind) {
      case "send":
        this.#links.get(effect.link)?.send(effect.frame);
        return;
      case "close":
        this.#links.get(effect.link)?.close(effect.reason);
        return;
      case "setTimer":
        return this.#timers.set(effect.name, effect.delayMs);
      case "clearTimer":
        return this.#timers.clear(effect.name);
      case "membership":
        return this.#membership(effect);
      case "report":
        return this.#report(effect);
      case "deliverBulk":
        return this.#bulkArrived(effect.host, effect.payload);
    }
  }

  #membership(change: MembershipChange): void {
    const { host, incarnation, state, reason } = change;
    this.#notify((to) => to.onMembership({ host, incarnation, state, reason }));
    if (state === "attached") this.#notify((to) => to.onBulkWritable(host));
  }

  #report(effect: Extract<RootEffect, { kind: "report" }>): void {
    const { host, incarnation, sequence, payload } = effect;
    const decoded = this.#codec.decodePayload(payload);
    const checked = decoded.ok ? checkReport(decoded.value) : decoded;
    if (checked.ok) this.#notify((to) => to.onReport(host, incarnation, sequence, checked.value));
    else this.#problem(host, `report ${sequence} was dropped: ${checked.reason}`);
  }

  #bulkArrived(host: HostId, payload: Uint8Array): void {
    const decoded = this.#codec.decodePayload(payload);
    const checked = decoded.ok ? checkBulk(decoded.value) : decoded;
    if (checked.ok) this.#notify((to) => to.onBulk(host, checked.value));
    else this.#problem(host, `a bulk message was dropped: ${checked.reason}`);
  }

  #problem(host: HostId | undefined, reason: string): void {
    this.#notify((to) => to.onProblem(host, reason));
  }

  /** In order and after the call or event under way: whoever is called may call back. */
  #notify(call: (to: OverlayRootCallbacks) => void): void {
    queueMicrotask(() => {
      if (!this.#closed) call(this.#parts.callbacks);
    });
  }
}
