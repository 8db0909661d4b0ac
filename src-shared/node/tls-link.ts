// TLS for links: 1.3 only, both ends verified, and each end's role and rank taken from its certificate alone.
import { constants } from "node:crypto";
import { connect, createSecureContext, createServer as createTlsServer } from "node:tls";
import { createServer as createTcpServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { SecureContext, Server as TlsServer, TLSSocket } from "node:tls";
import { ROOT_RANK, type Rank } from "../overlay/topology.ts";
import type { TlsCredentials } from "../protocol/credentials.ts";
import type { LinkWay } from "../base/link-way.ts";
import { writeAddress, type Endpoint } from "../protocol/address.ts";
import { parsePeerName } from "../protocol/peer-name.ts";
import type { PeerName } from "../protocol/peer-name.ts";
import { createHandshakeGate } from "./handshake-gate.ts";

/** A handshake takes 2 ms of work and a few round trips; whoever needs longer holds a place for nothing. */
const HANDSHAKE_DEADLINE_MS = 5000;
/** Only a backstop where application leases are forgotten: Node cannot set TCP_USER_TIMEOUT. */
const KEEPALIVE_MS = 30_000;

/** For dialling, one per program: reading keys and certificates is most of the cost of a connection's set-up. */
export function createLinkContext(credentials: TlsCredentials): SecureContext {
  return createSecureContext({
    ca: credentials.ca,
    cert: credentials.certificate,
    key: credentials.key,
    minVersion: "TLSv1.3",
    maxVersion: "TLSv1.3",
  });
}

export interface DialSettings {
  readonly context: SecureContext;
  readonly session: string;
  /** Who must be at the other end: a client of this session with this rank, or its root. */
  readonly rank: Rank;
  /** Abort gives the dial up. */
  readonly signal: AbortSignal;
}

/** Connects, and rejects when somebody else answers there. */
export function dialPeer(at: Endpoint, settings: DialSettings): Promise<TLSSocket> {
  return speakAsClient({ host: at.host, port: at.port }, writeAddress(at), settings);
}

/** The same over a stream that came another way. */
export function dialOver(stream: Duplex, settings: DialSettings): Promise<TLSSocket> {
  return speakAsClient({ socket: stream }, "the other end of a stream", settings);
}

function speakAsClient(
  over: { readonly host: string; readonly port: number } | { readonly socket: Duplex },
  whom: string,
  { context, session, rank, signal }: DialSettings,
): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      ...over,
      secureContext: context,
      minVersion: "TLSv1.3",
      rejectUnauthorized: true,
      // The name that counts is the rank in the certificate, wherever its owner is reached.
      servername: "",
      checkServerIdentity: (_name, certificate) => {
        // Only the root has its rank: parsePeerName sees to that.
        const peer = parsePeerName(certificate.subjectaltname);
        if (peer?.rank === rank && peer.session === session) return undefined;
        const wanted = rank === ROOT_RANK ? "the root" : `client ${String(rank)}`;
        return new Error(`the other end is not ${wanted} of this session`);
      },
    });
    const giveUp = (reason: Error): void => {
      clearTimeout(deadline);
      signal.removeEventListener("abort", onAbort);
      socket.destroy();
      reject(reason);
    };
    const onAbort = (): void => giveUp(new Error("given up"));
    const onLate = (): void =>
      giveUp(new Error(`no TLS handshake with ${whom} within ${HANDSHAKE_DEADLINE_MS} ms`));
    const deadline = setTimeout(onLate, HANDSHAKE_DEADLINE_MS);
    signal.addEventListener("abort", onAbort);
    socket.on("error", giveUp);
    socket.once("close", () => giveUp(new Error("closed during the handshake")));
    socket.once("secureConnect", () => {
      if (!socket.authorized) return giveUp(new Error("the other end is not verified"));
      clearTimeout(deadline);
      signal.removeEventListener("abort", onAbort);
      prepare(socket);
      resolve(socket);
    });
    if (signal.aborted) onAbort();
  });
}

function prepare(socket: Socket): void {
  socket.setNoDelay(true);
  socket.setKeepAlive(true, KEEPALIVE_MS);
}

export interface ListenerSettings {
  readonly address: string;
  readonly port: number;
  readonly credentials: TlsCredentials;
  readonly session: string;
  /** Whoever listens: nobody links to himself. */
  readonly rank: Rank;
}

export interface ListenerCallbacks {
  /** Verified: another client of this session. */
  onClient(socket: TLSSocket, peer: PeerName, way: LinkWay): void;
  onRefused(reason: string): void;
}

