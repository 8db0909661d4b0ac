// The stage for stories told on any topology: a world that is looked at from outside only, by who hangs below whom and
// what has been delivered, so that the published RandTree can be asked the same as ours.
import { OVERLAY_LIMITS, OVERLAY_TIMES } from "../overlay/overlay.ts";
import { ROOT_RANK } from "../overlay/topology.ts";
import type { Rank, Topology } from "../overlay/topology.ts";
import { BrokenPromise, demand } from "./broken-promise.ts";
import { createLan } from "./network-model.ts";
import { SIMULATED_COSTS } from "./simulated-costs.ts";
import { TreeWorld, type WorldWatch } from "./tree-world.ts";
import { nameOf } from "./tree-verdict.ts";
import type { VirtualClient } from "./virtual-client.ts";
import type { VirtualConnection } from "./virtual-connection.ts";

export interface Performer<Frame> {
  readonly topology: Topology<Frame>;
  bytesOf(frame: Frame): number;
}

const LOOK_EVERY_MS = 50;
const DEPLOY_MS = 500;
const BUILD_MS_MAX = 30_000;
/** Until views have caught up with links. */
const SETTLE_MS = 3000;
export const ABSENCE_MS = 10 * 60 * 1000;

export class Stage<Frame> {
  readonly world: TreeWorld<Frame>;
  readonly delivered = new Map<Rank, string[]>();
  readonly membership: string[] = [];
  /** Latest values as the root has them, of each rank in order. */
  readonly latest = new Map<Rank, number[]>();
  /** Joins that have ended well, of all. */
  attachments = 0;
  /** All have all commands up to here, as the root has written down. */
  stable = 0;
  #commands = 0;

  /** `also` sees what it names, besides. */
  constructor(
    performer: Performer<Frame>,
    hosts: number,
    degree: number,
    seed: number,
    also: Partial<Pick<WorldWatch<Frame>, "sent" | "rootPerforming">> = {},
  ) {
    this.world = new TreeWorld<Frame>(
      {
        seed,
        topology: performer.topology,
        network: createLan(hosts + 1),
        costs: SIMULATED_COSTS,
        times: OVERLAY_TIMES,
        limits: OVERLAY_LIMITS,
        degree,
        rootDegree: degree,
        controllerAbsenceMs: ABSENCE_MS,
        reportsKept: 1000,
        deployMs: DEPLOY_MS,
        bytesOf: (frame) => performer.bytesOf(frame),
      },
      () => this.#watch(also),
    );
    for (let place = 1; place <= hosts; place += 1) this.world.startClient(place);
    this.run(2 * DEPLOY_MS);
    this.until(BUILD_MS_MAX, "after its start");
    this.run(SETTLE_MS);
  }

