// The door for the journal of the overlay's root: one record, field by field, or none.
import type { HostId } from "#shared/base/ids.ts";
import { RANK_MAX } from "#shared/overlay/frame-fields.ts";
import { ROOT_RANK, TAG_BYTES, type RootRecord } from "#shared/overlay/topology.ts";
import { kindOf, listOf, numberOf, oneOf, only, textOf } from "#shared/protocol/shapes.ts";

export type JournalRecord = RootRecord | { readonly kind: "epoch"; readonly epoch: number };

const NAME_CHARACTERS_MAX = 4096;
/** Ranges of ranks: bounded by the frame in which they go out. */
const TARGETS_MAX = 20_000;

const count = numberOf({ whole: true, least: 0 });
const rank = numberOf({ whole: true, least: ROOT_RANK + 1, most: RANK_MAX });
const host = textOf<HostId>({ least: 1, most: NAME_CHARACTERS_MAX });
const payload = only<Uint8Array>((value) => value instanceof Uint8Array);

const chain = only<Uint8Array>((value) => value instanceof Uint8Array && value.length === TAG_BYTES);

const recordShape = kindOf({
  epoch: { epoch: count },
  invited: { host, incarnation: count, rank, start: count },
  dismissed: { rank },
  command: { sequence: count, targets: listOf(count, 0, TARGETS_MAX), payload },
  stable: { sequence: count, chain },
  reports: { rank, upTo: count },
  ended: { rank, as: oneOf("left", "lost") },
});

export function checkRootRecord(value: unknown): JournalRecord | undefined {
  return recordShape.wrongAt(value) === undefined ? (value as JournalRecord) : undefined;
}
