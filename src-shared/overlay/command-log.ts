// The commands that a node keeps to pass on: all above `stable`, each under its number, with a body where somebody here
// or below is meant; what is missing is asked for.
import type { Payload } from "./overlay.ts";
import { hasRank, type RankSet } from "./rank-set.ts";
import type { Rank } from "./topology.ts";

/** What only the hosts that a command is meant for need, and those on the way to them. */
export interface CommandBody {
  readonly epoch: number;
  readonly payload: Payload;
  /** The digest of for whom all commands before it are (command-order.ts). */
  readonly before: Uint8Array;
  readonly seal: Uint8Array;
}

export interface LoggedCommand {
  readonly sequence: number;
  readonly targets: RankSet;
  /** Undefined: only its number and for whom it is were told. */
  readonly body: CommandBody | undefined;
}

export interface CommandLimits {
  readonly kept: number;
  readonly keptBytes: number;
}

const FILLING_PART = 8;

export class CommandLog {
  readonly #limits: CommandLimits;
  readonly #commands = new Map<number, LoggedCommand>();
  #bytes = 0;
  /** Everybody has all up to here. */
  #stable = 0;

  constructor(limits: CommandLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#commands.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get stable(): number {
    return this.#stable;
  }

  get isFull(): boolean {
    return this.#commands.size >= this.#limits.kept || this.#bytes >= this.#limits.keptBytes;
  }

  /** Whoever holds it up should hear of it soon. */
  get isFilling(): boolean {
    const { kept, keptBytes } = this.#limits;
    return this.#commands.size >= kept / FILLING_PART || this.#bytes >= keptBytes / FILLING_PART;
  }

  get(sequence: number): LoggedCommand | undefined {
    return this.#commands.get(sequence);
  }

  /** After one number, up to another. What all others have is not kept: whoever is lost stays behind for ever. */
  countFor(rank: Rank, after: number, upTo: number): number {
    let count = 0;
    for (let sequence = Math.max(after, this.#stable) + 1; sequence <= upTo; sequence += 1)
      if (hasRank(this.#commands.get(sequence)?.targets ?? [], rank)) count += 1;
    return count;
  }

  /** Nothing changes when as much of it was there already, or when nobody wants it any more. */
  add(command: LoggedCommand): void {
    const { sequence, body } = command;
    const known = this.#commands.get(sequence);
    if (sequence <= this.#stable || known?.body !== undefined) return;
    if (known !== undefined && body === undefined) return;
    this.#commands.set(sequence, command);
    this.#bytes += body?.payload.length ?? 0;
  }

  /** What was only told, above this number. */
  forgetHeaders(above: number): void {
    for (const [sequence, { body }] of this.#commands)
      if (sequence > above && body === undefined) this.#commands.delete(sequence);
  }

  /** Forgets what everybody has. */
  prune(stable: number): void {
    if (stable <= this.#stable) return;
    // Over what is there, not over the numbers between: a neighbour may name any number.
    for (const [sequence, { body }] of this.#commands) {
      if (sequence > stable) continue;
      this.#commands.delete(sequence);
      this.#bytes -= body?.payload.length ?? 0;
    }
    this.#stable = stable;
  }
}
