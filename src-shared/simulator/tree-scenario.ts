// One random life of a tree, from its seed alone: it is built, works under faults, and has to be whole again some time
// after the last of them.
import { createRandom } from "../base/random.ts";
import type { Random } from "../base/random.ts";
import { OVERLAY_LIMITS, OVERLAY_TIMES } from "../overlay/overlay.ts";
import type { OverlayLimits } from "../overlay/overlay.ts";
import type { Topology } from "../overlay/topology.ts";
import type { TreeFrame } from "../overlay/tree-frames.ts";
import { BrokenPromise, demand } from "./broken-promise.ts";
import { createLan, createTransitStub, createWan } from "./network-model.ts";
import type { NetworkModel } from "./network-model.ts";
import { Scene } from "./scene.ts";
import { Sightings } from "./sightings.ts";
import { SIMULATED_COSTS } from "./simulated-costs.ts";
import { treeFrameBytes, TreeFrameJudge } from "./tree-frame-judge.ts";
import type { Fault } from "./tree-faults.ts";
import { TreeJudge } from "./tree-judge.ts";
import { TreeWorld } from "./tree-world.ts";
import type { VirtualClient } from "./virtual-client.ts";
import {
  demandExactView,
  membersOf,
  nameOf,
  whatIsMissing,
  whatIsPending,
  whatIsStale,
} from "./tree-verdict.ts";

export interface Life {
  readonly seed: number;
  readonly hosts: number;
  readonly degree: number;
  readonly mix: readonly Fault[];
  readonly topology: Topology<TreeFrame>;
  /** Faults happen within this time. */
  readonly troubleMs: number;
}

export interface LifeStory {
  readonly hash: number;
  readonly sightings: Sightings;
  /** From the last fault until the tree was whole. */
  readonly wholeAfterMs: number;
  readonly reparentings: number;
}

/** L1: whole so long after the last fault, back-off of joins and repetitions of first packets included. */
const WHOLE_MS_MAX = 15_000;
/** L4, L5: and then everything has arrived. A window of 8 reports takes 3 s in a tree that is 20 deep over a WAN. */
const ARRIVED_MS_MAX = 15_000;
const ARRIVED_LARGE_MS_MAX = 45_000;
const LARGE_HOSTS = 100;
/** L12 */
const LEAVE_MS_MAX = 15_000;
/** L1: it stays so. */
const STABLE_MS = 20_000;
/** On top of that: one second at each of 20 hops, and where frames are small a row of them. */
const LATEST_MS_MAX = 30_000;
const STABLE_LARGE_MS = 10_000;
const LOOKS_WHOLE_MS = OVERLAY_TIMES.deadIntervalMs + 2000;
const LOOK_EVERY_MS = 500;
/** Between two faults, on average; more in large trees. */
const FAULT_EVERY_MS = 2500;
const WORK_EVERY_MS = 700;
/** L7: dials of one client per second of repair. */
const DIALS_PER_S_MAX = 10;
const SMALL_HOSTS = 12;
const FLOOD_CHANCE = 0.02;
const FLOOD_REPORTS = 20;
const BUILD_MS = 3000;
const ABSENCE_MS = 10 * 60 * 1000;

/** Small, so that windows fill up within seconds. */
const SMALL_LIMITS: OverlayLimits = {
  ...OVERLAY_LIMITS,
  commandWindow: 4,
  commandWindowBytes: 512,
  reportWindow: 8,
  acknowledgeEvery: 4,
  hopBytes: 1024,
  hopFrameBytes: 256,
  headersInFrame: 16,
  headersHeld: 4,
  latestFrameBytes: 1024,
};

/** Throws BrokenPromise. */
export function playTreeLife(life: Life): LifeStory {
  const scene = createScene(life);
  const { world } = scene;
  for (let place = 1; place <= life.hosts; place += 1) scene.start(place);
  world.time.runUntil(BUILD_MS);
  trouble(scene, life);
  scene.calm();
  const wholeAfterMs = untilWhole(scene);
  finish(scene);
  const { sightings, judge } = scene;
  sightings.note("reparented", judge.reparentings);
  return { hash: world.trace.value, sightings, wholeAfterMs, reparentings: judge.reparentings };
}

