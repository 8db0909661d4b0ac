// One HTTP request for a package: redirects followed, silence bounded, secrets kept out of every text.
import { once } from "node:events";
import * as http from "node:http";
import * as https from "node:https";
import type { Socket } from "node:net";
import { trustedContext } from "#shared/node/trusted-authorities.ts";
import { wordsOf } from "./software-failure.ts";
import { readWebBody, type WebBody } from "./web-body.ts";

export interface WebSettings {
  readonly redirectsMax: number;
  /** No byte for this long: the connection is given up. */
  readonly stallMs: number;
  /** HTTP_PROXY, HTTPS_PROXY and NO_PROXY are read from here. */
  readonly environment: NodeJS.ProcessEnv;
  /** Trusted instead of what trusted-authorities.ts finds; PEM. */
  readonly certificateAuthorities: readonly string[] | undefined;
}

interface RefusedAnswer {
  readonly status: number;
  readonly retryAfterMs: number;
}

/** `lasting`: asking again would give the same. */
export class WebFailure extends Error {
  readonly lasting: boolean;
  readonly answer: RefusedAnswer | undefined;

  constructor(message: string, lasting: boolean, answer?: RefusedAnswer) {
    super(message);
    this.name = "WebFailure";
    this.lasting = lasting;
    this.answer = answer;
  }
}

export interface WebAnswer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: WebBody;
  /** Where the redirects led, redacted. */
  readonly shownUrl: string;
}

const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];
/** "I have no such part": the file has become shorter, and must be asked for as a whole. */
export const RANGE_NOT_SATISFIABLE = 416;
/** Worth another try: the server's own trouble, or too many of us. */
const PASSING: readonly number[] = [408, RANGE_NOT_SATISFIABLE, 425, 429, 500, 502, 503, 504];

/** Without user, password and the values of the query: signed links carry their secret there. */
export function shownUrlOf(url: URL | string): string {
  if (!URL.canParse(String(url))) return "(not a URL)";
  const shown = new URL(String(url));
  if (shown.username !== "") shown.username = "***";
  if (shown.password !== "") shown.password = "***";
  shown.hash = "";
  const names = [...new Set(shown.searchParams.keys())];
  const query = names.map((name) => `${encodeURIComponent(name)}=***`).join("&");
  shown.search = "";
  return query === "" ? shown.href : `${shown.href}?${query}`;
}

/** Throws WebFailure; whoever gets the answer reads or destroys its body. */
export async function askWeb(
  address: string,
  headers: http.OutgoingHttpHeaders,
  settings: WebSettings,
  signal: AbortSignal,
): Promise<WebAnswer> {
  let url = webUrlOf(address, address);
  for (let redirects = 0; redirects <= settings.redirectsMax; redirects += 1) {
    const answer = await askOnce(url, headers, settings, signal);
    const { headers: given, statusCode: status = 0, statusMessage = "" } = answer;
    const shownUrl = shownUrlOf(url);
    if (status === 200 || status === 206)
      return { status, headers: given, body: readWebBody(answer), shownUrl };
    answer.destroy();
    if (!REDIRECTS.includes(status)) {
      const words = `${shownUrl}: ${String(status)} ${statusMessage}`.trimEnd();
      const retryAfterMs = retryAfterMsOf(given["retry-after"]);
      throw new WebFailure(words, !PASSING.includes(status), { status, retryAfterMs });
    }
    url = redirectOf(url, given.location);
  }
  throw new WebFailure(`${shownUrlOf(address)}: more than ${String(settings.redirectsMax)} redirects`, true);
}

function webUrlOf(address: string, from: string): URL {
  if (!URL.canParse(address)) throw new WebFailure(`${shownUrlOf(from)}: not a URL`, true);
  const url = new URL(address);
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new WebFailure(
      `${shownUrlOf(from)}: only http and https are fetched, not ${url.protocol.slice(0, -1)}`,
      true,
    );
  }
  return url;
}

function redirectOf(from: URL, location: string | undefined): URL {
  const shown = shownUrlOf(from);
  if (location === undefined || !URL.canParse(location, from.href)) {
    throw new WebFailure(`${shown}: redirected to nowhere`, true);
  }
  return webUrlOf(new URL(location, from.href).href, from.href);
}

/** Seconds, or undefined and dates: those are left to our own delays. */
function retryAfterMsOf(value: string | undefined): number {
  return value !== undefined && /^\d{1,6}$/.test(value) ? Number(value) * 1000 : 0;
}

