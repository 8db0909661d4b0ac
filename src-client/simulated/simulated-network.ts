// The network of simulated hosts on the wall clock: connections between them and to the controller, and their failures.
import type { HostId } from "#shared/base/ids.ts";
import { createRandom, type Random } from "#shared/base/random.ts";
import type { Clock } from "#shared/base/clock.ts";
import { createLagMonitor } from "#shared/node/lag-monitor.ts";
import type { LinkId } from "#shared/overlay/overlay.ts";
import { topologyNamed } from "#shared/overlay/topologies.ts";
import { ROOT_RANK, type Candidate, type Topology } from "#shared/overlay/topology.ts";
import { checkCommand } from "#shared/protocol/check-commands.ts";
import type { Command } from "#shared/protocol/commands.ts";
import type { FromSimulated, SimulatedStart, ToSimulated } from "#shared/protocol/simulation-words.ts";
import { createWireCodec, type WireCodec } from "#shared/protocol/wire.ts";
import { createGlobe, type GlobePlace } from "#shared/simulator/network-model.ts";
import { VirtualConnection, type Ether } from "#shared/simulator/virtual-connection.ts";
import { VirtualTime } from "#shared/simulator/virtual-time.ts";
import { ControllerEnd } from "./controller-end.ts";
import { SharedSeals } from "./shared-seals.ts";
import { SimulatedHost } from "./simulated-host.ts";

export interface NetworkParts {
  readonly clock: Clock;
  /** To the controller, what was said in one turn. */
  readonly post: (messages: readonly FromSimulated[]) => void;
}

/** TCP's handshake and TLS's: the dialler may speak after two round trips. */
const DIAL_WAYS = 4;
const HOUR_MS = 3_600_000;
/** Of failures so many are a machine that falls silent; the rest are programs whose machine says that they have ended. */
const SILENT_SHARE = 0.3;

/** What all hosts share; made with the first of them, which says what overlay they are in. */
interface World {
  readonly topology: Topology<unknown>;
  readonly codec: WireCodec<unknown>;
  readonly seals: SharedSeals;
  readonly controller: ControllerEnd;
}

/** The hosts of one resource manager: they fail together so many times in an hour. */
interface ManagedHosts {
  readonly hosts: Set<SimulatedHost>;
  readonly random: Random;
  readonly failuresPerHour: number;
}

export class SimulatedNetwork {
  readonly #parts: NetworkParts;
  readonly #time = new VirtualTime();
  readonly #startedMs: number;
  readonly #random = createRandom(1);
  readonly #places: (GlobePlace | undefined)[] = [undefined];
  readonly #ether: Ether<unknown>;
  readonly #hosts = new Map<HostId, SimulatedHost>();
  readonly #listening = new Map<string, SimulatedHost>();
  /** Machines that have fallen silent: whoever dials them hears nothing. */
  readonly #dark = new Set<string>();
  readonly #managers = new Map<number, ManagedHosts>();
  /** By their bytes, which hosts of a tree share: decoded once for all of them. */
  readonly #commands = new WeakMap<Uint8Array, Command | "none">();
  readonly #lag;
  #world: World | undefined;
  #said: FromSimulated[] = [];
  #timer: NodeJS.Timeout | undefined;
  #timerDue = Infinity;

  constructor(parts: NetworkParts) {
    this.#parts = parts;
    this.#startedMs = parts.clock.now();
    this.#ether = {
      time: this.#time,
      random: this.#random,
      network: createGlobe((place) => this.#places[place]),
      slownessMs: () => 0,
      isBlocked: () => false,
      held: () => undefined,
    };
    const onLag = (ms: number): void => {
      for (const host of this.#hosts.values()) host.step({ kind: "lagged", ms });
    };
    this.#lag = createLagMonitor({ clock: parts.clock, onLag });
  }

  hear(messages: readonly ToSimulated[]): void {
    this.#run();
    for (const message of messages) this.#take(message);
    this.#run();
  }

  #take(message: ToSimulated): void {
    switch (message.kind) {
      case "start":
        return this.#start(message.start);
      case "end": {
        const host = this.#hosts.get(message.host);
        if (host?.incarnation !== message.incarnation) return;
        this.#remove(host);
        host.crash();
        return this.#ended(host, "was ended by force");
      }
      case "bytes":
        this.#world?.controller.bytes(message.link, message.bytes);
        return this.#say({ kind: "taken", link: message.link });
      case "closed":
        return this.#world?.controller.closed(message.link);
    }
  }

  /** All that is due by now; then sleeps until the next. */
  #run(): void {
    this.#lag.check();
    this.#time.runUntil(this.#now());
    if (this.#said.length > 0) this.#parts.post(this.#said);
    this.#said = [];
    this.#sleep();
  }

