// Commands for single hosts: their bodies go where they are meant to go, and nowhere else.
import { expect, test } from "vitest";
import { hostIdOf } from "../../src-shared/base/ids.ts";
import { randTree } from "../../src-shared/overlay/rand-tree.ts";
import { createScene } from "../../src-shared/simulator/tree-scenario.ts";
import { whatIsMissing, whatIsPending } from "../../src-shared/simulator/tree-verdict.ts";

const DEGREE = 4;
const BUILD_MS = 20_000;
const WORK_MS = 10_000;

/** Deeper than the planned tree is: some hosts are passed over when they are slow to come. */
const depthMaxOf = (hosts: number): number => 2 * Math.ceil(Math.log(hosts) / Math.log(DEGREE));

test.each([12, 40, 200])("one command for each of %i hosts costs each the way to it", (hosts) => {
  const life = { seed: 7, hosts, degree: DEGREE, mix: [], topology: randTree, troubleMs: 0 };
  const scene = createScene(life);
  const { world, judge, sightings } = scene;
  for (let place = 1; place <= hosts; place += 1) scene.start(place);
  world.time.runUntil(BUILD_MS);
  expect(whatIsMissing(scene)).toBeUndefined();
  const before = { bodies: sightings.count("body"), headers: sightings.count("headers") };
  expect(before.bodies).toBe(0);
  for (let place = 1; place <= hosts; place += 1) {
    world.controller.command([hostIdOf(`node${place}`)], new Uint8Array([place]));
    world.time.runUntil(world.time.now + 5);
  }
  world.time.runUntil(world.time.now + WORK_MS);
  expect(whatIsPending(scene)).toBeUndefined();
  expect(judge.lastCommand).toBe(hosts);
  expect(judge.stable).toBe(hosts);
  const bodies = sightings.count("body");
  expect(bodies).toBeGreaterThanOrEqual(hosts);
  expect(bodies).toBeLessThanOrEqual(hosts * depthMaxOf(hosts));
  // Held back until there are many, or a beacon goes down anyway: not one frame for each command and host.
  expect(sightings.count("headers")).toBeLessThan(hosts * (hosts / 4 + 10));
});
