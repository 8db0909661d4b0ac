// Who presses on the doors of a standing tree: strangers of all kinds, a flood of them, and a client that turns hostile.
import { createConnection, type Socket } from "node:net";
import { connect, type TLSSocket } from "node:tls";
import { createMemberSeals } from "../../src-shared/node/seals.ts";
import { FRAME_BYTES_MAX } from "../../src-shared/overlay/frame-fields.ts";
import { randTree } from "../../src-shared/overlay/rand-tree.ts";
import type { MemberSeals, Rank } from "../../src-shared/overlay/topology.ts";
import type { TreeFrame } from "../../src-shared/overlay/tree-frames.ts";
import { edgeProof, numberBytes } from "../../src-shared/overlay/tree-proofs.ts";
import type { Endpoint } from "../../src-shared/protocol/address.ts";
import { PROTOCOL_VERSION } from "../../src-shared/protocol/commands.ts";
import type { ClientCredentials, TlsCredentials } from "../../src-shared/protocol/credentials.ts";
import { createWireCodec, WIRE_VERSION } from "../../src-shared/protocol/wire.ts";

/** More than a door lets in of one address before TLS (handshake-gate.ts). */
const FLOOD = 160;
const LET_IN = 128;
/** Of the flood; clients of this computer come from 127.0.0.1. */
const FLOOD_ADDRESS = "127.0.0.2";
const NESTED_BYTES = 512 * 1024;
const codec = createWireCodec(randTree);

/** Resolves when the other end has closed it. */
export function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.closed) resolve();
    socket.once("close", () => resolve());
    socket.resume();
  });
}

/** TLS by hand; resolves when it stands or has failed. */
export function dialAs(at: Endpoint, credentials?: TlsCredentials): Promise<TLSSocket> {
  const keys = credentials && { ca: credentials.ca, cert: credentials.certificate, key: credentials.key };
  const socket = connect({ ...at, ...keys, rejectUnauthorized: false });
  return new Promise((resolve) => {
    socket.on("error", () => resolve(socket));
    socket.once("secureConnect", () => resolve(socket));
  });
}

/** What is no TLS, and certificates that are none of a client of this session: each is turned away. */
export async function pressAsStrangers(
  at: Endpoint,
  credentials: readonly (TlsCredentials | undefined)[],
): Promise<void> {
  const noise = [
    Buffer.from("GET / HTTP/1.1\r\n\r\n"),
    Buffer.alloc(64 * 1024, 0x16),
    frameHead(FRAME_BYTES_MAX),
  ];
  await Promise.all([
    ...noise.map((bytes) => {
      const socket = createConnection(at);
      socket.on("error", () => undefined);
      socket.write(bytes);
      return closed(socket);
    }),
    ...credentials.map(async (one) => closed(await dialAs(at, one))),
  ]);
}

export interface Flood {
  /** More than were let in have been shed. */
  readonly shed: Promise<void>;
  end(): void;
}

/** Connections that say nothing. */
export function flood(at: Endpoint): Flood {
  let count = 0;
  let enough: () => void = () => undefined;
  const shed = new Promise<void>((resolve) => (enough = resolve));
  const sockets = Array.from({ length: FLOOD }, () => {
    const socket = createConnection({ ...at, localAddress: FLOOD_ADDRESS });
    socket.on("error", () => undefined);
    void closed(socket).then(() => {
      count += 1;
      if (count === FLOOD - LET_IN) enough();
    });
    return socket;
  });
  return { shed, end: () => sockets.forEach((socket) => socket.destroy()) };
}

/** A client of this session that joins as it should, where it is let, and then sends what no client may send. */
export class Traitor {
  readonly #own: ClientCredentials;
  readonly #seals: MemberSeals;
  /** Each of its joins has a higher count, wherever it is. */
  #joins = 0;

  constructor(own: ClientCredentials) {
    this.#own = own;
    this.#seals = createMemberSeals(own.session, { root: own.rootKey, own: own.proofKey });
  }

  /** Each of its links is closed. */
  async pressOn(at: Endpoint, parent: Rank): Promise<void> {
    for (const bytes of hostileBytes()) {
      const socket = await dialAs(at, this.#own);
      const answered = new Promise((resolve) => socket.once("data", resolve));
      const end = closed(socket);
      socket.write(codec.encodeFrame(this.#join(parent)));
      await Promise.race([answered, end]);
      socket.write(bytes);
      await end;
    }
  }

  #join(parent: Rank): TreeFrame {
    this.#joins += 1;
    const attach = this.#joins;
    const proof = this.#seals.prove(edgeProof(parent), numberBytes(attach));
    const is = { protocol: PROTOCOL_VERSION, attach, proof, have: this.#own.start, size: 1 };
    return { t: "join", ...is, stamp: { epoch: 0, beacon: 0 }, depth: 0, address: "", insist: true };
  }
}

function hostileBytes(): readonly Uint8Array[] {
  const nested = Buffer.concat([frameHead(NESTED_BYTES), Buffer.alloc(NESTED_BYTES - 1, 0x91)]);
  const lies: readonly TreeFrame[] = [
    { t: "detached" },
    { t: "farewell", rank: 1, epoch: 1, seal: new Uint8Array(64) },
  ];
  return [
    Buffer.from("GET / HTTP/1.1\r\n\r\n"),
    frameHead(FRAME_BYTES_MAX + 1),
    nested,
    Buffer.from([0, 0, 0, 2, WIRE_VERSION, 0x80]),
    ...lies.map((frame) => codec.encodeFrame(frame)),
  ];
}

/** Says that so many bytes follow, the version among them. */
function frameHead(bytes: number): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(bytes);
  head[4] = WIRE_VERSION;
  return head;
}
