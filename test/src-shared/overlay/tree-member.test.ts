// A member of the tree by itself: what it does when something large is on its way, when its parent is lost, when it is lied to.
import { beforeEach, describe, expect, test } from "vitest";
import { FIRST_CHAIN } from "../../../src-shared/overlay/command-order.ts";
import { OVERLAY_LIMITS, OVERLAY_TIMES, type OverlayLimits } from "../../../src-shared/overlay/overlay.ts";
import { randTree } from "../../../src-shared/overlay/rand-tree.ts";
import { TAG_BYTES, type MemberCore, type MemberEffect } from "../../../src-shared/overlay/topology.ts";
import type { MemberEvent } from "../../../src-shared/overlay/topology.ts";
import { checkTreeFrame } from "../../../src-shared/overlay/check-tree-frame.ts";
import type { EdgeRecord, TreeFrame } from "../../../src-shared/overlay/tree-frames.ts";

const ME = 5;
const PARENT = { rank: 3, address: "p:1" };
const ROOT = { rank: 0, address: "" };
const GOOD_SEAL = new Uint8Array([1]);
const { deadIntervalMs, stretchMs, beaconMs } = OVERLAY_TIMES;

class Bench {
  now = 1000;
  readonly core: MemberCore<TreeFrame>;
  readonly #timers = new Map<string, number>();
  #beacon = 1;
  said: MemberEffect<TreeFrame>[] = [];

  constructor(limits: OverlayLimits = OVERLAY_LIMITS) {
    this.core = randTree.createMember({
      protocol: 1,
      rank: ME,
      start: 0,
      startChain: FIRST_CHAIN,
      candidates: [PARENT, { rank: 0, address: "root:1" }],
      degree: 2,
      controllerAbsenceMs: 600_000,
      lastReport: 0,
      times: OVERLAY_TIMES,
      limits,
      seals: {
        isSealed: (_command, seal) => seal[0] === GOOD_SEAL[0],
        isProved: () => true,
        chain: () => FIRST_CHAIN,
        prove: () => new Uint8Array(TAG_BYTES),
      },
    });
  }

  step(event: MemberEvent<TreeFrame>): readonly MemberEffect<TreeFrame>[] {
    const effects = this.core.step(event, { now: this.now, random: () => 0.5 });
    for (const effect of effects) {
      if (effect.kind === "setTimer") this.#timers.set(effect.name, this.now + effect.delayMs);
      if (effect.kind === "clearTimer") this.#timers.delete(effect.name);
    }
    this.said.push(...effects);
    return effects;
  }

  pass(ms: number): void {
    const end = this.now + ms;
    for (;;) {
      const [name, at] = [...this.#timers].sort(([, a], [, b]) => a - b)[0] ?? ["", Infinity];
      if (at > end) break;
      this.now = Math.max(this.now, at);
      this.#timers.delete(name);
      this.step({ kind: "timer", name });
    }
    this.now = end;
  }

  hear(frame: TreeFrame, link = 1): readonly MemberEffect<TreeFrame>[] {
    return this.step({ kind: "frame", link, frame });
  }

  beacon(): readonly MemberEffect<TreeFrame>[] {
    this.#beacon += 1;
    return this.hear({
      t: "beacon",
      stamp: { epoch: 1, beacon: this.#beacon },
      path: [ROOT, PARENT],
      stable: 0,
      last: 0,
      chain: FIRST_CHAIN,
      seal: GOOD_SEAL,
      alternatives: [{ rank: 8, address: "u:1" }],
      siblings: [],
    });
  }

  attach(): void {
    this.step({ kind: "listening", address: "me:1" });
    this.step({ kind: "start" });
    this.step({ kind: "linkUp", link: 1, peer: PARENT.rank, dialled: true });
    this.hear({
      t: "accept",
      stamp: { epoch: 1, beacon: 1 },
      path: [ROOT, PARENT],
      stable: 0,
      last: 0,
      chain: FIRST_CHAIN,
      seal: GOOD_SEAL,
    });
    this.beacon();
  }

  adopt(rank: number, link: number, attach = 1): readonly MemberEffect<TreeFrame>[] {
    this.step({ kind: "linkUp", link, peer: rank, dialled: false });
    return this.hear(
      {
        t: "join",
        protocol: 1,
        attach,
        proof: new Uint8Array(TAG_BYTES),
        stamp: { epoch: 0, beacon: 0 },
        depth: 99,
        have: 0,
        size: 1,
        address: `c${String(rank)}:1`,
        insist: false,
      },
      link,
    );
  }
}

const sent = (effects: readonly MemberEffect<TreeFrame>[]): string[] =>
  effects.flatMap((effect) =>
    effect.kind === "send" ? [`${effect.frame.t} on ${String(effect.link)}`] : [],
  );
const kinds = (effects: readonly MemberEffect<TreeFrame>[]): string[] => effects.map(({ kind }) => kind);

/** As the child 7 tells it of those below it. */
const edgesBelow = (from: number, count: number, up = true): EdgeRecord[] =>
  Array.from({ length: count }, (_, place) => {
    const proof = new Uint8Array(TAG_BYTES);
    return { child: from + place, parent: 7, attach: 1, up, address: "", proof };
  });
const stateOf = (edges: readonly EdgeRecord[], whole = false, more = false): TreeFrame => ({
  t: "state",
  whole,
  more,
  edges,
  progress: [],
  room: 1,
});
const EDGES = OVERLAY_LIMITS.edgesInFrame;

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
  bench.attach();
});

