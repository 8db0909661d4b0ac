// What a relay that lies can make of the root's and the members' words: nothing but silence.
import { beforeEach, describe, expect, test } from "vitest";
import { hostIdOf } from "../../../src-shared/base/ids.ts";
import type { RankSet } from "../../../src-shared/overlay/rank-set.ts";
import { CommandOrder, FIRST_CHAIN } from "../../../src-shared/overlay/command-order.ts";
import { OVERLAY_LIMITS, OVERLAY_TIMES } from "../../../src-shared/overlay/overlay.ts";
import { randTree } from "../../../src-shared/overlay/rand-tree.ts";
import type { MemberCore, MemberEffect, RootCore, RootEffect } from "../../../src-shared/overlay/topology.ts";
import type { SignedStamp, TreeFrame } from "../../../src-shared/overlay/tree-frames.ts";
import {
  beaconOf,
  chainBytes,
  BULK_DOWN_PROOF,
  edgeProof,
  HAVE_PROOF,
  latestProof,
  numberBytes,
  orderTo,
  RECEIVED_PROOF,
} from "../../../src-shared/overlay/tree-proofs.ts";
import { createMemberSeals, createRootSeals } from "../../../src-shared/simulator/simulated-seals.ts";

const SESSION = 4;
const ME = 5;
const RELAY = 3;
const PATH = [
  { rank: 0, address: "" },
  { rank: RELAY, address: "p:1" },
];
const root = createRootSeals(SESSION);
const payload = new TextEncoder().encode("something");
const NOTHING_GIVEN = orderOf([]);
const common = { protocol: 1, degree: 2, times: OVERLAY_TIMES, limits: OVERLAY_LIMITS };

/** What the root has given, by targets. */
function orderOf(targets: readonly RankSet[]): CommandOrder {
  const order = new CommandOrder(root, 0, FIRST_CHAIN);
  for (const set of targets) order.add(set);
  return order;
}

function signed(beacon: number, stable = 0, epoch = 1, given = NOTHING_GIVEN): SignedStamp {
  const stamp = { epoch, beacon };
  const { last, lastChain: chain } = given;
  return { stamp, stable, last, chain, seal: root.seal(beaconOf({ stamp, stable, last, chain })) };
}

const received = (rank: number, upTo: number, provedUpTo = upTo, provedTo = rank): TreeFrame => ({
  t: "received",
  progress: [
    { upTo, ranks: [rank, rank], tags: root.prove(provedTo, RECEIVED_PROOF, numberBytes(provedUpTo)) },
  ],
});

