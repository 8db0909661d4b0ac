// One random life of a star, from its seed alone: work and faults, then quiet, in which all promises must be kept.
import { hostIdOf } from "../base/ids.ts";
import { demand } from "./star-judge.ts";
import { StarWorld } from "./star-world.ts";
import type { VirtualMember } from "./virtual-member.ts";
import type { VirtualLink } from "./virtual-network.ts";

export interface ScenarioSettings {
  readonly hosts: number;
  /** Faults happen within this time. */
  readonly troubleMs: number;
  /** After the last fault everything is in order again within this time, or the scenario fails. */
  readonly quietMs: number;
}

export const SCENARIO_DEFAULTS: ScenarioSettings = { hosts: 4, troubleMs: 25_000, quietMs: 45_000 };

const STEP_MS_MAX = 400;
const BURST_MAX = 20;
const PAUSE_MS_MAX = 6000;
const OUTAGE_MS_MAX = 8000;

/** Throws BrokenPromise; else the hash of all that happened. */
export function playStarScenario(seed: number, settings: ScenarioSettings = SCENARIO_DEFAULTS): number {
  const world = new StarWorld(seed);
  const names = Array.from({ length: settings.hosts }, (_, place) => `node${place}`);
  for (const name of names) world.startMember(name, 1, { zombie: false });
  while (world.time.now < settings.troubleMs) {
    world.time.runUntil(world.time.now + 1 + Math.floor(world.random() * STEP_MS_MAX));
    const name = names[Math.floor(world.random() * names.length)] ?? "";
    disturb(world, name, settings);
  }
  world.time.runUntil(settings.troubleMs + settings.quietMs);
  for (const member of world.members.values()) judgeMember(world, member);
  return world.trace.value;
}

type Disturbance = (world: StarWorld, member: VirtualMember, settings: ScenarioSettings) => void;

/** How often, in parts of the sum; work twice as often as trouble. */
const DISTURBANCES: readonly (readonly [number, Disturbance])[] = [
  [10, (world) => commandSome(world)],
  [10, (world, member) => reportSome(world, member)],
  [2, (_world, member) => eachLink(member, (link) => link.breakOneSided("member"))],
  [2, (_world, member) => eachLink(member, (link) => link.breakOneSided("root"))],
  [1, (_world, member) => eachLink(member, (link) => link.swallow("member"))],
  [1, (_world, member) => eachLink(member, (link) => link.swallow("root"))],
  [2, (_world, member) => eachLink(member, (link) => link.close("root", "reset"))],
  [2, (world, member) => member.process.pause(world.random() * PAUSE_MS_MAX)],
  [1, (world) => world.rootProcess.pause(world.random() * PAUSE_MS_MAX)],
  [4, (_world, member) => member.offer()],
  [1, outage],
  [1, restart],
  [0.3, (_world, member) => member.process.give({ kind: "leave" })],
];

function disturb(world: StarWorld, name: string, settings: ScenarioSettings): void {
  const member = world.members.get(hostIdOf(name));
  if (member === undefined) return;
  const sum = DISTURBANCES.reduce((total, [weight]) => total + weight, 0);
  let drawn = world.random() * sum;
  for (const [weight, act] of DISTURBANCES) {
    drawn -= weight;
    if (drawn < 0) return act(world, member, settings);
  }
}

function eachLink(member: VirtualMember, act: (link: VirtualLink) => void): void {
  for (const link of [...member.links.values()]) act(link);
}

function commandSome(world: StarWorld): void {
  const hosts = [...world.members.keys()].filter(() => world.random() < 0.7);
  const burst = 1 + Math.floor(world.random() ** 3 * BURST_MAX);
  for (let count = 0; count < burst; count += 1) world.command(hosts);
}

function reportSome(world: StarWorld, member: VirtualMember): void {
  const burst = 1 + Math.floor(world.random() ** 2 * BURST_MAX);
  for (let count = 0; count < burst; count += 1) member.report();
}

function outage(world: StarWorld, member: VirtualMember): void {
  world.setReachable(member.host, false);
  eachLink(member, (link) => {
    link.swallow("member");
    link.swallow("root");
  });
  world.time.after(world.random() * OUTAGE_MS_MAX, () => world.setReachable(member.host, true));
}

/** A newer client; sometimes the older one lives on. */
function restart(world: StarWorld, member: VirtualMember): void {
  const options = { zombie: world.random() < 0.3 };
  world.startMember(member.host, member.incarnation + 1, options);
}

function judgeMember(world: StarWorld, member: VirtualMember): void {
  const { host, incarnation } = member;
  const view = world.root.members().find((known) => known.host === host);
  // One that left before it ever joined is unknown to the root, and nothing was promised.
  if (member.ended === "left") return;
  demand(
    view !== undefined && view.incarnation === incarnation,
    `${host}: the root knows another incarnation`,
  );
  demand(member.ended === undefined, `${host} ${incarnation}: ended as ${member.ended ?? ""}`);
  demand(member.core.attached && view.state === "attached", `${host}: ${view.state} at the end`);
  demand(view.pendingCommands === 0, `${host}: ${view.pendingCommands} commands are not acknowledged`);
  world.judge.demandComplete(host, incarnation, member.lastReport);
}
