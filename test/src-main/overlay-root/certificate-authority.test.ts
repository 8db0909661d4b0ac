// The session's authority: certificates that say who may act as what, for how long, and how long issuing them takes.
import { X509Certificate, createPrivateKey } from "node:crypto";
import { describe, expect, test } from "vitest";
import { hostIdOf } from "../../../src-shared/base/ids.ts";
import { parsePeerName, ROOT_NAME } from "../../../src-shared/protocol/peer-name.ts";
import { createAuthority } from "../../../src-main/overlay-root/certificate-authority.ts";

const HOUR_MS = 3_600_000;
const HOST = hostIdOf("node 1/ü,URI:plush://s/root/x/0/0");
const CLIENT = { role: "client", host: HOST, incarnation: 2, rank: 7 } as const;

describe("a certificate", () => {
  test("is the authority's, for this key, and names session, role and host", async () => {
    const authority = await createAuthority("session-1");
    const issued = await authority.issue(CLIENT);
    const certificate = new X509Certificate(issued.certificate);
    expect(certificate.verify(new X509Certificate(authority.ca).publicKey)).toBe(true);
    expect(certificate.checkIssued(new X509Certificate(authority.ca))).toBe(true);
    expect(certificate.checkPrivateKey(createPrivateKey(issued.key))).toBe(true);
    expect(parsePeerName(certificate.subjectAltName)).toEqual({
      session: "session-1",
      ...CLIENT,
    });
    expect(certificate.ca).toBe(false);
    expect(new X509Certificate(authority.ca).ca).toBe(true);
    expect(issued.ca).toBe(authority.ca);
  });

  test("of the root is a server's only; clients dial, and are dialled by other clients", async () => {
    const authority = await createAuthority("session-1");
    const purposes = async (name: typeof CLIENT | typeof ROOT_NAME) =>
      new X509Certificate((await authority.issue(name)).certificate).keyUsage;
    expect(await purposes(CLIENT)).toEqual(["1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.1"]);
    expect(await purposes(ROOT_NAME)).toEqual(["1.3.6.1.5.5.7.3.1"]);
  });

  test("is valid from a day ago, for as long as asked", async () => {
    const now = new Date("2026-01-02T03:04:05Z");
    const authority = await createAuthority("s", { now: () => now, lifetimeMs: 48 * HOUR_MS });
    for (const pem of [authority.ca, (await authority.issue(CLIENT)).certificate]) {
      const { validFrom, validTo } = new X509Certificate(pem);
      expect(new Date(validFrom).toISOString()).toBe("2026-01-01T03:04:05.000Z");
      expect(new Date(validTo).toISOString()).toBe("2026-01-04T03:04:05.000Z");
    }
  });

  test("outlives a day unless told otherwise", async () => {
    const authority = await createAuthority("s");
    const { validTo } = new X509Certificate((await authority.issue(CLIENT)).certificate);
    expect(new Date(validTo).getTime()).toBeGreaterThan(Date.now() + 24 * HOUR_MS);
  });

  test("has a serial number and a key of its own", async () => {
    const authority = await createAuthority("s");
    const issued = await Promise.all(Array.from({ length: 20 }, () => authority.issue(CLIENT)));
    expect(new Set(issued.map(({ certificate }) => new X509Certificate(certificate).serialNumber)).size).toBe(
      20,
    );
    expect(new Set(issued.map(({ key }) => key)).size).toBe(20);
  });
});

test("a session's name that could be mistaken for something else is refused", async () => {
  const authority = await createAuthority("a/root/b");
  await expect(authority.issue(CLIENT)).rejects.toThrow("letters, digits and dashes");
});

test("300 cost little processor time", { timeout: 60_000 }, async () => {
  const authority = await createAuthority("s");
  const before = process.cpuUsage();
  await Promise.all(
    Array.from({ length: 300 }, (_, place) => authority.issue({ ...CLIENT, host: hostIdOf(`node${place}`) })),
  );
  // 0.5 s; the bound only catches another order of magnitude, whatever else the computer does.
  expect(process.cpuUsage(before).user / 1000).toBeLessThan(5000);
});
