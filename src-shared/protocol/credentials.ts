// What the controller gives a client at its start (on standard input): who it is, where the root is, and its keys.
import * as z from "zod";
import { hostIdOf } from "../base/ids.ts";
import type { HostId } from "../base/ids.ts";

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

const name = z.string().min(1).max(NAME_CHARACTERS_MAX);
const pem = z.string().min(1).max(PEM_CHARACTERS_MAX);

const credentialsSchema = z.strictObject({
  session: name.regex(/^[A-Za-z0-9-]+$/u),
  host: name.transform((text): HostId => hostIdOf(text)),
  incarnation: z.int().nonnegative(),
  candidates: z.array(z.strictObject({ host: name, port: z.int().min(1).max(PORT_MAX) })).max(CANDIDATES_MAX),
  ca: pem,
  certificate: pem,
  key: pem,
  controllerAbsenceMs: z.number().nonnegative(),
});

export type CredentialsCheck =
  | { readonly ok: true; readonly credentials: ClientCredentials }
  | { readonly ok: false; readonly reason: string };

/** The door for what a client reads from its standard input. The reason never quotes a value: one of them is a key. */
export function checkCredentials(input: unknown): CredentialsCheck {
  const parsed = credentialsSchema.safeParse(input);
  if (parsed.success) return { ok: true, credentials: parsed.data };
  const fields = parsed.error.issues.map((issue) => issue.path.join(".") || "all");
  return { ok: false, reason: `credentials are not valid: ${[...new Set(fields)].join(", ")}` };
}
