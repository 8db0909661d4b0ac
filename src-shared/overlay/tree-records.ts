// What a root finds of an earlier one: its members, the commands that not everybody had, the reports handed on.
import { FIRST_CHAIN } from "./command-order.ts";
import type { RootRecord } from "./topology.ts";
import { counts, type TreeMemberships } from "./tree-membership.ts";

type KeptCommand = Extract<RootRecord, { kind: "command" }>;

export interface RestoredRoot {
  readonly commands: readonly KeptCommand[];
  readonly stable: number;
  /** The digest of for whom all up to `stable` are. */
  readonly chain: Uint8Array;
}

/** Fills the memberships; whoever had been given anything counts as orphaned: it may come back. */
export function restoreRecords(records: readonly RootRecord[], members: TreeMemberships): RestoredRoot {
  const commands: KeptCommand[] = [];
  let last = 0;
  let stable = 0;
  let chain: Uint8Array = FIRST_CHAIN;
  for (const record of records) {
    switch (record.kind) {
      case "invited":
        members.invite(record, 0);
        break;
      case "dismissed": {
        const host = members.withRank(record.rank)?.host;
        if (host !== undefined) members.dismiss(host);
        break;
      }
      case "command":
        commands.push(record);
        last = Math.max(last, record.sequence);
        break;
      case "stable":
        if (record.sequence >= stable) ({ sequence: stable, chain } = record);
        last = Math.max(last, record.sequence);
        break;
      case "reports": {
        const member = members.withRank(record.rank);
        if (member !== undefined) member.reportsHave = Math.max(member.reportsHave, record.upTo);
        break;
      }
      case "ended": {
        const member = members.withRank(record.rank);
        if (member !== undefined) member.state = record.as;
        break;
      }
    }
  }
  for (const member of members.all())
    if (counts(member) && (member.start < last || member.reportsHave > 0)) member.state = "orphaned";
  return { commands: commands.filter(({ sequence }) => sequence > stable), stable, chain };
}