export function createScene(life: Life): Scene<TreeFrame> {
  const sightings = new Sightings();
  const random = createRandom(life.seed ^ 0x5eed);
  const limits = random() < 0.5 ? SMALL_LIMITS : OVERLAY_LIMITS;
  let judge: TreeJudge<TreeFrame> | undefined;
  const world = new TreeWorld<TreeFrame>(
    {
      seed: life.seed,
      topology: life.topology,
      network: someNetwork(life.hosts, life.seed, random),
      costs: SIMULATED_COSTS,
      times: OVERLAY_TIMES,
      limits,
      degree: life.degree,
      rootDegree: life.degree,
      controllerAbsenceMs: ABSENCE_MS,
      reportsKept: random() < 0.5 ? 40 : 100_000,
      deployMs: 1000,
      bytesOf: treeFrameBytes,
    },
    (made) => {
      const frames = new TreeFrameJudge(sightings, limits, () => made.time.now);
      judge = new TreeJudge(made, frames, sightings);
      return judge;
    },
  );
  demand(judge !== undefined, "a world has a judge");
  const isOpen = random() < 0.6;
  const settings = { hosts: life.hosts, hidden: isOpen ? 0 : 0.1, walled: isOpen ? 0 : 0.05 };
  return new Scene({ world, judge, sightings, random, settings });
}

function someNetwork(hosts: number, seed: number, random: Random): NetworkModel {
  const drawn = random();
  if (drawn < 0.4) return createLan(hosts + 1);
  return drawn < 0.8 ? createWan(hosts + 1, seed) : createTransitStub(hosts + 1, seed);
}

function trouble(scene: Scene<TreeFrame>, life: Life): void {
  const { world, random } = scene;
  const end = world.time.now + life.troubleMs;
  // The work of large trees costs as much for each of their hosts.
  const workEveryMs = WORK_EVERY_MS * Math.max(1, Math.sqrt(life.hosts / SMALL_HOSTS));
  let nextFault = world.time.now;
  while (world.time.now < end) {
    world.time.runUntil(Math.min(end, world.time.now + random() * 2 * workEveryMs));
    work(scene);
    if (world.time.now < nextFault || life.mix.length === 0) continue;
    nextFault = world.time.now + random() * 2 * FAULT_EVERY_MS;
    draw(life.mix, random).inject(scene);
  }
}

function draw(mix: readonly Fault[], random: Random): Fault {
  const sum = mix.reduce((total, { weight }) => total + weight, 0);
  let drawn = random() * sum;
  for (const fault of mix) {
    drawn -= fault.weight;
    if (drawn < 0) return fault;
  }
  const [first] = mix;
  if (first === undefined) throw new RangeError("a mix of no faults");
  return first;
}

function work(scene: Scene<TreeFrame>): void {
  const { random } = scene;
  if (!scene.world.controller.node.isDead && random() < 0.7) {
    const burst = random() < 0.1 ? 12 : 1;
    const share = random() < 0.5 ? 1 : random();
    for (let count = 0; count < burst; count += 1) scene.command(share);
  }
  if (random() < 0.2) bulkSome(scene);
  if (random() < FLOOD_CHANCE) flood(scene);
  const isCommon = random() < 0.5;
  for (const client of scene.several(0.3)) {
    const burst = random() < 0.1 ? 10 : 1;
    for (let count = 0; count < burst; count += 1) scene.report(client, isCommon);
  }
}

/** More at once than credits allow. */
function flood(scene: Scene<TreeFrame>): void {
  for (const client of scene.several(1)) {
    for (let count = 0; count < FLOOD_REPORTS; count += 1) scene.report(client, false);
  }
}

/** It may be lost with any link; what arrives has to be right. */
function bulkSome(scene: Scene<TreeFrame>): void {
  const client = scene.someone();
  if (client === undefined) return;
  client.bulk(scene.bytes("bulk"));
  if (!scene.world.controller.node.isDead) scene.world.controller.bulk(client.host, scene.bytes("bulk"));
}

/** L1, L3 */
function untilWhole(scene: Scene<TreeFrame>): number {
  const { world } = scene;
  const began = world.time.now;
  const dialsBefore = new Map([...world.clients].map(([rank, { dialCount }]) => [rank, dialCount]));
  let tookMs = 0;
  let lastMissing = "";
  // It may look whole for a dead interval although links are broken: it has to stay so.
  const missing = waitUntil(scene, WHOLE_MS_MAX + LOOKS_WHOLE_MS, () => {
    const found = whatIsMissing(scene);
    if (found !== undefined) {
      tookMs = world.time.now - began + LOOK_EVERY_MS;
      lastMissing = found;
    }
    return world.time.now - began - tookMs < LOOKS_WHOLE_MS ? lastMissing : undefined;
  });
  demand(missing === undefined, `${WHOLE_MS_MAX} ms after the last fault: ${missing ?? ""}`);
  for (const client of membersOf(scene)) {
    const dials = client.dialCount - (dialsBefore.get(client.rank) ?? 0);
    const allowed = DIALS_PER_S_MAX * (1 + tookMs / 1000);
    demand(dials <= allowed, `${nameOf(client)} has dialled ${dials} times in ${tookMs} ms`);
  }
  return tookMs;
}

function waitUntil(
  scene: Scene<TreeFrame>,
  ms: number,
  missing: () => string | undefined,
): string | undefined {
  const { time } = scene.world;
  const end = time.now + ms;
  let found = missing();
  while (found !== undefined && time.now < end) {
    time.runUntil(time.now + LOOK_EVERY_MS);
    found = missing();
  }
  return found;
}