describe("a member below a relay", () => {
  const LINK = 1;
  let now = 1000;
  let core: MemberCore<TreeFrame>;
  const hear = (frame: TreeFrame): MemberEffect<TreeFrame>[] =>
    core.step({ kind: "frame", link: LINK, frame }, { now, random: () => 0.5 });
  const beacon = (of: SignedStamp): MemberEffect<TreeFrame>[] =>
    hear({ t: "beacon", ...of, path: PATH, alternatives: [], siblings: [] });
  const kinds = (effects: readonly MemberEffect<TreeFrame>[]): string[] => effects.map(({ kind }) => kind);

  function begin(): void {
    const candidates = [PATH[1]!, { rank: 0, address: "root:1" }];
    const seals = createMemberSeals(SESSION, ME);
    const settings = {
      rank: ME,
      start: 0,
      startChain: FIRST_CHAIN,
      candidates,
      controllerAbsenceMs: 600_000,
      lastReport: 0,
      seals,
    };
    core = randTree.createMember({ ...common, ...settings });
    const surroundings = { now, random: () => 0.5 };
    core.step({ kind: "start" }, surroundings);
    core.step({ kind: "linkUp", link: LINK, peer: RELAY, dialled: true }, surroundings);
  }

  beforeEach(() => {
    now = 1000;
    begin();
    hear({ t: "accept", ...signed(7), path: PATH });
    expect(core.attached).toBe(true);
    now += 1000;
  });

  function expectLeft(effects: readonly MemberEffect<TreeFrame>[], reason: string): void {
    expect(core.attached).toBe(false);
    expect(effects).toContainEqual({ kind: "distrusted", neighbour: RELAY, reason });
    expect(kinds(effects)).toContain("close");
  }

  test("believes what the root has signed", () => {
    beacon(signed(8, 0));
    beacon(signed(9, 3));
    expect(core.attached).toBe(true);
  });

  test.each<[string, SignedStamp]>([
    ["a beacon that is newer than its seal", { ...signed(8), stamp: { epoch: 1, beacon: 9 } }],
    ["one of another epoch", { ...signed(8), stamp: { epoch: 2, beacon: 8 } }],
    ["one that says more to be stable", { ...signed(8), stable: 4 }],
    ["the newest again, with more stable", { ...signed(7), stable: 4 }],
    [
      "one with the seal of a command",
      { ...signed(8), seal: root.seal({ epoch: 1, sequence: 8, targets: [], payload, before: FIRST_CHAIN }) },
    ],
    ["one without a seal", { ...signed(8), seal: new Uint8Array(0) }],
  ])("leaves whoever sends %s", (_name, lie) => {
    expectLeft(beacon(lie), "a beacon that the controller has not signed");
  });

  const forMe: RankSet = [ME, ME];
  const forOthers: RankSet = [9, 9];
  const given = orderOf([forMe]);
  const commandOf = (order: CommandOrder, sequence: number, targets: RankSet): TreeFrame => {
    const signed = { epoch: 1, sequence, targets, payload, before: order.at(sequence - 1)! };
    return { t: "command", ...signed, seal: root.seal(signed) };
  };
  const sent = (effects: readonly MemberEffect<TreeFrame>[]): TreeFrame[] =>
    effects.flatMap((effect) => (effect.kind === "send" ? [effect.frame] : []));

  test("learns from a beacon that a command was for it, asks for it again, and gets it once", () => {
    expect(kinds(hear({ t: "headers", from: 1, targets: [forOthers] }))).not.toContain("deliver");
    const found = beacon(signed(8, 0, 1, given));
    expect(sent(found)).toContainEqual({ t: "need", from: 1, to: 1, ranks: [ME, ME] });
    expect(kinds(found)).toContain("problem");
    expect(core.attached).toBe(true);
    const effects = [...hear(commandOf(given, 1, forMe)), ...hear(commandOf(given, 1, forMe))];
    expect(kinds(effects).filter((kind) => kind === "deliver")).toHaveLength(1);
  });

  test("leaves whoever hides a command a second time", () => {
    hear({ t: "headers", from: 1, targets: [forOthers] });
    beacon(signed(8, 0, 1, given));
    hear({ t: "headers", from: 1, targets: [forOthers] });
    expectLeft(
      beacon(signed(9, 0, 1, given)),
      "what hosts above said of commands for others is not what the controller says",
    );
  });

  test("asks for a command of its own that came without its body, and asks again", () => {
    const need: TreeFrame = { t: "need", from: 1, to: 1, ranks: forMe };
    expect(sent(hear({ t: "headers", from: 1, targets: [forMe] }))).toContainEqual(need);
    expect(sent(beacon(signed(8, 0, 1, given)))).toContainEqual(need);
  });

  test("asks for what is missing before a command, and accuses nobody of it", () => {
    const both = orderOf([forMe, forMe]);
    const effects = hear(commandOf(both, 2, forMe));
    expect(sent(effects)).toContainEqual({ t: "need", from: 1, to: 2, ranks: forMe });
    expect(kinds(effects)).not.toContain("deliver");
    expect(kinds(effects)).not.toContain("problem");
  });

  test("takes no command behind one that was hidden, and both in their order afterwards", () => {
    const both = orderOf([forMe, forMe]);
    hear({ t: "headers", from: 1, targets: [forOthers] });
    const early = hear(commandOf(both, 2, forMe));
    expect(kinds(early)).not.toContain("deliver");
    expect(sent(early)).toContainEqual({ t: "need", from: 1, to: 2, ranks: [ME, ME] });
    const effects = [...hear(commandOf(both, 1, forMe)), ...hear(commandOf(both, 2, forMe))];
    expect(effects.flatMap((effect) => (effect.kind === "deliver" ? [effect.sequence] : []))).toEqual([1, 2]);
  });

  test("takes a command that it was told was for others, when it comes whole", () => {
    hear({ t: "headers", from: 1, targets: [forOthers] });
    const effects = hear(commandOf(given, 1, forMe));
    expect(effects).toContainEqual({ kind: "deliver", sequence: 1, payload });
    expect(kinds(effects)).toContain("problem");
  });

  test("stays with one that says the truth in the end, also after it was deceived before", () => {
    const both = orderOf([forMe, forMe]);
    hear({ t: "headers", from: 1, targets: [forOthers] });
    beacon(signed(8, 0, 1, both));
    hear({ t: "headers", from: 1, targets: [forOthers] });
    expect(hear(commandOf(both, 1, forMe))).toContainEqual({ kind: "deliver", sequence: 1, payload });
    expect(core.attached).toBe(true);
  });

  test("is acknowledged with the digest of what it was told: the root sees that it was deceived", () => {
    hear({ t: "headers", from: 1, targets: [forOthers] });
    now += OVERLAY_TIMES.groomMs;
    const told = sent(core.step({ kind: "timer", name: "groom" }, { now, random: () => 0.5 }));
    const tags = told.flatMap((frame) => (frame.t === "state" ? frame.progress.map(({ tags }) => tags) : []));
    expect(tags).toHaveLength(1);
    const isProved = (order: CommandOrder): boolean =>
      root.isProved(ME, HAVE_PROOF, chainBytes(1, order.lastChain), tags[0]!);
    expect(isProved(orderOf([forOthers]))).toBe(true);
    expect(isProved(given)).toBe(false);
  });

  test.each<[string, SignedStamp, string]>([
    ["forged", { ...signed(9), stable: 5 }, "a beacon that the controller has not signed"],
    ["true, and of a time before", signed(6), "a beacon that was here before"],
  ])("is not taken in with a beacon that is %s", (_name, lie, reason) => {
    const surroundings = { now: now + 1000, random: () => 0.5 };
    core.step({ kind: "linkDown", link: LINK, reason: "reset" }, { ...surroundings, now });
    const dial = core.step({ kind: "timer", name: "dial" }, surroundings).find(({ kind }) => kind === "dial");
    if (dial?.kind !== "dial") throw new Error("an orphan dials somebody");
    const { link, to } = dial;
    const { rank } = to;
    core.step({ kind: "linkUp", link, peer: rank, dialled: true }, surroundings);
    const path = rank === 0 ? PATH.slice(0, 1) : [PATH[0]!, to];
    const frame: TreeFrame = { t: "accept", ...lie, path };
    const effects = core.step({ kind: "frame", link, frame }, surroundings);
    expect(core.attached).toBe(false);
    expect(effects).toContainEqual({ kind: "distrusted", neighbour: rank, reason });
  });

  test("forgets reports only when the root has them", () => {
    for (let sequence = 1; sequence <= 4; sequence += 1)
      core.step({ kind: "reported", sequence }, { now, random: () => 0.5 });
    expect(hear(received(ME, 2))).toContainEqual({ kind: "forgetReports", upTo: 2 });
    const effects = hear(received(ME, 4, 2));
    expect(kinds(effects)).not.toContain("forgetReports");
    expectLeft(effects, "a receipt for reports that the controller has not given");
  });

  test.each<[string, TreeFrame]>([
    ["another's receipt", received(ME, 1, 1, RELAY)],
    [
      "its own acknowledgement for a receipt",
      {
        t: "received",
        progress: [
          {
            upTo: 1,
            ranks: [ME, ME],
            tags: createMemberSeals(SESSION, ME).prove(HAVE_PROOF, numberBytes(1)),
          },
        ],
      },
    ],
  ])("does not take %s", (_name, lie) => {
    core.step({ kind: "reported", sequence: 1 }, { now, random: () => 0.5 });
    expectLeft(hear(lie), "a receipt for reports that the controller has not given");
  });

  test("takes bulk from the root alone", () => {
    const tag = root.prove(ME, BULK_DOWN_PROOF, payload);
    expect(kinds(hear({ t: "bulk", rank: ME, payload, tag }))).toEqual(["deliverBulk"]);
    const effects = hear({ t: "bulk", rank: ME, payload: new Uint8Array([1]), tag });
    expect(kinds(effects)).not.toContain("deliverBulk");
    expectLeft(effects, "bulk that the controller has not sent");
  });

  test("sends no child away that the root has not sent away", () => {
    const surroundings = { now, random: () => 0.5 };
    core.step({ kind: "linkUp", link: 2, peer: 9, dialled: false }, surroundings);
    const stamp = { epoch: 0, beacon: 0 };
    const proof = createMemberSeals(SESSION, 9).prove(edgeProof(ME), numberBytes(1));
    const join = { attach: 1, proof, stamp, depth: 9, have: 0, size: 1, address: "", insist: false };
    core.step({ kind: "frame", link: 2, frame: { t: "join", protocol: 1, ...join } }, surroundings);
    expect(core.children).toEqual([2]);
    const seal = root.seal(orderTo(9, "farewell", 1));
    expectLeft(hear({ t: "expel", rank: 9, epoch: 1, seal }), "expel that the controller has not signed");
    expect(core.children).toEqual([2]);
  });
});

