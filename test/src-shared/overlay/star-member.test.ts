// The member of the star: joining, leases, exactly-once commands, windows of reports, absence, leaving, hostile roots.
import { describe, expect, test } from "vitest";
import { OVERLAY_TIMES } from "../../../src-shared/overlay/overlay.ts";
import type { StarFrame } from "../../../src-shared/overlay/star-frames.ts";
import { ROOT_RANK } from "../../../src-shared/overlay/topology.ts";
import { CANDIDATES, closedBy, framesOf, MemberBench, PROTOCOL, RANK } from "./star-bench.ts";
import type { MemberEffect } from "./star-bench.ts";

const PAYLOAD = new Uint8Array([1]);
const command = (sequence: number): StarFrame => ({ t: "command", sequence, payload: PAYLOAD });
const beacon = (number: number, reportsHave = 0): StarFrame => ({
  t: "beacon",
  epoch: 1,
  beacon: number,
  reportsHave,
});
const kinds = (effects: readonly MemberEffect[]): string[] => effects.map(({ kind }) => kind);

describe("joining", () => {
  test("dials, joins, is attached", () => {
    const bench = new MemberBench();
    expect(bench.step({ kind: "start" })).toEqual([{ kind: "dial", link: 1, to: CANDIDATES[0] }]);
    const join = { t: "join", protocol: PROTOCOL, attempt: 1, have: 0 };
    expect(framesOf(bench.up(1))).toEqual([join]);
    expect(bench.core.attached).toBe(false);
    const path = [ROOT_RANK, RANK];
    expect(bench.hear(1, { t: "accept", epoch: 1, reportsHave: 0, path })).toEqual([
      { kind: "attached", parent: ROOT_RANK, path },
    ]);
    expect(bench.core).toMatchObject({ attached: true, parent: 1, path, children: [] });
  });

  test("tries the candidates in turn, ever slower, and gives each more time", () => {
    const bench = new MemberBench();
    bench.step({ kind: "start" });
    const dials: [number, string][] = [];
    for (const effect of bench.pass(35_000))
      if (effect.kind === "dial") dials.push([bench.now, effect.to.address]);
    expect(dials.map(([, address]) => address)).toEqual(["second", "first", "second", "first"]);
  });

  test("is abandoned when nobody answers for the absence allowed", () => {
    const bench = new MemberBench();
    bench.step({ kind: "start" });
    expect(bench.pass(59_999).map(({ kind }) => kind)).not.toContain("abandoned");
    expect(bench.pass(1).at(-1)).toEqual({ kind: "abandoned", reason: "no controller for 60000 ms" });
    expect(bench.timers.size).toBe(0);
    expect(bench.step({ kind: "start" })).toEqual([]);
  });

  test.each(["unknown", "older", "version"] as const)("ends when refused as %s", (why) => {
    const bench = new MemberBench();
    bench.step({ kind: "start" });
    bench.up(1);
    expect(kinds(bench.hear(1, { t: "refuse", why, backoffMs: 0 }))).toEqual(["close", "abandoned"]);
  });

  test("comes back when the root is busy", () => {
    const bench = new MemberBench();
    bench.step({ kind: "start" });
    bench.up(1);
    expect(kinds(bench.hear(1, { t: "refuse", why: "busy", backoffMs: 500 }))).toEqual(["close"]);
    expect(bench.pass(549)).toEqual([]);
    expect(bench.pass(1)).toEqual([{ kind: "dial", link: 3, to: CANDIDATES[1] }]);
  });

  test("closes a link of somebody who has come to it", () => {
    const bench = new MemberBench();
    bench.attach();
    expect(closedBy(bench.step({ kind: "linkUp", link: 2, peer: 9, dialled: false }))).toEqual([
      "2: nobody hangs below a member of a star",
    ]);
    expect(bench.core.attached).toBe(true);
  });

  test("closes a link that comes up after it was given up", () => {
    const bench = new MemberBench();
    bench.step({ kind: "start" });
    bench.pass(OVERLAY_TIMES.joinMs + OVERLAY_TIMES.backoffMs);
    expect(closedBy(bench.up(1))).toEqual(["1: dialled too late"]);
  });
});

