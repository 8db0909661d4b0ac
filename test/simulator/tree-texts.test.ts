// What texts of a thousand hosts cost the root: those that all print the same as good as nothing, each its own line no
// more than these lines, and a flood of them no more at once than the windows; nothing is lost.
import { expect, test } from "vitest";
import { runIdOf, type BlockPath } from "../../src-shared/base/ids.ts";
import { OVERLAY_LIMITS } from "../../src-shared/overlay/overlay.ts";
import { randTree } from "../../src-shared/overlay/rand-tree.ts";
import { ROOT_RANK } from "../../src-shared/overlay/topology.ts";
import type { TreeFrame } from "../../src-shared/overlay/tree-frames.ts";
import type { BulkMessage } from "../../src-shared/protocol/bulk.ts";
import { createWireCodec } from "../../src-shared/protocol/wire.ts";
import { Stage } from "../../src-shared/simulator/story-stage.ts";
import { treeFrameBytes } from "../../src-shared/simulator/tree-frame-judge.ts";
import type { VirtualConnection } from "../../src-shared/simulator/virtual-connection.ts";

const HOSTS = 1000;
const DEGREE = 32;
const LINE_BYTES = 80;
/** 16 MB in all, which is more than all windows together. */
const PIECES = 8;
const PIECE_BYTES = 2000;
const SECONDS_MS = 3000;
const codec = createWireCodec(randTree);

/** All that goes up to the root in bulk. */
class RootBulk {
  /** As on the wire. */
  bytes = 0;
  frames = 0;
  /** Handed on. */
  count = 0;
  readonly texts = new Set<string>();
  /** Most that was on its way to the root, and not taken by it. */
  underWayMax = 0;
  readonly #underWay = new Map<VirtualConnection<TreeFrame>, number>();
  readonly stage: Stage<TreeFrame>;

  constructor() {
    const performer = { topology: randTree, bytesOf: treeFrameBytes };
    this.stage = new Stage<TreeFrame>(performer, HOSTS, DEGREE, 1, {
      sent: (from, connection, frame) => this.#sent(from.rank, connection, frame),
      rootPerforming: (effect) => {
        if (effect.kind !== "deliverBulk") return;
        this.count += 1;
        this.texts.add(Buffer.from(effect.payload).toString("latin1"));
      },
    });
  }

  /** Counts anew. */
  begin(): void {
    this.bytes = 0;
    this.frames = 0;
    this.count = 0;
    this.underWayMax = 0;
    this.texts.clear();
  }

  #sent(from: number, connection: VirtualConnection<TreeFrame>, frame: TreeFrame): void {
    const toRoot =
      from !== ROOT_RANK && [0, 1].some((side) => connection.program(side as 0 | 1).rank === ROOT_RANK);
    if (toRoot && frame.t === "bulkUp") {
      this.bytes += codec.encodeFrame(frame).length;
      this.frames += 1;
      this.#note(connection, treeFrameBytes(frame));
    }
    if (from === ROOT_RANK && frame.t === "taken" && frame.lane === "bulk")
      this.#note(connection, -frame.bytes);
  }

  /** Of what is its children's own the root gives nothing back, for that is no part of their windows. */
  #note(connection: VirtualConnection<TreeFrame>, bytes: number): void {
    const underWay = Math.max(0, (this.#underWay.get(connection) ?? 0) + bytes);
    this.#underWay.set(connection, underWay);
    const all = [...this.#underWay.values()].reduce((sum, one) => sum + one, 0);
    this.underWayMax = Math.max(this.underWayMax, all);
  }
}

/** As clients send it. */
function lineOf(text: string, size = LINE_BYTES): Uint8Array {
  const bytes = new TextEncoder().encode(`${text.padEnd(size - 1, ".")}\n`);
  const message: BulkMessage = {
    kind: "output",
    run: runIdOf("20261123-100847-93c61"),
    block: "work/workers/run" as BlockPath,
    attempt: 1,
    stream: "stdout",
    gone: 0,
    offset: 0,
    bytes,
    ageMs: 0,
    end: false,
  };
  return codec.encodePayload(message);
}

/** Each says one, at once; the seconds are the simulator's. */
function sayAll(root: RootBulk, textOf: (rank: number) => Uint8Array): void {
  for (const client of root.stage.running()) client.bulk(textOf(client.rank));
}

test("of a thousand hosts: one line of all, a line of each, and a flood that waits at the hosts", () => {
  const root = new RootBulk();
  root.begin();
  const text = lineOf("the same");
  sayAll(root, () => text);
  root.stage.run(SECONDS_MS);
  expect([root.count, root.texts.size]).toEqual([HOSTS, 1]);
  expect(root.frames).toBeLessThanOrEqual(3 * DEGREE);
  // Tags are 16 bytes of each host, and cannot be folded.
  expect(root.bytes).toBeLessThan(HOSTS * 45);

  root.begin();
  sayAll(root, (rank) => lineOf(`host ${String(rank)}`));
  root.stage.run(SECONDS_MS);
  expect([root.count, root.texts.size]).toEqual([HOSTS, HOSTS]);
  expect(root.frames).toBeLessThanOrEqual(3 * DEGREE);
  expect(root.bytes).toBeLessThan(HOSTS * (text.length + 80));

  root.begin();
  for (let piece = 0; piece < PIECES; piece += 1)
    sayAll(root, (rank) => lineOf(`host ${String(rank)} ${String(piece)}`, PIECE_BYTES));
  root.stage.run(10 * SECONDS_MS);
  expect([root.count, root.texts.size]).toEqual([HOSTS * PIECES, HOSTS * PIECES]);
  const { hopBytes, hopFrameBytes } = OVERLAY_LIMITS;
  expect(root.underWayMax).toBeLessThanOrEqual(DEGREE * (hopBytes + hopFrameBytes));
  // More would have been under way, had nobody held it back.
  expect(root.underWayMax).toBeGreaterThan((DEGREE * hopBytes) / 2);
});
