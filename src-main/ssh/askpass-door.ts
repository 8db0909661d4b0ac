// Where the questions of one run of ssh come in: a socket in its private folder, and a word that only its askpass knows.
import { randomBytes, timingSafeEqual } from "node:crypto";
import { createServer, type Socket } from "node:net";

/** A question has a few hundred characters; a host's own may be longer, and what is longer than this is cut by nobody. */
const WISH_BYTES_MAX = 64 * 1024;
/** Several hops with three passphrases, three passwords and some codes each; more is not a login any more. */
const WISHES_MAX = 64;
const TOKEN_BYTES = 16;

export interface AskpassWish {
  readonly prompt: string;
  /** "confirm": yes or no. "none": only to be shown. */
  readonly kind: string | undefined;
}

export interface AskpassDoor {
  close(): void;
}

export function newToken(): string {
  return randomBytes(TOKEN_BYTES).toString("hex");
}

/** `answer` gives undefined for "nobody says". What could not be opened is told by `failed`. */
export function openAskpassDoor(
  path: string,
  token: string,
  answer: (wish: AskpassWish) => Promise<string | undefined>,
  failed: (words: string) => void,
): AskpassDoor {
  const sockets = new Set<Socket>();
  let wishes = 0;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    // Whoever hangs up wants no answer.
    socket.on("error", () => undefined);
    wishes += 1;
    if (wishes > WISHES_MAX) socket.destroy();
    else void serve(socket, token, answer);
  });
  server.on("error", (error) => {
    failed(error.message);
  });
  server.listen(path);
  return {
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

async function serve(
  socket: Socket,
  token: string,
  answer: (wish: AskpassWish) => Promise<string | undefined>,
): Promise<void> {
  const wish = parseWish(await readLine(socket), token);
  const text = wish === undefined ? undefined : await answer(wish);
  // One line is all that ssh reads.
  socket.end(text === undefined ? "" : `+${text.split(/[\r\n]/)[0] ?? ""}`);
}

function readLine(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let bytes = Buffer.alloc(0);
    const end = (): void => {
      resolve(bytes.toString().split("\n")[0] ?? "");
    };
    socket.on("data", (chunk: Buffer) => {
      if (bytes.length < WISH_BYTES_MAX) bytes = Buffer.concat([bytes, chunk]);
      if (bytes.includes(0x0a) || bytes.length >= WISH_BYTES_MAX) end();
    });
    socket.on("close", end);
  });
}

function parseWish(line: string, token: string): AskpassWish | undefined {
  let wish: unknown;
  try {
    wish = JSON.parse(line);
  } catch {
    return undefined; // Nothing of ours speaks like that.
  }
  if (typeof wish !== "object" || wish === null) return undefined;
  const { token: shown, prompt, kind } = wish as Record<string, unknown>;
  if (typeof shown !== "string" || typeof prompt !== "string" || !isSame(shown, token)) return undefined;
  return { prompt, kind: typeof kind === "string" ? kind : undefined };
}

function isSame(shown: string, token: string): boolean {
  const [left, right] = [Buffer.from(shown), Buffer.from(token)];
  return left.length === right.length && timingSafeEqual(left, right);
}
