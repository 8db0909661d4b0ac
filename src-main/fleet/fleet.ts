// The hosts of a session: gets clients onto them, a bounded number at a time, and knows how each one stands.
import type { HostId } from "#shared/base/ids.ts";
import type { HostState } from "#shared/controller-api/run-events.ts";
import type { MembershipChange } from "#shared/overlay/overlay.ts";
import type { Random } from "#shared/base/random.ts";
import type { Command } from "#shared/protocol/commands.ts";
import { writeAddress } from "#shared/protocol/address.ts";
import type { RootAddress, TlsCredentials } from "#shared/protocol/credentials.ts";
import type { LinkWay } from "#shared/base/link-way.ts";
import type { PeerName } from "#shared/protocol/peer-name.ts";
import type { FactsReport, Report } from "#shared/protocol/reports.ts";
import type { HostEntry } from "#shared/resource-directory/resource-directory.ts";
import type { Deployment, DeployFailure, DeployProgress, StartedClient } from "../deploy/deployment.ts";
import type { RunningOverlayRoot } from "../overlay-root/overlay-root.ts";
import { createHostRecord, hostStateOf, type HostRecord } from "./host-record.ts";
import { ClientReach } from "./reach-clients.ts";
import type { WayMemory } from "./way-memory.ts";
import { noGoodbye, removeClient, sayGoodbye, type RemovalParts } from "./remove-client.ts";

/** From the start of the client until it is attached and has said who it is: Node's start on a busy host takes seconds. */
const ATTACH_MS = 60_000;
const NO_KEYS: TlsCredentials = { ca: "", certificate: "", key: "" };

export interface FleetCallbacks {
  onConnected(host: HostId): void;
  onNotConnected(host: HostId, failure: DeployFailure): void;
  /** Something takes long on the way to the host's client. */
  onProgress(host: HostId, progress: DeployProgress): void;
  onOrphaned(host: HostId, reason: string): void;
  onBack(host: HostId): void;
  onLost(host: HostId, reason: string): void;
  onReport(host: HostId, report: Report): void;
  onStateChange(host: HostId): void;
}

export interface FleetParts {
  readonly overlay: RunningOverlayRoot;
  /** By type of resource manager. */
  readonly deployments: ReadonlyMap<string, Deployment>;
  readonly issue: (name: Omit<PeerName, "session">) => Promise<TlsCredentials>;
  readonly callbacks: FleetCallbacks;
  readonly memory: WayMemory;
  readonly random: Random;
  readonly log: (text: string) => void;
}

export interface FleetSettings {
  readonly session: string;
  /** How links to clients elsewhere may come about. */
  readonly ways: readonly LinkWay[];
}

/** What the fleet knows of one host. */
export interface FleetHost {
  readonly entry: HostEntry;
  readonly state: HostState;
  readonly reason: string;
  /** How long it has been in that state. */
  readonly sinceMs: number;
  readonly facts: FactsReport | undefined;
  /** How its link came about, while there is one. */
  readonly way: LinkWay | undefined;
}

export class Fleet {
  readonly #parts: FleetParts;
  readonly #settings: FleetSettings;
  readonly #removal: RemovalParts;
  readonly #reach: ClientReach;
  readonly #hosts = new Map<HostId, HostRecord>();
  readonly #queue: { readonly record: HostRecord; readonly absenceMs: number }[] = [];
  /** Starts and removals under way. */
  readonly #busy = new Set<Promise<unknown>>();
  #inFlight = 0;
  #fanout = 1;

