// Downloading from servers on this computer that behave as badly as servers do.
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createRandom } from "#shared/base/random.ts";
import {
  createWebFetcher,
  FETCH_SETTINGS,
  type FetchSettings,
  type FetchedFile,
} from "../../../src-client/software/fetch-web.ts";
import { removeTree } from "../../../src-client/software/remove-tree.ts";
import { SoftwareFailure } from "../../../src-client/software/software-failure.ts";
import { proxyOf, shownUrlOf } from "../../../src-client/software/web-request.ts";

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

const CONTENT = Buffer.from(Array.from({ length: 99_999 }, (_item, index) => (index * 7) % 251));
const SHA256 = createHash("sha256").update(CONTENT).digest("hex");
/** Long enough for a busy computer, short enough to wait for. */
const STALL_MS = 400;

let scratch: string;
let servers: Server[];
let requests: IncomingMessage[];
const never = new AbortController().signal;

beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), "nebula-fetch-"));
  servers = [];
  requests = [];
});
afterEach(async () => {
  for (const server of servers) {
    server.close();
    server.closeAllConnections();
  }
  await removeTree(scratch);
});

/** Answers the first request with the first handler and so on; the last one answers all that follow. */
async function serve(...handlers: readonly Handler[]): Promise<string> {
  let served = 0;
  const server = createServer((request, response) => {
    requests.push(request);
    const handler = handlers[Math.min(served, handlers.length - 1)];
    served += 1;
    handler?.(request, response);
  });
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
}

async function fetchFrom(
  url: string,
  settings: Partial<FetchSettings> = {},
  signal = never,
): Promise<FetchedFile> {
  const short = {
    ...FETCH_SETTINGS,
    environment: {},
    stallMs: 5000,
    attemptsMax: 3,
    retryDelayMs: 1,
    retryDelayMsMax: 5,
  };
  const fetcher = createWebFetcher({ random: createRandom(1) }, { ...short, ...settings });
  return await fetcher.fetch(url, join(scratch, "file"), signal);
}

async function failureOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => "it succeeded",
    (reason: unknown) => reason,
  );
  if (error instanceof SoftwareFailure) return error.message;
  throw new Error("no SoftwareFailure", { cause: error });
}

async function expectContent(fetched: FetchedFile): Promise<void> {
  expect(fetched).toEqual({ sha256: SHA256, size: CONTENT.length });
  expect(Buffer.compare(await readFile(join(scratch, "file")), CONTENT)).toBe(0);
}

const whole: Handler = (_request, response) =>
  void response.setHeader("content-length", CONTENT.length).end(CONTENT);
const chunked: Handler = (_request, response) => void response.end(CONTENT);
const status =
  (code: number, headers = {}): Handler =>
  (_request, response) =>
    void response.writeHead(code, headers).end("sorry");
const redirect = (location: string): Handler => status(302, { location });
const silence: Handler = () => undefined;
const tagged = { "content-length": CONTENT.length, etag: '"v1"' };

/** Sends so much of the content and then breaks the connection. */
function part(bytes: number, headers: Record<string, string | number> = tagged): Handler {
  return (_request, response) => {
    response.writeHead(200, headers);
    response.write(CONTENT.subarray(0, bytes), () => response.destroy());
  };
}

function partThenSilence(bytes: number): Handler {
  return (_request, response) => {
    response.writeHead(200, tagged);
    response.write(CONTENT.subarray(0, bytes));
  };
}

/** As a server that can resume. */
const ranged: Handler = (request, response) => {
  const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1]);
  if (Number.isNaN(start) || request.headers["if-range"] !== '"v1"') {
    response.writeHead(200, tagged).end(CONTENT);
    return;
  }
  const range = `bytes ${String(start)}-${String(CONTENT.length - 1)}/${String(CONTENT.length)}`;
  response.writeHead(206, { etag: '"v1"', "content-range": range }).end(CONTENT.subarray(start));
};

describe("fetching", () => {
  it.each([
    ["with a length", whole],
    ["in chunks", chunked],
  ])("gets a file %s", async (_name, handler) => {
    await expectContent(await fetchFrom(`${await serve(handler)}/file`));
  });

  it("asks for the bytes as they lie there", async () => {
    await fetchFrom(await serve(whole));
    expect(requests[0]?.headers["accept-encoding"]).toBe("identity");
  });

  it("sends the user and password of the address, and not where a redirect leads", async () => {
    const other = await serve(whole);
    const address = (await serve(redirect(other))).replace("http://", "http://me:s%40cret@");
    await expectContent(await fetchFrom(address));
    const credentials = `Basic ${Buffer.from("me:s@cret").toString("base64")}`;
    expect(requests.map(({ headers }) => headers.authorization)).toEqual([credentials, undefined]);
  });
});

