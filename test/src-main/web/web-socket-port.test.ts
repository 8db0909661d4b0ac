// A window's way over a WebSocket: what it says before anybody listens is heard, and so is that it has gone.
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { pack } from "msgpackr";
import { WebSocket, WebSocketServer } from "ws";
import { webSocketPort } from "../../../src-main/web/web-socket-port.ts";

let server: WebSocketServer;
beforeAll(async () => {
  server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  await once(server, "listening");
});
afterAll(() => server.close());

async function connected(): Promise<{ readonly page: WebSocket; readonly socket: WebSocket }> {
  const page = new WebSocket(`ws://127.0.0.1:${String((server.address() as AddressInfo).port)}`);
  const [[socket]] = await Promise.all([once(server, "connection"), once(page, "open")]);
  return { page, socket: socket as WebSocket };
}

test("what a page asks before its session is there waits for it, in order", async () => {
  const { page, socket } = await connected();
  const port = webSocketPort(socket, () => undefined);
  for (const name of ["a", "b"]) await new Promise((sent) => page.send(pack({ name }), sent));
  // Were it not held back, it would be here before this page's next connection.
  (await connected()).page.terminate();
  const heard: unknown[] = [];
  await new Promise<void>((resolve) => {
    port.onMessage((message) => {
      if (heard.push(message) === 2) resolve();
    });
  });
  expect(heard).toEqual([{ name: "a" }, { name: "b" }]);
  page.terminate();
});

test("a page that has gone before anybody listened is told as gone", async () => {
  const { page, socket } = await connected();
  const port = webSocketPort(socket, () => undefined);
  const gone = once(socket, "close");
  page.terminate();
  await gone;
  await new Promise<void>((resolve) => port.onClose(resolve));
});