  constructor(parts: FleetParts, settings: FleetSettings) {
    this.#parts = parts;
    this.#settings = settings;
    const { overlay, memory, random, log } = parts;
    this.#reach = new ClientReach({ overlay, memory, random, log }, settings);
    this.#removal = {
      command: (record, command) => this.command([record.entry.id], command),
      dismiss: (record) => parts.overlay.dismiss([record.entry.id]),
      deployment: (record) => parts.deployments.get(record.entry.managerType),
      log: parts.log,
    };
  }

  /** Hosts that stand already are told to be connected at once; orphaned ones get their commands when they return. */
  connect(
    entries: readonly HostEntry[],
    options: { readonly fanout: number; readonly controllerAbsenceMs: number },
  ): void {
    this.#fanout = Math.max(1, options.fanout);
    for (const entry of entries) {
      const record = this.#recordOf(entry);
      if (record.state === "connected" || record.state === "orphaned") {
        queueMicrotask(() => this.#parts.callbacks.onConnected(entry.id));
      } else if (record.state === "leaving") {
        void record.leaving.then(() => this.connect([entry], options));
      } else if (record.state === "disconnected" || record.state === "failed") {
        this.#setState(record, "connecting", "");
        this.#queue.push({ record, absenceMs: options.controllerAbsenceMs });
      }
    }
    this.#pump();
  }

  command(hosts: readonly HostId[], command: Command): void {
    if (hosts.length > 0) this.#parts.overlay.command(hosts, command);
  }

  /** This controller is found there from now on. */
  tellAddresses(addresses: readonly RootAddress[]): void {
    const { deployments } = this.#parts;
    const hosts = [...this.#hosts.values()].flatMap(({ entry: { id, managerType } }) =>
      deployments.get(managerType)?.isElsewhere === true ? [id] : [],
    );
    this.command(hosts, { kind: "addresses", addresses: addresses.map(writeAddress) });
  }

  isConnected(host: HostId): boolean {
    const state = this.#hosts.get(host)?.state;
    return state === "connected" || state === "orphaned";
  }

  connected(): readonly HostId[] {
    return [...this.#hosts.keys()].filter((host) => this.isConnected(host));
  }

  host(host: HostId): FleetHost | undefined {
    const record = this.#hosts.get(host);
    if (record === undefined) return undefined;
    const { entry, reason, sinceMs, facts } = record;
    const way = this.#parts.overlay.wayOf(host);
    const state = hostStateOf(record.state);
    return { entry, state, reason, sinceMs: performance.now() - sinceMs, facts, way };
  }

  /** For a host that has failed: ends what is there by force and forgets it. */
  async giveUp(host: HostId, reason: string): Promise<readonly string[]> {
    const record = this.#hosts.get(host);
    if (record === undefined) return [];
    const wasAttached = record.state === "connected";
    this.#setState(record, "failed", reason);
    if (wasAttached) return this.#track(this.#leave(record, false, "failed", reason));
    return this.#remove(record, false, "failed", reason);
  }

  /** Clients stop, clean up and end; resolves with what could not be cleaned, per host. */
  async disconnect(hosts: readonly HostId[], keep: boolean): Promise<ReadonlyMap<HostId, readonly string[]>> {
    const problems = new Map<HostId, readonly string[]>();
    const leave = async (host: HostId): Promise<void> => {
      const record = this.#hosts.get(host);
      if (
        record === undefined ||
        record.state === "disconnected" ||
        record.state === "failed" ||
        record.state === "leaving"
      )
        return;
      const attached = record.state === "connected";
      this.#setState(record, "leaving", "");
      const leaving = attached
        ? this.#track(this.#leave(record, keep, "disconnected", ""))
        : this.#remove(record, keep, "disconnected", "");
      record.leaving = leaving;
      const left = await leaving;
      if (left.length > 0) problems.set(host, left);
    };
    await Promise.all(hosts.map(leave));
    return problems;
  }

  /** Ends all clients, also those being started, and waits until nothing is under way: what is left then stays. */
  async close(): Promise<void> {
    await this.disconnect([...this.#hosts.keys()], false);
    while (this.#busy.size > 0) await Promise.allSettled(this.#busy);
  }

  onMembership(change: MembershipChange): void {
    const record = this.#hosts.get(change.host);
    if (record === undefined || change.incarnation !== record.incarnation) return;
    switch (change.state) {
      case "attached":
        this.#reach.attached(record);
        if (record.state === "connecting") this.#setState(record, "exchanging", "");
        if (record.state === "orphaned") {
          this.#setState(record, "connected", "");
          this.#parts.callbacks.onBack(change.host);
        }
        return;
      case "orphaned":
        // Also one that is leaving: it has not heard so, or its goodbye is still to come.
        if (record.state !== "failed") this.#reach.afterLoss(record);
        if (record.state !== "connected") return;
        this.#setState(record, "orphaned", change.reason);
        this.#parts.callbacks.onOrphaned(change.host, change.reason);
        return;
      case "lost":
        this.#lost(record, change.reason);
        return;
      case "left":
        if (record.left !== undefined) record.left();
        else this.#lost(record, "the client said goodbye by itself");
    }
  }

  onReport(host: HostId, incarnation: number, report: Report): void {
    const record = this.#hosts.get(host);
    if (record === undefined || incarnation !== record.incarnation) return;
    if (report.kind === "facts") {
      record.facts = report;
      if (record.state === "connecting" || record.state === "exchanging") {
        this.#setState(record, "connected", "");
        this.#parts.callbacks.onConnected(host);
        record.settle?.();
      }
      return;
    }
    if (record.state !== "failed") this.#parts.callbacks.onReport(host, report);
  }

  #recordOf(entry: HostEntry): HostRecord {
    const known = this.#hosts.get(entry.id);
    if (known !== undefined) return known;
    const record = createHostRecord(entry);
    this.#hosts.set(entry.id, record);
    return record;
  }

  #setState(record: HostRecord, state: HostRecord["state"], reason: string): void {
    record.state = state;
    record.reason = reason;
    record.sinceMs = performance.now();
    this.#parts.callbacks.onStateChange(record.entry.id);
  }

  #pump(): void {
    while (this.#inFlight < this.#fanout) {
      const next = this.#queue.shift();
      if (next === undefined) return;
      if (next.record.state !== "connecting") continue;
      const leave = this.#takePlace();
      void this.#track(this.#start(next.record, next.absenceMs, leave)).finally(leave);
    }
  }

  /** One of the places for hosts that are being contacted; returns what gives it to the next one. */
  #takePlace(): () => void {
    let isTaken = true;
    this.#inFlight += 1;
    return () => {
      if (!isTaken) return;
      isTaken = false;
      this.#inFlight -= 1;
      this.#pump();
    };
  }

  #track<Result>(work: Promise<Result>): Promise<Result> {
    this.#busy.add(work);
    return work.finally(() => this.#busy.delete(work));
  }

  /**
   * Holds the host's place until it is connected or given up, so that slow hosts do not pile up. One that needs a big
   * upload gives it away: those are bounded by themselves.
   */
  async #start(record: HostRecord, controllerAbsenceMs: number, leave: () => void): Promise<void> {
    const { entry } = record;
    const deployment = this.#parts.deployments.get(entry.managerType);
    if (deployment === undefined) {
      this.#notConnected(record, {
        step: "deploy",
        reason: `hosts of type "${entry.managerType}" cannot be reached by this version`,
        remedy: "Use resource managers of type ssh, local or simulated.",
        unreachable: true,
      });
      return;
    }
    await record.removing;
    if (record.state !== "connecting") return;
    record.incarnation += 1;
    record.facts = undefined;
    record.absenceMs = controllerAbsenceMs;
    const starting = new AbortController();
    record.starting = starting;
    const { overlay } = this.#parts;
    const { id: host } = entry;
    const { incarnation } = record;
    const rank = overlay.invite(host, incarnation);
    const keys = deployment.needsCertificates
      ? await this.#parts.issue({ role: "client", host, incarnation, rank })
      : NO_KEYS;
    if (starting.signal.aborted) return;
    const { session } = this.#settings;
    const place = overlay.introduce(rank);
    const credentials = { ...keys, ...place, session, host, incarnation, controllerAbsenceMs };
    record.launching = deployment.start(entry, credentials, {
      ways: this.#reach.waysTo(entry),
      signal: starting.signal,
      tell: (progress) => {
        leave();
        this.#parts.callbacks.onProgress(entry.id, progress);
      },
      giveWay: leave,
    });
    const result = await record.launching;
    if (record.starting !== starting) return;
    if (result.kind === "failed") {
      this.#notConnected(record, result.failure);
      return;
    }
    record.client = result.client;
    void result.client.ended.then((how) => {
      this.#clientEnded(record, result.client, how);
    });
    this.#reach.afterStart(record);
    await this.#waitConnected(record);
  }

  async #waitConnected(record: HostRecord): Promise<void> {
    const connected = new Promise<void>((resolve) => {
      record.settle = resolve;
    });
    const timer = setTimeout(() => {
      const unreachable = record.state === "connecting";
      const reason = unreachable
        ? `the client was started and did not reach the controller within ${String(ATTACH_MS / 1000)} s${this.#reach.detoursOf(record)}`
        : `the client is attached and did not say who it is within ${String(ATTACH_MS / 1000)} s`;
      const remedy = unreachable
        ? "Open a port on the controller's side for hosts: set controller_port, and let it through the firewall."
        : "Is the host very busy? Its client's log says more.";
      this.#notConnected(record, { step: "attach", reason, remedy, unreachable });
    }, ATTACH_MS);
    await connected;
    clearTimeout(timer);
    record.settle = undefined;
  }

  #notConnected(record: HostRecord, failure: DeployFailure): void {
    if (record.state !== "connecting" && record.state !== "exchanging") return;
    this.#setState(record, "failed", `${failure.step}: ${failure.reason}`);
    record.starting = undefined;
    void this.#remove(record, false, "failed", record.reason);
    this.#parts.callbacks.onNotConnected(record.entry.id, failure);
  }

  #clientEnded(record: HostRecord, client: StartedClient, how: string): void {
    if (record.client !== client) return;
    record.client = undefined;
    if (record.state === "connecting" || record.state === "exchanging")
      this.#notConnected(record, {
        step: "start the client",
        reason: how,
        remedy: "",
        unreachable: false,
      });
    else if (record.state === "connected" || record.state === "orphaned") this.#lost(record, how);
  }

  #lost(record: HostRecord, reason: string): void {
    if (record.state !== "connected" && record.state !== "orphaned") return;
    this.#setState(record, "failed", reason);
    void this.#remove(record, false, "failed", reason);
    this.#parts.callbacks.onLost(record.entry.id, reason);
  }

  /** Asks the client to leave and waits for its goodbye; then removes what is left. */
  async #leave(
    record: HostRecord,
    keep: boolean,
    state: HostRecord["state"],
    reason: string,
  ): Promise<readonly string[]> {
    const heard = await sayGoodbye(record, keep, this.#removal);
    const problems = await this.#remove(record, keep, state, reason, heard);
    return heard ? problems : [noGoodbye(), ...problems];
  }

  /** `graceful`: it said goodbye and may end by itself; else it is ended by force, and its keeper ends its processes. */
  #remove(
    record: HostRecord,
    keep: boolean,
    state: HostRecord["state"],
    reason: string,
    graceful = false,
  ): Promise<readonly string[]> {
    this.#reach.stop(record);
    record.starting?.abort();
    record.starting = undefined;
    record.settle?.();
    const removal = record.removing
      .then(() => removeClient(record, { keep, graceful }, this.#removal))
      .then((problems) => {
        // It may have been asked for again in the meantime: that start waits for this.
        if (record.state !== state && record.state !== "connecting") this.#setState(record, state, reason);
        return problems;
      });
    // Whoever asked for it hears of a failure; the next start only waits for the end.
    record.removing = Promise.allSettled([removal]);
    return this.#track(removal);
  }
}
