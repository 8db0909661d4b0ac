// A compromised relay: it edits all that passes through it, both ways, says again what is over, and makes some up. All
// that it may ever achieve is that it does not arrive.
import type { Random } from "../base/random.ts";
import { TAG_BYTES, type Rank } from "../overlay/topology.ts";
import {
  signedStampOf,
  type ProgressGroup,
  type SignedStamp,
  type TreeFrame,
} from "../overlay/tree-frames.ts";
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

/** For sequences of commands and reports, stamps, `stable`: a little too high, or far. */
const JUMPS = [1, 2, 1000];

function forgery(random: Random, scene: Scene<TreeFrame>): Forged {
  let kept: Extract<TreeFrame, { t: "command" }> | undefined;
  /** One that was true once, and the newest. */
  let earlier: Beacon | undefined;
  let newest: Beacon | undefined;
  const jump = (): number => scene.pick(JUMPS) ?? 1;
  const someRank = (): number => {
    const client = scene.someone();
    return client === undefined ? 1 : client.rank;
  };
  return (frame, to) => {
    if (random() < 0.5) return frame;
    switch (frame.t) {
      case "command": {
        const before = kept;
        kept = frame;
        return forgedCommand(frame, before, random, someRank);
      }
      case "reports":
      case "bulkUp":
        return { ...frame, items: frame.items.map((item) => forgedItem(item, random, someRank)) };
      case "state": {
        const edges = frame.edges.map((edge) =>
          random() < 0.5 ? { ...edge, attach: edge.attach + 1 } : { ...edge, child: someRank() },
        );
        return {
          ...frame,
          edges,
          progress: frame.progress.map((group) => forgedProgress(group, random, jump())),
        };
      }
      case "received":
        return { ...frame, progress: frame.progress.map((group) => forgedProgress(group, random, jump())) };
      case "bulk":
        return random() < 0.5 ? { ...frame, payload: encoder.encode("rm -rf /") } : { ...frame, rank: to };
      case "goodbye":
        return { ...frame, rank: someRank() };
      case "latest":
        return { ...frame, values: frame.values.map((value) => forgedLatest(value, random, someRank)) };
      case "farewell":
      case "expel":
        return { ...frame, rank: someRank() };
      // It can make frames up, too.
      case "beacon":
        newest = frame;
        earlier = random() < INVENTS ? frame : (earlier ?? frame);
        if (random() < INVENTS) {
          const child = scene.world.clients.get(to);
          const rank = child === undefined ? to : (scene.pick(scene.below(child))?.rank ?? to);
          return { t: "expel", rank, epoch: frame.stamp.epoch, seal: NO_TAG };
        }
        return random() < INVENTS ? forgedBeacon(frame, earlier, random, jump()) : frame;
      case "accept":
        if (random() < 0.5)
          return { ...frame, ...signedStampOf(forgedBeacon(frame, earlier, random, jump())) };
        return frame;
      // Cut off itself, it would like to keep them.
      case "detached":
        return newest === undefined ? undefined : forgedBeacon(newest, earlier, random, jump());
      case "alive":
        return random() < INVENTS ? { t: "goodbye", rank: someRank(), tag: NO_TAG } : frame;
      case "join":
      case "redirect":
      case "refuse":
      case "headers":
      case "need":
      case "resync":
      case "taken":
        return frame;
    }
  };
}

type Beacon = Extract<TreeFrame, { t: "beacon" }>;

function forgedBeacon<Frame extends SignedStamp>(
  frame: Frame,
  earlier: SignedStamp | undefined,
  random: Random,
  jump: number,
): Frame {
  const { epoch, beacon } = frame.stamp;
  const drawn = random();
  if (drawn < 0.3) return { ...frame, stamp: { epoch, beacon: beacon + jump } };
  if (drawn < 0.4) return { ...frame, stamp: { epoch: epoch + 1, beacon } };
  if (drawn < 0.7 || earlier === undefined) return { ...frame, stable: frame.stable + jump };
  if (drawn < 0.8) return { ...frame, last: frame.last + jump };
  return { ...frame, ...signedStampOf(earlier) };
}

type Latest = Extract<TreeFrame, { t: "latest" }>["values"][number];

function forgedLatest(value: Latest, random: Random, someRank: () => number): Latest {
  const drawn = random();
  if (drawn < 0.4) return { ...value, payload: encoder.encode("all is well") };
  if (drawn < 0.7) return { ...value, number: value.number + 1 };
  return { ...value, rank: someRank() };
}

/** Higher than it is; or what one has for all of them. */
function forgedProgress(group: ProgressGroup, random: Random, jump: number): ProgressGroup {
  if (random() < 0.7) return { ...group, upTo: group.upTo + jump };
  const one = group.tags.slice(0, TAG_BYTES);
  const tags = new Uint8Array(group.tags.length);
  for (let at = 0; at < tags.length; at += TAG_BYTES) tags.set(one, at);
  return { ...group, upTo: group.upTo + jump, tags };
}

function forgedCommand(
  frame: Extract<TreeFrame, { t: "command" }>,
  earlier: Extract<TreeFrame, { t: "command" }> | undefined,
  random: Random,
  someRank: () => number,
): TreeFrame | undefined {
  const drawn = random();
  if (drawn < 0.05) return undefined;
  // What others have to know of it, without what this one has to do.
  if (drawn < 0.2) return { t: "headers", from: frame.sequence, targets: [frame.targets] };
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
