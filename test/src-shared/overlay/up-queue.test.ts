// What goes up the tree: equal texts as one, each host's in order, never more than the window ahead.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PAYLOAD_BYTES_MAX } from "../../../src-shared/overlay/frame-fields.ts";
import { OVERLAY_LIMITS } from "../../../src-shared/overlay/overlay.ts";
import { randTree } from "../../../src-shared/overlay/rand-tree.ts";
import { taggedRanksOf, tagsOf } from "../../../src-shared/overlay/tagged-ranks.ts";
import type { FoldedItem } from "../../../src-shared/overlay/tree-frames.ts";
import { itemBytes, UpQueue } from "../../../src-shared/overlay/up-queue.ts";
import { FrameDecoder } from "../../../src-shared/protocol/frame-decoder.ts";
import { createWireCodec } from "../../../src-shared/protocol/wire.ts";

const text = (words: string): Uint8Array => new TextEncoder().encode(words);
const tagOf = (rank: number): Uint8Array => new Uint8Array(16).fill(rank);
const report = (rank: number, sequence: number, words: string): FoldedItem => ({
  payload: text(words),
  parts: [{ sequence, skips: 0, ranks: [rank, rank], tags: tagOf(rank) }],
});
const child = (place: number): { link: number; rank: number } => ({ link: place, rank: 100 + place });
const wide = { windowBytes: 1_000_000, frameBytes: 1_000_000 };

/** One line for each report, in the order in which the parent gets them. */
function unfold(items: readonly FoldedItem[]): string[] {
  return items.flatMap(({ payload, parts }) =>
    parts.flatMap((part) =>
      [...tagsOf(part)].map(([rank, tag]) => {
        expect(tag).toEqual(tagOf(rank));
        return `${String(rank)} ${String(part.sequence)} ${new TextDecoder().decode(payload)}`;
      }),
    ),
  );
}

