// The commands that a node keeps to pass on: all above `stable`, each under its number; what is missing is asked for.
import type { Payload } from "./overlay.ts";
import type { RankSet } from "./rank-set.ts";

export interface LoggedCommand {
  readonly epoch: number;
  readonly sequence: number;
  readonly targets: RankSet;
  readonly payload: Payload;
  readonly seal: Uint8Array;
}

export interface CommandLimits {
  readonly kept: number;
  readonly keptBytes: number;
}

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

  get(sequence: number): LoggedCommand | undefined {
    return this.#commands.get(sequence);
  }

  /** False when it was there already, or is wanted by nobody any more. */
  add(command: LoggedCommand): boolean {
    if (command.sequence <= this.#stable || this.#commands.has(command.sequence)) return false;
    this.#commands.set(command.sequence, command);
    this.#bytes += command.payload.length;
    return true;
  }

  /** Forgets what everybody has. */
  prune(stable: number): void {
    if (stable <= this.#stable) return;
    // Over what is there, not over the numbers between: a neighbour may name any number.
    for (const [sequence, { payload }] of this.#commands) {
      if (sequence > stable) continue;
      this.#commands.delete(sequence);
      this.#bytes -= payload.length;
    }
    this.#stable = stable;
  }
}
