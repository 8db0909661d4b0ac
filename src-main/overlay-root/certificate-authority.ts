// The session's own certificate authority: issues the root's and every client's key and certificate, in memory only.
import { generateKeyPair, randomBytes, type KeyPairKeyObjectResult } from "node:crypto";
import { promisify } from "node:util";
import type { TlsCredentials } from "#shared/protocol/credentials.ts";
import { writePeerUri } from "#shared/protocol/peer-name.ts";
import type { PeerName, PeerRole } from "#shared/protocol/peer-name.ts";
import {
  alternativeNames,
  basicConstraints,
  extendedKeyUsage,
  keyUsage,
  NAME_TAGS,
  writeCertificate,
} from "./write-certificate.ts";

export interface AuthoritySettings {
  /** How long its certificates are valid; default 25 h: the longest default run and its clean-up. */
  readonly lifetimeMs?: number;
  /** Wall clock; default the system's. */
  readonly now?: () => Date;
}

export interface CertificateAuthority {
  readonly session: string;
  /** PEM of the authority itself. */
  readonly ca: string;
  /** A third of a millisecond each, most of it in another thread. */
  issue(name: Omit<PeerName, "session">): Promise<TlsCredentials>;
}

const LIFETIME_MS = 25 * 60 * 60 * 1000;
/** A clock that is behind by hours or in the wrong time zone must not find its certificate "not yet valid". */
const BACKDATED_MS = 24 * 60 * 60 * 1000;
const SERIAL_BYTES = 16;
const SERVER = "1.3.6.1.5.5.7.3.1";
const CLIENT = "1.3.6.1.5.5.7.3.2";
/** Role and rank are in the SAN. The root never dials as a client; clients dial, and take other clients' dials. */
const PURPOSES: Readonly<Record<PeerRole, readonly string[]>> = {
  root: [SERVER],
  client: [CLIENT, SERVER],
};

/** `session`: letters, digits and dashes. Its private keys are never written anywhere. */
export async function createAuthority(
  session: string,
  settings: AuthoritySettings = {},
): Promise<CertificateAuthority> {
  const { lifetimeMs = LIFETIME_MS, now = (): Date => new Date() } = settings;
  const issuer = `Nebula session ${session}`;
  const keys = await createKeys();
  const fields = (): { issuer: string; serial: Uint8Array; notBefore: Date; notAfter: Date } => {
    const from = now().getTime();
    return {
      issuer,
      serial: serialNumber(),
      notBefore: new Date(from - BACKDATED_MS),
      notAfter: new Date(from + lifetimeMs),
    };
  };
  const extensions = [basicConstraints(true), keyUsage("keyCertSign")];
  const own = { ...fields(), subject: issuer, publicKey: keys.publicKey, extensions };
  const ca = writeCertificate(own, keys.privateKey);

  async function issue(name: Omit<PeerName, "session">): Promise<TlsCredentials> {
    const uri = Buffer.from(writePeerUri({ ...name, session }));
    const { publicKey, privateKey } = await createKeys();
    const certificate = writeCertificate(
      {
        ...fields(),
        subject: name.role,
        publicKey,
        extensions: [
          basicConstraints(false),
          keyUsage("digitalSignature"),
          extendedKeyUsage(PURPOSES[name.role]),
          alternativeNames([{ tag: NAME_TAGS.uri, value: uri }]),
        ],
      },
      keys.privateKey,
    );
    return { ca, certificate, key: privateKey.export({ type: "pkcs8", format: "pem" }).toString() };
  }
  return { session, ca, issue };
}

function createKeys(): Promise<KeyPairKeyObjectResult> {
  return promisify(generateKeyPair)("ec", { namedCurve: "P-256" });
}

function serialNumber(): Uint8Array {
  const bytes = randomBytes(SERIAL_BYTES);
  // A serial is a positive integer: clear the sign bit, and keep the first byte from being zero.
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes;
}