describe("failures", () => {
  it.each([400, 401, 403, 404, 410, 501])("gives up at once at %i", async (code) => {
    const url = `${await serve(status(code))}/x`;
    expect(await failureOf(fetchFrom(url))).toMatch(new RegExp(`^fetch: ${url}: ${String(code)} [A-Z]`));
    expect(requests).toHaveLength(1);
  });

  it("says 404 in so many words", async () => {
    const url = `${await serve(status(404))}/x.tar.gz`;
    expect(await failureOf(fetchFrom(url))).toBe(`fetch: ${url}: 404 Not Found`);
  });

  it.each([408, 429, 500, 502, 503, 504])("tries again after %i", async (code) => {
    await expectContent(
      await fetchFrom(await serve(status(code), status(code, { "retry-after": "9999" }), whole)),
    );
    expect(requests).toHaveLength(3);
  });

  it("gives up after so many attempts", async () => {
    const url = `${await serve(status(500))}/`;
    expect(await failureOf(fetchFrom(url))).toBe(`fetch: ${url}: 500 Internal Server Error (3 attempts)`);
    expect(requests).toHaveLength(3);
  });

  it("gives up on a server that never answers", async () => {
    const url = `${await serve(silence)}/`;
    const text = await failureOf(fetchFrom(url, { stallMs: STALL_MS, attemptsMax: 2 }));
    expect(text).toBe(`fetch: ${url}: no answer for 0.4 s (2 attempts)`);
  });

  it("gives up on a server that falls silent", async () => {
    const url = `${await serve(partThenSilence(12_345))}/`;
    const text = await failureOf(fetchFrom(url, { stallMs: STALL_MS, attemptsMax: 1 }));
    expect(text).toContain(`fetch: ${url}: stalled after 12,345 of 99,999 bytes (no byte for 0.4 s)`);
  });

  it("gives up on a file that never comes whole", async () => {
    const url = `${await serve(part(500, { "content-length": CONTENT.length }))}/`;
    expect(await failureOf(fetchFrom(url))).toMatch(
      /: broke off after 500 of 99,999 bytes \(.*\) \(3 attempts\)$/,
    );
  });

  it("gives up on nobody there", async () => {
    const url = await serve(whole);
    servers[0]?.close();
    servers[0]?.closeAllConnections();
    expect(await failureOf(fetchFrom(url))).toMatch(
      /^fetch: http:\/\/127\.0\.0\.1:\d+\/: .*ECONNREFUSED.* \(3 attempts\)$/,
    );
  });

  it.each(["ftp://x/y", "file:///etc/passwd", "x/y", ""])("refuses the address %j", async (url) => {
    expect(await failureOf(fetchFrom(url))).toMatch(/only http and https are fetched|not a URL/);
  });

  it("refuses what is too large, told or not", async () => {
    expect(await failureOf(fetchFrom(await serve(whole), { bytesMax: 1000 }))).toMatch(
      /larger than 1,000 bytes$/,
    );
    const text = await failureOf(
      createWebFetcher(
        { random: createRandom(1) },
        { ...FETCH_SETTINGS, environment: {}, bytesMax: 1000 },
      ).fetch(await serve(chunked), join(scratch, "other"), never),
    );
    expect(text).toMatch(/larger than 1,000 bytes$/);
  });

  it("stops when it is told to", async () => {
    const stop = new AbortController();
    const url = await serve((request, response) => {
      partThenSilence(500)(request, response);
      stop.abort(new Error("told to"));
    });
    await expect(fetchFrom(url, {}, stop.signal)).rejects.toThrow(/^fetch: http:.*: 0 bytes so far$/);
  });

  it("names the file that cannot be written", async () => {
    const fetcher = createWebFetcher({ random: createRandom(1) }, { ...FETCH_SETTINGS, environment: {} });
    const path = join(scratch, "nowhere", "file");
    expect(await failureOf(fetcher.fetch(await serve(whole), path, never))).toBe(
      `fetch: ${path}: No such file or directory (ENOENT)`,
    );
  });
});

describe("redirects", () => {
  it("are followed, relative ones too", async () => {
    const url = await serve(redirect("/a"), redirect("b?x=1"), whole);
    await expectContent(await fetchFrom(`${url}/start`));
    expect(requests.map((request) => request.url)).toEqual(["/start", "/a", "/b?x=1"]);
  });

  it("end in a loop", async () => {
    const url = `${await serve(redirect("/again"))}/`;
    expect(await failureOf(fetchFrom(url))).toBe(`fetch: ${url}: more than 5 redirects`);
    expect(requests).toHaveLength(6);
  });

  it.each(["file:///etc/passwd", "ftp://x/", "http://["])("to %s are refused", async (location) => {
    expect(await failureOf(fetchFrom(await serve(redirect(location))))).toMatch(
      /only http and https|redirected to nowhere/,
    );
  });

  it("to nowhere are refused", async () => {
    expect(await failureOf(fetchFrom(await serve(status(301))))).toMatch(/redirected to nowhere$/);
  });
});