describe("a root above a relay", () => {
  const HOST = hostIdOf("node9");
  const BELOW = 9;
  const LINK = 2;
  let core: RootCore<TreeFrame>;
  const surroundings = { now: 1000, random: () => 0.5 };
  const hear = (frame: TreeFrame): RootEffect<TreeFrame>[] =>
    core.step({ kind: "frame", link: LINK, frame }, surroundings);
  const proofOf = (child: number, parent: number): Uint8Array =>
    createMemberSeals(SESSION, child).prove(edgeProof(parent), numberBytes(1));
  const state = (upTo: number, tag: Uint8Array): TreeFrame => ({
    t: "state",
    more: false,
    whole: false,
    edges: [{ child: BELOW, parent: RELAY, attach: 1, up: true, address: "", proof: proofOf(BELOW, RELAY) }],
    progress: [{ upTo, ranks: [BELOW, BELOW], tags: tag }],
    room: 1,
  });
  const forBelow: RankSet = [BELOW, BELOW];
  const given = orderOf([forBelow, forBelow]);
  const have = (rank: number, upTo: number, order = given): Uint8Array =>
    createMemberSeals(SESSION, rank).prove(HAVE_PROOF, chainBytes(upTo, order.at(upTo) ?? FIRST_CHAIN));
  const pending = (): number | undefined => core.members().find(({ host }) => host === HOST)?.pendingCommands;

  beforeEach(() => {
    core = randTree.createRoot({ ...common, epoch: 1, records: [], seals: root });
    core.step({ kind: "invite", host: hostIdOf("relay"), incarnation: 1, rank: RELAY }, surroundings);
    core.step({ kind: "invite", host: HOST, incarnation: 1, rank: BELOW }, surroundings);
    core.step({ kind: "linkUp", link: LINK, peer: RELAY }, surroundings);
    const stamp = { epoch: 0, beacon: 0 };
    const join = { attach: 1, proof: proofOf(RELAY, 0), stamp, depth: 9, have: 0, size: 2, address: "p:1" };
    hear({ t: "join", protocol: 1, ...join, insist: false });
    core.step({ kind: "command", targets: [HOST], payload }, surroundings);
    core.step({ kind: "command", targets: [HOST], payload }, surroundings);
  });

  test("takes an acknowledgement from its own rank", () => {
    hear(state(1, have(BELOW, 1)));
    expect(pending()).toBe(1);
  });

  test("takes the latest value of a host from the host alone, and never an older one", () => {
    hear(state(0, have(BELOW, 0)));
    const say = (number: number, by: number, words = payload): RootEffect<TreeFrame>[] => {
      const tag = createMemberSeals(SESSION, by).prove(latestProof(number), payload);
      return hear({ t: "latest", values: [{ rank: BELOW, number, payload: words, tag }] });
    };
    const told = { kind: "latest", host: HOST, incarnation: 1, payload };
    expect(say(5, BELOW)).toEqual([told]);
    expect(say(5, BELOW)).toEqual([]);
    expect(say(4, BELOW)).toEqual([]);
    expect(say(6, BELOW)).toEqual([told]);
    const reason = "a latest value in its name that is not its own; it came over relay";
    expect(say(7, RELAY)).toEqual([{ kind: "problem", host: HOST, reason }]);
    expect(say(7, BELOW, new Uint8Array([9]))).toEqual([{ kind: "problem", host: HOST, reason }]);
  });

  test.each<[string, number, Uint8Array]>([
    ["of more than was acknowledged", 2, have(BELOW, 1)],
    ["that is another's", 2, have(RELAY, 2)],
    ["without a proof", 2, new Uint8Array(16)],
    ["of what was never given, proved or not", 3, have(BELOW, 3)],
    ["by one who was told of other commands", 2, have(BELOW, 2, orderOf([forBelow, [77, 77]]))],
  ])("not one %s, and says over whom it came", (_name, upTo, tag) => {
    const effects = hear(state(upTo, tag));
    expect(pending()).toBe(2);
    const reason = `an acknowledgement of commands up to ${upTo} in its name that is not its own; it came over relay`;
    expect(effects).toContainEqual({ kind: "problem", host: HOST, reason });
  });
});
