// How long frames travel between the hosts of a simulated world: a LAN, a WAN, the globe, and a transit-stub internet in the
// spirit of ModelNet, in which each pipe on the way has a latency and a bandwidth of its own. Place 0 is the root.
import { createRandom } from "../base/random.ts";
import type { Random } from "../base/random.ts";

export interface NetworkModel {
  readonly name: string;
  /** One way, without jitter and queueing. */
  latencyMs(from: number, to: number): number;
  /** When a frame that starts at `at` has wholly arrived; takes its share of the pipes on the way. */
  arrivesAt(frame: Passage): number;
}

export interface Passage {
  readonly from: number;
  readonly to: number;
  readonly bytes: number;
  readonly at: number;
  /** Waits behind everything else on its way; the rest does not wait for it. */
  readonly bulk: boolean;
  readonly random: Random;
}

/** Bytes in a millisecond. */
const MEGABIT = 125;
const GIGABIT = 125_000;

class Pipe {
  readonly latencyMs: number;
  readonly #bytesPerMs: number;
  /** Free for urgent frames, and for bulk, from then on. */
  #free = 0;
  #bulkFree = 0;

  constructor(latencyMs: number, bytesPerMs: number) {
    this.latencyMs = latencyMs;
    this.#bytesPerMs = bytesPerMs;
  }

