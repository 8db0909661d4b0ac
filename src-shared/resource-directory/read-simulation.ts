// Reads what a manager of simulated hosts says of them, and gives them places in the world where it names none.
import { readChoice, readCount } from "../application/element-reader.ts";
import type { ProblemList } from "../application/problem-list.ts";
import { attributeOf, type XmlElement } from "../application/xml-document.ts";
import { createRandom } from "../base/random.ts";
import { SIMULATED_NETWORKS, type HostEntry, type Simulation } from "./resource-directory.ts";

export const SIMULATED = "simulated";
export const SIMULATION_ATTRIBUTES = ["network", "seed", "failures_per_hour"];

const SEED_MAX = 4_294_967_295;
/** Ten a second: more than any tree is given in a test of it. */
const FAILURES_PER_HOUR_MAX = 36_000;

/** Undefined for hosts that are real. */
export function readSimulation(
  element: XmlElement,
  type: string,
  problems: ProblemList,
): Simulation | undefined {
  if (type !== SIMULATED) {
    for (const name of SIMULATION_ATTRIBUTES) {
      const attribute = attributeOf(element, name);
      if (attribute === undefined) continue;
      const message = `${name} has an effect on simulated resource managers only`;
      problems.warning(attribute.nameSpan.start, message, "Delete it.");
    }
    return undefined;
  }
  return {
    manager: element.span.start,
    network: readChoice(element, "network", SIMULATED_NETWORKS, "lan", problems),
    seed: readCount(element, "seed", { fallback: 1, max: SEED_MAX }, problems),
    failuresPerHour: readCount(
      element,
      "failures_per_hour",
      { fallback: 0, max: FAILURES_PER_HOUR_MAX },
      problems,
    ),
  };
}

/** On a wide-area network every host stands somewhere: drawn by the seed, and by its place in its manager. */
export function placeOfIndex(
  simulation: Simulation | undefined,
  index: number,
): Pick<HostEntry, "site" | "latitude" | "longitude"> | undefined {
  if (simulation?.network !== "wan") return undefined;
  const draw = createRandom(Math.imul(simulation.seed, 7919) + index)();
  const [site, latitude, longitude] = SITES[Math.floor(draw * SITES.length)] ?? NOWHERE;
  return { site, latitude, longitude };
}

const NOWHERE = ["", 0, 0] as const;

/** Places with universities, spread as PlanetLab's were: half of them in North America, a third in Europe. */
const SITES: readonly (readonly [string, number, number])[] = [
  ["San Diego", 32.88, -117.23],
  ["Williamstown", 42.71, -73.2],
  ["Seattle", 47.65, -122.31],
  ["Berkeley", 37.87, -122.26],
  ["Salt Lake City", 40.76, -111.85],
  ["Houston", 29.72, -95.4],
  ["Austin", 30.28, -97.73],
  ["Chicago", 41.79, -87.6],
  ["Ann Arbor", 42.28, -83.74],
  ["Atlanta", 33.77, -84.4],
  ["Durham", 36, -78.94],
  ["Pittsburgh", 40.44, -79.94],
  ["Princeton", 40.34, -74.65],
  ["New York", 40.81, -73.96],
  ["Boston", 42.36, -71.09],
  ["Toronto", 43.66, -79.4],
  ["Vancouver", 49.26, -123.25],
  ["Mexico City", 19.33, -99.19],
  ["São Paulo", -23.56, -46.73],
  ["Santiago", -33.46, -70.66],
  ["London", 51.51, -0.13],
  ["Cambridge", 52.2, 0.12],
  ["Dublin", 53.34, -6.25],
  ["Paris", 48.84, 2.35],
  ["Amsterdam", 52.36, 4.95],
  ["Zürich", 47.38, 8.54],
  ["Berlin", 52.51, 13.33],
  ["Madrid", 40.45, -3.73],
  ["Pisa", 43.72, 10.4],
  ["Warsaw", 52.22, 21.01],
  ["Helsinki", 60.17, 24.95],
  ["Athens", 37.97, 23.73],
  ["Tel Aviv", 32.11, 34.8],
  ["Nairobi", -1.28, 36.82],
  ["Cape Town", -33.96, 18.46],
  ["Mumbai", 19.13, 72.92],
  ["Singapore", 1.3, 103.77],
  ["Beijing", 40, 116.33],
  ["Seoul", 37.46, 126.95],
  ["Tokyo", 35.71, 139.76],
  ["Sydney", -33.89, 151.19],
  ["Auckland", -36.85, 174.77],
];
