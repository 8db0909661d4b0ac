// Where clients on other computers find this controller, and when that changes: another network, a VPN that comes or goes.
import { writeAddress } from "#shared/protocol/address.ts";
import type { RootAddress } from "#shared/protocol/credentials.ts";

/** Nothing tells Node of it. Looking takes 0.1 ms, and a link that breaks for it takes 3 s to be missed. */
const LOOK_MS = 2000;

export interface Interfaces {
  readonly [name: string]: readonly { readonly address: string; readonly internal: boolean }[] | undefined;
}

export interface OwnAddressesParts {
  readonly interfaces: () => Interfaces;
  /** Calls again and again, until what it returns is called. */
  readonly every: (ms: number, look: () => void) => () => void;
  readonly onChange: (addresses: readonly RootAddress[]) => void;
}

export class OwnAddresses {
  readonly #parts: OwnAddressesParts;
  #told = "";
  #stop: (() => void) | undefined;

  constructor(parts: OwnAddressesParts) {
    this.#parts = parts;
  }

  /** Those of now; from here on changes are told. */
  at(port: number): readonly RootAddress[] {
    const now = this.#now(port);
    if (this.#stop === undefined) {
      this.#told = namesOf(now);
      this.#stop = this.#parts.every(LOOK_MS, () => this.#look(port));
    }
    return now;
  }

  close(): void {
    this.#stop?.();
  }

  #look(port: number): void {
    const now = this.#now(port);
    const names = namesOf(now);
    // Without a network there is nobody to tell; what comes after it will be.
    if (names === this.#told || now.length <= 1) return;
    this.#told = names;
    this.#parts.onChange(now);
  }

  #now(port: number): readonly RootAddress[] {
    const all = Object.values(this.#parts.interfaces()).flatMap((addresses) => addresses ?? []);
    // Link-local addresses of IPv6 mean something only together with the interface of whoever uses them.
    const useful = all.filter(({ internal, address }) => !internal && !address.startsWith("fe80:"));
    return [...useful.map(({ address }) => address), "127.0.0.1"].map((host) => ({ host, port }));
  }
}

function namesOf(addresses: readonly RootAddress[]): string {
  return addresses.map(writeAddress).sort().join(" ");
}
