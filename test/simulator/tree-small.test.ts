// Small trees, 3 to 12 hosts, under every fault: the whole list of rare things has to be seen in them.
import { describe, expect, test } from "vitest";
import { randTree } from "../../src-shared/overlay/rand-tree.ts";
import { lifeOfSeed } from "../../src-shared/simulator/life-of-seed.ts";
import { Sightings } from "../../src-shared/simulator/sightings.ts";
import { playTreeLife } from "../../src-shared/simulator/tree-scenario.ts";
import { liveAll, livesOf, partsOf } from "./tree-lives.ts";

const SEEDS = { from: 1, count: 1130 };
const HOSTS_MIN = 3;
const HOSTS_MAX = 12;
const hostsOf = (seed: number): number => HOSTS_MIN + (seed % (HOSTS_MAX - HOSTS_MIN + 1));

/** Whatever was never seen in so many lives is not tested: then the faults have to become harder. */
const SOMETIMES = [
  "a relay forges",
  "a root restarts while hosts are orphaned",
  "a subtree moves as one",
  "a zombie",
  "attached to a newer epoch",
  "bulk has arrived",
  "closed: it has lost its own parent",
  "closed: it may hang below us",
  "closed: no answer to the join",
  "closed: no news of the controller for n ms",
  "closed: nothing heard for n ms",
  "closed: replaced by a newer link of the same client",
  "closed: the controller has expelled it",
  "closed: the parent found no other within n ms",
  "distrusted: a beacon of another time",
  "distrusted: a beacon that the controller has not signed",
  "distrusted: a beacon that was here before",
  "distrusted: a receipt for reports that the controller has not given",
  "distrusted: bulk that the controller has not sent",
  "distrusted: expel that the controller has not signed",
  "expel",
  "farewell",
  "folded report",
  "hop credit exhausted",
  "insists on the root",
  "joins and cannot be dialled",
  "need",
  "orphaned: it broke the protocol: a command that the controller has not signed",
  "parked until the next beacon",
  "redirect",
  "refused: detached",
  "refused: full",
  "refused: infeasible",
  "refused: loop",
  "refused: unknown",
  "replay from a new parent",
  "resync",
  "root says left",
  "root says lost",
  "several edges in one frame",
];

describe("small trees", () => {
  const seen = new Sightings();

  test.each(partsOf(SEEDS, 100))("keep their promises, seeds from $from", (part) => {
    seen.add(liveAll(livesOf(part, hostsOf)));
  });

  test("have seen everything that is rare", () => {
    expect(seen.missing(SOMETIMES)).toEqual([]);
  });

  test("live the same life from the same seed, another from another", () => {
    const hashOf = (seed: number): number => playTreeLife(lifeOfSeed(seed, HOSTS_MAX, randTree)).hash;
    const hashes = [11, 12, 13].map(hashOf);
    expect([11, 12, 13].map(hashOf)).toEqual(hashes);
    expect(new Set(hashes).size).toBe(hashes.length);
  });
});