describe("a link on which the root has come", () => {
  const come = { kind: "linkUp", link: 8, peer: ROOT_RANK, dialled: false } as const;

  test("is taken in place of a dial under way", () => {
    const bench = new MemberBench();
    bench.step({ kind: "start" });
    const effects = bench.step(come);
    expect(closedBy(effects)).toEqual(["1: the root has come by itself"]);
    expect(framesOf(effects)).toMatchObject([{ t: "join", attempt: 2 }]);
    bench.hear(8, { t: "accept", epoch: 1, reportsHave: 0, path: [] });
    expect(bench.core).toMatchObject({ attached: true, parent: 8 });
  });

  test("ends the wait for the next dial", () => {
    const bench = new MemberBench();
    bench.attach();
    bench.step({ kind: "linkDown", link: 1, reason: "reset" });
    expect(framesOf(bench.step(come))).toMatchObject([{ t: "join", attempt: 2 }]);
    expect(bench.timers.has("dial")).toBe(false);
    bench.step({ kind: "linkDown", link: 8, reason: "gone again" });
    expect(bench.timers.has("dial")).toBe(true);
  });

  test("is closed while a join is being answered, and when attached", () => {
    const bench = new MemberBench();
    bench.step({ kind: "start" });
    bench.up(1);
    expect(closedBy(bench.step(come))).toEqual(["8: joining already"]);
    bench.hear(1, { t: "accept", epoch: 1, reportsHave: 0, path: [] });
    expect(closedBy(bench.step(come))).toEqual(["8: attached already"]);
    expect(bench.core.parent).toBe(1);
  });

  test("is all that a member without addresses waits for", () => {
    const bench = new MemberBench(0, {}, []);
    expect(bench.step({ kind: "start" })).toEqual([]);
    expect([...bench.timers.keys()]).toEqual(["absence"]);
    expect(framesOf(bench.step(come))).toMatchObject([{ t: "join", attempt: 1 }]);
  });
});