async function askOnce(
  url: URL,
  headers: http.OutgoingHttpHeaders,
  settings: WebSettings,
  signal: AbortSignal,
): Promise<http.IncomingMessage> {
  const silence = new AbortController();
  const either = AbortSignal.any([signal, silence.signal]);
  const timer = setTimeout(() => {
    silence.abort();
  }, settings.stallMs);
  try {
    const request = await openRequest(url, headers, settings, either);
    request.end();
    const [answer] = (await once(request, "response", { signal: either })) as [http.IncomingMessage];
    return answer;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof WebFailure) throw error;
    const words = silence.signal.aborted ? `no answer for ${secondsOf(settings.stallMs)}` : wordsOf(error);
    throw new WebFailure(`${shownUrlOf(url)}: ${words}`, false);
  } finally {
    clearTimeout(timer);
  }
}

export function secondsOf(ms: number): string {
  return `${String(ms / 1000)} s`;
}

/** No agent: every package comes from another place, and a kept connection would only hold the client open. */
async function openRequest(
  url: URL,
  headers: http.OutgoingHttpHeaders,
  settings: WebSettings,
  signal: AbortSignal,
): Promise<http.ClientRequest> {
  const proxy = proxyOf(url, settings.environment);
  if (url.protocol === "https:") {
    const { certificateAuthorities: only, environment } = settings;
    const tls = only === undefined ? { secureContext: trustedContext(environment) } : { ca: [...only] };
    const socket = proxy === undefined ? undefined : await openTunnel(proxy, url, signal);
    const tunnel = socket === undefined ? {} : { socket };
    const options = { headers, signal, agent: false, ...tls, ...tunnel } as https.RequestOptions;
    return https.request(url, options);
  }
  if (proxy === undefined) return http.request(url, { headers, signal, agent: false });
  // A proxy gets the whole address in the request line; credentials of the origin travel as a header.
  const origin = url.username === "" ? {} : { authorization: basicOf(url) };
  const forProxy = proxy.username === "" ? {} : { "proxy-authorization": basicOf(proxy) };
  return http.request({
    hostname: proxy.hostname.replace(/^\[|\]$/g, ""),
    port: proxy.port || 80,
    path: `${url.protocol}//${url.host}${url.pathname}${url.search}`,
    headers: { host: url.host, ...headers, ...origin, ...forProxy },
    signal,
    agent: false,
  });
}

async function openTunnel(proxy: URL, url: URL, signal: AbortSignal): Promise<Socket> {
  const target = `${url.hostname}:${url.port || "443"}`;
  const request = http.request({
    hostname: proxy.hostname.replace(/^\[|\]$/g, ""),
    port: proxy.port || 80,
    method: "CONNECT",
    path: target,
    headers: { host: target, ...(proxy.username === "" ? {} : { "proxy-authorization": basicOf(proxy) }) },
    signal,
    agent: false,
  });
  request.end();
  const [answer, socket] = (await once(request, "connect", { signal })) as [http.IncomingMessage, Socket];
  if (answer.statusCode === 200) return socket;
  socket.destroy();
  throw new WebFailure(
    `${shownUrlOf(url)}: the proxy ${proxy.host} answered ${String(answer.statusCode)}`,
    false,
  );
}

function basicOf(url: URL): string {
  const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  return `Basic ${Buffer.from(credentials).toString("base64")}`;
}

/**
 * As curl does: lower case first, NO_PROXY as a list of names, their subdomains included, or "*".
 * HTTP_PROXY in upper case is not read: in CGI programs a stranger can set it (httpoxy, CVE-2016-5385).
 * Only proxies spoken to by plain HTTP, which is what these variables name in practice.
 */
export function proxyOf(url: URL, environment: NodeJS.ProcessEnv): URL | undefined {
  const value =
    url.protocol === "http:"
      ? environment["http_proxy"]
      : (environment["https_proxy"] ?? environment["HTTPS_PROXY"]);
  if (
    value === undefined ||
    value === "" ||
    isExempt(url, environment["no_proxy"] ?? environment["NO_PROXY"])
  )
    return undefined;
  const address = value.includes("://") ? value : `http://${value}`;
  if (!URL.canParse(address) || new URL(address).protocol !== "http:") return undefined;
  return new URL(address);
}

function isExempt(url: URL, exempt: string | undefined): boolean {
  const names = (exempt ?? "").split(",").map((name) =>
    name
      .trim()
      .toLowerCase()
      .replace(/^\*?\./, ""),
  );
  return names.some((name) => {
    if (name === "") return false;
    return name === "*" || url.hostname === name || url.host === name || url.hostname.endsWith(`.${name}`);
  });
}
