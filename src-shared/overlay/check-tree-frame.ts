// The door for what comes over a link of the tree: each frame is built anew from its known fields, all of them bounded.
import {
  ADDRESS_CHARACTERS_MAX,
  BULK_PAYLOAD_BYTES_MAX,
  PAYLOAD_BYTES_MAX,
  isCount,
  isPayload,
  isRank,
  isRecord,
  isTrip,
  type Fields,
} from "./frame-fields.ts";
import { OVERLAY_LIMITS } from "./overlay.ts";
import { countRanks, isRankSet } from "./rank-set.ts";
import type { TaggedRanks } from "./tagged-ranks.ts";
import { type LatestValue, TAG_BYTES, type Candidate } from "./topology.ts";
import { TREE_REFUSALS, type EdgeRecord, type FoldedItem, type FoldedPart } from "./tree-frames.ts";
import type { ProgressGroup, SignedStamp, Stamp, TreeFrame, UpLane } from "./tree-frames.ts";

/** An Ed25519 signature has 64. */
const SEAL_BYTES_MAX = 128;
/** Many times the hosts of one session: whoever names more wants to keep us busy. */
const RANKS_MAX = 65_536;
/** In one frame: redirects and samples are a handful, a path as deep as a tree may be. */
const CANDIDATES_MAX = OVERLAY_LIMITS.path;
const ITEMS_MAX = 4096;
const PARTS_MAX = 4096;

export function checkTreeFrame(fields: Fields): TreeFrame | undefined {
  const { t } = fields;
  switch (t) {
    case "join":
      return joinOf(fields);
    case "accept": {
      const { path } = fields;
      const signed = signedOf(fields);
      return signed !== undefined && isPath(path) ? { t, ...signed, path: path.map(candidateOf) } : undefined;
    }
    case "redirect":
      return isPath(fields["to"]) ? { t, to: fields["to"].map(candidateOf) } : undefined;
    case "refuse": {
      const why = TREE_REFUSALS.find((known) => known === fields["why"]);
      const { backoffMs } = fields;
      return why !== undefined && isCount(backoffMs) ? { t, why, backoffMs } : undefined;
    }
    case "beacon":
      return beaconOf(fields);
    case "detached":
    case "resync":
      return { t };
    case "command":
      return commandOf(fields);
    case "headers":
      return headersOf(fields);
    case "need":
      return needOf(fields);
    case "state":
      return stateOf(fields);
    case "alive":
      return aliveOf(fields);
    case "latest":
      return latestOf(fields["values"]);
    case "reports":
    case "bulkUp": {
      const items = itemsOf(fields["items"], t === "bulkUp" ? BULK_PAYLOAD_BYTES_MAX : PAYLOAD_BYTES_MAX);
      return items === undefined ? undefined : { t, items };
    }
    case "taken": {
      const lane = LANES.find((known) => known === fields["lane"]);
      const { bytes } = fields;
      return lane !== undefined && isCount(bytes) ? { t, lane, bytes } : undefined;
    }
    case "received": {
      const progress = progressOf(fields["progress"]);
      return progress === undefined ? undefined : { t, progress };
    }
    case "bulk": {
      const { rank, payload, tag } = fields;
      return isRank(rank) && isPayload(payload, BULK_PAYLOAD_BYTES_MAX) && isTag(tag)
        ? { t, rank, payload, tag }
        : undefined;
    }
    case "goodbye": {
      const { rank, tag } = fields;
      return isRank(rank) && isTag(tag) ? { t, rank, tag } : undefined;
    }
    case "farewell":
    case "expel": {
      const { rank, epoch, seal } = fields;
      return isRank(rank) && isCount(epoch) && isSeal(seal) ? { t, rank, epoch, seal } : undefined;
    }
    default:
      return undefined;
  }
}

const LANES: readonly UpLane[] = ["reports", "bulk"];

const isTag = (value: unknown): value is Uint8Array =>
  value instanceof Uint8Array && value.length === TAG_BYTES;
const isSeal = (value: unknown): value is Uint8Array => isPayload(value, SEAL_BYTES_MAX);
const isRanks = (value: unknown): value is number[] =>
  Array.isArray(value) && isRankSet(value) && countRanks(value) <= RANKS_MAX;
const isAddress = (value: unknown): value is string =>
  typeof value === "string" && value.length <= ADDRESS_CHARACTERS_MAX;
const isStamp = (value: unknown): value is Stamp =>
  isRecord(value) && isCount(value["epoch"]) && isCount(value["beacon"]);
const isCandidate = (value: unknown): value is Candidate =>
  isRecord(value) && isRank(value["rank"]) && isAddress(value["address"]);
const isPath = (value: unknown): value is Candidate[] =>
  Array.isArray(value) && value.length <= CANDIDATES_MAX && value.every(isCandidate);

const stampOf = ({ epoch, beacon }: Stamp): Stamp => ({ epoch, beacon });
const candidateOf = ({ rank, address }: Candidate): Candidate => ({ rank, address });

function joinOf(fields: Fields): TreeFrame | undefined {
  const { protocol, attach, proof, stamp, depth, have, size, address, insist } = fields;
  const isSound =
    isCount(protocol) && isCount(attach) && isTag(proof) && isStamp(stamp) && isCount(depth) && isCount(have);
  if (!isSound || !isCount(size) || !isAddress(address) || typeof insist !== "boolean") return undefined;
  return { t: "join", protocol, attach, proof, stamp: stampOf(stamp), depth, have, size, address, insist };
}

function signedOf({ stamp, stable, last, chain, seal }: Fields): SignedStamp | undefined {
  return isStamp(stamp) && isCount(stable) && isCount(last) && isTag(chain) && isSeal(seal)
    ? { stamp: stampOf(stamp), stable, last, chain, seal }
    : undefined;
}

