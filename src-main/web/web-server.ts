// The window in a browser: its files by HTTP and its messages by WebSocket, on loopback, for whoever has the token.
import { randomBytes, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable, type Duplex } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream as WebStream } from "node:stream/web";
import { WebSocketServer } from "ws";
import { WINDOW_MESSAGE_BYTES_MAX } from "#shared/controller-api/window-messages.ts";
import { isDownload, type Downloads } from "../window-session/downloads.ts";
import type { WindowPort } from "../window-session/window-port.ts";
import { readWindowFile, WINDOW_HEADERS } from "../window-session/window-files.ts";
import { webSocketPort } from "./web-socket-port.ts";

export interface WebServerSettings {
  /** Where the built window lies. */
  readonly windowDirectory: string;
  readonly downloads: Downloads;
  /** 0: any free one. */
  readonly port: number;
  /** `tab`: the one that its address was made for. */
  readonly onWindow: (port: WindowPort, tab: string | undefined) => void;
  readonly log: (text: string) => void;
}

export interface WebServer {
  /** To be opened once: it carries the token. */
  readonly address: string;
  /** Another one, that works once within a minute: its page shows this tab alone. */
  addressOf(tab: string): string;
  close(): Promise<void>;
}

const LOOPBACK = "127.0.0.1";
const COOKIE = "nebula";
const TOKEN_BYTES = 32;
/** In the page's address: the tab that it shows alone. */
const TAB = "tab";
/** A page opens such a window at once. */
const TAB_TOKEN_MS = 60_000;
/** Browsers open a page at once, or never. */
const REQUEST_MS = 10_000;

export async function startWebServer(settings: WebServerSettings): Promise<WebServer> {
  const door = new Door();
  const sockets = new WebSocketServer({ noServer: true, maxPayload: WINDOW_MESSAGE_BYTES_MAX });
  const server = createServer(
    { requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS },
    (request, response) => {
      void answer(request, response, settings, door);
    },
  );
  server.on("upgrade", (request, socket: Duplex, head) => {
    if (!door.isOpenTo(request) || request.headers.origin !== door.origin) {
      settings.log(`web: refused a connection from ${String(request.headers.origin)}`);
      socket.end("HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n");
      return;
    }
    const tab = new URL(request.url ?? "/", door.origin).searchParams.get(TAB) ?? undefined;
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      settings.onWindow(webSocketPort(webSocket, settings.log), tab);
    });
  });
  await listen(server, settings.port);
  door.port = (server.address() as AddressInfo).port;
  return {
    address: `${door.origin}/?token=${door.issue(undefined)}`,
    addressOf: (tab) => `${door.origin}/?token=${door.issue(tab)}`,
    async close() {
      for (const client of sockets.clients) client.close(1001, "the controller is quitting");
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, LOOPBACK, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

interface Token {
  readonly text: string;
  readonly tab: string | undefined;
  readonly endsMs: number;
}

/** Who may come in: who has a token, which works once, and after that who has the cookie that it was changed for. */
class Door {
  #tokens: readonly Token[] = [];
  readonly #cookie = randomBytes(TOKEN_BYTES).toString("base64url");
  port = 0;

  /** The first page's has no end: somebody has to read it, and carry it to a browser. */
  issue(tab: string | undefined): string {
    const text = randomBytes(TOKEN_BYTES).toString("base64url");
    const endsMs = tab === undefined ? Number.POSITIVE_INFINITY : Date.now() + TAB_TOKEN_MS;
    this.#tokens = [...this.#tokens.filter((token) => token.endsMs > Date.now()), { text, tab, endsMs }];
    return text;
  }

  get origin(): string {
    return `http://${LOOPBACK}:${String(this.port)}`;
  }

  /** A page elsewhere may make a browser ask us under another name (DNS rebinding): only our own name counts. */
  isOurName(request: IncomingMessage): boolean {
    return request.headers.host === `${LOOPBACK}:${String(this.port)}`;
  }

  isOpenTo(request: IncomingMessage): boolean {
    if (!this.isOurName(request)) return false;
    const cookies = (request.headers.cookie ?? "").split(";").map((cookie) => cookie.trim());
    const name = this.cookieName;
    return cookies.some((cookie) => isEqual(cookie, `${name}=${this.#cookie}`));
  }

  /** Cookies know no ports: several controllers on one computer must not take each other's. */
  get cookieName(): string {
    return `${COOKIE}-${String(this.port)}`;
  }

  /** The header that lets a browser in and where it goes, or undefined. */
  exchange(shown: string): { readonly cookie: string; readonly location: string } | undefined {
    const token = this.#tokens.find(({ text, endsMs }) => isEqual(shown, text) && endsMs > Date.now());
    if (token === undefined) return undefined;
    this.#tokens = this.#tokens.filter((one) => one !== token);
    return {
      cookie: `${this.cookieName}=${this.#cookie}; HttpOnly; SameSite=Strict; Path=/`,
      location: token.tab === undefined ? "/" : `/?${TAB}=${encodeURIComponent(token.tab)}`,
    };
  }
}

function isEqual(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}

const NO_ENTRY = `Nebula: this address works once, in the browser that opened it first.
Ask for a new one where the controller runs: stop it and start it again.
`;

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { windowDirectory, downloads, log }: WebServerSettings,
  door: Door,
): Promise<void> {
  try {
    const refuse = (status: number, text: string): void => {
      response
        .writeHead(status, { ...WINDOW_HEADERS, "content-type": "text/plain; charset=utf-8" })
        .end(text);
    };
    if (!door.isOurName(request)) return refuse(421, "Nebula answers under its loopback address only.\n");
    if (request.method !== "GET" && request.method !== "HEAD") return refuse(405, "Only GET is answered.\n");
    const url = new URL(request.url ?? "/", door.origin);
    const token = url.searchParams.get("token");
    const entry = token === null ? undefined : door.exchange(token);
    if (entry !== undefined) {
      // The token leaves the address bar, the history and what the page could read.
      response
        .writeHead(303, { ...WINDOW_HEADERS, "set-cookie": entry.cookie, location: entry.location })
        .end();
      return;
    }
    if (!door.isOpenTo(request)) return refuse(403, NO_ENTRY);
    if (isDownload(url.pathname)) {
      const download = request.method === "GET" ? downloads.take(url.pathname) : undefined;
      if (download === undefined) return refuse(404, "This has been fetched already; ask for it again.\n");
      response.writeHead(200, download.headers);
      await pipeline(Readable.fromWeb(download.body as WebStream), response);
      return;
    }
    const file = await readWindowFile(windowDirectory, url.pathname);
    if (file === undefined) return refuse(404, "There is no such file.\n");
    response.writeHead(200, { ...WINDOW_HEADERS, "content-type": file.type });
    response.end(request.method === "HEAD" ? undefined : file.bytes);
  } catch (error) {
    log(`web: ${error instanceof Error ? error.message : String(error)}`);
    response.destroy();
  }
}