describe("resuming", () => {
  it("goes on where it broke off", async () => {
    await expectContent(await fetchFrom(await serve(part(40_000), ranged)));
    expect(requests.map(({ headers }) => [headers.range, headers["if-range"]])).toEqual([
      [undefined, undefined],
      ["bytes=40000-", '"v1"'],
    ]);
  });

  it("goes on after each break, as long as it gets further", async () => {
    const slice = (request: IncomingMessage, response: ServerResponse): void => {
      const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "bytes=0-")?.[1]);
      if (start === 0) return part(10_000)(request, response);
      const range = `bytes ${String(start)}-${String(CONTENT.length - 1)}/${String(CONTENT.length)}`;
      const headers = { "content-range": range, "content-length": CONTENT.length - start };
      response
        .writeHead(206, headers)
        .write(CONTENT.subarray(start, start + 10_000), () => response.destroy());
    };
    await expectContent(await fetchFrom(await serve(slice)));
    expect(requests).toHaveLength(10);
  });

  it("goes on after a stall", async () => {
    await expectContent(await fetchFrom(await serve(partThenSilence(40_000), ranged), { stallMs: STALL_MS }));
    expect(requests[1]?.headers.range).toBe("bytes=40000-");
  });

  it("begins anew when the file has changed", async () => {
    const old = Buffer.alloc(50_000, 1);
    const before: Handler = (_request, response) => {
      response
        .writeHead(200, { "content-length": 60_000, etag: '"v0"' })
        .write(old, () => response.destroy());
    };
    await expectContent(await fetchFrom(await serve(before, ranged)));
    expect(requests[1]?.headers["if-range"]).toBe('"v0"');
  });

  it("begins anew when the server cannot or may not", async () => {
    await expectContent(await fetchFrom(await serve(part(40_000), whole)));
    const weak = { "content-length": CONTENT.length, etag: 'W/"v1"' };
    await removeTree(join(scratch, "file"));
    await expectContent(await fetchFrom(await serve(part(40_000, weak), whole)));
    expect(requests.at(-1)?.headers.range).toBeUndefined();
  });

  it("begins anew when it gets another part than it asked for", async () => {
    const wrong = status(206, { "content-range": `bytes 0-5/${String(CONTENT.length)}` });
    await expectContent(await fetchFrom(await serve(part(40_000), wrong, whole)));
  });
});

describe("a server that refuses parts", () => {
  it("is asked for the whole", async () => {
    const refuses: Handler = (request, response) => {
      if (request.headers.range === undefined) whole(request, response);
      else status(416)(request, response);
    };
    await expectContent(await fetchFrom(await serve(part(40_000), refuses)));
    expect(requests).toHaveLength(3);
  });
});

describe("texts", () => {
  it.each([
    ["http://user:secret@host/p", "http://***:***@host/p"],
    ["https://host/p?X-Signature=secret&a=1&a=2#frag", "https://host/p?X-Signature=***&a=***"],
    ["http://host/p", "http://host/p"],
    ["no url with secret", "(not a URL)"],
  ])("%s is shown as %s", (url, shown) => {
    expect(shownUrlOf(url)).toBe(shown);
  });

  it("never hold the secret", async () => {
    const url = (await serve(status(404))).replace("http://", "http://me:hidden@");
    expect(await failureOf(fetchFrom(`${url}/x?token=hidden`))).not.toContain("hidden");
  });
});

describe("proxies", () => {
  it("are asked for the whole address", async () => {
    const proxy = await serve(whole);
    const environment = { http_proxy: proxy.replace("http://", "http://me:pass@") };
    await expectContent(await fetchFrom("http://origin.invalid:81/p?q=1", { environment }));
    expect(requests[0]?.url).toBe("http://origin.invalid:81/p?q=1");
    expect(requests[0]?.headers).toMatchObject({
      host: "origin.invalid:81",
      "proxy-authorization": "Basic bWU6cGFzcw==",
    });
  });

  it.each([
    ["http://a.example/", {}, undefined],
    ["http://a.example/", { http_proxy: "proxy:3128" }, "http://proxy:3128/"],
    ["http://a.example/", { HTTP_PROXY: "proxy:3128" }, undefined],
    ["https://a.example/", { HTTPS_PROXY: "http://proxy:3128" }, "http://proxy:3128/"],
    ["https://a.example/", { https_proxy: "socks5://proxy" }, undefined],
    ["http://a.example/", { http_proxy: "proxy:1", no_proxy: "b, .example" }, undefined],
    ["http://a.example/", { http_proxy: "proxy:1", no_proxy: "*" }, undefined],
    ["http://a.example/", { http_proxy: "proxy:1", NO_PROXY: "notexample,ample" }, "http://proxy:1/"],
    ["http://a.example:81/", { http_proxy: "proxy:1", no_proxy: "a.example:81" }, undefined],
  ])("%s with %j goes through %s", (url, environment, expected) => {
    expect(proxyOf(new URL(url), environment)?.href).toBe(expected);
  });
});