function beaconOf(fields: Fields): TreeFrame | undefined {
  const { path, alternatives, siblings, trip } = fields;
  const signed = signedOf(fields);
  if (signed === undefined || !isPath(path) || !isPath(alternatives) || !isPath(siblings)) return undefined;
  if (trip !== undefined && !isTrip(trip)) return undefined;
  return {
    t: "beacon",
    ...signed,
    path: path.map(candidateOf),
    alternatives: alternatives.map(candidateOf),
    siblings: siblings.map(candidateOf),
    ...(trip === undefined ? {} : { trip: { beacon: trip.beacon, us: trip.us } }),
  };
}

function commandOf(fields: Fields): TreeFrame | undefined {
  const { epoch, sequence, targets, payload, before, seal } = fields;
  const isSound = isCount(epoch) && isCount(sequence) && isRanks(targets) && isTag(before);
  return isSound && isPayload(payload) && isSeal(seal)
    ? { t: "command", epoch, sequence, targets, payload, before, seal }
    : undefined;
}

function headersOf(fields: Fields): TreeFrame | undefined {
  const { from, targets } = fields;
  if (!isCount(from) || !Array.isArray(targets) || targets.length > OVERLAY_LIMITS.headersInFrame)
    return undefined;
  // In numbers, not in ranks: a range is never written out here.
  const numbers = targets.reduce(
    (sum: number, set: unknown) => sum + (Array.isArray(set) ? set.length : 0),
    0,
  );
  return numbers <= RANKS_MAX && targets.every(isRanks) ? { t: "headers", from, targets } : undefined;
}

function needOf({ from, to, ranks }: Fields): TreeFrame | undefined {
  const isSound = isCount(from) && isCount(to) && from <= to;
  return isSound && isRanks(ranks) ? { t: "need", from, to, ranks } : undefined;
}

function stateOf(fields: Fields): TreeFrame | undefined {
  const { whole, more, edges, room } = fields;
  const progress = progressOf(fields["progress"]);
  if (typeof whole !== "boolean" || typeof more !== "boolean") return undefined;
  if (!isCount(room) || progress === undefined) return undefined;
  if (!Array.isArray(edges) || edges.length > OVERLAY_LIMITS.edgesInFrame || !edges.every(isEdge))
    return undefined;
  return { t: "state", whole, more, edges: edges.map(edgeOf), progress, room };
}

function isEdge(value: unknown): value is EdgeRecord {
  if (!isRecord(value)) return false;
  const { child, parent, attach, up, address, proof } = value;
  return (
    isRank(child) &&
    isRank(parent) &&
    isCount(attach) &&
    typeof up === "boolean" &&
    isAddress(address) &&
    isTag(proof)
  );
}

const edgeOf = ({ child, parent, attach, up, address, proof }: EdgeRecord): EdgeRecord => ({
  child,
  parent,
  attach,
  up,
  address,
  proof,
});

function progressOf(value: unknown): ProgressGroup[] | undefined {
  if (!Array.isArray(value) || value.length > RANKS_MAX) return undefined;
  const groups: ProgressGroup[] = [];
  let count = 0;
  for (const group of value as unknown[]) {
    if (!isRecord(group)) return undefined;
    const { upTo } = group;
    const tagged = taggedRanksOf(group);
    if (!isCount(upTo) || tagged === undefined) return undefined;
    count += countRanks(tagged.ranks);
    if (count > RANKS_MAX) return undefined;
    groups.push({ upTo, ...tagged });
  }
  return groups;
}

function itemsOf(value: unknown, payloadBytesMax: number): FoldedItem[] | undefined {
  if (!Array.isArray(value) || value.length > ITEMS_MAX) return undefined;
  const items: FoldedItem[] = [];
  for (const item of value as unknown[]) {
    if (!isRecord(item)) return undefined;
    const { payload, parts } = item;
    if (!isPayload(payload, payloadBytesMax) || !Array.isArray(parts) || parts.length > PARTS_MAX)
      return undefined;
    const checked = parts.map(partOf);
    if (checked.some((part) => part === undefined)) return undefined;
    items.push({ payload, parts: checked.filter((part) => part !== undefined) });
  }
  return items;
}

function aliveOf({ size, digest, room, to }: Fields): TreeFrame | undefined {
  if (!isCount(size) || !isCount(digest) || !isCount(room)) return undefined;
  if (to === undefined) return { t: "alive", size, digest, room };
  return isCount(to) ? { t: "alive", size, digest, room, to } : undefined;
}

function latestOf(value: unknown): TreeFrame | undefined {
  if (!Array.isArray(value) || value.length > ITEMS_MAX) return undefined;
  const values: LatestValue[] = [];
  for (const one of value as unknown[]) {
    if (!isRecord(one)) return undefined;
    const { rank, number, payload, tag } = one;
    if (!isRank(rank) || !isCount(number) || !isPayload(payload, OVERLAY_LIMITS.latestBytes) || !isTag(tag))
      return undefined;
    values.push({ rank, number, payload, tag });
  }
  return { t: "latest", values };
}

function partOf(value: unknown): FoldedPart | undefined {
  if (!isRecord(value)) return undefined;
  const { sequence, skips } = value;
  const tagged = taggedRanksOf(value);
  return isCount(sequence) && isCount(skips) && tagged !== undefined
    ? { sequence, skips, ...tagged }
    : undefined;
}

/** The tags bound the ranks: a frame holds so many of them and no more. */
function taggedRanksOf({ ranks, tags }: Fields): TaggedRanks | undefined {
  const isSound =
    isRanks(ranks) && tags instanceof Uint8Array && tags.length === countRanks(ranks) * TAG_BYTES;
  return isSound ? { ranks, tags } : undefined;
}
