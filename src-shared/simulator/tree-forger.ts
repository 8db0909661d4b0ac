// A compromised relay: it edits commands, reports and edges that pass through it, and makes some up. All that it may
// ever achieve is that they do not arrive.
import type { Random } from "../base/random.ts";
import { TAG_BYTES, type Rank } from "../overlay/topology.ts";
import type { TreeFrame } from "../overlay/tree-frames.ts";
import type { Fault } from "./tree-faults.ts";
import type { Scene } from "./scene.ts";

type Forged = (frame: TreeFrame, to: Rank) => TreeFrame | undefined;

const INVENTS = 0.1;
const NO_TAG = new Uint8Array(TAG_BYTES);
const encoder = new TextEncoder();

export const FORGER: Fault = {
  name: "a relay forges",
  weight: 1,
  inject: (scene) => {
    const relay = scene.relay();
    if (relay === undefined) return;
    scene.forgers.add(relay.rank);
    scene.sightings.note("a relay forges");
    const forge = forgery(scene.random, scene as unknown as Scene<TreeFrame>);
    relay.tamper = (frame, to) => forge(frame as TreeFrame, to) as typeof frame | undefined;
  },
};

function forgery(random: Random, scene: Scene<TreeFrame>): Forged {
  let kept: Extract<TreeFrame, { t: "command" }> | undefined;
  const someRank = (): number => {
    const client = scene.someone();
    return client === undefined ? 1 : client.rank;
  };
  return (frame, to) => {
    if (random() < 0.5) return frame;
    switch (frame.t) {
      case "command": {
        const earlier = kept;
        kept = frame;
        return forgedCommand(frame, earlier, random, someRank);
      }
      case "reports":
      case "bulkUp":
        return { ...frame, items: frame.items.map((item) => forgedItem(item, random, someRank)) };
      case "state": {
        const edges = frame.edges.map((edge) =>
          random() < 0.5 ? { ...edge, attach: edge.attach + 1 } : { ...edge, child: someRank() },
        );
        return { ...frame, edges };
      }
      case "goodbye":
        return { ...frame, rank: someRank() };
      case "farewell":
      case "expel":
        return { ...frame, rank: someRank() };
      // It can make frames up, too.
      case "beacon":
        return random() < INVENTS ? { t: "expel", rank: to, epoch: frame.stamp.epoch, seal: NO_TAG } : frame;
      case "alive":
        return random() < INVENTS ? { t: "goodbye", rank: someRank(), tag: NO_TAG } : frame;
      case "join":
      case "accept":
      case "redirect":
      case "refuse":
      case "detached":
      case "need":
      case "resync":
      case "taken":
      case "received":
      case "bulk":
        return frame;
    }
  };
}

function forgedCommand(
  frame: Extract<TreeFrame, { t: "command" }>,
  earlier: Extract<TreeFrame, { t: "command" }> | undefined,
  random: Random,
  someRank: () => number,
): TreeFrame | undefined {
  const drawn = random();
  if (drawn < 0.2) return undefined;
  if (drawn < 0.4) return { ...frame, payload: encoder.encode("rm -rf /") };
  if (drawn < 0.6) {
    const rank = someRank();
    return { ...frame, targets: [rank, rank] };
  }
  if (drawn < 0.8 && earlier !== undefined) return { ...earlier, sequence: frame.sequence };
  return { ...frame, epoch: frame.epoch + 1 };
}

type Item = Extract<TreeFrame, { t: "reports" }>["items"][number];

function forgedItem(item: Item, random: Random, someRank: () => number): Item {
  const drawn = random();
  if (drawn < 0.4) return { ...item, payload: encoder.encode("all is well") };
  const parts = item.parts.map((part) => {
    if (drawn < 0.6) return { ...part, sequence: part.sequence + 1 };
    if (drawn < 0.8) return { ...part, skips: Math.max(0, part.sequence - 1) };
    const rank = someRank();
    return { ...part, ranks: [rank, rank], tags: part.tags.slice(0, TAG_BYTES) };
  });
  return { ...item, parts };
}
