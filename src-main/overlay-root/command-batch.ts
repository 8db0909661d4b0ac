// Commands of one moment: equal ones for different hosts become one command for all of them. Each host gets its own in
// the order in which they were given; between hosts there is no order to keep.
import type { HostId } from "#shared/base/ids.ts";
import type { Payload } from "#shared/overlay/overlay.ts";

export interface BatchedCommand {
  readonly targets: ReadonlySet<HostId>;
  readonly payload: Payload;
}

interface Growing {
  readonly targets: Set<HostId>;
  readonly payload: Payload;
}

/** Looked through for an equal one at most: the kinds of command that a run gives to each of its hosts in turn. */
const LOOKED_BACK_MAX = 8;

export class CommandBatch {
  #commands: Growing[] = [];
  /** Where in #commands the last command of each host is. */
  #lastOf = new Map<HostId, number>();

  get isEmpty(): boolean {
    return this.#commands.length === 0;
  }

  add(targets: readonly HostId[], payload: Payload): void {
    const place = this.#placeFor(targets, payload);
    const command = this.#commands[place] ?? { targets: new Set(), payload };
    this.#commands[place] = command;
    for (const host of targets) {
      command.targets.add(host);
      this.#lastOf.set(host, place);
    }
  }

  /** In order; empty afterwards. */
  take(): readonly BatchedCommand[] {
    const commands = this.#commands;
    this.#commands = [];
    this.#lastOf = new Map();
    return commands;
  }

  /** Behind all that these hosts were given: twice for the same host is twice. */
  #placeFor(targets: readonly HostId[], payload: Payload): number {
    const behind = targets.reduce((most, host) => Math.max(most, this.#lastOf.get(host) ?? -1), -1);
    const end = this.#commands.length;
    for (let place = end - 1; place > behind && place >= end - LOOKED_BACK_MAX; place -= 1) {
      const known = this.#commands[place]?.payload;
      if (known !== undefined && Buffer.compare(known, payload) === 0) return place;
    }
    return end;
  }
}
