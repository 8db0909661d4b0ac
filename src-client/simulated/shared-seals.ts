// Seals of simulated hosts: they are one program, so that what the root has signed once is checked once for all of them.
import { createMemberSeals, type MemberKeys } from "#shared/node/seals.ts";
import type { MemberSeals } from "#shared/overlay/topology.ts";

type Sealed = Parameters<MemberSeals["isSealed"]>[0];

/** Signatures of the last minutes: the same one comes to all hosts within seconds. */
const KNOWN_MAX = 4096;

export class SharedSeals {
  readonly #session: string;
  readonly #known = new Map<string, { readonly command: Sealed; readonly verdict: boolean }>();

  constructor(session: string) {
    this.#session = session;
  }

  memberSeals(keys: MemberKeys): MemberSeals {
    const own = createMemberSeals(this.#session, keys);
    return {
      ...own,
      isSealed: (command, seal) => {
        const name = Buffer.from(seal.buffer, seal.byteOffset, seal.byteLength).toString("latin1");
        const known = this.#known.get(name);
        if (known !== undefined && isSame(known.command, command)) return known.verdict;
        const verdict = own.isSealed(command, seal);
        if (this.#known.size >= KNOWN_MAX) this.#known.clear();
        this.#known.set(name, { command, verdict });
        return verdict;
      },
    };
  }
}

function isSame(one: Sealed, other: Sealed): boolean {
  return (
    one.epoch === other.epoch &&
    one.sequence === other.sequence &&
    one.targets.length === other.targets.length &&
    one.targets.every((target, place) => target === other.targets[place]) &&
    (one.payload === other.payload || Buffer.compare(one.payload, other.payload) === 0)
  );
}