  pass(bytes: number, at: number, bulk: boolean): number {
    const starts = Math.max(at, this.#free, bulk ? this.#bulkFree : 0);
    const ends = starts + bytes / this.#bytesPerMs;
    if (bulk) this.#bulkFree = ends;
    else this.#free = ends;
    return ends + this.latencyMs;
  }
}

/** Hosts on one switch: 0.1 ms, 1 Gb/s each. */
export function createLan(places: number): NetworkModel {
  const uplinks = Array.from({ length: places }, () => new Pipe(0, GIGABIT));
  const latencyMs = 0.1;
  return {
    name: "lan",
    latencyMs: () => latencyMs,
    arrivesAt: ({ from, bytes, at, bulk, random }) => {
      const jitterMs = random() * latencyMs;
      return (uplinks[from]?.pass(bytes, at, bulk) ?? at) + latencyMs + jitterMs;
    },
  };
}

/** Programs on one computer: what they say is there at once; what takes time is the processors that they share. */
export function createLoopback(): NetworkModel {
  const latencyMs = 0.02;
  return { name: "loopback", latencyMs: () => latencyMs, arrivesAt: ({ at }) => at + latencyMs };
}

/** Points on a plane: up to 80 ms one way, 100 Mb/s each, one frame in a hundred is late by up to as much again. */
export function createWan(places: number, seed: number): NetworkModel {
  const random = createRandom(seed);
  const sideMs = 55;
  const uplinks = Array.from({ length: places }, () => new Pipe(0, 100 * MEGABIT));
  const x = uplinks.map(() => random() * sideMs);
  const y = uplinks.map(() => random() * sideMs);
  const latencyMs = (from: number, to: number): number =>
    1 + Math.hypot((x[from] ?? 0) - (x[to] ?? 0), (y[from] ?? 0) - (y[to] ?? 0));
  return {
    name: "wan",
    latencyMs,
    arrivesAt: ({ from, to, bytes, at, bulk, random: draw }) => {
      const base = latencyMs(from, to);
      const jitterMs = draw() < 0.01 ? draw() * base : draw() * 0.05 * base;
      return (uplinks[from]?.pass(bytes, at, bulk) ?? at) + base + jitterMs;
    },
  };
}

/** Degrees, WGS 84. */
export interface GlobePlace {
  readonly latitude: number;
  readonly longitude: number;
}

const EARTH_KM = 6371;
/** Light in glass, on ways that are half as long again as the shortest. */
const KM_PER_MS = 200 / 1.5;
/** From a host to where the long way begins, with both ends' routers. */
const ACCESS_MS = 0.5;

/**
 * Hosts where they stand on the globe, 100 Mb/s each: up to 150 ms one way, and as on the WAN above one frame in a
 * hundred is late. Those without a place stand on one switch together. Places may come while it is in use.
 */
export function createGlobe(placeOf: (place: number) => GlobePlace | undefined): NetworkModel {
  const lan = 0.1;
  const uplinks = new Map<number, Pipe>();
  const uplinkOf = (place: number): Pipe => {
    const known = uplinks.get(place);
    if (known !== undefined) return known;
    const made = new Pipe(0, placeOf(place) === undefined ? GIGABIT : 100 * MEGABIT);
    uplinks.set(place, made);
    return made;
  };
  const latencyMs = (from: number, to: number): number => {
    const here = placeOf(from);
    const there = placeOf(to);
    return here === undefined || there === undefined ? lan : ACCESS_MS + kmBetween(here, there) / KM_PER_MS;
  };
  return {
    name: "globe",
    latencyMs,
    arrivesAt: ({ from, to, bytes, at, bulk, random: draw }) => {
      const base = latencyMs(from, to);
      const jitterMs = draw() < 0.01 ? draw() * base : draw() * 0.05 * base;
      return uplinkOf(from).pass(bytes, at, bulk) + base + jitterMs;
    },
  };
}

/** Along a great circle. */
function kmBetween(one: GlobePlace, other: GlobePlace): number {
  const radians = (degrees: number): number => (degrees * Math.PI) / 180;
  const north = Math.sin(radians(other.latitude - one.latitude) / 2);
  const east = Math.sin(radians(other.longitude - one.longitude) / 2);
  const cosines = Math.cos(radians(one.latitude)) * Math.cos(radians(other.latitude));
  return 2 * EARTH_KM * Math.asin(Math.min(1, Math.sqrt(north * north + cosines * east * east)));
}

export interface TransitStubSettings {
  readonly transits: number;
  readonly stubsPerTransit: number;
}

export const TRANSIT_STUB_DEFAULTS: TransitStubSettings = { transits: 8, stubsPerTransit: 6 };

/**
 * A ring of transit routers with random chords (10 to 40 ms, 1 Gb/s), stub networks below each of them (1 to 10 ms,
 * 100 Mb/s), hosts in the stubs (0.1 to 2 ms, 10 or 100 Mb/s): GT-ITM's shape, which ModelNet was fed with.
 */
export function createTransitStub(
  places: number,
  seed: number,
  settings: TransitStubSettings = TRANSIT_STUB_DEFAULTS,
): NetworkModel {
  const random = createRandom(seed);
  const { transits, stubsPerTransit } = settings;
  const between = (least: number, most: number): number => least + random() * (most - least);
  const core = transitCore(transits, random);
  const stubs = Array.from({ length: transits * stubsPerTransit }, (_, place) => ({
    transit: Math.floor(place / stubsPerTransit),
    ...bothWays(between(1, 10), 100 * MEGABIT),
  }));
  const hosts = Array.from({ length: places }, () => ({
    stub: Math.floor(random() * stubs.length),
    ...bothWays(between(0.1, 2), random() < 0.5 ? 10 * MEGABIT : 100 * MEGABIT),
  }));
  /** The pipes on the way. */
  const route = (from: number, to: number): readonly Pipe[] => {
    const here = hosts[from];
    const there = hosts[to];
    if (here === undefined || there === undefined) return [];
    if (here.stub === there.stub) return [here.up, there.down];
    const out = stubs[here.stub];
    const back = stubs[there.stub];
    if (out === undefined || back === undefined) return [];
    return [here.up, out.up, ...core(out.transit, back.transit), back.down, there.down];
  };
  return {
    name: "transit-stub",
    latencyMs: (from, to) => route(from, to).reduce((sum, pipe) => sum + pipe.latencyMs, 0),
    arrivesAt: ({ from, to, bytes, at, bulk }) =>
      route(from, to).reduce((time, pipe) => pipe.pass(bytes, time, bulk), at),
  };
}

function bothWays(latencyMs: number, bytesPerMs: number): { readonly up: Pipe; readonly down: Pipe } {
  return { up: new Pipe(latencyMs, bytesPerMs), down: new Pipe(latencyMs, bytesPerMs) };
}

/** Shortest ways between transit routers (Floyd and Warshall), as the pipes along them. */
function transitCore(transits: number, random: Random): (from: number, to: number) => readonly Pipe[] {
  const pipes = new Map<number, Pipe>();
  const key = (from: number, to: number): number => from * transits + to;
  const join = (a: number, b: number): void => {
    if (a === b || pipes.has(key(a, b))) return;
    const { up, down } = bothWays(10 + random() * 30, GIGABIT);
    pipes.set(key(a, b), up);
    pipes.set(key(b, a), down);
  };
  for (let router = 0; router < transits; router += 1) {
    join(router, (router + 1) % transits);
    if (random() < 0.5) join(router, Math.floor(random() * transits));
  }
  const ways = new Map<number, readonly Pipe[]>();
  const length = (way: readonly Pipe[] | undefined): number =>
    way === undefined ? Infinity : way.reduce((sum, pipe) => sum + pipe.latencyMs, 0);
  for (let router = 0; router < transits; router += 1) ways.set(key(router, router), []);
  for (const [place, pipe] of pipes) ways.set(place, [pipe]);
  for (let via = 0; via < transits; via += 1) {
    for (let pair = 0; pair < transits * transits; pair += 1) {
      const from = Math.floor(pair / transits);
      const to = pair % transits;
      const first = ways.get(key(from, via));
      const second = ways.get(key(via, to));
      if (first === undefined || second === undefined) continue;
      if (length(first) + length(second) < length(ways.get(pair))) ways.set(pair, [...first, ...second]);
    }
  }
  return (from, to) => ways.get(key(from, to)) ?? [];
}