describe("staying attached", () => {
  test("answers beacons, and lives on them", () => {
    const bench = new MemberBench();
    bench.attach();
    for (let number = 1; number < 20; number += 1) {
      bench.pass(OVERLAY_TIMES.deadIntervalMs - 1);
      expect(framesOf(bench.hear(1, beacon(number)))).toEqual([{ t: "alive", have: 0, to: number }]);
    }
    expect(bench.core.attached).toBe(true);
  });

  test("tells its latest with the answer to a beacon, the newest alone, and again over a new link", () => {
    const bench = new MemberBench();
    const say = (number: number) =>
      bench.step({
        kind: "latest",
        value: { rank: RANK, number, payload: new Uint8Array([number]), tag: new Uint8Array() },
      });
    const said = (from: number): unknown[] =>
      framesOf(bench.hear(1, beacon(from))).filter(({ t }) => t === "latest");
    bench.attach();
    expect(framesOf([...say(1), ...say(2)])).toEqual([]);
    expect(said(1)).toEqual([{ t: "latest", number: 2, payload: new Uint8Array([2]) }]);
    say(3);
    // Nothing says that the first has arrived.
    expect(said(2)).toEqual([]);
    const trip = { beacon: 2, us: 1500 };
    expect(
      framesOf(bench.hear(1, { t: "beacon", epoch: 1, beacon: 3, reportsHave: 0, trip })),
    ).toContainEqual({
      t: "latest",
      number: 3,
      payload: new Uint8Array([3]),
    });
    expect(bench.core.tripUs).toBe(1500);
    bench.step({ kind: "linkDown", link: 1, reason: "reset" });
    expect(bench.core.tripUs).toBeUndefined();
    bench.pass(OVERLAY_TIMES.backoffMs);
    bench.up(3);
    bench.hear(3, { t: "accept", epoch: 1, reportsHave: 0, path: [] });
    expect(framesOf(bench.hear(3, beacon(4)))).toContainEqual({
      t: "latest",
      number: 3,
      payload: new Uint8Array([3]),
    });
  });

  test("is orphaned by silence, dials again, is abandoned in the end", () => {
    const bench = new MemberBench();
    bench.attach();
    expect(bench.pass(2999)).toEqual([]);
    expect(kinds(bench.pass(1))).toEqual(["close", "orphaned"]);
    expect(kinds(bench.pass(OVERLAY_TIMES.backoffMs))).toEqual(["dial"]);
    expect(kinds(bench.pass(60_000)).at(-1)).toBe("abandoned");
  });

  test("does not count the time in which it was itself held up", () => {
    const bench = new MemberBench();
    bench.attach();
    bench.now = 10_000;
    bench.step({ kind: "lagged", ms: 10_000 });
    expect(bench.pass(OVERLAY_TIMES.afterLagMs - 1)).toEqual([]);
    bench.hear(1, beacon(1));
    expect(bench.pass(2999)).toEqual([]);
    expect(kinds(bench.pass(1))).toEqual(["close", "orphaned"]);
  });

  test("lives on while something large arrives, and says so", () => {
    const bench = new MemberBench();
    bench.attach();
    expect(kinds(bench.pass(2999))).toEqual([]);
    expect(bench.step({ kind: "receiving", link: 1 })).toContainEqual({
      kind: "send",
      link: 1,
      frame: { t: "alive", have: 0 },
    });
    expect(kinds(bench.pass(2999))).toEqual([]);
    expect(kinds(bench.pass(1))).toEqual(["close", "orphaned"]);
  });

  test("takes a new absence, also while orphaned", () => {
    const bench = new MemberBench();
    bench.attach();
    bench.step({ kind: "linkDown", link: 1, reason: "reset" });
    bench.step({ kind: "absenceAllowed", ms: 500 });
    expect(kinds(bench.pass(500)).at(-1)).toBe("abandoned");
  });

  test("waits longer after each link that broke before its first beacon", () => {
    const bench = new MemberBench();
    bench.attach();
    const waits: number[] = [];
    for (let link = 1; link < 11; link += 2) {
      bench.step({ kind: "linkDown", link, reason: "reset" });
      const start = bench.now;
      while (bench.pass(1).length === 0) expect(bench.now - start).toBeLessThan(5000);
      waits.push(bench.now - start);
      bench.up(link + 2);
      bench.hear(link + 2, { t: "accept", epoch: 1, reportsHave: 0, path: [] });
    }
    expect(waits).toEqual([50, 100, 200, 400, 800]);
  });
});

describe("commands", () => {
  test("are delivered once and in order, over a broken link too", () => {
    const bench = new MemberBench();
    bench.attach();
    const delivered = [
      ...bench.hear(1, command(1)),
      ...bench.hear(1, command(2)),
      ...bench.hear(1, command(2)),
    ];
    bench.step({ kind: "linkDown", link: 1, reason: "reset" });
    bench.pass(OVERLAY_TIMES.backoffMs);
    expect(framesOf(bench.up(3))).toMatchObject([{ t: "join", have: 2, attempt: 2 }]);
    bench.hear(3, { t: "accept", epoch: 1, reportsHave: 0, path: [] });
    delivered.push(...bench.hear(3, command(2)), ...bench.hear(3, command(3)));
    expect(delivered.map((effect) => effect.kind === "deliver" && effect.sequence)).toEqual([1, 2, 3]);
  });

  test("are acknowledged together after a moment, or at once when many", () => {
    const bench = new MemberBench();
    bench.attach();
    for (const sequence of [1, 2, 3]) bench.hear(1, command(sequence));
    expect(bench.pass(OVERLAY_TIMES.acknowledgeMs - 1)).toEqual([]);
    expect(framesOf(bench.pass(1))).toEqual([{ t: "alive", have: 3 }]);
    const said = [];
    for (let sequence = 4; sequence <= 67; sequence += 1)
      said.push(...framesOf(bench.hear(1, command(sequence))));
    expect(said).toEqual([{ t: "alive", have: 67 }]);
  });

  test("with a gap, and frames of other links, change nothing", () => {
    const bench = new MemberBench();
    bench.attach();
    expect(bench.hear(9, command(1))).toEqual([]);
    const effects = bench.hear(1, command(2));
    expect(kinds(effects)).toEqual(["close", "orphaned"]);
    expect(closedBy(effects)[0]).toContain("command 2 after 0");
  });
});

