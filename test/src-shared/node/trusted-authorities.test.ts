// Trust in downloads: a damaged file on the host does not take Node's own authorities away.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { trustedContext } from "../../../src-shared/node/trusted-authorities.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "nebula-trust-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each([
  ["not there", undefined],
  ["no certificate", "hello"],
  ["damaged", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"],
])("the host's extra file is %s", (name, text) => {
  const path = join(folder, name);
  if (text !== undefined) writeFileSync(path, text);
  expect(trustedContext({ NODE_EXTRA_CA_CERTS: path, SSL_CERT_FILE: path })).toBeDefined();
});
