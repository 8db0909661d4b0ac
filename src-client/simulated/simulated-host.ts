// One simulated host: the cores of a real client, overlay and runs, in a network and with processes that are simulated.
import type { HostId } from "#shared/base/ids.ts";
import type { Random } from "#shared/base/random.ts";
import type { LinkId } from "#shared/overlay/overlay.ts";
import { OVERLAY_LIMITS, OVERLAY_TIMES } from "#shared/overlay/overlay.ts";
import type {
  Candidate,
  MemberCore,
  MemberEffect,
  MemberEvent,
  MemberSeals,
  Rank,
  Topology,
} from "#shared/overlay/topology.ts";
import { latestProof } from "#shared/overlay/tree-proofs.ts";
import { checkBulk } from "#shared/protocol/check-bulk.ts";
import { PROTOCOL_VERSION, type Command } from "#shared/protocol/commands.ts";
import type { BulkMessage } from "#shared/protocol/bulk.ts";
import type { HostMetrics } from "#shared/protocol/metrics.ts";
import type { Report } from "#shared/protocol/reports.ts";
import type { SimulatedStart } from "#shared/protocol/simulation-words.ts";
import type { WireCodec } from "#shared/protocol/wire.ts";
import type { ConnectedProgram, VirtualConnection } from "#shared/simulator/virtual-connection.ts";
import { VirtualProcess } from "#shared/simulator/virtual-process.ts";
import type { VirtualTime } from "#shared/simulator/virtual-time.ts";
import { ClientCore } from "../core/client-core.ts";
import type { ClientEffect, ClientEvent } from "../core/client-events.ts";
import { frameBytes } from "./frame-bytes.ts";
import { ReportStore } from "./report-store.ts";
import { SimulatedMetrics } from "./simulated-metrics.ts";
import { SimulatedProcesses } from "./simulated-processes.ts";

export interface HostParts {
  readonly topology: Topology<unknown>;
  readonly codec: WireCodec<unknown>;
  readonly time: VirtualTime;
  readonly random: Random;
  readonly seals: MemberSeals;
  /** Undefined for what is no command. */
  readonly commandOf: (payload: Uint8Array) => Command | undefined;
  readonly dial: (host: SimulatedHost, link: LinkId, to: Candidate) => void;
  /** It has ended by itself. */
  readonly ended: (host: SimulatedHost, how: string) => void;
}

type HostEvent =
  | { readonly of: "overlay"; readonly event: MemberEvent<unknown> }
  | { readonly of: "client"; readonly event: ClientEvent };

/** Installing and cleaning take so long at most, drawn for each. */
const WORK_MS_MAX = 200;
const NO_TAG = new Uint8Array();
const USER = "simulated";

export class SimulatedHost implements ConnectedProgram<unknown> {
  readonly place: number;
  readonly rank: Rank;
  readonly host: HostId;
  readonly incarnation: number;
  readonly manager: number;
  /** Where other hosts dial it: no address that anything else could take for one of its own. */
  readonly address: string;
  readonly dials = new Set<LinkId>();
  readonly #parts: HostParts;
  readonly #overlay: MemberCore<unknown>;
  readonly #client: ClientCore;
  readonly #process: VirtualProcess<HostEvent>;
  readonly #processes: SimulatedProcesses;
  readonly #metrics: SimulatedMetrics;
  readonly #store: ReportStore;
  readonly #links = new Map<LinkId, VirtualConnection<unknown>>();
  #lastLink = 0;
  #lastLatest = 0;
  #events: HostEvent[] = [];
  #busy = false;

