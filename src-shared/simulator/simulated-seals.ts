// Seals and proofs of a simulated world: cheap and deterministic, and as hard to forge for whoever has no key as the
// simulated forgers are able.
import type { Payload } from "../overlay/overlay.ts";
import { ROOT_RANK, TAG_BYTES } from "../overlay/topology.ts";
import type { MemberSeals, Rank, RootSeals, SealedCommand } from "../overlay/topology.ts";

const PRIME = 0x01000193;

/** `session` is the secret: it makes the keys of all. */
export function createRootSeals(session: number): RootSeals {
  return {
    seal: (command) => sealOf(keyOf(session, ROOT_RANK), command),
    chain: chainOf,
    isProved: (rank, what, payload, tag) => isSame(proofOf(keyOf(session, rank), what, payload), tag),
    prove: (rank, what, payload) => proofOf(keyOf(session, rank), what, payload),
  };
}

export function createMemberSeals(session: number, rank: Rank): MemberSeals {
  const own = keyOf(session, rank);
  const root = keyOf(session, ROOT_RANK);
  return {
    isSealed: (command, seal) => isSame(sealOf(root, command), seal),
    chain: chainOf,
    prove: (what, payload) => proofOf(own, what, payload),
    isProved: (what, payload, tag) => isSame(proofOf(own, what, payload), tag),
  };
}

function keyOf(session: number, rank: Rank): number {
  return Math.imul(Math.imul(session ^ 0x811c9dc5, PRIME) ^ rank, PRIME) ^ 0x5bd1e995;
}

function sealOf(key: number, { epoch, sequence, targets, payload, before }: SealedCommand): Uint8Array {
  let hash = mix(mix(key, epoch), sequence);
  for (const number of targets) hash = mix(hash, number);
  return written(mixBytes(mixBytes(hash, before), payload));
}

function chainOf(before: Uint8Array, sequence: number, targets: readonly number[]): Uint8Array {
  let hash = mix(mixBytes(PRIME, before), sequence);
  for (const number of targets) hash = mix(hash, number);
  return written(hash);
}

function proofOf(key: number, what: string, payload: Payload): Uint8Array {
  let hash = key;
  for (let at = 0; at < what.length; at += 1) hash = mix(hash, what.charCodeAt(at));
  return written(mixBytes(mix(hash, what.length), payload));
}

function mix(hash: number, number: number): number {
  const mixed = Math.imul(hash ^ number, PRIME);
  return mixed ^ (mixed >>> 15);
}

function mixBytes(hash: number, bytes: Uint8Array): number {
  let mixed = hash;
  for (const byte of bytes) mixed = Math.imul(mixed ^ byte, PRIME);
  return mix(mixed, bytes.length);
}

function written(hash: number): Uint8Array {
  const tag = new Uint8Array(TAG_BYTES);
  tag[0] = hash;
  tag[1] = hash >>> 8;
  tag[2] = hash >>> 16;
  tag[3] = hash >>> 24;
  return tag;
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return other.length === TAG_BYTES && one.every((byte, at) => byte === other[at]);
}
