// One simulated overlay from its start to its end, and what of it is measured: building, a command, a repair.
import { hostIdOf } from "../../src-shared/base/ids.ts";
import { createRandom, type Random } from "../../src-shared/base/random.ts";
import { OVERLAY_LIMITS, OVERLAY_TIMES } from "../../src-shared/overlay/overlay.ts";
import type { Topology } from "../../src-shared/overlay/topology.ts";
import {
  createLan,
  createLoopback,
  createWan,
  type NetworkModel,
} from "../../src-shared/simulator/network-model.ts";
import type { SimulatedCosts } from "../../src-shared/simulator/simulated-costs.ts";
import { TreeWorld, type WorldWatch } from "../../src-shared/simulator/tree-world.ts";
import type { VirtualClient } from "../../src-shared/simulator/virtual-client.ts";

/** A topology as it is measured. */
export interface Contestant<Frame> {
  readonly topology: Topology<Frame>;
  readonly degree: number;
  readonly rootDegree: number;
  bytesOf(frame: Frame): number;
}

/** "computer": all hosts on one with two processors, as where the real part is measured. */
export type NetworkName = "lan" | "wan" | "computer";

/** Clients are started within this time, as a deployment does. */
const STARTS_MS = 1000;
const PROCESSORS = 2;
/** On one computer: started and not yet attached, as where the real part is measured. */
export const ON_THE_WAY_MAX = 64;
/** A topology that is not whole by then does not become so. */
const BUILD_MS_MAX = 120_000;
const REPAIR_MS_MAX = 90_000;
const COMMAND_MS_MAX = 20_000;
/** How finely times are told. */
const LOOK_MS = { build: 10, command: 0.25, repair: 5 };
/** Between two measurements, for what the last one has left to settle. */
const REST_MS = 3000;
const COMMAND_BYTES = 1024;

export interface CommandTimes {
  readonly deliveredMs: number;
  readonly acknowledgedMs: number;
  /** The controller's own share. */
  readonly rootCpuMs: number;
  readonly rootBytes: number;
}

export class Trial<Frame> {
  readonly world: TreeWorld<Frame>;
  readonly hosts: number;
  readonly #random: Random;
  #commands = 0;
  #delivered = 0;
  /** What must have been delivered: the newest payload. */
  #payload: Uint8Array = new Uint8Array(0);

  constructor(
    contestant: Contestant<Frame>,
    parts: {
      readonly hosts: number;
      readonly network: NetworkName;
      readonly seed: number;
      readonly costs: SimulatedCosts;
    },
  ) {
    const { hosts, network, seed, costs } = parts;
    this.hosts = hosts;
    this.#random = createRandom(seed ^ 0xbe9c);
    const models: Readonly<Record<NetworkName, () => NetworkModel>> = {
      lan: () => createLan(hosts + 1),
      wan: () => createWan(hosts + 1, seed),
      computer: createLoopback,
    };
    this.world = new TreeWorld<Frame>(
      {
        seed,
        topology: contestant.topology,
        network: models[network](),
        costs,
        // Two round trips and their jitter more on a WAN.
        times: network === "wan" ? { ...OVERLAY_TIMES, deadIntervalMs: 6000 } : OVERLAY_TIMES,
        limits: OVERLAY_LIMITS,
        degree: contestant.degree,
        rootDegree: contestant.rootDegree,
        controllerAbsenceMs: 10 * 60 * 1000,
        reportsKept: 1000,
        deployMs: 0,
        ...(network === "computer" ? { processors: PROCESSORS } : {}),
        bytesOf: (frame) => contestant.bytesOf(frame),
      },
      () => this.#watch(),
    );
  }

  #watch(): WorldWatch<Frame> {
    const nothing = (): void => undefined;
    return {
      clientStarted: nothing,
      clientStepped: (_client, _event, effects) => {
        for (const effect of effects)
          if (effect.kind === "deliver" && effect.payload === this.#payload) this.#delivered += 1;
      },
      clientGone: nothing,
      rootStepping: nothing,
      rootPerforming: nothing,
      rootStepped: nothing,
      rootCrashed: nothing,
      rootStarted: nothing,
      sent: nothing,
    };
  }

  get now(): number {
    return this.world.time.now;
  }

  running(): VirtualClient<Frame>[] {
    return [...this.world.current.values()].filter((client) => client.isRunning);
  }