  #watch(also: Partial<Pick<WorldWatch<Frame>, "sent" | "rootPerforming">>): WorldWatch<Frame> {
    const nothing = (): void => undefined;
    return {
      clientStarted: nothing,
      clientStepped: ({ rank }, _event, effects) => {
        for (const effect of effects) {
          if (effect.kind === "attached") this.attachments += 1;
          if (effect.kind !== "deliver") continue;
          const texts = this.delivered.get(rank) ?? [];
          texts.push(new TextDecoder().decode(effect.payload));
          this.delivered.set(rank, texts);
        }
      },
      clientGone: nothing,
      rootStepping: nothing,
      rootPerforming: (effect) => {
        also.rootPerforming?.(effect);
        if (effect.kind === "keep" && effect.record.kind === "stable") this.stable = effect.record.sequence;
        if (effect.kind === "membership") this.membership.push(`${effect.host} ${effect.state}`);
        if (effect.kind !== "latest") return;
        const [rank = 0, number = 0] = new TextDecoder().decode(effect.payload).split(" ").map(Number);
        this.latest.set(rank, [...(this.latest.get(rank) ?? []), number]);
      },
      rootStepped: nothing,
      rootCrashed: nothing,
      rootStarted: nothing,
      sent: also.sent ?? nothing,
    };
  }

  run(ms: number): void {
    this.world.time.runUntil(this.world.time.now + ms);
  }

  running(): VirtualClient<Frame>[] {
    return [...this.world.current.values()].filter(({ isRunning }) => isRunning);
  }

  /** The one with the most children. */
  relay(): VirtualClient<Frame> {
    const [relay] = this.running().sort(
      (one, other) => other.core.children.length - one.core.children.length || one.rank - other.rank,
    );
    demand(relay !== undefined && relay.core.children.length > 0, "nobody has children");
    return relay;
  }

  childrenOf(parent: VirtualClient<Frame>): VirtualClient<Frame>[] {
    return this.running().filter((client) => this.parentRank(client) === parent.rank);
  }

  parentLink(client: VirtualClient<Frame>): VirtualConnection<Frame> | undefined {
    const { parent } = client.core;
    return parent === undefined ? undefined : client.links.get(parent);
  }

  parentRank(client: VirtualClient<Frame>): Rank | undefined {
    const connection = this.parentLink(client);
    return connection?.program(connection.sideOf(client) === 0 ? 1 : 0).rank;
  }

  /** For everybody; says its text. */
  command(): string {
    this.#commands += 1;
    const text = `command ${this.#commands}`;
    this.world.command([...this.world.current.keys()], new TextEncoder().encode(text));
    return text;
  }

  /** Throws BrokenPromise when the tree is not whole within the time. */
  until(ms: number, when: string): void {
    const end = this.world.time.now + ms;
    let wrong = this.whatIsWrong();
    while (wrong !== undefined && this.world.time.now < end) {
      this.run(LOOK_EVERY_MS);
      wrong = this.whatIsWrong();
    }
    if (wrong !== undefined) throw new BrokenPromise(`${ms} ms ${when}: ${wrong}`);
  }

  demandDelivered(text: string): void {
    for (const client of this.running()) {
      const times = (this.delivered.get(client.rank) ?? []).filter((known) => known === text).length;
      demand(times === 1, `${nameOf(client)} has been given "${text}" ${times} times`);
    }
  }

  /** Everybody hangs, over links that stand, below somebody who knows it, up to the root. */
  whatIsWrong(): string | undefined {
    for (const client of this.running()) {
      if (!client.core.attached) return `${nameOf(client)} is not attached`;
      const way = this.#wayUp(client);
      if (way !== undefined) return way;
      for (const link of client.core.children) {
        const child = client.links.get(link);
        const side = child?.sideOf(client) === 0 ? 1 : 0;
        const owner = child === undefined ? undefined : this.world.clients.get(child.program(side).rank);
        if (owner?.isRunning !== true || owner.core.parent !== child?.linkOf(side))
          return `${nameOf(client)} has a child that is none`;
      }
    }
    return undefined;
  }

  #wayUp(client: VirtualClient<Frame>): string | undefined {
    let at = client;
    for (let hops = 0; hops <= this.world.clients.size; hops += 1) {
      const connection = this.parentLink(at);
      if (connection === undefined) return `${nameOf(client)}: ${nameOf(at)} has no parent`;
      if (!connection.isOpen(0) || !connection.isOpen(1))
        return `${nameOf(at)} hangs on a link that is broken`;
      const rank = this.parentRank(at) ?? ROOT_RANK;
      const { controller } = this.world;
      if (rank === ROOT_RANK) {
        const isThere = connection.program(connection.sideOf(at) === 0 ? 1 : 0) === controller;
        return isThere && !controller.node.isDead ? undefined : `${nameOf(at)} hangs on a root that is gone`;
      }
      const parent = this.world.clients.get(rank);
      if (parent?.isRunning !== true) return `${nameOf(at)} hangs on ${rank}, which is dead`;
      at = parent;
    }
    return `${nameOf(client)} is in a cycle`;
  }
}
