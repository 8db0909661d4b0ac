// What the controller gives a client at its start (on standard input): who it is, where the root is, and its keys.
import type { HostId } from "../base/ids.ts";
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

export interface ClientCredentials extends TlsCredentials {
  readonly session: string;
  readonly host: HostId;
  /** Raised with every client that the controller starts on this host. */
  readonly incarnation: number;
  /** Addresses of the root, the best first; none where the root always comes by itself. */
  readonly candidates: readonly RootAddress[];
  /** Without a controller for so long, the client stops its processes, cleans up and ends. */
  readonly controllerAbsenceMs: number;
}

/** A PEM of a P-256 certificate is under 2 KiB. */
const PEM_CHARACTERS_MAX = 16_384;
/** Addresses of one controller: a few interfaces, IPv4 and IPv6. */
const CANDIDATES_MAX = 64;
const NAME_CHARACTERS_MAX = 255;
const PORT_MAX = 65_535;

const name = textOf({ least: 1, most: NAME_CHARACTERS_MAX });
const pem = textOf({ least: 1, most: PEM_CHARACTERS_MAX });
const address = objectOf({ host: name, port: numberOf({ whole: true, least: 1, most: PORT_MAX }) });

const credentialsShape = objectOf({
  session: textOf({ least: 1, most: NAME_CHARACTERS_MAX, pattern: /^[A-Za-z0-9-]+$/u }),
  host: textOf<HostId>({ least: 1, most: NAME_CHARACTERS_MAX }),
  incarnation: numberOf({ whole: true, least: 0 }),
  candidates: listOf(address, 0, CANDIDATES_MAX),
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
