// What the controller gives a client at its start (on standard input): who it is, where the root is, and its keys.
import type { HostId } from "../base/ids.ts";
import { ADDRESS_CHARACTERS_MAX, RANK_MAX } from "../overlay/frame-fields.ts";
import { DEGREE_MAX } from "../overlay/topologies.ts";
import { ROOT_RANK, type Candidate, type Rank } from "../overlay/topology.ts";
import { listOf, numberOf, objectOf, placeText, textOf } from "./shapes.ts";

/** PEM texts. The private key never leaves memory: not in arguments, not in the environment, not in a file. */
export interface TlsCredentials {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

export interface RootAddress {
  readonly host: string;
  readonly port: number;
}

/** What a client is told of the overlay: its place in it, and where to begin. */
export interface OverlayCredentials {
  /** The topology, by its name; children taken at most. */
  readonly overlay: string;
  readonly degree: number;
  readonly rank: Rank;
  /** Commands up to here are not for this client. */
  readonly start: number;
  /** Base64: the digest of for whom these are (overlay/command-order.ts). */
  readonly startChain: string;
  /** Whom to dial, the best first; the root among them where it can be dialled. */
  readonly candidates: readonly Candidate[];
  /** Base64: the key that checks the root's signatures, and the one that proves what this client says. */
  readonly rootKey: string;
  readonly proofKey: string;
}

export interface ClientCredentials extends TlsCredentials, OverlayCredentials {
  readonly session: string;
  readonly host: HostId;
  /** Raised with every client that the controller starts on this host. */
  readonly incarnation: number;
  /** Without a controller for so long, the client stops its processes, cleans up and ends. */
  readonly controllerAbsenceMs: number;
}

/** A PEM of a P-256 certificate is under 2 KiB. */
const PEM_CHARACTERS_MAX = 16_384;
/** Addresses of one controller (a few interfaces, IPv4 and IPv6), and of some members. */
const CANDIDATES_MAX = 128;
const NAME_CHARACTERS_MAX = 255;
/** Of a key: an Ed25519 public key as SPKI has 60 characters. */
const KEY_CHARACTERS_MAX = 256;

const BASE64 = /^[A-Za-z0-9+/]+=*$/u;
const name = textOf({ least: 1, most: NAME_CHARACTERS_MAX });
const pem = textOf({ least: 1, most: PEM_CHARACTERS_MAX });
const secret = textOf({ least: 1, most: KEY_CHARACTERS_MAX, pattern: BASE64 });
const address = textOf({ least: 1, most: ADDRESS_CHARACTERS_MAX });
const candidate = objectOf({ rank: numberOf({ whole: true, least: ROOT_RANK, most: RANK_MAX }), address });

const credentialsShape = objectOf({
  session: textOf({ least: 1, most: NAME_CHARACTERS_MAX, pattern: /^[A-Za-z0-9-]+$/u }),
  host: textOf<HostId>({ least: 1, most: NAME_CHARACTERS_MAX }),
  incarnation: numberOf({ whole: true, least: 0 }),
  overlay: name,
  degree: numberOf({ whole: true, least: 0, most: DEGREE_MAX }),
  rank: numberOf({ whole: true, least: ROOT_RANK + 1, most: RANK_MAX }),
  start: numberOf({ whole: true, least: 0 }),
  startChain: secret,
  candidates: listOf(candidate, 0, CANDIDATES_MAX),
  rootKey: secret,
  proofKey: secret,
  ca: pem,
  certificate: pem,
  key: pem,
  controllerAbsenceMs: numberOf({ whole: false, least: 0 }),
});

export type CredentialsCheck =
  | { readonly ok: true; readonly credentials: ClientCredentials }
  | { readonly ok: false; readonly reason: string };

/** The door for what a client reads from its standard input. The reason never quotes a value: one of them is a key. */
export function checkCredentials(input: unknown): CredentialsCheck {
  const place = credentialsShape.wrongAt(input);
  if (place === undefined) return { ok: true, credentials: input as ClientCredentials };
  return { ok: false, reason: `credentials are not valid: ${placeText(place, "all")}` };
}
