// The root of the star: admission, replacement of links, leases, exactly-once delivery, membership, hostile clients.
import { describe, expect, test } from "vitest";
import { hostIdOf } from "../../../src-shared/base/ids.ts";
import { OVERLAY_TIMES } from "../../../src-shared/overlay/overlay.ts";
import type { StarFrame } from "../../../src-shared/overlay/star-frames.ts";
import { ROOT_RANK } from "../../../src-shared/overlay/topology.ts";
import { closedBy, framesOf, HOST, RANK, RootBench } from "./star-bench.ts";
import type { RootEffect } from "./star-bench.ts";

const PAYLOAD = new Uint8Array([1]);
const STRANGER = hostIdOf("stranger");
const report = (sequence: number, skips = 0): StarFrame => ({
  t: "report",
  sequence,
  skips,
  payload: PAYLOAD,
});
const alive = (have = 0): StarFrame => ({ t: "alive", have });

function membershipOf(effects: readonly RootEffect[]): string[] {
  return effects.flatMap((effect) =>
    effect.kind === "membership" ? [`${effect.incarnation} ${effect.state}`] : [],
  );
}

function reportsOf(effects: readonly RootEffect[]): number[] {
  return effects.flatMap((effect) => (effect.kind === "report" ? [effect.sequence] : []));
}

function command(bench: RootBench, hosts = [HOST]): RootEffect[] {
  return bench.step({ kind: "command", targets: hosts, payload: PAYLOAD });
}

function commandsOf(effects: readonly RootEffect[]): number[] {
  return framesOf(effects).flatMap((frame) => (frame.t === "command" ? [frame.sequence] : []));
}

describe("admission", () => {
  test("accepts whom it invited", () => {
    const bench = new RootBench();
    const effects = bench.attach();
    expect(framesOf(effects)).toEqual([{ t: "accept", epoch: 1, reportsHave: 0, path: [ROOT_RANK, RANK] }]);
    expect(membershipOf(effects)).toEqual(["3 attached"]);
    expect(bench.core.linkTo(HOST)).toBe(1);
    expect(bench.core.members()).toMatchObject([
      { host: HOST, state: "attached", incarnation: 3, rank: RANK, depth: 1 },
    ]);
  });

  test("refuses strangers, other protocols, older incarnations and clients that have forgotten", () => {
    const bench = new RootBench();
    expect(framesOf(bench.step({ kind: "linkUp", link: 9, peer: 99 }))).toMatchObject([{ why: "unknown" }]);
    bench.invite(2, RANK - 1);
    bench.invite();
    expect(framesOf(bench.join(1, { protocol: 99 }))).toMatchObject([{ why: "version" }]);
    expect(framesOf(bench.step({ kind: "linkUp", link: 2, peer: RANK - 1 }))).toMatchObject([
      { why: "older" },
    ]);
    expect(framesOf(bench.join(3, { have: 1 }))).toMatchObject([{ why: "older" }]);
    bench.join(4);
    command(bench);
    bench.hear(4, alive(1));
    expect(framesOf(bench.join(5, { have: 0 }))).toMatchObject([{ why: "older" }]);
    expect(bench.core.linkTo(HOST)).toBe(4);
  });

  test("closes a link that does not join in time, and the first of two that have not", () => {
    const bench = new RootBench();
    bench.invite();
    bench.step({ kind: "linkUp", link: 1, peer: RANK });
    expect(closedBy(bench.step({ kind: "linkUp", link: 2, peer: RANK }))).toEqual([
      "1: another link of the same host",
    ]);
    const checkMs = 250;
    expect(closedBy(bench.pass(OVERLAY_TIMES.joinMs + checkMs))).toEqual(["2: no join within 2500 ms"]);
  });

  test("lets a newer link of the same client replace the older one", () => {
    const bench = new RootBench();
    bench.attach();
    const effects = bench.join(2);
    expect(closedBy(effects)).toEqual(["1: replaced by a newer link of the same host"]);
    expect(membershipOf(effects)).toEqual(["3 orphaned", "3 attached"]);
    expect(bench.core.linkTo(HOST)).toBe(2);
    expect(bench.hear(1, report(1))).toEqual([]);
    expect(bench.step({ kind: "linkDown", link: 1, reason: "reset" })).toEqual([]);
  });

  test("does not let a delayed join displace a newer link", () => {
    const bench = new RootBench();
    bench.invite();
    bench.join(2, { attempt: 2 });
    expect(closedBy(bench.join(1, { attempt: 1 }))).toEqual(["1: a join that was overtaken by a newer one"]);
    expect(bench.core.linkTo(HOST)).toBe(2);
  });

  test("lets a newer incarnation take over, with nothing of the older one", () => {
    const bench = new RootBench();
    bench.attach();
    command(bench);
    bench.hear(1, report(1));
    const effects = [...bench.invite(4, 6), ...bench.join(2, { rank: 6, attempt: 1 })];
    expect(framesOf(effects)).toEqual([
      { t: "refuse", why: "older", backoffMs: 0 },
      { t: "accept", epoch: 1, reportsHave: 0, path: [ROOT_RANK, 6] },
    ]);
    expect(membershipOf(effects)).toEqual(["4 attached"]);
    expect(reportsOf(bench.hear(2, report(1)))).toEqual([1]);
  });

  test("keeps commands for an incarnation that is invited and still to come", () => {
    const bench = new RootBench();
    bench.attach();
    command(bench);
    const invited = bench.invite(4, 6);
    expect(framesOf(invited)).toEqual([{ t: "refuse", why: "older", backoffMs: 0 }]);
    expect(membershipOf(invited)).toEqual([]);
    command(bench);
    expect(framesOf(bench.step({ kind: "linkUp", link: 2, peer: RANK }))).toMatchObject([{ why: "older" }]);
    expect(commandsOf(bench.join(3, { rank: 6, attempt: 1 }))).toEqual([1]);
  });

  test("forgets a dismissed host without further news of it", () => {
    const bench = new RootBench();
    bench.attach();
    const effects = bench.step({ kind: "dismiss", host: HOST });
    expect(framesOf(effects)).toEqual([{ t: "refuse", why: "unknown", backoffMs: 0 }]);
    expect(membershipOf(effects)).toEqual([]);
    expect(bench.core.members()).toEqual([]);
    expect(framesOf(bench.join(2))).toMatchObject([{ why: "unknown" }]);
  });
});

