// A simulated world with what a scenario needs to disturb it and to set it right again: its own randomness, a choice of
// victims, and a list of what is still to be mended.
import type { Random } from "../base/random.ts";
import { ROOT_RANK } from "../overlay/topology.ts";
import type { Rank } from "../overlay/topology.ts";
import type { Sightings } from "./sightings.ts";
import type { TreeJudge } from "./tree-judge.ts";
import type { Partition, TreeWorld } from "./tree-world.ts";
import type { VirtualClient } from "./virtual-client.ts";
import type { VirtualConnection } from "./virtual-connection.ts";

export interface SceneSettings {
  readonly hosts: number;
  /** Part of the hosts that say no address, and that say one which nobody reaches. */
  readonly hidden: number;
  readonly walled: number;
}

export class Scene<Frame> {
  readonly world: TreeWorld<Frame>;
  readonly judge: TreeJudge<Frame>;
  readonly sightings: Sightings;
  readonly random: Random;
  readonly settings: SceneSettings;
  readonly forgers = new Set<Rank>();
  readonly #healers = new Set<() => void>();
  #texts = 0;
  #isCalm = false;

  constructor(parts: {
    readonly world: TreeWorld<Frame>;
    readonly judge: TreeJudge<Frame>;
    readonly sightings: Sightings;
    readonly random: Random;
    readonly settings: SceneSettings;
  }) {
    this.world = parts.world;
    this.judge = parts.judge;
    this.sightings = parts.sightings;
    this.random = parts.random;
    this.settings = parts.settings;
  }

  get isCalm(): boolean {
    return this.#isCalm;
  }

  start(place: number): void {
    const { hidden, walled } = this.settings;
    const drawn = this.random();
    if (drawn < walled) this.world.walled.add(place);
    this.world.startClient(place, { hidden: drawn >= walled && drawn < walled + hidden });
  }

  running(): VirtualClient<Frame>[] {
    return [...this.world.current.values()].filter((client) => client.isRunning);
  }

  /** Any running one. */
  someone(): VirtualClient<Frame> | undefined {
    return this.pick(this.running());
  }

  /** One that has children, if there is one. */
  relay(): VirtualClient<Frame> | undefined {
    const all = this.running();
    const relays = all.filter((client) => client.core.children.length > 0);
    return this.pick(relays.length > 0 ? relays : all);
  }

  /** Usually one, seldom many. */
  several(share: number): VirtualClient<Frame>[] {
    const all = this.running();
    const count = Math.max(1, Math.round(all.length * share * this.random() ** 2));
    const chosen = new Set<VirtualClient<Frame>>();
    for (let draws = 0; draws < 2 * count && chosen.size < count; draws += 1) {
      const client = this.pick(all);
      if (client !== undefined) chosen.add(client);
    }
    return [...chosen];
  }

  /** Of which the tree says that they are below: children, grandchildren, …, itself first. */
  below(client: VirtualClient<Frame>): VirtualClient<Frame>[] {
    const found = [client];
    const ranks = new Set<Rank>([client.rank]);
    for (const record of this.judge.wanted()) {
      if (record.client?.isRunning !== true || !this.#isBelow(record.rank, client.rank)) continue;
      if (ranks.has(record.rank)) continue;
      ranks.add(record.rank);
      found.push(record.client as VirtualClient<Frame>);
    }
    return found;
  }

  #isBelow(rank: Rank, above: Rank): boolean {
    let at: Rank | undefined = this.judge.records.get(rank)?.parent;
    for (let hops = 0; at !== undefined && at !== ROOT_RANK && hops < this.judge.records.size; hops += 1) {
      if (at === above) return true;
      at = this.judge.records.get(at)?.parent;
    }
    return false;
  }

  /** From its parent up to below the root. */
  above(client: VirtualClient<Frame>): VirtualClient<Frame>[] {
    const found: VirtualClient<Frame>[] = [];
    let at = this.judge.records.get(client.rank)?.parent;
    while (at !== undefined && at !== ROOT_RANK && found.length < this.judge.records.size) {
      const parent = this.world.clients.get(at);
      if (parent !== undefined) found.push(parent);
      at = this.judge.records.get(at)?.parent;
    }
    return found;
  }

  linksOf(client: VirtualClient<Frame>): VirtualConnection<Frame>[] {
    return [...client.links.values()];
  }

  parentLink(client: VirtualClient<Frame>): VirtualConnection<Frame> | undefined {
    const { parent } = client.core;
    return parent === undefined ? undefined : client.links.get(parent);
  }

  pick<Thing>(things: readonly Thing[]): Thing | undefined {
    return things[Math.floor(this.random() * things.length)];
  }

  /** Until the time is over, or peace comes. */
  forAWhile(msMax: number, begin: () => () => void): void {
    const end = begin();
    const heal = (): void => {
      if (this.#healers.delete(heal)) end();
    };
    this.#healers.add(heal);
    this.world.time.after(this.random() * msMax, heal);
  }

  /** After a time, or at once when peace has come. */
  later(msMax: number, act: () => void): void {
    this.forAWhile(msMax, () => act);
  }

  separate(msMax: number, partition: Partition): void {
    this.forAWhile(msMax, () => this.world.separate(partition));
  }

  /** A command for some hosts, told apart from all others. */
  command(share: number): void {
    this.#texts += 1;
    const targets = [...this.world.current.keys()].filter(() => share >= 1 || this.random() < share);
    const padding = this.random() < 0.05 ? " ".repeat(Math.floor(this.random() * 4000)) : "";
    this.world.command(targets, encode(`command ${this.#texts}${padding}`));
  }

  report(client: VirtualClient<Frame>, isCommon: boolean): void {
    this.#texts += 1;
    client.report(encode(isCommon ? `step ${client.reports.length + 1} done` : `text ${this.#texts}`));
  }

  /** A text that nobody else has. */
  bytes(word: string): Uint8Array {
    this.#texts += 1;
    return encode(`${word} ${this.#texts}`);
  }

  /** All faults end. */
  calm(): void {
    this.#isCalm = true;
    for (const heal of [...this.#healers]) heal();
    for (const rank of this.forgers) {
      const forger = this.world.clients.get(rank);
      if (forger !== undefined) this.world.crashClient(forger);
    }
    this.world.controller.dieAfter = undefined;
    this.world.controller.node.resume();
    for (const client of this.running()) client.node.resume();
    if (this.world.controller.node.isDead) this.world.startController();
    // As a controller does whose deploying has failed.
    for (const { state, rank, host } of this.world.controller.core.members()) {
      if (state === "invited" && this.world.clients.get(rank)?.isRunning !== true)
        this.world.controller.dismiss(host);
    }
  }
}

const encoder = new TextEncoder();

function encode(text: string): Uint8Array {
  return encoder.encode(text);
}
