// Who may not in, and what strangers and broken clients can do to the root: nothing but lose their own link.
import { createConnection } from "node:net";
import type { Socket } from "node:net";
import { createServer } from "node:tls";
import type { TLSSocket } from "node:tls";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { hostIdOf } from "../../src-shared/base/ids.ts";
import { FRAME_BYTES_MAX } from "../../src-shared/overlay/frame-fields.ts";
import { star } from "../../src-shared/overlay/star.ts";
import type { StarFrame } from "../../src-shared/overlay/star-frames.ts";
import { PROTOCOL_VERSION } from "../../src-shared/protocol/commands.ts";
import type { TlsCredentials } from "../../src-shared/protocol/credentials.ts";
import { createWireCodec } from "../../src-shared/protocol/wire.ts";
import { ROOT_NAME } from "../../src-shared/protocol/peer-name.ts";
import { createAuthority } from "../../src-main/overlay-root/certificate-authority.ts";
import type { RunningOverlayRoot } from "../../src-main/overlay-root/overlay-root.ts";
import { closed, dialAs } from "./hostile-ends.ts";
import { OverlayFixture, SESSION } from "./overlay-fixture.ts";

const NODE = hostIdOf("node1");
const EVIL = hostIdOf("evil");
const HOUR_MS = 3_600_000;
const codec = createWireCodec(star);

let fixture: OverlayFixture;
beforeEach(() => {
  fixture = new OverlayFixture();
});
afterEach(() => fixture.close());

async function dial(root: RunningOverlayRoot, credentials?: TlsCredentials): Promise<TLSSocket> {
  const socket = await dialAs({ host: root.address, port: root.port }, credentials);
  fixture.onClose(() => socket.destroy());
  return socket;
}

/** Pretends to be a root, with a client's certificate. */
async function listenAs(credentials: TlsCredentials): Promise<{ address: string; port: number }> {
  const { ca, certificate: cert, key } = credentials;
  const server = createServer({ ca, cert, key, minVersion: "TLSv1.3" });
  server.on("tlsClientError", () => undefined);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  fixture.onClose(() => server.close());
  return { address: "127.0.0.1", port: (server.address() as { port: number }).port };
}

describe("certificates", () => {
  test("a host that was not invited is told so, and ends", async () => {
    const controller = await fixture.startRoot();
    const client = await fixture.startMember(controller, "stranger");
    await client.said.until((line) => line.startsWith("abandoned: the controller does not know"));
    await client.member.leave();
    expect(controller.membership.entries).toEqual([]);
  });

  test("another session's root, or a client of the same session, is no root", async () => {
    const controller = await fixture.startRoot();
    const other = await fixture.startRoot({ authority: await createAuthority("another-session") });
    const first = await fixture.startMember(controller, NODE, { at: other.root });
    const fromFirst = await first.said.until((line) => line.startsWith("problem: cannot reach"));
    const client = await listenAs(await controller.issue(EVIL));
    const second = await fixture.startMember(controller, NODE, { at: client });
    const fromSecond = await second.said.until((line) => line.startsWith("problem: cannot reach"));
    expect(fromFirst).toMatch(/certificate/u);
    expect(fromSecond).toMatch(/is not the root of this session/u);
  });

  test("the session in the root's certificate counts, even under the same authority", async () => {
    const controller = await fixture.startRoot();
    const client = await fixture.startMember(controller, NODE, {
      credentials: { session: "another-session" },
    });
    const line = await client.said.until((said) => said.startsWith("problem: cannot reach"));
    expect(line).toContain("not the root of this session");
  });

  test.each([
    ["expired", -48 * HOUR_MS, "CERT_HAS_EXPIRED"],
    ["not valid yet", 25 * HOUR_MS, "CERT_NOT_YET_VALID"],
  ])("a certificate that is %s is refused in the handshake", async (_name, shiftMs, reason) => {
    let shift = 0;
    const authority = await createAuthority(SESSION, { now: () => new Date(Date.now() + shift) });
    const controller = await fixture.startRoot({ authority });
    controller.invite(NODE);
    shift = shiftMs;
    await closed(await dial(controller.root, await controller.issue(NODE)));
    const problem = await controller.problems.until(() => true);
    expect(problem.reason).toContain(reason);
    expect(controller.root.members()).toMatchObject([{ state: "invited" }]);
  });

  test.each([
    ["behind", 23 * HOUR_MS],
    ["ahead", -24 * HOUR_MS],
  ])("a host whose clock is almost a day %s the controller's is let in", async (_name, shiftMs) => {
    const authority = await createAuthority(SESSION, { now: () => new Date(Date.now() + shiftMs) });
    const controller = await fixture.startRoot({ authority });
    controller.invite(NODE);
    const client = await fixture.startMember(controller, NODE);
    expect(await client.said.until(() => true)).toBe("attached");
  });

  test("a certificate of another authority, a root's certificate, and none at all make no client", async () => {
    const controller = await fixture.startRoot();
    controller.invite(NODE);
    const rank = controller.invite(NODE, 2);
    const name = { role: "client", host: NODE, incarnation: 2, rank } as const;
    const foreign = await (await createAuthority(SESSION)).issue(name);
    const asRoot = await controller.authority.issue(ROOT_NAME);
    for (const credentials of [foreign, asRoot, undefined])
      await closed(await dial(controller.root, credentials));
    await controller.problems.count(3);
    expect(controller.root.members()).toMatchObject([{ state: "invited" }]);
  });

  test("the certificate decides who it is, whatever the client says", async () => {
    const controller = await fixture.startRoot();
    for (const host of [NODE, EVIL]) controller.invite(host);
    const credentials = await controller.issue(EVIL);
    const client = await fixture.startMember(controller, NODE, { credentials });
    await client.said.until((line) => line === "attached");
    expect(controller.membership.entries.map(({ host }) => host)).toEqual([EVIL]);
  });
});