describe("leases", () => {
  test("are kept by answers to beacons", () => {
    const bench = new RootBench();
    bench.attach();
    for (let second = 1; second < 30; second += 1) {
      const beacons = framesOf(bench.pass(OVERLAY_TIMES.beaconMs));
      expect(beacons).toEqual([{ t: "beacon", epoch: 1, beacon: second, reportsHave: 0 }]);
      bench.hear(1, alive());
    }
    expect(bench.core.members()).toMatchObject([{ state: "attached" }]);
  });

  test("measure round trips by the answers, and say so with the next beacon", () => {
    const bench = new RootBench();
    bench.attach();
    bench.pass(OVERLAY_TIMES.beaconMs);
    bench.pass(30);
    bench.hear(1, alive());
    bench.hear(1, { t: "alive", have: 0, to: 1 });
    expect(framesOf(bench.pass(OVERLAY_TIMES.beaconMs - 30))).toEqual([
      { t: "beacon", epoch: 1, beacon: 2, reportsHave: 0, trip: { beacon: 1, us: 30_000 } },
    ]);
  });

  test("are held while the root is cut off: what is orphaned is lost so much later", () => {
    const bench = new RootBench();
    bench.attach();
    bench.step({ kind: "linkDown", link: 1, reason: "reset" });
    bench.pass(OVERLAY_TIMES.lostGraceMs - 1000);
    bench.step({ kind: "hold", ms: 20_000 });
    expect(membershipOf(bench.pass(20_000))).toEqual([]);
    expect(membershipOf(bench.pass(2000))).toEqual(["3 lost"]);
  });

  test("run out in silence: orphaned, then lost, and attached again when it comes back", () => {
    const bench = new RootBench();
    bench.attach();
    expect(membershipOf(bench.pass(2999))).toEqual([]);
    expect(membershipOf(bench.pass(251))).toEqual(["3 orphaned"]);
    expect(membershipOf(bench.pass(29_700))).toEqual([]);
    expect(membershipOf(bench.pass(251))).toEqual(["3 lost"]);
    expect(membershipOf(bench.join(2))).toEqual(["3 attached"]);
  });

  test("do not run while the root itself is held up", () => {
    const bench = new RootBench();
    bench.attach();
    bench.now = 20_000;
    bench.step({ kind: "lagged", ms: 20_000 });
    expect(membershipOf(bench.pass(OVERLAY_TIMES.afterLagMs - 1))).toEqual([]);
    bench.hear(1, alive());
    expect(membershipOf(bench.pass(2999))).toEqual([]);
  });
});

describe("commands", () => {
  test("wait for the first join, go out in a window, go again after a new link", () => {
    const bench = new RootBench({ commandWindow: 2 });
    bench.invite();
    for (let count = 0; count < 4; count += 1)
      expect(framesOf(command(bench, [HOST, HOST, STRANGER]))).toEqual([]);
    expect(commandsOf(bench.join(1))).toEqual([1, 2]);
    expect(commandsOf(bench.hear(1, alive(1)))).toEqual([3]);
    bench.step({ kind: "linkDown", link: 1, reason: "reset" });
    expect(commandsOf(bench.join(2, { have: 2 }))).toEqual([3, 4]);
    bench.hear(2, alive(4));
    expect(bench.core.members()).toMatchObject([{ pendingCommands: 0 }]);
  });

  test("that nobody takes are not kept for ever: the host is given up", () => {
    const bench = new RootBench({ commandsKept: 3 });
    bench.attach();
    for (let count = 0; count < 3; count += 1) command(bench);
    const effects = command(bench);
    expect(membershipOf(effects)).toEqual(["3 lost"]);
    expect(framesOf(effects)).toMatchObject([{ why: "unknown" }]);
    expect(framesOf(bench.join(2))).toMatchObject([{ why: "unknown" }]);
    expect(command(bench)).toEqual([]);
    bench.invite(4, 6);
    expect(framesOf(bench.join(3, { rank: 6 }))).toMatchObject([{ t: "accept" }]);
  });
});

