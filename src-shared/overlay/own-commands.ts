// A member's own place in the order of commands: what it was told of, what it has, and what waits for a body.
import type { MemberProofs } from "./member-proofs.ts";
import type { Payload } from "./overlay.ts";
import { hasRank } from "./rank-set.ts";
import type { Rank } from "./topology.ts";
import type { TreeFrame } from "./tree-frames.ts";
import type { TreeNode } from "./tree-node.ts";

export interface OwnCommand {
  readonly sequence: number;
  readonly payload: Payload;
}

type CommandFrame = Extract<TreeFrame, { t: "command" }>;

export class OwnCommands {
  readonly #rank: Rank;
  readonly #start: number;
  readonly #node: TreeNode;
  readonly #proofs: MemberProofs;
  readonly #deliver: (command: OwnCommand) => void;
  #have: number;
  /** Of all commands up to here it is known for whom they are; those above #have wait for a body. */
  #told: number;

  constructor(
    { rank, start }: { readonly rank: Rank; readonly start: number },
    node: TreeNode,
    proofs: MemberProofs,
    deliver: (command: OwnCommand) => void,
  ) {
    this.#deliver = deliver;
    this.#rank = rank;
    this.#start = start;
    this.#node = node;
    this.#have = start;
    this.#told = start;
    this.#proofs = proofs;
    this.#raise();
  }

  get have(): number {
    return this.#have;
  }

  knows(sequence: number): boolean {
    const { log } = this.#node;
    return sequence <= log.stable || log.get(sequence)?.body !== undefined;
  }

  /** Passed over as meant for others, which it was not: too late for its place in the order. */
  wasMissed({ sequence, targets }: CommandFrame): boolean {
    const told = this.#node.log.get(sequence);
    if (told === undefined || sequence > this.#have || sequence <= this.#start) return false;
    return !hasRank(told.targets, this.#rank) && hasRank(targets, this.#rank);
  }

  /** Its signature was checked. */
  whole({ sequence, epoch, payload, targets, seal }: CommandFrame): void {
    if (this.#isGap(sequence)) return;
    this.#node.log.add({ sequence, targets, body: { epoch, payload, seal } });
    this.#advance(sequence, false);
  }

  /** Of commands for others only numbers and targets, unsigned: a host above can make us miss one, not take one. */
  headers(from: number, headers: readonly (readonly number[])[]): void {
    if (this.#isGap(from)) return;
    headers.forEach((targets, place) =>
      this.#node.log.add({ sequence: from + place, targets, body: undefined }),
    );
    this.#advance(from + headers.length - 1, true);
  }

  askAgain(): void {
    if (this.#have < this.#told) this.#node.lacks(this.#have + 1);
  }

  #isGap(sequence: number): boolean {
    if (sequence <= this.#told + 1) return false;
    this.#node.lacks(this.#told + 1);
    return true;
  }

  /** Over all that is for others, and what is for us with its body. */
  #advance(told: number, areHeaders: boolean): void {
    const { log } = this.#node;
    const before = this.#have;
    this.#told = Math.max(this.#told, told);
    while (this.#have < this.#told) {
      const command = log.get(this.#have + 1);
      if (command === undefined) break;
      const { sequence, targets, body } = command;
      const isOurs = hasRank(targets, this.#rank);
      if (isOurs && body === undefined) break;
      this.#have = sequence;
      if (isOurs && body !== undefined) this.#deliver({ sequence, payload: body.payload });
    }
    if (this.#have > before) this.#raise();
    this.askAgain();
    this.#node.arrived(areHeaders);
    this.#node.tellSoon();
  }

  #raise(): void {
    this.#node.progress.raise(this.#rank, this.#have, this.#proofs.ofHaving(this.#have));
  }
}
