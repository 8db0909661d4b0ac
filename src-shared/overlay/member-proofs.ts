// What a member of the tree proves of itself, and what it believes of the root's words: over relays that may lie.
import type { Payload } from "./overlay.ts";
import type { MemberSeals, Rank } from "./topology.ts";
import type { OrderFrame, SignedStamp } from "./tree-frames.ts";
import { BULK_DOWN_PROOF, edgeProof, GOODBYE, HAVE_PROOF, NOTHING, numberBytes } from "./tree-proofs.ts";
import { beaconOf, chainBytes, orderTo, RECEIVED_PROOF } from "./tree-proofs.ts";

export class MemberProofs {
  readonly #seals: MemberSeals;

  constructor(seals: MemberSeals) {
    this.#seals = seals;
  }

  ofJoin(parent: Rank, attach: number): Uint8Array {
    return this.#seals.prove(edgeProof(parent), numberBytes(attach));
  }

  ofHaving(upTo: number, chain: Uint8Array): Uint8Array {
    return this.#seals.prove(HAVE_PROOF, chainBytes(upTo, chain));
  }

  ofGoodbye(): Uint8Array {
    return this.#seals.prove(GOODBYE, NOTHING);
  }

  isBeacon(signed: SignedStamp): boolean {
    return this.#seals.isSealed(beaconOf(signed), signed.seal);
  }

  isOrder({ t, rank, epoch, seal }: OrderFrame<"expel" | "farewell">): boolean {
    return this.#seals.isSealed(orderTo(rank, t, epoch), seal);
  }

  isReceipt(upTo: number, tag: Uint8Array): boolean {
    return this.#seals.isProved(RECEIVED_PROOF, numberBytes(upTo), tag);
  }

  isBulk(payload: Payload, tag: Uint8Array): boolean {
    return this.#seals.isProved(BULK_DOWN_PROOF, payload, tag);
  }
}
