// Downloading over https: trusted or not, straight or through a proxy's tunnel.
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile } from "node:fs/promises";
import { createServer as createHttpServer, type IncomingMessage, type Server } from "node:http";
import { createServer } from "node:https";
import { connect, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { createRandom } from "#shared/base/random.ts";
import {
  createWebFetcher,
  FETCH_SETTINGS,
  type FetchSettings,
} from "../../../src-client/software/fetch-web.ts";
import {
  alternativeNames,
  NAME_TAGS,
  writeCertificate,
} from "../../../src-main/overlay-root/write-certificate.ts";
import { removeTree } from "../../../src-client/software/remove-tree.ts";

const SERIAL_BYTES = 8;
const HOUR_MS = 3_600_000;

let scratch: string;
let certificate: string;
let port: number;
let server: Server;
let names: (string | false | null)[];
const never = new AbortController().signal;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "nebula-fetch-tls-"));
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const now = Date.now();
  certificate = writeCertificate(
    {
      subject: "test",
      issuer: "test",
      serial: Uint8Array.of(1, ...randomBytes(SERIAL_BYTES)),
      notBefore: new Date(now - HOUR_MS),
      notAfter: new Date(now + HOUR_MS),
      publicKey,
      extensions: [
        alternativeNames([
          { tag: NAME_TAGS.ip, value: Uint8Array.of(127, 0, 0, 1) },
          { tag: NAME_TAGS.dns, value: Buffer.from("origin.invalid") },
        ]),
      ],
    },
    privateKey,
  );
  const key = privateKey.export({ type: "pkcs8", format: "pem" });
  server = createServer({ key, cert: certificate }, (request, response) => {
    names.push((request.socket as TLSSocket).servername);
    response.end("over tls");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  port = (server.address() as AddressInfo).port;
});
afterAll(async () => {
  server.close();
  server.closeAllConnections();
  await removeTree(scratch);
});
beforeEach(() => {
  names = [];
});

async function textFrom(url: string, settings: Partial<FetchSettings>): Promise<string> {
  const path = join(scratch, "file");
  await removeTree(path);
  const short = { ...FETCH_SETTINGS, environment: {}, attemptsMax: 1, stallMs: 5000 };
  await createWebFetcher({ random: createRandom(1) }, { ...short, ...settings }).fetch(url, path, never);
  return await readFile(path, "utf8");
}

it("gets a file from a server it trusts", async () => {
  const text = await textFrom(`https://127.0.0.1:${String(port)}/`, {
    certificateAuthorities: [certificate],
  });
  expect(text).toBe("over tls");
});

it("refuses a server it does not trust", async () => {
  const fetching = textFrom(`https://127.0.0.1:${String(port)}/`, {});
  await expect(fetching).rejects.toThrow(/^fetch: https:\/\/127\.0\.0\.1:\d+\/: self-signed certificate/);
});

it("goes through a proxy's tunnel to the named host", async () => {
  const targets: (string | undefined)[] = [];
  const proxy = createHttpServer().on("connect", (request: IncomingMessage, socket: Duplex) => {
    targets.push(request.url);
    const through = connect(port, "127.0.0.1");
    socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
    socket.pipe(through).pipe(socket);
    socket.on("error", () => through.destroy());
    through.on("error", () => socket.destroy());
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const environment = { https_proxy: `127.0.0.1:${String((proxy.address() as AddressInfo).port)}` };
  const trusted = { environment, certificateAuthorities: [certificate] };
  expect(await textFrom("https://origin.invalid/p", trusted)).toBe("over tls");
  expect(targets).toEqual(["origin.invalid:443"]);
  expect(names).toEqual(["origin.invalid"]);
  proxy.close();
});

it("says that the proxy refused", async () => {
  const proxy = createHttpServer().on("connect", (_request: IncomingMessage, socket: Duplex) => {
    socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const address = `127.0.0.1:${String((proxy.address() as AddressInfo).port)}`;
  const fetching = textFrom("https://origin.invalid/p", { environment: { HTTPS_PROXY: address } });
  await expect(fetching).rejects.toThrow(
    `fetch: https://origin.invalid/p: the proxy ${address} answered 403`,
  );
  proxy.close();
});
