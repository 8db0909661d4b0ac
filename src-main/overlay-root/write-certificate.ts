// Writes X.509 certificates (RFC 5280, in DER) for ECDSA with SHA-256: the few fields that the session's own need.
//
// Libraries for all of X.509 take 5 ms of processor time for each certificate and 35 ms to load; this takes 0.3 ms, most
// of it the key. Node's OpenSSL reads what is written here, and trusts none of it but by its signature.
import { sign, type KeyObject } from "node:crypto";

export interface CertificateFields {
  /** Common names. */
  readonly subject: string;
  readonly issuer: string;
  /** Positive, at most 20 bytes, without leading zeros (RFC 5280, 4.1.2.2). */
  readonly serial: Uint8Array;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly publicKey: KeyObject;
  /** From `extension`. */
  readonly extensions: readonly Uint8Array[];
}

/** Tags of the kinds of names in a SAN. */
export const NAME_TAGS = { dns: 0x82, uri: 0x86, ip: 0x87 } as const;

const BOOLEAN = 0x01;
const INTEGER = 0x02;
const BIT_STRING = 0x03;
const OCTET_STRING = 0x04;
const OBJECT_ID = 0x06;
const UTF8_STRING = 0x0c;
const UTC_TIME = 0x17;
const GENERALIZED_TIME = 0x18;
const SEQUENCE = 0x30;
const SET = 0x31;
const VERSION = 0xa0;
const EXTENSIONS = 0xa3;
/** Counted from 0: the third. */
const VERSION_3 = 2;
/** From this year on UTCTime, with its two digits, means the last century. */
const GENERALIZED_FROM_YEAR = 2050;
const SHORT_LENGTH_MAX = 0x7f;
const BYTE = 256;
const OID_BITS = 7;

const ECDSA_WITH_SHA256 = der(SEQUENCE, oid("1.2.840.10045.4.3.2"));
const COMMON_NAME = "2.5.4.3";

/** PEM. */
export function writeCertificate(fields: CertificateFields, signingKey: KeyObject): string {
  const toBeSigned = der(
    SEQUENCE,
    der(VERSION, der(INTEGER, Uint8Array.of(VERSION_3))),
    der(INTEGER, fields.serial),
    ECDSA_WITH_SHA256,
    nameOf(fields.issuer),
    der(SEQUENCE, timeOf(fields.notBefore), timeOf(fields.notAfter)),
    nameOf(fields.subject),
    fields.publicKey.export({ type: "spki", format: "der" }),
    der(EXTENSIONS, der(SEQUENCE, ...fields.extensions)),
  );
  const signature = sign("sha256", toBeSigned, signingKey);
  const text = der(SEQUENCE, toBeSigned, ECDSA_WITH_SHA256, bits(signature, 0)).toString("base64");
  const lines = text.match(/.{1,64}/gu) ?? [];
  return ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n");
}

/** May it sign others, and how long a chain below it. */
export function basicConstraints(authority: boolean): Uint8Array {
  const content = authority ? [der(BOOLEAN, Uint8Array.of(0xff)), der(INTEGER, Uint8Array.of(0))] : [];
  return extension("2.5.29.19", true, der(SEQUENCE, ...content));
}

/** What the key is for, as bits of RFC 5280, 4.2.1.3. */
export function keyUsage(usage: "digitalSignature" | "keyCertSign"): Uint8Array {
  const content = usage === "digitalSignature" ? bits(Uint8Array.of(0x80), 7) : bits(Uint8Array.of(0x04), 2);
  return extension("2.5.29.15", true, content);
}

export function extendedKeyUsage(purposes: readonly string[]): Uint8Array {
  return extension("2.5.29.37", true, der(SEQUENCE, ...purposes.map(oid)));
}

export function alternativeNames(
  names: readonly { readonly tag: number; readonly value: Uint8Array }[],
): Uint8Array {
  return extension("2.5.29.17", false, der(SEQUENCE, ...names.map(({ tag, value }) => der(tag, value))));
}

function extension(id: string, critical: boolean, content: Uint8Array): Uint8Array {
  const mark = critical ? [der(BOOLEAN, Uint8Array.of(0xff))] : [];
  return der(SEQUENCE, oid(id), ...mark, der(OCTET_STRING, content));
}

function nameOf(commonName: string): Uint8Array {
  const value = der(UTF8_STRING, Buffer.from(commonName));
  return der(SEQUENCE, der(SET, der(SEQUENCE, oid(COMMON_NAME), value)));
}

/** To the second: 20260102030405Z, in UTCTime without the century. */
function timeOf(date: Date): Uint8Array {
  const digits = date.toISOString().slice(0, "2026-01-02T03:04:05".length).replaceAll(/\D/gu, "");
  return date.getUTCFullYear() < GENERALIZED_FROM_YEAR
    ? der(UTC_TIME, Buffer.from(`${digits.slice(2)}Z`))
    : der(GENERALIZED_TIME, Buffer.from(`${digits}Z`));
}

function bits(bytes: Uint8Array, unused: number): Uint8Array {
  return der(BIT_STRING, Uint8Array.of(unused), bytes);
}

function oid(text: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = text.split(".").map(Number);
  return der(OBJECT_ID, Uint8Array.from([first * 40 + second, ...rest].flatMap(sevenBits)));
}

/** Base 128, the highest digit first, all but the last with the upper bit set. */
function sevenBits(value: number): number[] {
  const digits = [value % (1 << OID_BITS)];
  for (let left = value >> OID_BITS; left > 0; left >>= OID_BITS)
    digits.unshift((left % (1 << OID_BITS)) | 0x80);
  return digits;
}

function der(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  return Buffer.concat([Uint8Array.from([tag, ...lengthOf(content.length)]), content]);
}

function lengthOf(length: number): number[] {
  if (length <= SHORT_LENGTH_MAX) return [length];
  const bytes: number[] = [];
  for (let left = length; left > 0; left = Math.floor(left / BYTE)) bytes.unshift(left % BYTE);
  return [0x80 | bytes.length, ...bytes];
}