describe("reports", () => {
  test("go out in a window, on as they are acknowledged, and again over a new link", () => {
    const bench = new MemberBench(5, { reportWindow: 3 });
    expect(bench.attach(1)).toMatchObject([
      { kind: "attached" },
      { kind: "forgetReports", upTo: 1 },
      { kind: "sendReports", link: 1, from: 2, to: 4 },
    ]);
    expect(bench.hear(1, { t: "acknowledge", reportsHave: 3 })).toEqual([
      { kind: "forgetReports", upTo: 3 },
      { kind: "sendReports", link: 1, from: 5, to: 5 },
    ]);
    expect(bench.step({ kind: "reported", sequence: 6 })).toMatchObject([
      { kind: "sendReports", from: 6, to: 6 },
    ]);
    expect(bench.step({ kind: "reported", sequence: 7 })).toEqual([]);
    bench.step({ kind: "linkDown", link: 1, reason: "reset" });
    bench.pass(OVERLAY_TIMES.backoffMs);
    bench.up(3);
    const again = bench.hear(3, { t: "accept", epoch: 1, reportsHave: 4, path: [] });
    expect(again.at(-1)).toEqual({ kind: "sendReports", link: 3, from: 5, to: 7 });
  });
});

describe("leaving", () => {
  test("hands over the last reports, says goodbye, ends when it is heard", () => {
    const bench = new MemberBench();
    bench.attach();
    bench.step({ kind: "reported", sequence: 1 });
    expect(framesOf(bench.step({ kind: "leave" }))).toEqual([]);
    expect(framesOf(bench.hear(1, { t: "acknowledge", reportsHave: 1 }))).toEqual([
      { t: "alive", have: 0 },
      { t: "leave" },
    ]);
    expect(kinds(bench.hear(1, { t: "leave" }))).toEqual(["close", "left"]);
  });

  test("says it again when the link broke before it was heard", () => {
    const bench = new MemberBench();
    bench.attach();
    bench.step({ kind: "leave" });
    bench.step({ kind: "linkDown", link: 1, reason: "reset" });
    bench.pass(OVERLAY_TIMES.backoffMs);
    bench.up(3);
    const again = bench.hear(3, { t: "accept", epoch: 1, reportsHave: 0, path: [] });
    expect(framesOf(again).at(-1)).toEqual({ t: "leave" });
  });

  test("does not take longer than it may", () => {
    const bench = new MemberBench();
    bench.attach();
    bench.step({ kind: "leave" });
    expect(kinds(bench.pass(OVERLAY_TIMES.leaveMs)).at(-1)).toBe("left");
    expect(new MemberBench().step({ kind: "leave" })).toEqual([{ kind: "left" }]);
  });
});

test.each<[string, StarFrame]>([
  ["an acknowledgement of what was never sent", { t: "acknowledge", reportsHave: 1 }],
  ["a beacon of another epoch", { t: "beacon", epoch: 2, beacon: 1, reportsHave: 0 }],
  ["a second accept", { t: "accept", epoch: 1, reportsHave: 0, path: [] }],
  ["an answer to no goodbye", { t: "leave" }],
  ["a join", { t: "join", protocol: 1, attempt: 1, have: 0 }],
  ["a report", { t: "report", sequence: 1, skips: 0, payload: PAYLOAD }],
])("%s costs the root its link and nothing else", (_name, frame) => {
  const bench = new MemberBench();
  bench.attach();
  expect(kinds(bench.hear(1, frame))).toEqual(["close", "orphaned"]);
  expect(kinds(bench.pass(OVERLAY_TIMES.backoffMs))).toEqual(["dial"]);
});

test("an older controller is not accepted", () => {
  const bench = new MemberBench();
  bench.attach();
  bench.step({ kind: "linkDown", link: 1, reason: "reset" });
  bench.pass(OVERLAY_TIMES.backoffMs);
  bench.up(3);
  expect(closedBy(bench.hear(3, { t: "accept", epoch: 0, reportsHave: 0, path: [] }))[0]).toContain(
    "an older controller",
  );
});