/** A large tree of degree 2 is 20 deep: over a WAN and moving, it may not answer within the time that a goodbye has. */
function isOwed({ leaveTookMs }: VirtualClient<TreeFrame>): boolean {
  return leaveTookMs < OVERLAY_TIMES.leaveMs;
}

function isWanting(judge: TreeJudge<TreeFrame>, { rank }: VirtualClient<TreeFrame>): boolean {
  return judge.isWanted(rank) && judge.records.get(rank)?.state !== "left";
}

/** Some work more, some goodbyes, and then quiet. */
function finish(scene: Scene<TreeFrame>): void {
  const { world, judge } = scene;
  const leaving = membersOf(scene).filter(() => scene.random() < 0.05);
  scene.command(1);
  for (const client of membersOf(scene)) if (scene.random() < 0.3) scene.report(client, true);
  // What a forger has kept back comes again with the next value.
  if (scene.forgers.size > 0) for (const client of membersOf(scene)) client.sayLatest();
  for (const client of leaving) client.leave();
  const isLarge = scene.settings.hosts > LARGE_HOSTS;
  const arrivedMsMax = isLarge ? ARRIVED_LARGE_MS_MAX : ARRIVED_MS_MAX;
  const pending = waitUntil(scene, arrivedMsMax, () => whatIsPending(scene));
  demand(pending === undefined, `${arrivedMsMax} ms after the tree was whole: ${pending ?? ""}`);
  const before = judge.reparentings;
  const wait = waitUntil(scene, LEAVE_MS_MAX, () => {
    // Its farewell may be lost with its parent, who leaves, too: then it looks for another, to hear it there.
    const still = leaving.find((client) => client.isRunning || (isOwed(client) && isWanting(judge, client)));
    return still === undefined ? undefined : nameOf(still);
  });
  demand(
    wait === undefined,
    `${wait ?? ""} has said goodbye, and the root takes it for ${stateOf(scene, leaving)}`,
  );
  const settled = waitUntil(scene, WHOLE_MS_MAX, () => whatIsMissing(scene) ?? whatIsWrong(scene));
  demand(settled === undefined, `after goodbyes: ${settled ?? ""}`);
  const moves = judge.reparentings;
  world.time.runUntil(world.time.now + (isLarge ? STABLE_LARGE_MS : STABLE_MS));
  demand(judge.reparentings === moves, `the tree moves ${judge.reparentings - moves} times without a reason`);
  if (leaving.length === 0) demand(moves === before, "the tree moves without a reason");
  const missing = whatIsMissing(scene) ?? whatIsPending(scene) ?? whatIsWrong(scene);
  demand(missing === undefined, `in the quiet: ${missing ?? ""}`);
  const stale = waitUntil(scene, LATEST_MS_MAX, () => whatIsStale(scene));
  demand(stale === undefined, `${LATEST_MS_MAX} ms into the quiet: ${stale ?? ""}`);
  // Those that did not come back hold the others up until they are lost; in large trees they are given up at once.
  if (isLarge) dismissDead(scene);
  const isStable = (): boolean => judge.stable === judge.lastCommand;
  waitUntil(scene, OVERLAY_TIMES.lostGraceMs, () => (isStable() ? undefined : "stable"));
  demand(isStable(), `stable is ${judge.stable}, the last command ${judge.lastCommand}`);
}

function whatIsWrong(scene: Scene<TreeFrame>): string | undefined {
  try {
    demandExactView(scene);
    return undefined;
  } catch (error) {
    if (error instanceof BrokenPromise) return error.message;
    throw error;
  }
}

function dismissDead({ world, judge }: Scene<TreeFrame>): void {
  for (const { host, client } of [...judge.wanted()])
    if (client?.isRunning !== true) world.controller.dismiss(host);
}

function stateOf(scene: Scene<TreeFrame>, clients: readonly { readonly rank: number }[]): string {
  return [...new Set(clients.map(({ rank }) => scene.judge.records.get(rank)?.state ?? "unknown"))].join(
    ", ",
  );
}

/** The same life with as few kinds of faults as still break the promise. */
export function minimise(life: Life): { readonly life: Life; readonly reason: string } {
  let smallest = life;
  let reason = reasonOf(life);
  if (reason === undefined) return { life, reason: "it holds" };
  for (const fault of life.mix) {
    const mix = smallest.mix.filter((other) => other !== fault);
    const tried = { ...smallest, mix };
    const found = reasonOf(tried);
    if (found === undefined) continue;
    smallest = tried;
    reason = found;
  }
  return { life: smallest, reason };
}

function reasonOf(life: Life): string | undefined {
  try {
    playTreeLife(life);
    return undefined;
  } catch (error) {
    if (error instanceof BrokenPromise) return error.message;
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}
