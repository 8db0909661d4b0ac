// What run tests need of the network: free ports, and a small web server with slow and broken answers.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTcpServer, type AddressInfo } from "node:net";
import { once } from "node:events";

/** Free a moment ago; nobody else is given it soon. */
export async function freePort(): Promise<number> {
  const server = createTcpServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

export interface WebServer {
  readonly url: string;
  /** Paths in the order of the requests. */
  readonly requests: readonly string[];
  /** The first request for this path, now or later. */
  requested(path: string): Promise<void>;
  close(): void;
}

/** `"hang"`: the request is never answered. */
export async function serveFiles(files: Readonly<Record<string, string | Uint8Array>>): Promise<WebServer> {
  const requests: string[] = [];
  const waiting = new Set<() => void>();
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const path = request.url ?? "";
    requests.push(path);
    for (const look of [...waiting]) look();
    const content = files[path];
    if (content === "hang") return;
    response.statusCode = content === undefined ? 404 : 200;
    response.end(content ?? "");
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    requests,
    requested: (path) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (!requests.includes(path)) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