describe("reports", () => {
  test("arrive once and in order, whatever is repeated", () => {
    const bench = new RootBench();
    bench.attach();
    const arrived = [report(1), report(1), report(2)].flatMap((frame) => reportsOf(bench.hear(1, frame)));
    bench.step({ kind: "linkDown", link: 1, reason: "reset" });
    expect(framesOf(bench.join(2))).toMatchObject([{ t: "accept", reportsHave: 2 }]);
    arrived.push(...[report(2), report(3)].flatMap((frame) => reportsOf(bench.hear(2, frame))));
    expect(arrived).toEqual([1, 2, 3]);
  });

  test("may skip what the outbox dropped, but nothing else", () => {
    const bench = new RootBench();
    bench.attach();
    expect(reportsOf(bench.hear(1, report(5, 4)))).toEqual([5]);
    expect(closedBy(bench.hear(1, report(7)))).toEqual(["1: report 7 after 5"]);
  });

  test("are acknowledged together after a moment, at once when many, and by each beacon", () => {
    const bench = new RootBench();
    bench.attach();
    bench.hear(1, report(1));
    bench.hear(1, report(2));
    expect(framesOf(bench.pass(OVERLAY_TIMES.acknowledgeMs))).toEqual([{ t: "acknowledge", reportsHave: 2 }]);
    const said = [];
    for (let sequence = 3; sequence <= 66; sequence += 1)
      said.push(...framesOf(bench.hear(1, report(sequence))));
    expect(said).toEqual([{ t: "acknowledge", reportsHave: 66 }]);
    bench.pass(OVERLAY_TIMES.beaconMs - OVERLAY_TIMES.acknowledgeMs - 1);
    bench.hear(1, report(67));
    expect(framesOf(bench.pass(1))).toMatchObject([{ t: "beacon", reportsHave: 67 }]);
  });
});

test("the latest of a host is told, an older one is not, and a newer client begins anew", () => {
  const bench = new RootBench();
  bench.attach();
  const told = (number: number): unknown[] =>
    bench.hear(1, { t: "latest", number, payload: PAYLOAD }).filter(({ kind }) => kind === "latest");
  expect(told(2)).toEqual([{ kind: "latest", host: HOST, incarnation: 3, payload: PAYLOAD }]);
  expect(told(2)).toEqual([]);
  expect(told(1)).toEqual([]);
  expect(told(3)).toHaveLength(1);
});

describe("leaving", () => {
  test("is no failure, and is heard again by whoever missed the answer", () => {
    const bench = new RootBench();
    bench.attach();
    const effects = bench.hear(1, { t: "leave" });
    expect(membershipOf(effects)).toEqual(["3 left"]);
    expect(framesOf(effects)).toEqual([{ t: "leave" }]);
    expect(membershipOf(bench.pass(60_000))).toEqual([]);
    expect(framesOf(bench.join(2))).toEqual([{ t: "leave" }]);
    expect(command(bench)).toEqual([]);
  });
});

test.each<[string, StarFrame]>([
  ["an acknowledgement of what was never sent", alive(1)],
  ["a gap in the reports", report(2)],
  ["a beacon", { t: "beacon", epoch: 9, beacon: 1, reportsHave: 0 }],
  ["an accept", { t: "accept", epoch: 1, reportsHave: 0, path: [] }],
  ["a command", { t: "command", sequence: 1, payload: PAYLOAD }],
  ["a second join", { t: "join", protocol: 7, attempt: 9, have: 0 }],
])("%s costs the client its link and nobody else anything", (_name, frame) => {
  const bench = new RootBench();
  bench.attach();
  const other = hostIdOf("node2");
  bench.step({ kind: "invite", host: other, incarnation: 1, rank: 8 });
  bench.step({ kind: "linkUp", link: 5, peer: 8 });
  bench.hear(5, { t: "join", protocol: 7, attempt: 1, have: 0 });
  const effects = bench.hear(1, frame);
  expect(closedBy(effects)).toHaveLength(1);
  expect(membershipOf(effects)).toEqual(["3 orphaned"]);
  expect(bench.core.linkTo(other)).toBe(5);
});

test("frames before the join close the link", () => {
  const bench = new RootBench();
  bench.invite();
  bench.step({ kind: "linkUp", link: 1, peer: RANK });
  expect(closedBy(bench.hear(1, report(1)))).toEqual(["1: report before the join was accepted"]);
});