  constructor(start: SimulatedStart, place: number, parts: HostParts) {
    const { credentials, address, site, simulation } = start;
    const { rank, host, incarnation, degree, controllerAbsenceMs, candidates } = credentials;
    this.#parts = parts;
    this.place = place;
    this.rank = rank;
    this.host = host;
    this.incarnation = incarnation;
    this.manager = simulation.manager;
    this.address = `simulated host ${String(rank)}`;
    this.#store = new ReportStore(parts.codec);
    this.#overlay = parts.topology.createMember({
      protocol: PROTOCOL_VERSION,
      rank,
      start: credentials.start,
      startChain: Buffer.from(credentials.startChain, "base64"),
      candidates,
      degree,
      controllerAbsenceMs,
      lastReport: 0,
      times: OVERLAY_TIMES,
      limits: OVERLAY_LIMITS,
      seals: parts.seals,
    });
    const directory = `/simulated/${host}`;
    this.#client = new ClientCore({ host, address, site, user: USER, directory, node: "/simulated/node" });
    this.#process = new VirtualProcess<HostEvent>({
      time: parts.time,
      handle: (event) => this.#feed(event),
      lagged: (ms) => ({ of: "overlay", event: { kind: "lagged", ms } }),
      timer: (name) => timerEvent(name),
    });
    this.#processes = new SimulatedProcesses({
      host,
      random: parts.random,
      now: () => parts.time.now,
      after: (delayMs, act) => this.#after(delayMs, act),
      step: (event) => this.#feed({ of: "client", event }),
      sendBulk: (message) => this.#sendBulk(message),
    });
    this.#metrics = this.#createMetrics();
  }

  #createMetrics(): SimulatedMetrics {
    const { random, time } = this.#parts;
    return new SimulatedMetrics({
      random,
      now: () => time.now,
      after: (delayMs, act) => this.#after(delayMs, act),
      running: () => this.#processes.running,
      rttMs: () => {
        const { tripUs } = this.#overlay;
        return tripUs === undefined ? undefined : tripUs / 1000;
      },
      tell: (metrics) => this.#tellMetrics(metrics),
    });
  }

  get isDead(): boolean {
    return this.#process.isDead;
  }

  get attached(): boolean {
    return this.#overlay.attached;
  }

  start(): void {
    this.step({ kind: "start" });
    if (this.#parts.topology.membersListen) this.step({ kind: "listening", address: this.address });
    this.#report({
      kind: "facts",
      hostName: this.host,
      platform: "simulated",
      architecture: "simulated",
      node: "none",
      pid: 1,
      user: USER,
      directory: `/simulated/${this.host}`,
      clientVersion: String(PROTOCOL_VERSION),
    });
    this.#metrics.start();
  }

  step(event: MemberEvent<unknown>): void {
    this.#process.give({ of: "overlay", event });
  }

  newLink(): LinkId {
    this.#lastLink += 2;
    return this.#lastLink;
  }

  linkMade(connection: VirtualConnection<unknown>, link: LinkId, peer: Rank): void {
    this.#links.set(link, connection);
    this.step({ kind: "linkUp", link, peer, dialled: this.dials.delete(link) });
  }

  dialFailed(link: LinkId, reason: string): void {
    if (this.dials.delete(link)) this.step({ kind: "linkDown", link, reason });
  }

  frameArrived(link: LinkId, frame: unknown): void {
    if (this.#links.has(link)) this.step({ kind: "frame", link, frame });
  }

  linkLost(link: LinkId, reason: string): void {
    if (this.#links.delete(link)) this.step({ kind: "linkDown", link, reason });
  }

  /** Its program ends, and its machine says so to everybody it was linked with. */
  crash(): void {
    this.#process.kill();
    const { now } = this.#parts.time;
    for (const connection of this.#links.values()) connection.close(connection.sideOf(this), "reset", now);
  }

  /** Its machine is gone without a word. */
  vanish(): void {
    this.#process.kill();
    for (const connection of this.#links.values()) {
      connection.swallow(0);
      connection.swallow(1);
    }
  }

  #after(delayMs: number, act: () => void): void {
    this.#parts.time.after(delayMs, () => {
      if (!this.isDead) act();
    });
  }

  /** No core is entered while it works. */
  #feed(event: HostEvent): void {
    this.#events.push(event);
    if (this.#busy) return;
    this.#busy = true;
    for (let next = this.#events.shift(); next !== undefined; next = this.#events.shift()) this.#step(next);
    this.#busy = false;
  }

  #step(next: HostEvent): void {
    if (this.isDead) return;
    if (next.of === "client") {
      for (const effect of this.#client.step(next.event)) this.#perform(effect);
      return;
    }
    const { time, random } = this.#parts;
    const effects = this.#overlay.step(next.event, { now: time.now, random });
    for (const effect of effects) this.#performOverlay(effect);
  }

  #performOverlay(effect: MemberEffect<unknown>): void {
    switch (effect.kind) {
      case "dial":
        this.dials.add(effect.link);
        return this.#parts.dial(this, effect.link, effect.to);
      case "close":
        return this.#close(effect.link, effect.reason);
      case "send":
        return this.#send(effect.link, effect.frame);
      case "sendReports":
        return this.#sendReports(effect.link, effect.from, effect.to);
      case "forgetReports":
        return this.#store.forget(effect.upTo);
      case "setTimer":
        return this.#process.setTimer(`${OVERLAY_TIMER}${effect.name}`, effect.delayMs);
      case "clearTimer":
        return this.#process.clearTimer(`${OVERLAY_TIMER}${effect.name}`);
      case "deliver":
        return this.#command(effect.sequence, effect.payload);
      case "deliverBulk":
        return this.#bulk(effect.payload);
      case "orphaned":
        return this.#processes.linkDown();
      case "left":
        return this.#parts.ended(this, "said goodbye");
      case "abandoned":
        return this.#parts.ended(this, effect.reason);
      case "distrusted":
        return this.#report({ kind: "distrusted", neighbour: effect.neighbour, reason: effect.reason });
      case "attached":
      case "problem":
        return; // a real client writes them into its log
    }
  }

  #perform(effect: ClientEffect): void {
    switch (effect.kind) {
      case "report":
        return this.#report(effect.report);
      case "install": {
        const { run, software } = effect;
        const place = { run, software: software.name, directory: `/simulated/software/${software.name}` };
        return this.#soon({ kind: "installed", ...place, alreadyThere: false });
      }
      case "makeWork":
        return this.#soon({
          kind: "workReady",
          run: effect.run,
          directory: `/simulated/${this.host}/${effect.run}`,
        });
      case "spawn":
        return this.#processes.start(effect.request);
      case "stopProcess":
        return this.#processes.stop(effect.process);
      case "probe":
        return this.#soon({ kind: "probed", process: effect.process, healthy: true, detail: "simulated" });
      case "setTimer":
        return this.#process.setTimer(`${CLIENT_TIMER}${effect.name}`, effect.delayMs);
      case "clearTimer":
        return this.#process.clearTimer(`${CLIENT_TIMER}${effect.name}`);
      case "stopRun":
        this.#processes.stopRun(effect.run);
        return this.#feed({ of: "client", event: { kind: "runStopped", run: effect.run, leftovers: [] } });
      case "seekLeft":
        return this.#feed({
          of: "client",
          event: {
            kind: "nothingLeft",
            run: effect.run,
            printed: this.#processes.areAllPrinted(effect.run),
          },
        });
      case "collect":
        return this.#soon({ kind: "collectable", run: effect.run, files: [], problems: [] });
      case "cleanRun":
        this.#processes.forgetRun(effect.run);
        return this.#soon({ kind: "runCleaned", run: effect.run, problems: [] });
      case "measure":
        return this.#metrics.measure(effect.everyMs, effect.forMs);
      case "leave":
        return this.step({ kind: "leave" });
      case "allowAbsence":
        return this.step({ kind: "absenceAllowed", ms: effect.ms });
      case "input":
      case "password":
      case "addresses":
        return; // no process reads, nobody becomes somebody else, and the controller stands where it stands
    }
  }

  #soon(event: ClientEvent): void {
    this.#after(this.#parts.random() * WORK_MS_MAX, () => this.#feed({ of: "client", event }));
  }

  #close(link: LinkId, reason: string): void {
    this.dials.delete(link);
    const connection = this.#links.get(link);
    this.#links.delete(link);
    connection?.close(connection.sideOf(this), reason, this.#parts.time.now);
  }

  #send(link: LinkId, frame: unknown): void {
    const connection = this.#links.get(link);
    const { topology, time } = this.#parts;
    const passage = { bytes: frameBytes(frame), at: time.now, bulk: topology.isBulk(frame) };
    connection?.send(connection.sideOf(this), frame, passage);
  }

  #sendReports(link: LinkId, from: number, to: number): void {
    const { topology } = this.#parts;
    for (const record of this.#store.read(from, to)) {
      const tag = this.#prove(`report ${record.sequence} ${record.skips}`, record.payload);
      this.#send(link, topology.reportFrame(this.rank, record, tag));
    }
  }

  #report(report: Report): void {
    this.step({ kind: "reported", sequence: this.#store.append(this.#parts.codec.encodePayload(report)) });
  }

  #tellMetrics(metrics: HostMetrics): void {
    const payload = this.#parts.codec.encodePayload(metrics);
    this.#lastLatest += 1;
    const number = this.#lastLatest;
    const tag = this.#prove(latestProof(number), payload);
    this.step({ kind: "latest", value: { rank: this.rank, number, payload, tag } });
  }

  #sendBulk(message: BulkMessage): void {
    if (!this.#overlay.attached) return;
    const payload = this.#parts.codec.encodePayload(message);
    this.step({ kind: "bulk", payload, tag: this.#prove("bulk", payload) });
  }

  /** As real clients do: on a star the link itself proves who speaks. */
  #prove(what: string, payload: Uint8Array): Uint8Array {
    const { topology, seals } = this.#parts;
    return topology.membersListen ? seals.prove(what, payload) : NO_TAG;
  }

  #command(sequence: number, payload: Uint8Array): void {
    const command = this.#parts.commandOf(payload);
    if (command !== undefined) return this.#feed({ of: "client", event: { kind: "command", command } });
    this.#report({ kind: "commandDropped", reason: `command ${sequence} was dropped: it is none` });
  }

  #bulk(payload: Uint8Array): void {
    const decoded = this.#parts.codec.decodePayload(payload);
    const checked = decoded.ok ? checkBulk(decoded.value) : decoded;
    if (!checked.ok) return;
    const message = checked.value;
    if (message.kind === "credit") return this.#processes.credit(message);
    if (message.kind === "pull")
      this.#sendBulk({ kind: "pullFailed", file: message.file, reason: "a simulated host has no files" });
  }
}

const OVERLAY_TIMER = "overlay ";
const CLIENT_TIMER = "client ";

function timerEvent(name: string): HostEvent {
  return name.startsWith(OVERLAY_TIMER)
    ? { of: "overlay", event: { kind: "timer", name: name.slice(OVERLAY_TIMER.length) } }
    : { of: "client", event: { kind: "timer", name: name.slice(CLIENT_TIMER.length) } };
}
