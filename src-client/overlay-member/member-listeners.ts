// Where other clients can dial this one: a listener on each of its addresses by which it has reached somebody.
import { listenForClients, type LinkListener } from "#shared/node/tls-link.ts";
import type { Rank } from "#shared/overlay/topology.ts";
import { writeAddress } from "#shared/protocol/address.ts";
import type { TlsCredentials } from "#shared/protocol/credentials.ts";
import type { TLSSocket } from "node:tls";

/** A host has an address or two, and changes them a few times in the life of a run. */
const ADDRESSES_MAX = 4;

export interface MemberListenersSettings {
  readonly credentials: TlsCredentials;
  readonly session: string;
  readonly rank: Rank;
  /** 0 = any free one. */
  readonly port: number;
}

export interface MemberListenersCallbacks {
  onListening(address: string): void;
  onClient(socket: TLSSocket, rank: Rank): void;
  onProblem(reason: string): void;
}

export class MemberListeners {
  readonly #settings: MemberListenersSettings;
  readonly #callbacks: MemberListenersCallbacks;
  readonly #listeners = new Map<string, Promise<LinkListener | undefined>>();
  #said = "";
  #closed = false;

  constructor(settings: MemberListenersSettings, callbacks: MemberListenersCallbacks) {
    this.#settings = settings;
    this.#callbacks = callbacks;
  }

  /**
   * Listens there and nowhere else: an address that nobody has been reached by is nobody's to dial. Resolves when
   * that is so and said, or cannot be.
   */
  async at(localAddress: string): Promise<void> {
    const known = this.#listeners.get(localAddress);
    if (known === undefined && this.#listeners.size >= ADDRESSES_MAX) return;
    const opening = known ?? this.#listen(localAddress);
    this.#listeners.set(localAddress, opening);
    const listener = await opening;
    if (listener === undefined || this.#closed) return;
    const address = writeAddress({ host: localAddress, port: listener.port });
    if (address === this.#said) return;
    this.#said = address;
    this.#callbacks.onListening(address);
  }

  close(): void {
    this.#closed = true;
    for (const opening of this.#listeners.values()) void opening.then((listener) => listener?.close());
  }

  async #listen(address: string): Promise<LinkListener | undefined> {
    const { credentials, session, rank, port } = this.#settings;
    try {
      return await listenForClients(
        { address, port, credentials, session, rank },
        {
          onClient: (socket, peer) => this.#callbacks.onClient(socket, peer.rank),
          onRefused: (reason) => this.#callbacks.onProblem(`refused somebody who dialled: ${reason}`),
        },
      );
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#callbacks.onProblem(
        `cannot listen for other clients, so none can hang below this one: ${reason}`,
      );
      return undefined;
    }
  }
}