describe("hostile bytes", () => {
  const join: StarFrame = { t: "join", protocol: PROTOCOL_VERSION, attempt: 1, have: 0 };

  test.each<[string, (socket: TLSSocket) => void]>([
    ["no frame", (socket) => socket.write("GET / HTTP/1.1\r\n\r\n")],
    ["an oversized frame", (socket) => socket.write(Buffer.from([0, 0x20, 0, 0, 1]))],
    ["another version", (socket) => socket.write(Buffer.from([0, 0, 0, 2, 9, 0x80]))],
    ["an unknown frame", (socket) => socket.write(Buffer.from([0, 0, 0, 2, 1, 0x80]))],
    [
      "a root's frame",
      (socket) => socket.write(codec.encodeFrame({ t: "command", sequence: 1, payload: new Uint8Array() })),
    ],
    [
      "a gap",
      (socket) =>
        socket.write(codec.encodeFrame({ t: "report", sequence: 9, skips: 0, payload: new Uint8Array() })),
    ],
  ])("%s closes that link and no other", async (_name, attack) => {
    const controller = await fixture.startRoot();
    for (const host of [NODE, EVIL]) controller.invite(host);
    const client = await fixture.startMember(controller, NODE);
    await client.said.until((line) => line === "attached");
    const socket = await dial(controller.root, await controller.issue(EVIL));
    socket.write(codec.encodeFrame(join));
    await controller.membership.until(({ host, state }) => host === EVIL && state === "attached");
    attack(socket);
    await closed(socket);
    await controller.membership.until(({ host, state }) => host === EVIL && state === "orphaned");
    controller.root.command([NODE], { kind: "leave", keep: true });
    await client.commands.count(1);
    expect(client.said.entries).toEqual(["attached", "writable"]);
  });

  test("a report that is none is dropped, and said so", async () => {
    const controller = await fixture.startRoot();
    controller.invite(EVIL);
    const socket = await dial(controller.root, await controller.issue(EVIL));
    socket.write(codec.encodeFrame(join));
    const payloads = [
      codec.encodePayload({ kind: "facts" }),
      new Uint8Array([0xc1]),
      codec.encodePayload("x"),
    ];
    payloads.forEach((payload, place) => {
      socket.write(codec.encodeFrame({ t: "report", sequence: place + 1, skips: 0, payload }));
    });
    await controller.problems.count(3);
    expect(controller.problems.entries.map(({ host }) => host)).toEqual([EVIL, EVIL, EVIL]);
    expect(controller.reports.entries).toEqual([]);
    expect(controller.root.members()).toMatchObject([{ state: "attached" }]);
  });

  test("a command that no frame holds is not taken on", async () => {
    const { root } = await fixture.startRoot();
    const bytes = new Uint8Array(FRAME_BYTES_MAX);
    expect(() => root.command([NODE], { kind: "leave", keep: bytes as never })).toThrow(RangeError);
  });
});

describe("a flood of connections that never finish their handshake", () => {
  test("is shed before TLS, while the links that stand go on", async () => {
    const controller = await fixture.startRoot();
    controller.invite(NODE);
    const client = await fixture.startMember(controller, NODE);
    await client.said.until((line) => line === "attached");
    const flood = Array.from({ length: 400 }, () => halfOpen(controller.root));
    // The gate lets 128 of one address in; the rest is closed at once.
    await shedOf(flood, 272);
    for (let count = 1; count <= 20; count += 1) {
      controller.root.command([NODE], { kind: "leave", keep: true });
      await client.commands.count(count);
    }
    expect(controller.membership.entries.map(({ state }) => state)).toEqual(["attached"]);
  });
});

interface HalfOpen {
  readonly socket: Socket;
  readonly shed: Promise<void>;
}

/** A TCP connection that says nothing. */
function halfOpen(root: RunningOverlayRoot): HalfOpen {
  const socket = createConnection({ host: root.address, port: root.port });
  socket.on("error", () => socket.destroy());
  fixture.onClose(() => socket.destroy());
  return { socket, shed: closed(socket) };
}

function shedOf(flood: readonly HalfOpen[], wanted: number): Promise<void> {
  return new Promise((resolve) => {
    let count = 0;
    for (const { shed } of flood) {
      void shed.then(() => {
        count += 1;
        if (count === wanted) resolve();
      });
    }
  });
}
