// Health probes: each kind healthy, unhealthy and silent.
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { createServer, type AddressInfo, type Server } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createProbe, type ProbeOrder, type ProbeResult } from "../../../src-client/processes/probe.ts";
import { createProcessWorld, type ProcessWorld } from "./process-world.ts";

const PATIENT_MS = 10_000;
/** This host's own, besides the usual loopback addresses. */
const ADDRESS = "127.93.0.7";

let world: ProcessWorld;
beforeEach(async () => {
  world = await createProcessWorld();
});
afterEach(async () => {
  await world.close();
  expect(await world.left()).toEqual([]);
});

const ask = (
  order: ProbeOrder,
  timeoutMs = PATIENT_MS,
  signal = new AbortController().signal,
): Promise<ProbeResult> => {
  const place = {
    cwd: world.directory,
    workDirectory: world.directory,
    environment: { PATH: process.env["PATH"] ?? "", PLUSH_PROCESS: `${world.token}.1.1.` },
    user: undefined,
  };
  return createProbe({ ...world, address: ADDRESS })(order, place, timeoutMs, signal);
};

const sh = (script: string): ProbeOrder => ({ kind: "command", path: "sh", args: ["-c", script] });

async function listening(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

test("a command", async () => {
  expect(await ask(sh("echo fine"))).toEqual({ ok: true, detail: "exit status 0: fine" });
  expect(await ask(sh("echo not ready >&2; exit 2"))).toEqual({
    ok: false,
    detail: "exit status 2: not ready",
  });
  expect(await ask({ kind: "command", path: "./none", args: [] })).toEqual({
    ok: false,
    detail: "start: ./none: No such file or directory",
  });
});

test("a command that hangs is ended with its group", async () => {
  expect(await ask(sh("trap '' TERM; sleep 1000 & sleep 1000; sleep 1000"), 200)).toEqual({
    ok: false,
    detail: "no answer within 200 ms",
  });
  expect(await world.left()).toEqual([]);
});

test("a probe that is given up", async () => {
  const abort = new AbortController();
  const asked = ask(sh("sleep 1000"), PATIENT_MS, abort.signal);
  abort.abort();
  expect(await asked).toEqual({ ok: false, detail: "given up" });
});

test("a port", async () => {
  const server = createServer((socket) => socket.destroy());
  const port = String(await listening(server));
  expect(await ask({ kind: "port", port })).toEqual({ ok: true, detail: `port ${port} answers` });
  server.close();
  await once(server, "close");
  const refused = await ask({ kind: "port", port });
  expect(refused.ok).toBe(false);
  expect(refused.detail).toContain("ECONNREFUSED");
  expect(await ask({ kind: "port", port: "http" })).toEqual({ ok: false, detail: '"http" is not a port' });
});

test("HTTP", async () => {
  const server = createHttpServer((request, response) => {
    if (request.url === "/silent") return;
    response.statusCode = request.url === "/ok" ? 204 : 503;
    response.end();
  });
  const port = String(await listening(server));
  const at = (path: string): ProbeOrder => ({ kind: "http", url: `http://127.0.0.1:${port}${path}` });
  expect(await ask(at("/ok"))).toEqual({ ok: true, detail: "204 No Content" });
  expect(await ask(at("/down"))).toEqual({ ok: false, detail: "503 Service Unavailable" });
  expect(await ask(at("/silent"), 100)).toEqual({ ok: false, detail: "no answer within 100 ms" });
  expect((await ask({ kind: "http", url: "nonsense" })).ok).toBe(false);
  server.closeAllConnections();
  server.close();
});

test("a port that is open on the host's own address only", async () => {
  const server = createServer();
  server.listen(0, ADDRESS);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  expect(await ask({ kind: "port", port: String(port) })).toEqual({
    ok: true,
    detail: `port ${String(port)} answers`,
  });
  server.close();
});
