// Where the controller comes to by itself: a Unix socket in the host directory, and a TCP port where one is wanted.
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { createHandshakeGate } from "#shared/node/handshake-gate.ts";
import { OFFER_SOCKET_NAME } from "#shared/protocol/client-start.ts";

/** Ports tried one after the other when somebody else has the one that was asked for; then any. */
const PORTS_TRIED = 20;
const PORT_MAX = 65_535;

export interface OfferSettings {
  /** The host directory: nobody else may enter it, so that whoever comes to the socket is this user or root. */
  readonly directory: string;
  /** 0 = any; null = no TCP. */
  readonly port: number | null;
}

export interface OfferCallbacks {
  /** Not proved yet: anybody who reaches the port may have come. */
  onStream(stream: Socket): void;
  onProblem(reason: string): void;
}

export interface OfferedStreams {
  /** Where it listens; undefined = no TCP. */
  readonly port: number | undefined;
  /** The link over this stream stands: it holds no place among the handshakes any more. */
  proved(stream: Socket): void;
  close(): void;
}

/** Without one or the other there is one way less, and the rest goes on: whoever dials needs neither. */
export async function listenForOffers(
  settings: OfferSettings,
  callbacks: OfferCallbacks,
): Promise<OfferedStreams> {
  const gate = createHandshakeGate();
  const servers: Server[] = [];
  const onProblem = (error: Error): void => callbacks.onProblem(`cannot be reached: ${error.message}`);
  const guarded = (socket: Socket): void => {
    // A connection that ends badly before TLS has taken it over is nobody's loss.
    socket.on("error", () => socket.destroy());
    if (gate.admit(socket)) callbacks.onStream(socket);
  };
  try {
    servers.push(await listenInside(settings.directory, (socket) => callbacks.onStream(socket)));
  } catch (error) {
    onProblem(error as Error);
  }
  const tcp = settings.port === null ? undefined : await listenNear(settings.port, guarded);
  if (tcp instanceof Error) onProblem(tcp);
  else if (tcp !== undefined) servers.push(tcp);
  for (const server of servers) server.on("error", onProblem);
  return {
    port: tcp === undefined || tcp instanceof Error ? undefined : (tcp.address() as AddressInfo).port,
    proved: (stream) => gate.done(stream),
    close() {
      for (const server of servers) server.close();
    },
  };
}

/** From within the directory: its whole path may be longer than a socket's name can be (103 bytes on macOS). */
function listenInside(directory: string, onSocket: (socket: Socket) => void): Promise<Server> {
  const before = process.cwd();
  process.chdir(directory);
  try {
    // Bound before it returns; only the news of it comes later.
    return listening(createServer(onSocket), { path: OFFER_SOCKET_NAME });
  } finally {
    process.chdir(before);
  }
}

async function listenNear(port: number, onSocket: (socket: Socket) => void): Promise<Server | Error> {
  let reason = new Error("no port is free");
  const tries = port === 0 ? 0 : Math.min(PORTS_TRIED, PORT_MAX - port + 1);
  for (let next = 0; next <= tries; next += 1) {
    try {
      return await listening(createServer(onSocket), { port: next === tries ? 0 : port + next });
    } catch (error) {
      reason = error as Error;
    }
  }
  return reason;
}

function listening(
  server: Server,
  at: { readonly path: string } | { readonly port: number },
): Promise<Server> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(at, () => {
      server.off("error", reject);
      resolve(server);
    });
  });
}
