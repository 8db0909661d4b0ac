// The door for frames of the tree: what is sound passes unchanged, all else is nothing, and nothing throws.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkTreeFrame } from "../../../src-shared/overlay/check-tree-frame.ts";
import { BULK_PAYLOAD_BYTES_MAX, PAYLOAD_BYTES_MAX } from "../../../src-shared/overlay/frame-fields.ts";
import type { TreeFrame } from "../../../src-shared/overlay/tree-frames.ts";

const tag = new Uint8Array(16).fill(7);
const seal = new Uint8Array(64).fill(9);
const payload = new Uint8Array([1, 2, 3]);
const stamp = { epoch: 1, beacon: 4 };
const path = [
  { rank: 0, address: "" },
  { rank: 3, address: "10.0.0.3:4000" },
];

const FRAMES: readonly TreeFrame[] = [
  {
    t: "join",
    protocol: 1,
    attach: 2,
    proof: tag,
    stamp,
    depth: 3,
    have: 4,
    size: 5,
    address: "h:1",
    insist: false,
  },
  { t: "accept", stamp, path, stable: 3, last: 4, chain: tag, seal },
  { t: "redirect", to: path },
  { t: "refuse", why: "infeasible", backoffMs: 100 },
  { t: "beacon", stamp, path, stable: 3, last: 4, chain: tag, seal, alternatives: path, siblings: [] },
  {
    t: "beacon",
    stamp,
    path,
    stable: 3,
    last: 4,
    chain: tag,
    seal,
    alternatives: [],
    siblings: [],
    trip: { beacon: 7, us: 1200 },
  },
  { t: "detached" },
  { t: "resync" },
  { t: "command", epoch: 1, sequence: 2, targets: [1, 5, 9, 9], payload, before: tag, seal },
  {
    t: "headers",
    from: 3,
    targets: [
      [1, 1],
      [2, 4, 7, 7],
    ],
  },
  { t: "need", from: 2, to: 5, ranks: [2, 4, 7, 7] },
  {
    t: "state",
    whole: true,
    more: false,
    edges: [{ child: 4, parent: 3, attach: 1, up: true, address: "h:2", proof: tag }],
    progress: [{ upTo: 4, ranks: [3, 4], tags: new Uint8Array(32) }],
    room: 2,
  },
  { t: "alive", size: 3, digest: 0xffffffff, room: 1 },
  { t: "alive", size: 3, digest: 0, room: 1, to: 9 },
  { t: "latest", values: [{ rank: 4, number: 2, payload, tag }] },
  { t: "reports", items: [{ payload, parts: [{ sequence: 1, skips: 0, ranks: [4, 4], tags: tag }] }] },
  { t: "bulkUp", items: [{ payload, parts: [{ sequence: 0, skips: 0, ranks: [4, 4], tags: tag }] }] },
  { t: "taken", lane: "bulk", bytes: 12 },
  { t: "received", progress: [{ upTo: 4, ranks: [3, 4], tags: new Uint8Array(32) }] },
  { t: "bulk", rank: 4, payload, tag },
  { t: "goodbye", rank: 4, tag },
  { t: "farewell", rank: 4, epoch: 1, seal },
  { t: "expel", rank: 4, epoch: 1, seal },
];

describe("frames of the tree", () => {
  test.each(FRAMES.map((frame) => [frame.t, frame] as const))("%s passes as it is", (_name, frame) => {
    expect(checkTreeFrame(frame as unknown as Record<string, unknown>)).toEqual(frame);
  });

  test.each(
    FRAMES.filter(({ t }) => t !== "detached" && t !== "resync").map((frame) => [frame.t, frame] as const),
  )("%s with a field that is missing or of another kind does not", (_name, frame) => {
    const fields = frame as unknown as Record<string, unknown>;
    for (const name of Object.keys(fields)) {
      for (const wrong of [undefined, null, -1, 1.5, 2 ** 53, "x\u0000".repeat(400), {}, [[1]], Number.NaN]) {
        const isTheSame = typeof wrong === typeof fields[name] && name === "address" && wrong === "";
        const mayBeMissing = wrong === undefined && (name === "to" || name === "trip");
        if (!isTheSame && !mayBeMissing)
          expect(
            checkTreeFrame({ ...fields, [name]: wrong }),
            `${name} = ${JSON.stringify(wrong) ?? "undefined"}`,
          ).toBe(undefined);
      }
    }
  });

  test("a payload of bulk is a chunk at most, one of a report what fits into a frame", () => {
    const part = { sequence: 1, skips: 0, ranks: [4, 4], tags: tag };
    const limits = [
      ["reports", PAYLOAD_BYTES_MAX],
      ["bulkUp", BULK_PAYLOAD_BYTES_MAX],
    ] as const;
    for (const [t, max] of limits)
      for (const size of [max, max + 1]) {
        const items = [{ payload: new Uint8Array(size), parts: [part] }];
        expect(checkTreeFrame({ t, items }) === undefined).toBe(size > max);
      }
    for (const size of [BULK_PAYLOAD_BYTES_MAX, BULK_PAYLOAD_BYTES_MAX + 1]) {
      const frame = checkTreeFrame({ t: "bulk", rank: 4, payload: new Uint8Array(size), tag });
      expect(frame === undefined).toBe(size > BULK_PAYLOAD_BYTES_MAX);
    }
  });

  test("a zero with a sign has another spelling in seals, and is refused", () => {
    expect(checkTreeFrame({ t: "taken", lane: "bulk", bytes: -0 })).toBe(undefined);
    expect(checkTreeFrame({ t: "received", progress: [{ upTo: -0, ranks: [3, 3], tags: tag }] })).toBe(
      undefined,
    );
    const targets = [[-0, 1]];
    expect(checkTreeFrame({ t: "headers", from: 1, targets })).toBe(undefined);
  });

  test("what is unknown is left out", () => {
    expect(checkTreeFrame({ t: "detached", more: 1 })).toEqual({ t: "detached" });
  });

  test("four thousand million ranks are refused before anybody counts to that", () => {
    const ranks = [0, 2 ** 32 - 1];
    expect(checkTreeFrame({ t: "received", progress: [{ upTo: 1, ranks, tags: tag }] })).toBe(undefined);
    expect(checkTreeFrame({ t: "command", epoch: 1, sequence: 1, targets: ranks, payload, seal })).toBe(
      undefined,
    );
  });

  test("a tag that is missing, and one too many, are refused", () => {
    for (const tags of [new Uint8Array(16), new Uint8Array(48), undefined]) {
      const progress = [{ upTo: 1, ranks: [3, 4], tags }];
      expect(checkTreeFrame({ t: "received", progress })).toBe(undefined);
      expect(checkTreeFrame({ t: "state", whole: true, more: false, edges: [], progress, room: 2 })).toBe(
        undefined,
      );
    }
  });

  test("nothing makes it throw", () => {
    const anything = fc.record(
      {
        t: fc.constantFrom(...FRAMES.map(({ t }) => t), "constructor", ""),
        stamp: fc.anything(),
        path: fc.anything(),
        edges: fc.anything(),
        progress: fc.anything(),
        items: fc.anything(),
        ranks: fc.anything(),
        targets: fc.anything(),
        payload: fc.anything(),
        whole: fc.anything(),
        room: fc.anything(),
        to: fc.anything(),
      },
      { requiredKeys: ["t"] },
    );
    fc.assert(
      fc.property(anything, (fields) => void checkTreeFrame(fields)),
      { numRuns: 500 },
    );
  });
});