export interface LinkListener {
  readonly address: string;
  readonly port: number;
  /**
   * Listens on all addresses of this computer instead of one, and resolves with the port: the same one, but where any
   * would do and somebody else has it on another address. Rejects when it was asked for one that is taken there.
   */
  widen(): Promise<number>;
  /** Speaks TLS, as the server, on a stream that was made another way. */
  secure(stream: Duplex, way: LinkWay): void;
  close(): Promise<void>;
}

export async function listenForClients(
  settings: ListenerSettings,
  callbacks: ListenerCallbacks,
): Promise<LinkListener> {
  /** Made for the first who comes: most members of a tree are leaves, and it is a fifth of what joining costs them. */
  let direct: TlsServer | undefined;
  /** One for each way: the only mark that TLS leaves on the sockets that it makes. */
  const others = new Map<LinkWay, TlsServer>();
  const gate = createHandshakeGate();
  const open = new Set<Socket>();
  const onSocket = (socket: Socket): void => {
    // A connection that ends badly before TLS has taken it over is nobody's loss.
    socket.on("error", (error: Error) => callbacks.onRefused(error.message));
    if (!gate.admit(socket)) return;
    open.add(socket);
    socket.once("close", () => open.delete(socket));
    direct ??= createTls(settings, callbacks, "client").on("secureConnection", (done) => gate.done(done));
    direct.emit("connection", socket);
  };
  const onError = (error: Error): void => callbacks.onRefused(error.message);
  const first = await listen(onSocket, settings, onError);
  const servers = [first];
  const { address, port } = first.address() as AddressInfo;
  return {
    address,
    port,
    async widen() {
      // The one on a single address would be in the way of one on all of them.
      servers.pop()?.close();
      const again = { address: settings.address, port };
      try {
        servers.push(await listen(onSocket, { port }, onError));
      } catch (error) {
        servers.push(await listen(onSocket, again, onError));
        if (settings.port !== 0)
          throw new Error(`port ${port} is in use by somebody else on this computer`, { cause: error });
        servers.push(await listen(onSocket, { port: 0 }, onError));
      }
      return (servers.at(-1)?.address() as AddressInfo).port;
    },
    secure(stream, way) {
      // As for sockets: whoever speaks over it tells what went wrong.
      stream.on("error", () => stream.destroy());
      const other = others.get(way) ?? createTls(settings, callbacks, way);
      others.set(way, other);
      other.emit("connection", stream);
    },
    async close() {
      const closed = servers.map((server) => new Promise((resolve) => server.close(resolve)));
      for (const socket of open) socket.destroy();
      await Promise.all(closed);
    },
  };
}

function createTls(settings: ListenerSettings, callbacks: ListenerCallbacks, way: LinkWay): TlsServer {
  const { ca, certificate, key } = settings.credentials;
  const server = createTlsServer({
    ca,
    cert: certificate,
    key,
    minVersion: "TLSv1.3",
    maxVersion: "TLSv1.3",
    requestCert: true,
    rejectUnauthorized: true,
    handshakeTimeout: HANDSHAKE_DEADLINE_MS,
    // No resumption: every link shows its certificate.
    secureOptions: constants.SSL_OP_NO_TICKET,
  });
  server.on("tlsClientError", (error, socket) => {
    // A code such as CERT_HAS_EXPIRED; the error itself says only that the connection ended. (Typed as an Error.)
    const verdict = socket.authorizationError as unknown;
    callbacks.onRefused(typeof verdict === "string" ? `a client's certificate: ${verdict}` : error.message);
  });
  server.on("secureConnection", (socket) => {
    const peer = parsePeerName(socket.getPeerCertificate().subjectaltname);
    const isOurs = socket.authorized && peer?.role === "client" && peer.session === settings.session;
    if (isOurs && peer.rank !== settings.rank) {
      prepare(socket);
      callbacks.onClient(socket, peer, way);
      return;
    }
    callbacks.onRefused("a certificate that is not another client's of this session");
    socket.on("error", () => socket.destroy());
    socket.destroy();
  });
  return server;
}

/** Without an address: on all of this computer, IPv6 included where there is any. */
function listen(
  onSocket: (socket: Socket) => void,
  at: { readonly address?: string; readonly port: number },
  onError: (error: Error) => void,
): Promise<Server> {
  const tcp = createTcpServer(onSocket);
  return new Promise((resolve, reject) => {
    tcp.once("error", reject);
    tcp.listen({ port: at.port, ...(at.address === undefined ? {} : { host: at.address }) }, () => {
      tcp.off("error", reject);
      tcp.on("error", onError);
      resolve(tcp);
    });
  });
}