describe("the queue upwards", () => {
  test("a thousand hosts that say the same are one item and one range", () => {
    const queue = new UpQueue(wide);
    for (let rank = 1; rank <= 1000; rank += 1) queue.offer(child(rank % 7), report(rank, 3, "hello"), 10);
    const { items } = queue.take();
    expect(items).toHaveLength(1);
    expect(items[0]?.parts.map(({ sequence, ranks }) => ({ sequence, ranks }))).toEqual([
      { sequence: 3, ranks: [1, 1000] },
    ]);
  });

  describe("makes frames only that the parent's door lets in", () => {
    const codec = createWireCodec(randTree);
    const limits = { windowBytes: 64 * 1024 * 1024, frameBytes: OVERLAY_LIMITS.hopFrameBytes };

    /** All that waits, as the parent has it; nothing of it may be malformed. */
    function overTheWire(queue: UpQueue): FoldedItem[] {
      const items: FoldedItem[] = [];
      while (!queue.isEmpty) {
        const bytes = codec.encodeFrame({ t: "reports", items: queue.take().items });
        const { frames, malformed } = new FrameDecoder(codec).push(bytes);
        expect(malformed).toBeUndefined();
        for (const frame of frames) if (frame.t === "reports") items.push(...frame.items);
      }
      return items;
    }

    test("a large report does not go behind others that fill half of one", () => {
      const queue = new UpQueue(limits);
      for (let rank = 1; rank <= 1300; rank += 1)
        queue.offer(child(1), report(rank, 1, `text ${String(rank)}`), 1);
      queue.offer(child(1), report(2000, 1, "y".repeat(PAYLOAD_BYTES_MAX)), 1);
      expect(overTheWire(queue).at(-1)?.payload).toHaveLength(PAYLOAD_BYTES_MAX);
    });

    test("a large text of thousands of hosts comes as several", () => {
      const queue = new UpQueue(limits);
      const payload = text("z".repeat(PAYLOAD_BYTES_MAX));
      const all = Array.from({ length: 5000 }, (_, place) => 2 * place + 2);
      // As children send it, each for 500 hosts.
      for (let first = 0; first < all.length; first += 500) {
        const ranks = all.slice(first, first + 500);
        const tags = new Map(ranks.map((rank) => [rank, tagOf(rank)]));
        queue.offer(child(1), { payload, parts: [{ sequence: 1, skips: 0, ...taggedRanksOf(tags) }] }, 1);
      }
      const parts = overTheWire(queue).flatMap((item) => item.parts);
      expect(parts.flatMap((part) => tagsOf(part).map(([rank]) => rank))).toEqual(all);
    });

    test("a text that hosts have said under thousands of numbers, too", () => {
      let items: readonly FoldedItem[] = [];
      for (let hop = 0; hop < 2; hop += 1) {
        const queue = new UpQueue(limits);
        for (const item of items) queue.offer(child(1), item, 1);
        if (hop === 0)
          for (let sequence = 1; sequence <= 9000; sequence += 1)
            queue.offer(child(1), report(7, sequence, "again"), 1);
        items = overTheWire(queue);
      }
      expect(unfold(items)).toEqual(
        Array.from({ length: 9000 }, (_, place) => `7 ${String(place + 1)} again`),
      );
    });
  });

  test("keeps each host's order, and loses and doubles nothing", () => {
    const said = fc.array(
      fc.record({ rank: fc.integer({ min: 1, max: 5 }), words: fc.constantFrom("a", "b", "c") }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(said, fc.integer({ min: 1, max: 4 }), (reports, hops) => {
        const last = new Map<number, number>();
        let items = reports.map(({ rank, words }) => {
          const sequence = (last.get(rank) ?? 0) + 1;
          last.set(rank, sequence);
          return report(rank, sequence, words);
        });
        const before = unfold(items).sort();
        for (let hop = 0; hop < hops; hop += 1) {
          const queue = new UpQueue(wide);
          for (const item of items) queue.offer(child(1), item, 1);
          items = queue.take().items;
        }
        expect(unfold(items).sort()).toEqual(before);
        const seen = new Map<number, number>();
        for (const line of unfold(items)) {
          const [rank = 0, sequence = 0] = line.split(" ").map(Number);
          expect(sequence).toBe((seen.get(rank) ?? 0) + 1);
          seen.set(rank, sequence);
        }
      }),
    );
  });

  test("lets out no more than its window, and tells whose bytes are free again", () => {
    const queue = new UpQueue({ windowBytes: 100, frameBytes: 50 });
    for (let rank = 1; rank <= 20; rank += 1)
      queue.offer(child(rank % 2), report(rank, 1, `text ${String(rank)}`), 30);
    let out = 0;
    const freed = new Map<number, number>();
    while (queue.isOpen && !queue.isEmpty) {
      const taken = queue.take();
      for (const item of taken.items) out += itemBytes(item);
      for (const [link, bytes] of taken.freed) freed.set(link, (freed.get(link) ?? 0) + bytes);
    }
    // One item may reach beyond the window, not two.
    expect(out).toBeGreaterThanOrEqual(100);
    expect(out).toBeLessThan(100 + itemBytes(report(1, 1, "text 20")));
    expect([...freed.values()].reduce((sum, bytes) => sum + bytes, 0)).toBeLessThan(20 * 30);
    queue.taken(out);
    expect(queue.isOpen).toBe(true);
  });

  test("knows what of each child waits, however it was sent", () => {
    const queue = new UpQueue({ windowBytes: 1000, frameBytes: 1000 });
    for (const place of [1, 2]) queue.offer(child(place), report(place, 1, "both"), 0);
    queue.offer({ link: 9, rank: 101 }, report(1, 2, "over another link"), 5);
    const one = itemBytes(report(1, 1, "both"));
    expect([101, 102].map((rank) => queue.heldOf(rank))).toEqual([
      one + itemBytes(report(1, 2, "over another link")),
      one,
    ]);
    queue.take();
    expect([101, 102].map((rank) => queue.heldOf(rank))).toEqual([0, 0]);
  });

  test("forgets all when the way up is gone, and frees it", () => {
    const queue = new UpQueue(wide);
    queue.offer(child(4), report(1, 1, "x"), 30);
    queue.offer(child(5), report(2, 1, "x"), 31);
    expect(new Map(queue.clear())).toEqual(
      new Map([
        [4, 30],
        [5, 31],
      ]),
    );
    expect(queue.isEmpty).toBe(true);
    queue.offer(child(4), report(1, 1, "x"), 30);
    expect(queue.take().items).toHaveLength(1);
  });
});
