// The session's own certificate authority: issues the root's and every client's key and certificate, in memory only.
import "reflect-metadata";
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from "@peculiar/x509";
import { randomBytes, webcrypto } from "node:crypto";
import type { TlsCredentials } from "#shared/protocol/credentials.ts";
import { writePeerUri } from "#shared/protocol/peer-name.ts";
import type { PeerName, PeerRole } from "#shared/protocol/peer-name.ts";

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
  /** A millisecond or two each. */
  issue(name: Omit<PeerName, "session">): Promise<TlsCredentials>;
}

const LIFETIME_MS = 25 * 60 * 60 * 1000;
/** A clock that is behind by hours or in the wrong time zone must not find its certificate "not yet valid". */
const BACKDATED_MS = 24 * 60 * 60 * 1000;
const SERIAL_BYTES = 16;
const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const USAGES: ("sign" | "verify")[] = ["sign", "verify"];
/** Role and rank are in the SAN. The root never dials as a client; clients dial, and take other clients' dials. */
const PURPOSES: Readonly<Record<PeerRole, ExtendedKeyUsage[]>> = {
  root: [ExtendedKeyUsage.serverAuth],
  client: [ExtendedKeyUsage.clientAuth, ExtendedKeyUsage.serverAuth],
};

/** `session`: letters, digits and dashes. Its private keys are never written anywhere. */
export async function createAuthority(
  session: string,
  settings: AuthoritySettings = {},
): Promise<CertificateAuthority> {
  const { lifetimeMs = LIFETIME_MS, now = (): Date => new Date() } = settings;
  const issuer = `CN=Nebula session ${session}`;
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, false, USAGES);
  const validity = (): { notBefore: Date; notAfter: Date } => {
    const from = now().getTime();
    return { notBefore: new Date(from - BACKDATED_MS), notAfter: new Date(from + lifetimeMs) };
  };
  const own = await X509CertificateGenerator.createSelfSigned(
    {
      name: issuer,
      serialNumber: serialNumber(),
      ...validity(),
      keys,
      signingAlgorithm: ALGORITHM,
      extensions: [
        new BasicConstraintsExtension(true, 0, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true),
      ],
    },
    webcrypto,
  );
  const ca = own.toString("pem");

  async function issue(name: Omit<PeerName, "session">): Promise<TlsCredentials> {
    const pair = await webcrypto.subtle.generateKey(ALGORITHM, true, USAGES);
    const certificate = await X509CertificateGenerator.create(
      {
        subject: `CN=${name.role}`,
        issuer,
        serialNumber: serialNumber(),
        ...validity(),
        publicKey: pair.publicKey,
        signingKey: keys.privateKey,
        signingAlgorithm: ALGORITHM,
        extensions: [
          new BasicConstraintsExtension(false, undefined, true),
          new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
          new ExtendedKeyUsageExtension(PURPOSES[name.role], true),
          new SubjectAlternativeNameExtension([{ type: "url", value: writePeerUri({ ...name, session }) }]),
        ],
      },
      webcrypto,
    );
    const key = PemConverter.encode(
      await webcrypto.subtle.exportKey("pkcs8", pair.privateKey),
      "PRIVATE KEY",
    );
    return { ca, certificate: certificate.toString("pem"), key };
  }
  return { session, ca, issue };
}

function serialNumber(): string {
  const bytes = randomBytes(SERIAL_BYTES);
  // A serial is a positive integer: clear the sign bit, and keep the first byte from being zero.
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString("hex");
}