describe("something large on its way", () => {
  test("stands for news of the controller, and is told above and below", () => {
    bench.adopt(7, 2);
    for (let quarter = 0; quarter < 40; quarter += 1) {
      bench.pass(250);
      const effects = bench.step({ kind: "receiving", link: 1 });
      expect(sent(effects)).toContain("alive on 1");
      expect(sent(effects)).toContain("beacon on 2");
      // The child is receiving, too.
      bench.hear({ t: "alive", size: 0, digest: 0, room: 1 }, 2);
    }
    expect(bench.core.attached).toBe(true);
  });

  test("not for ever", () => {
    for (let quarter = 0; quarter < (stretchMs + 2 * deadIntervalMs) / 250; quarter += 1) {
      bench.pass(250);
      bench.step({ kind: "receiving", link: 1 });
    }
    expect(bench.core.attached).toBe(false);
  });

  test("from a child keeps its lease", () => {
    bench.adopt(7, 2);
    for (let beat = 0; beat < 10; beat += 1) {
      bench.pass(beaconMs);
      bench.beacon();
      bench.step({ kind: "receiving", link: 2 });
    }
    expect(bench.core.children).toEqual([2]);
    for (let beat = 0; beat < 5; beat += 1) {
      bench.pass(beaconMs);
      bench.beacon();
    }
    expect(bench.core.children).toEqual([]);
  });
});

describe("a parent that is lost", () => {
  test("is told below at once; children are kept, and nobody is adopted", () => {
    bench.adopt(7, 2);
    const effects = bench.step({ kind: "linkDown", link: 1, reason: "reset" });
    expect(sent(effects)).toContain("detached on 2");
    expect(kinds(effects)).toContain("orphaned");
    expect(bench.core.children).toEqual([2]);
    expect(sent(bench.adopt(9, 4))).toEqual(["refuse on 4"]);
  });

  test("is noticed by its silence, not sooner", () => {
    bench.pass(deadIntervalMs - 1);
    expect(bench.core.attached).toBe(true);
    bench.pass(1);
    expect(bench.core.attached).toBe(false);
  });
});

describe("a parent that lies", () => {
  const command = (sequence: number, seal: Uint8Array): TreeFrame => ({
    t: "command",
    epoch: 1,
    sequence,
    targets: [ME, ME],
    payload: new Uint8Array([sequence]),
    before: FIRST_CHAIN,
    seal,
  });

  test("cannot forge a command, and is left", () => {
    expect(kinds(bench.hear(command(1, GOOD_SEAL)))).toContain("deliver");
    const effects = bench.hear(command(2, new Uint8Array([9])));
    expect(kinds(effects)).not.toContain("deliver");
    expect(bench.core.attached).toBe(false);
  });

  test("cannot make it end", () => {
    const effects = bench.hear({ t: "expel", rank: ME, epoch: 1, seal: new Uint8Array([9]) });
    expect(kinds(effects)).not.toContain("abandoned");
    bench = new Bench();
    bench.attach();
    expect(kinds(bench.hear({ t: "expel", rank: ME, epoch: 1, seal: GOOD_SEAL }))).toContain("abandoned");
  });

  test("does not deliver twice, nor out of order", () => {
    bench.hear(command(1, GOOD_SEAL));
    expect(kinds(bench.hear(command(1, GOOD_SEAL)))).not.toContain("deliver");
    const effects = bench.hear(command(3, GOOD_SEAL));
    expect(kinds(effects)).not.toContain("deliver");
    expect(sent(effects)).toEqual(["need on 1"]);
    expect(kinds(bench.hear(command(2, GOOD_SEAL)))).toContain("deliver");
  });
});

