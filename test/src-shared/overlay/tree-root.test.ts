// The root of the tree by itself: what it makes of an earlier one's records.
import { expect, test } from "vitest";
import { hostIdOf } from "../../../src-shared/base/ids.ts";
import { OVERLAY_LIMITS, OVERLAY_TIMES } from "../../../src-shared/overlay/overlay.ts";
import { randTree } from "../../../src-shared/overlay/rand-tree.ts";
import { star } from "../../../src-shared/overlay/star.ts";
import { TAG_BYTES, type RootRecord } from "../../../src-shared/overlay/topology.ts";
import { createRootSeals } from "../../../src-shared/simulator/simulated-seals.ts";

const rootWith = (records: readonly RootRecord[]): ReturnType<typeof randTree.createRoot> =>
  randTree.createRoot({
    protocol: 1,
    epoch: 2,
    degree: 2,
    times: OVERLAY_TIMES,
    limits: OVERLAY_LIMITS,
    seals: createRootSeals(1),
    records,
  });

const invited = (rank: number, start: number): RootRecord => ({
  kind: "invited",
  host: hostIdOf(`node${String(rank)}`),
  incarnation: 1,
  rank,
  start,
});

test("whoever was lost long ago costs nothing when the members are looked at", () => {
  const chain = new Uint8Array(TAG_BYTES);
  // To count that far would take weeks.
  const stable = 2 ** 50;
  const targets = [2, 2];
  const root = rootWith([
    invited(1, 0),
    invited(2, stable),
    { kind: "ended", rank: 1, as: "lost" },
    { kind: "command", sequence: stable + 1, targets, payload: new Uint8Array(1) },
    { kind: "command", sequence: stable + 2, targets, payload: new Uint8Array(1) },
    { kind: "stable", sequence: stable, chain },
  ]);
  expect(root.members()).toMatchObject([
    { host: "node1", state: "lost", pendingCommands: 0 },
    { host: "node2", state: "orphaned", pendingCommands: 2 },
  ]);
});

test.each([star, randTree])(
  "$name: since when a member is what it is, is a moment and not a duration",
  (topology) => {
    const settings = { protocol: 1, epoch: 1, degree: 2, times: OVERLAY_TIMES, limits: OVERLAY_LIMITS };
    const root = topology.createRoot({ ...settings, seals: createRootSeals(1), records: [] });
    const at = (now: number) => ({ now, random: () => 0.5 });
    root.step({ kind: "invite", host: hostIdOf("node1"), incarnation: 1, rank: 1 }, at(5000));
    root.step({ kind: "timer", name: "beacon" }, at(9000));
    expect(root.members()).toMatchObject([{ state: "invited", since: 5000 }]);
  },
);