  #now(): number {
    return this.#parts.clock.now() - this.#startedMs;
  }

  #sleep(): void {
    const { next } = this.#time;
    if (next >= this.#timerDue || next === Infinity) return;
    clearTimeout(this.#timer);
    this.#timerDue = next;
    this.#timer = setTimeout(
      () => {
        this.#timerDue = Infinity;
        this.#run();
      },
      Math.max(0, next - this.#now()),
    );
  }

  #say(message: FromSimulated): void {
    this.#said.push(message);
  }

  #start(start: SimulatedStart): void {
    const { credentials, simulation, place } = start;
    const world = (this.#world ??= this.#createWorld(start));
    const old = this.#hosts.get(credentials.host);
    if (old !== undefined) {
      this.#remove(old);
      old.crash();
    }
    // The controller stands where the first host does.
    this.#places[0] ??= place;
    this.#places.push(place);
    const { rootKey, proofKey, host, incarnation } = credentials;
    const simulated = new SimulatedHost(start, this.#places.length - 1, {
      topology: world.topology,
      codec: world.codec,
      time: this.#time,
      random: createRandom(Math.imul(simulation.seed, 31) + credentials.rank),
      seals: world.seals.memberSeals({ root: rootKey, own: proofKey }),
      commandOf: (payload) => this.#commandOf(world, payload),
      dial: (dialler, link, to) => this.#dial(world, dialler, link, to),
      ended: (one, how) => {
        this.#remove(one);
        one.crash();
        this.#ended(one, how);
      },
    });
    this.#hosts.set(host, simulated);
    this.#listening.set(simulated.address, simulated);
    this.#managed(simulation).hosts.add(simulated);
    this.#say({ kind: "started", host, incarnation });
    simulated.start();
  }

  #createWorld({ credentials }: SimulatedStart): World {
    const topology = topologyNamed(credentials.overlay);
    if (topology === undefined) throw new Error(`no overlay is called ${credentials.overlay}`);
    const codec = createWireCodec(topology);
    const controller = new ControllerEnd({
      codec,
      time: this.#time,
      isBulk: (frame) => topology.isBulk(frame),
      say: (message) => this.#say(message),
    });
    return { topology, codec, seals: new SharedSeals(credentials.session), controller };
  }

  #commandOf({ codec }: World, payload: Uint8Array): Command | undefined {
    let command = this.#commands.get(payload);
    if (command === undefined) {
      const decoded = codec.decodePayload(payload);
      const checked = decoded.ok ? checkCommand(decoded.value) : decoded;
      command = checked.ok ? checked.value : "none";
      this.#commands.set(payload, command);
    }
    return command === "none" ? undefined : command;
  }

  #dial(world: World, dialler: SimulatedHost, link: LinkId, to: Candidate): void {
    const isRoot = to.rank === ROOT_RANK;
    const dialled = isRoot ? world.controller : this.#listening.get(to.address);
    if (this.#dark.has(to.address)) return; // the core gives it up
    if (dialled === undefined)
      return this.#time.after(0, () =>
        dialler.dialFailed(link, `${to.address} is not in the simulated network`),
      );
    const wayMs = this.#ether.network.latencyMs(dialler.place, dialled.place);
    this.#time.after(DIAL_WAYS * wayMs, () => {
      if (!dialler.dials.has(link) || dialler.isDead) return;
      if (dialled.isDead || dialled.rank !== to.rank) return dialler.dialFailed(link, "refused");
      const theirLink = dialled.newLink();
      const ends = [
        { program: dialler, link },
        { program: dialled, link: theirLink },
      ] as const;
      const connection = new VirtualConnection<unknown>(this.#ether, ...ends);
      connection.carryFinish(this.#time.now, () => {
        if (dialled.isDead) connection.breakAt(0, "reset");
        else if (dialled === world.controller) world.controller.dialled(connection, theirLink, dialler);
        else (dialled as SimulatedHost).linkMade(connection, theirLink, dialler.rank);
      });
      dialler.linkMade(connection, link, dialled.rank);
    });
  }

  #managed({ manager, seed, failuresPerHour }: SimulatedStart["simulation"]): ManagedHosts {
    const known = this.#managers.get(manager);
    if (known !== undefined) return known;
    const managed = { hosts: new Set<SimulatedHost>(), random: createRandom(seed), failuresPerHour };
    this.#managers.set(manager, managed);
    if (failuresPerHour > 0) this.#planFailure(managed);
    return managed;
  }

  /** Failures that know nothing of each other: the time between them is exponential. */
  #planFailure(managed: ManagedHosts): void {
    const { hosts, random, failuresPerHour } = managed;
    this.#time.after((-Math.log(1 - random()) * HOUR_MS) / failuresPerHour, () => {
      const living = [...hosts].filter(({ attached }) => attached);
      const host = living[Math.floor(random() * living.length)];
      const isSilent = random() < SILENT_SHARE;
      if (host !== undefined) this.#fail(host, isSilent);
      this.#planFailure(managed);
    });
  }

  #fail(host: SimulatedHost, isSilent: boolean): void {
    this.#remove(host);
    if (!isSilent) {
      host.crash();
      return this.#ended(host, "has failed, as its manager's failures_per_hour has it");
    }
    this.#dark.add(host.address);
    host.vanish();
  }

  #remove(host: SimulatedHost): void {
    if (this.#hosts.get(host.host) === host) this.#hosts.delete(host.host);
    this.#listening.delete(host.address);
    this.#managers.get(host.manager)?.hosts.delete(host);
  }

  #ended({ host, incarnation }: SimulatedHost, how: string): void {
    this.#say({ kind: "ended", host, incarnation, how });
  }
}