describe("a subtree that is too large for one frame", () => {
  test("is told in several, progress behind all of them, and moves with its root", () => {
    const count = EDGES + 1500;
    bench.adopt(7, 2);
    bench.hear(stateOf(edgesBelow(1000, EDGES), true, true), 2);
    bench.hear(stateOf(edgesBelow(1000 + EDGES, 1500)), 2);
    const progress = [{ upTo: 0, ranks: [1000, 1000], tags: new Uint8Array(TAG_BYTES) }];
    bench.hear({ ...stateOf([]), progress } as TreeFrame, 2);
    bench.step({ kind: "linkDown", link: 1, reason: "reset" });
    bench.said = [];
    bench.pass(beaconMs);
    const dial = bench.said.find((effect) => effect.kind === "dial");
    expect(dial).toBeDefined();
    const { link, to } = dial as Extract<MemberEffect<TreeFrame>, { kind: "dial" }>;
    bench.step({ kind: "linkUp", link, peer: to.rank, dialled: true });
    const stamp = { epoch: 1, beacon: 50 };
    const signed = { stamp, stable: 0, last: 0, chain: FIRST_CHAIN, seal: GOOD_SEAL };
    bench.hear({ t: "accept", ...signed, path: [ROOT, to].slice(to.rank === ROOT.rank ? 1 : 0) }, link);
    const states = bench.said.flatMap((effect) =>
      effect.kind === "send" && effect.frame.t === "state" ? [effect.frame] : [],
    );
    expect(states.map((frame) => checkTreeFrame({ ...frame }))).toEqual(states);
    expect(states.map(({ whole }) => whole)).toEqual([true, false]);
    const told = states.flatMap(({ edges }) => edges.map(({ child }) => child));
    expect(told.sort((one, other) => one - other)).toEqual([
      7,
      ...Array.from({ length: count }, (_, place) => 1000 + place),
    ]);
    const shown = states.map((frame) => frame.progress.some(({ ranks }) => ranks.includes(1000)));
    expect(shown).toEqual([false, true]);
  });
});

describe("a child that tells all below it in several frames", () => {
  const told = (): string[] =>
    bench.said.flatMap((effect) =>
      effect.kind === "send" && effect.frame.t === "state"
        ? effect.frame.edges.map(({ child, up }) => `${String(child)} ${String(up)}`)
        : [],
    );

  test.each([
    ["nobody that it names last is missed meanwhile", 1000, []],
    ["whom it names no more is gone, and nobody else", 1001, ["1000 false"]],
  ])("%s", (_what, first, news) => {
    bench.adopt(7, 2);
    bench.hear(stateOf(edgesBelow(1000, EDGES), true, true), 2);
    bench.hear(stateOf(edgesBelow(1000 + EDGES, 10)), 2);
    bench.pass(OVERLAY_TIMES.groomMs);
    bench.said = [];
    const again = edgesBelow(first, 1010 + EDGES - first);
    bench.hear(stateOf(again.slice(0, EDGES), true, true), 2);
    bench.pass(OVERLAY_TIMES.groomMs);
    expect(told()).toEqual([]);
    bench.hear(stateOf(again.slice(EDGES)), 2);
    bench.pass(OVERLAY_TIMES.groomMs);
    expect(told()).toEqual(news);
  });
});

describe("a child that names hosts without end", () => {
  const FRAMES = Math.ceil(OVERLAY_LIMITS.subtree / EDGES) + 1;

  test.each([
    ["as below it", true, false],
    ["as gone", false, false],
    ["as below itself and never all", true, true],
  ])("%s, is dropped, and another is not", (_what, up, isMore) => {
    bench.adopt(7, 2);
    bench.adopt(9, 4);
    // Nothing of it can be passed on meanwhile.
    bench.step({ kind: "linkDown", link: 1, reason: "reset" });
    let frames = 0;
    while (bench.core.children.includes(2) && frames < FRAMES) {
      const edges = edgesBelow(1000 + frames * EDGES, EDGES, up);
      // Below somebody who is not there, they do not come to be below it.
      const shown = isMore ? edges.map((edge) => ({ ...edge, parent: 999 })) : edges;
      bench.hear(stateOf(shown, isMore && frames === 0, isMore), 2);
      frames += 1;
    }
    expect(bench.core.children).toEqual([4]);
    bench.hear(stateOf(edgesBelow(10, 1, false)), 4);
    expect(bench.core.children).toEqual([4]);
  });
});

describe("a child that speaks of itself without end", () => {
  const childBytes = 64 * 1024;
  const size = 1000;

  test("is dropped when its parent would have to hold more than a child may say, also over several links", () => {
    bench = new Bench({ ...OVERLAY_LIMITS, childBytes, hopBytes: 4000, hopFrameBytes: 2000 });
    bench.attach();
    bench.adopt(9, 4);
    let sequence = 0;
    for (const link of [2, 6]) {
      bench.adopt(7, link, link);
      const said = sequence;
      while (bench.core.children.includes(link) && sequence < 1000) {
        sequence += 1;
        const payload = new Uint8Array(size).fill(sequence).fill(sequence >> 8, 0, 1);
        const tags = new Uint8Array(TAG_BYTES);
        const items = [{ payload, parts: [{ sequence, skips: 0, ranks: [7, 7], tags }] }];
        bench.hear({ t: "reports", items }, link);
        bench.pass(OVERLAY_TIMES.groomMs);
      }
      expect(bench.core.children).toEqual([4]);
      // What was held of it stays held.
      expect(sequence - said).toBeLessThan(link === 2 ? (childBytes + 10_000) / size : 2);
    }
  });
});
