// Whatever comes in whatever order, neither end of the star throws, sends to a link it has closed, or grows.
import fc from "fast-check";
import { expect, test } from "vitest";
import { hostIdOf } from "../../../src-shared/base/ids.ts";
import type { StarFrame } from "../../../src-shared/overlay/star-frames.ts";
import { MemberBench, RootBench } from "./star-bench.ts";
import type { MemberEvent, RootEvent } from "./star-bench.ts";

const PAYLOAD = new Uint8Array([1, 2, 3]);
/** Small numbers meet each other often; large ones are what a stranger would try. */
const number = fc.oneof(fc.nat(6), fc.constantFrom(Number.MAX_SAFE_INTEGER, 2 ** 31, 1000));
const link = fc.integer({ min: 0, max: 5 });
const rank = fc.integer({ min: 1, max: 6 });
const host = fc.constantFrom("node1", "node2", "stranger").map(hostIdOf);

const frame: fc.Arbitrary<StarFrame> = fc.oneof(
  fc.record({
    t: fc.constant("join" as const),
    protocol: fc.constantFrom(7, 8),
    attempt: number,
    have: number,
  }),
  fc.record({
    t: fc.constant("accept" as const),
    epoch: number,
    reportsHave: number,
    path: fc.constantFrom([], [0, 5]),
  }),
  fc.record({
    t: fc.constant("refuse" as const),
    why: fc.constantFrom("busy", "unknown", "older", "version"),
    backoffMs: number,
  }),
  fc.record({ t: fc.constant("beacon" as const), epoch: number, beacon: number, reportsHave: number }),
  fc.record({
    t: fc.constant("beacon" as const),
    epoch: number,
    beacon: number,
    reportsHave: number,
    trip: fc.record({ beacon: number, us: number }),
  }),
  fc.record({ t: fc.constant("acknowledge" as const), reportsHave: number }),
  fc.record({ t: fc.constant("alive" as const), have: number }),
  fc.record({ t: fc.constant("alive" as const), have: number, to: number }),
  fc.record({ t: fc.constant("latest" as const), number, payload: fc.constant(PAYLOAD) }),
  fc.record({ t: fc.constant("command" as const), sequence: number, payload: fc.constant(PAYLOAD) }),
  fc.record({
    t: fc.constant("report" as const),
    sequence: number,
    skips: number,
    payload: fc.constant(PAYLOAD),
  }),
  fc.constant<StarFrame>({ t: "bulk", payload: PAYLOAD }),
  fc.constant<StarFrame>({ t: "leave" }),
);

const timer = fc.constantFrom(
  "dial",
  "join",
  "lease",
  "absence",
  "acknowledge",
  "leave",
  "beacon",
  "check",
  "other",
);
const common = [
  fc.record({ kind: fc.constant("linkDown" as const), link, reason: fc.constant("reset") }),
  fc.record({ kind: fc.constant("frame" as const), link, frame }),
  fc.record({ kind: fc.constant("timer" as const), name: timer }),
  fc.record({ kind: fc.constant("lagged" as const), ms: number }),
] as const;

const memberEvent: fc.Arbitrary<MemberEvent> = fc.oneof(
  { arbitrary: fc.oneof(...common), weight: 10 },
  { arbitrary: fc.constant<MemberEvent>({ kind: "start" }), weight: 1 },
  {
    arbitrary: fc.record({ kind: fc.constant("linkUp" as const), link, peer: rank, dialled: fc.boolean() }),
    weight: 3,
  },
  { arbitrary: fc.record({ kind: fc.constant("reported" as const), sequence: number }), weight: 2 },
  { arbitrary: fc.constant<MemberEvent>({ kind: "bulk", payload: PAYLOAD, tag: PAYLOAD }), weight: 1 },
  { arbitrary: fc.record({ kind: fc.constant("absenceAllowed" as const), ms: number }), weight: 1 },
  { arbitrary: fc.constant<MemberEvent>({ kind: "leave" }), weight: 1 },
);

const rootEvent: fc.Arbitrary<RootEvent> = fc.oneof(
  { arbitrary: fc.oneof(...common), weight: 10 },
  { arbitrary: fc.record({ kind: fc.constant("hold" as const), ms: number }), weight: 1 },
  {
    arbitrary: fc.record({ kind: fc.constant("invite" as const), host, incarnation: number, rank }),
    weight: 3,
  },
  { arbitrary: fc.record({ kind: fc.constant("dismiss" as const), host }), weight: 1 },
  { arbitrary: fc.record({ kind: fc.constant("linkUp" as const), link, peer: rank }), weight: 4 },
  {
    arbitrary: fc.record({
      kind: fc.constant("command" as const),
      targets: fc.array(host, { maxLength: 4 }),
      payload: fc.constant(PAYLOAD),
    }),
    weight: 3,
  },
  {
    arbitrary: fc.record({ kind: fc.constant("bulk" as const), host, payload: fc.constant(PAYLOAD) }),
    weight: 1,
  },
);

interface Timed<Event> {
  readonly event: Event;
  readonly afterMs: number;
}

const timed = <Event>(event: fc.Arbitrary<Event>): fc.Arbitrary<Timed<Event>[]> =>
  fc.array(fc.record({ event, afterMs: fc.constantFrom(0, 1, 20, 700, 3000, 20_000) }), { maxLength: 80 });

const RUNS = { numRuns: 1500 };

test("a member survives any sequence of events", () => {
  fc.assert(
    fc.property(timed(memberEvent), (events) => {
      const bench = new MemberBench();
      let have = 0;
      for (const { event, afterMs } of events) {
        const effects = [...bench.pass(afterMs), ...bench.step(event)];
        for (const effect of effects) {
          if (effect.kind !== "deliver") continue;
          expect(effect.sequence).toBe(have + 1);
          have = effect.sequence;
        }
        expect(bench.timers.size).toBeLessThanOrEqual(6);
        expect(bench.core.attached).toBe(bench.core.parent !== undefined);
      }
    }),
    RUNS,
  );
});

test("a root survives any sequence of events", () => {
  fc.assert(
    fc.property(timed(rootEvent), (events) => {
      const bench = new RootBench({ commandsKept: 5 });
      for (const { event, afterMs } of events) {
        bench.pass(afterMs);
        const closed = new Set<number>();
        for (const effect of bench.step(event)) {
          if (effect.kind === "close") closed.add(effect.link);
          if (effect.kind === "send") expect(closed.has(effect.link)).toBe(false);
        }
        const members = bench.core.members();
        expect(members.length).toBeLessThanOrEqual(3);
        for (const member of members) expect(member.pendingCommands).toBeLessThanOrEqual(5);
        expect(bench.timers.size).toBeLessThanOrEqual(3);
      }
    }),
    RUNS,
  );
});
