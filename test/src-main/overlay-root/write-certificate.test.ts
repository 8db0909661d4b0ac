// Certificates as bytes: read back by OpenSSL, also those with long names and far dates.
import { generateKeyPairSync, X509Certificate } from "node:crypto";
import { describe, expect, test } from "vitest";
import {
  alternativeNames,
  basicConstraints,
  extendedKeyUsage,
  keyUsage,
  NAME_TAGS,
  writeCertificate,
} from "../../../src-main/overlay-root/write-certificate.ts";

const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const FIELDS = {
  subject: "client",
  issuer: "Nebula session s",
  serial: Uint8Array.of(0x40, 1, 2),
  notBefore: new Date("2026-01-02T03:04:05Z"),
  notAfter: new Date("2051-12-31T23:59:59Z"),
  publicKey,
  extensions: [],
};

describe("a certificate that was written", () => {
  test("is read with every field as it was", () => {
    const read = new X509Certificate(writeCertificate(FIELDS, privateKey));
    expect(read).toMatchObject({
      subject: "CN=client",
      issuer: "CN=Nebula session s",
      serialNumber: "400102",
    });
    expect(new Date(read.validFrom)).toEqual(FIELDS.notBefore);
    expect(new Date(read.validTo)).toEqual(FIELDS.notAfter);
    expect(read.publicKey.equals(publicKey)).toBe(true);
    expect(read.verify(publicKey)).toBe(true);
    expect(read.verify(generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey)).toBe(false);
  });

  test.each([1, 100, 127, 128, 255, 256, 2048, 70_000])("holds a name of %d bytes", (length) => {
    const uri = `plush://${"x".repeat(length)}`;
    const extensions = [alternativeNames([{ tag: NAME_TAGS.uri, value: Buffer.from(uri) }])];
    const read = new X509Certificate(writeCertificate({ ...FIELDS, extensions }, privateKey));
    expect(read.subjectAltName).toBe(`URI:${uri}`);
    expect(read.verify(publicKey)).toBe(true);
  });

  test("says what it may be used for", () => {
    const of = (...extensions: Uint8Array[]): X509Certificate =>
      new X509Certificate(writeCertificate({ ...FIELDS, extensions }, privateKey));
    expect(of(basicConstraints(true), keyUsage("keyCertSign")).ca).toBe(true);
    // Who may not sign certificates is no authority, whatever else is said of it.
    expect(of(basicConstraints(true), keyUsage("digitalSignature")).ca).toBe(false);
    expect(of(basicConstraints(false)).ca).toBe(false);
    const purposes = ["1.3.6.1.5.5.7.3.1", "1.3.6.1.4.1.311.20.2.2", "2.5.29.37.0"];
    expect(of(extendedKeyUsage(purposes)).keyUsage).toEqual(purposes);
  });
});
