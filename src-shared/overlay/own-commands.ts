// A member's own place in the order of commands: what it was told of, what it has, and what waits for a body.
//
// What hosts above say of commands for others is believed until the root's word is there: a beacon, or a command, whose
// signature covers the digest of all before it. When that says otherwise, all that was only told is forgotten, and asked
// for again. What a member says it has carries its digest, so that the root knows when it was deceived.
import { CommandOrder, isSameBytes } from "./command-order.ts";
import type { MemberProofs } from "./member-proofs.ts";
import type { Payload } from "./overlay.ts";
import { hasRank } from "./rank-set.ts";
import type { MemberSettings, Rank } from "./topology.ts";
import type { SignedStamp, TreeFrame } from "./tree-frames.ts";
import type { TreeNode } from "./tree-node.ts";

export interface OwnCommand {
  readonly sequence: number;
  readonly payload: Payload;
}

export interface OwnCommandsEnd {
  deliver(command: OwnCommand): void;
  problem(reason: string): void;
  /** The parent is not to be believed: the way over it is given up. */
  violation(reason: string): void;
}

const DECEIVED = "what hosts above said of commands for others is not what the controller says";

type CommandFrame = Extract<TreeFrame, { t: "command" }>;

export class OwnCommands {
  readonly #rank: Rank;
  readonly #node: TreeNode;
  readonly #end: OwnCommandsEnd;
  readonly #proofs: MemberProofs;
  /** Of all commands up to its last it is known for whom they are; those above #have wait for a body. */
  readonly #order: CommandOrder;
  #have: number;
  /** Up to here the root itself has said so. */
  #sure: number;
  #wasDeceived = false;

  constructor(
    { rank, start, startChain, seals }: MemberSettings,
    proofs: MemberProofs,
    node: TreeNode,
    end: OwnCommandsEnd,
  ) {
    this.#rank = rank;
    this.#proofs = proofs;
    this.#node = node;
    this.#end = end;
    this.#order = new CommandOrder(seals, start, startChain);
    this.#have = start;
    this.#sure = start;
    this.#raise();
  }

  get have(): number {
    return this.#have;
  }

  knows(sequence: number): boolean {
    const { log } = this.#node;
    return sequence <= log.stable || log.get(sequence)?.body !== undefined;
  }

  /** Or the parent itself has another: whoever deceived us before, it is somebody else now. */
  newParent(): void {
    this.#wasDeceived = false;
  }

  /** Its signature was checked. */
  whole({ sequence, epoch, payload, targets, before, seal }: CommandFrame): void {
    if (this.#isGap(sequence)) return;
    const command = { sequence, targets, body: { epoch, payload, before, seal } };
    if (sequence > this.#sure) {
      if (!isSameBytes(this.#order.at(sequence - 1), before)) return this.#forgetTold(sequence);
      this.#sure = sequence - 1;
      const chain = this.#order.after(before, sequence, targets);
      // Now it is told the truth: nothing to blame the parent for.
      if (sequence <= this.#order.last && !isSameBytes(this.#order.at(sequence), chain))
        this.#askAnew(this.#order.last);
      if (sequence > this.#order.last) this.#order.add(targets);
      this.#sure = sequence;
    }
    this.#node.log.add(command);
    this.#advance(false);
  }

  /** Of commands for others only numbers and targets. */
  headers(from: number, headers: readonly (readonly number[])[]): void {
    if (this.#isGap(from)) return;
    headers.forEach((targets, place) => {
      const sequence = from + place;
      // Others are for a child that was there before this client.
      if (sequence === this.#order.last + 1) this.#order.add(targets);
      this.#node.log.add({ sequence, targets, body: undefined });
    });
    this.#advance(true);
  }

  /** The root's word on what it has given. */
  confirm({ last, chain }: SignedStamp): void {
    if (last <= this.#sure || last > this.#order.last) return;
    if (!isSameBytes(this.#order.at(last), chain)) return this.#forgetTold(this.#order.last);
    this.#sure = last;
    this.#forgetBelow();
  }

  askAgain(): void {
    if (this.#have < this.#order.last) this.#node.lacks(this.#have + 1);
  }

  /** By this parent or an earlier one; a parent that was deceived itself says it right the second time. */
  #forgetTold(upTo: number): void {
    if (this.#wasDeceived) {
      this.#forgetUnsure();
      return this.#end.violation(DECEIVED);
    }
    this.#wasDeceived = true;
    this.#askAnew(upTo);
  }

  #askAnew(upTo: number): void {
    this.#forgetUnsure();
    this.#end.problem(`${DECEIVED}: asked again`);
    this.#node.lacks(this.#sure + 1, upTo);
  }

  #forgetUnsure(): void {
    this.#order.cut(this.#sure);
    this.#node.log.forgetHeaders(this.#sure);
    this.#have = Math.min(this.#have, this.#sure);
  }

  #isGap(sequence: number): boolean {
    if (sequence <= this.#order.last + 1) return false;
    this.#node.lacks(this.#order.last + 1, sequence);
    return true;
  }

  /** Over all that is for others, and what is for us with its body. */
  #advance(areHeaders: boolean): void {
    const { log } = this.#node;
    const before = this.#have;
    while (this.#have < this.#order.last) {
      const command = log.get(this.#have + 1);
      if (command === undefined) break;
      const { sequence, targets, body } = command;
      const isOurs = hasRank(targets, this.#rank);
      if (isOurs && body === undefined) break;
      this.#have = sequence;
      if (isOurs && body !== undefined) this.#end.deliver({ sequence, payload: body.payload });
    }
    if (this.#have > before) this.#raise();
    this.#forgetBelow();
    this.askAgain();
    this.#node.arrived(areHeaders);
    this.#node.tellSoon();
  }

  #forgetBelow(): void {
    this.#order.forgetBelow(Math.min(this.#sure, this.#have));
  }

  #raise(): void {
    const chain = this.#order.at(this.#have);
    if (chain === undefined) return;
    this.#node.progress.raise(this.#rank, this.#have, this.#proofs.ofHaving(this.#have, chain));
  }
}