  /** From the first start until the root has all of them; undefined: never. */
  build(): number | undefined {
    const { world } = this;
    const began = world.time.now;
    const isLimited = world.processors !== undefined;
    let started = 0;
    const start = (): void => {
      started += 1;
      const place = started;
      if (isLimited) world.startClient(place);
      else world.time.after(this.#random() * STARTS_MS, () => world.startClient(place));
    };
    const isDone = (): boolean => {
      const attached = this.#attachedCount();
      while (started < this.hosts && (!isLimited || started - attached < ON_THE_WAY_MAX)) start();
      return attached === this.hosts;
    };
    return this.#until(BUILD_MS_MAX, LOOK_MS.build, isDone, began);
  }

  get depthMax(): number {
    return Math.max(...this.world.controller.core.members().map(({ depth }) => depth));
  }

  /** Ends at any point between two beacons. */
  rest(ms = REST_MS): void {
    this.world.time.runUntil(this.now + ms + this.#random() * OVERLAY_TIMES.beaconMs);
  }

  command(bytes = COMMAND_BYTES): CommandTimes | undefined {
    const { world } = this;
    const targets = this.running().map(({ host }) => host);
    this.#payload = new Uint8Array(bytes).fill(this.#commands);
    this.#delivered = 0;
    this.#commands += 1;
    const began = world.time.now;
    const { usedMs } = world.controller.node;
    const { bytesOut } = world.controller;
    world.command(targets, this.#payload);
    let deliveredMs: number | undefined;
    const done = (): boolean => {
      if (deliveredMs === undefined && this.#delivered >= targets.length)
        deliveredMs = world.time.now - began;
      return deliveredMs !== undefined && this.#pending() === 0;
    };
    const acknowledgedMs = this.#until(COMMAND_MS_MAX, LOOK_MS.command, done, began);
    if (acknowledgedMs === undefined || deliveredMs === undefined) return undefined;
    const rootCpuMs = world.controller.node.usedMs - usedMs;
    return { deliveredMs, acknowledgedMs, rootCpuMs, rootBytes: world.controller.bytesOut - bytesOut };
  }

  /** Until everybody that is left is attached again. */
  repair(victims: readonly VirtualClient<Frame>[], how: "killed" | "silent"): number | undefined {
    const began = this.now;
    for (const client of victims) {
      if (how === "killed") this.world.crashClient(client);
      else this.world.darken(client);
    }
    return this.#until(REPAIR_MS_MAX, LOOK_MS.repair, () => this.#isWhole(), began);
  }

  /** From the healing of a partition until all are attached. */
  partition(share: number, ms: number): number | undefined {
    const inside = new Set(this.draw(share).map(({ place }) => place));
    const heal = this.world.separate({ inside: (place) => inside.has(place), outward: true, inward: true });
    this.rest(ms);
    heal();
    return this.#until(REPAIR_MS_MAX, LOOK_MS.repair, () => this.#isWhole(), this.now);
  }

  draw(share: number): VirtualClient<Frame>[] {
    const all = this.running();
    const chosen = new Set<VirtualClient<Frame>>();
    while (chosen.size < Math.round(all.length * share)) {
      const client = all[Math.floor(this.#random() * all.length)];
      if (client !== undefined) chosen.add(client);
    }
    return [...chosen];
  }

  /** One with children; in a star any. */
  interior(): VirtualClient<Frame> | undefined {
    const all = this.running();
    const interior = all.filter(({ core }) => core.children.length > 0);
    const from = interior.length > 0 ? interior : all;
    return from[Math.floor(this.#random() * from.length)];
  }

  #isWhole(): boolean {
    const running = this.running();
    if (!running.every(({ core }) => core.attached)) return false;
    const attached = new Set<string>(
      this.world.controller.core.members().flatMap(({ host, state }) => (state === "attached" ? [host] : [])),
    );
    return attached.size === running.length && running.every(({ host }) => attached.has(hostIdOf(host)));
  }

  #attachedCount(): number {
    return this.world.controller.core.members().filter(({ state }) => state === "attached").length;
  }

  #pending(): number {
    return this.world.controller.core
      .members()
      .reduce((sum, { pendingCommands }) => sum + pendingCommands, 0);
  }

  #until(ms: number, lookMs: number, isSo: () => boolean, began: number): number | undefined {
    const { time } = this.world;
    const end = began + ms;
    while (!isSo()) {
      if (time.now >= end) return undefined;
      time.runUntil(time.now + lookMs);
    }
    return time.now - began;
  }
}
