// A port of the loopback that leads elsewhere: both directions, its bounds, its end.
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { text } from "node:stream/consumers";
import { afterEach, expect, test } from "vitest";
import type { ForwardState } from "../../../src-shared/controller-api/host-files.ts";
import { LoopbackForward } from "../../../src-main/host-doors/port-forward.ts";
import { failed, refused } from "../../../src-main/ssh/ssh-failures.ts";
import type { SshResult } from "../../../src-main/ssh/ssh.ts";

const opened: { close(): unknown }[] = [];
afterEach(() => {
  for (const one of opened.splice(0)) one.close();
});

async function listen(onConnection: (socket: Socket) => void): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, onConnection);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  opened.push(server);
  return server;
}

async function forwardTo(server: Server): Promise<LoopbackForward> {
  const { port } = server.address() as AddressInfo;
  const reach = (): Promise<SshResult<Duplex>> =>
    Promise.resolve({ kind: "ok", value: connect({ port, host: "127.0.0.1", allowHalfOpen: true }) });
  const forward = await LoopbackForward.open({
    reach,
    lost: new Promise(() => undefined),
    release: () => undefined,
  });
  opened.push(forward);
  return forward;
}

test("bytes go both ways, and an end in one direction is none in the other", async () => {
  const server = await listen((socket) => {
    let heard = 0;
    socket.on("data", (bytes) => (heard += bytes.length));
    socket.on("end", () => socket.end(`heard ${String(heard)}`));
  });
  const forward = await forwardTo(server);
  const socket = connect({ port: forward.localPort, host: "127.0.0.1", allowHalfOpen: true });
  socket.end("x".repeat(1_000_000));
  expect(await text(socket)).toBe("heard 1000000");
});

test("it listens on the loopback only, closes with its connections, and gives back what it had", async () => {
  const server = await listen((socket) => socket.on("error", () => undefined));
  const { port } = server.address() as AddressInfo;
  let released = 0;
  let lose: (why: string) => void = () => undefined;
  const states: ForwardState[] = [];
  const forward = await LoopbackForward.open({
    reach: () => Promise.resolve({ kind: "ok", value: connect({ port, host: "127.0.0.1" }) }),
    lost: new Promise((resolve) => (lose = resolve)),
    release: () => (released += 1),
  });
  forward.onChange((state) => states.push(state));
  const local = forward.localPort;
  const elsewhere = connect({ port: local, host: "127.0.0.2" });
  expect(await once(elsewhere, "error")).toMatchObject([{ code: "ECONNREFUSED" }]);
  const socket = connect({ port: local, host: "127.0.0.1" });
  await once(socket, "connect");
  await expect.poll(() => states.at(-1)).toEqual({ connections: 1, problem: undefined });
  const closed = once(socket, "close");
  lose("connection lost: reset");
  await closed;
  expect(await forward.closed).toBe("connection lost: reset");
  forward.close();
  expect(released).toBe(1);
  expect(await once(connect({ port: local, host: "127.0.0.1" }), "error")).toMatchObject([
    { code: "ECONNREFUSED" },
  ]);
});

test("what does not get through is told in the host's words, and the next one is tried", async () => {
  const states: ForwardState[] = [];
  let tries = 0;
  const forward = await LoopbackForward.open({
    reach: () => {
      tries += 1;
      return Promise.resolve(failed(refused("forward", "Connection refused", "")));
    },
    lost: new Promise(() => undefined),
    release: () => undefined,
  });
  opened.push(forward);
  forward.onChange((state) => states.push(state));
  for (let turn = 1; turn <= 2; turn += 1) {
    const socket = connect({ port: forward.localPort, host: "127.0.0.1" });
    socket.on("error", () => undefined);
    await once(socket, "close");
  }
  await expect.poll(() => states.at(-1)).toEqual({ connections: 0, problem: "Connection refused" });
  expect(tries).toBe(2);
});
