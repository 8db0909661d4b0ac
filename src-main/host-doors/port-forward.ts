// A port on the loopback of this computer that leads to one that a host can reach.
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { ForwardState, PortForward } from "#shared/controller-api/host-files.ts";
import type { SshResult } from "../ssh/ssh.ts";

/** A browser opens six to a place; a page gone wild must not use up the host's sshd. */
const CONNECTIONS_MAX = 64;
const LOOPBACK = "127.0.0.1";

export interface ForwardParts {
  /** A connection to the port there. */
  reach(signal: AbortSignal): Promise<SshResult<Duplex>>;
  /** Resolves when there is no way any more, with why. */
  readonly lost: Promise<string>;
  /** What is to be given back at its end. */
  readonly release: () => void;
}

export class LoopbackForward implements PortForward {
  readonly closed: Promise<string>;
  readonly #parts: ForwardParts;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #abort = new AbortController();
  #problem: string | undefined;
  #listener: ((state: ForwardState) => void) | undefined;
  #onClosed: (why: string) => void = () => undefined;

  private constructor(parts: ForwardParts) {
    this.#parts = parts;
    this.closed = new Promise((resolve) => (this.#onClosed = resolve));
    this.#server = createServer({ allowHalfOpen: true }, (socket) => void this.#connect(socket));
    this.#server.maxConnections = CONNECTIONS_MAX;
    void parts.lost.then((why) => this.#end(why));
  }

  /** Rejects when this computer has no port left. */
  static async open(parts: ForwardParts): Promise<LoopbackForward> {
    const forward = new LoopbackForward(parts);
    await new Promise<void>((resolve, reject) => {
      forward.#server.once("error", reject);
      forward.#server.listen(0, LOOPBACK, resolve);
    });
    return forward;
  }

  get localPort(): number {
    return (this.#server.address() as AddressInfo | null)?.port ?? 0;
  }

  onChange(listener: (state: ForwardState) => void): void {
    this.#listener = listener;
  }

  close(): void {
    this.#end("closed from here");
  }

  async #connect(socket: Socket): Promise<void> {
    this.#sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      this.#sockets.delete(socket);
      this.#tell();
    });
    this.#tell();
    const reached = await this.#parts.reach(this.#abort.signal);
    if (reached.kind === "failed") {
      this.#failed(reached.failure.reason);
      socket.destroy();
      return;
    }
    const stream = reached.value;
    stream.on("error", (error) => {
      // A browser hangs up whenever it likes; that is no problem of the way.
      if (!socket.destroyed) this.#failed(error.message);
      socket.destroy();
    });
    stream.on("close", () => socket.destroySoon());
    socket.on("close", () => stream.destroy());
    if (socket.destroyed) {
      stream.destroy();
      return;
    }
    socket.pipe(stream);
    stream.pipe(socket);
  }

  #failed(problem: string): void {
    this.#problem = problem;
    this.#tell();
  }

  #tell(): void {
    this.#listener?.({ connections: this.#sockets.size, problem: this.#problem });
  }

  #end(why: string): void {
    if (this.#abort.signal.aborted) return;
    this.#abort.abort();
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    this.#parts.release();
    this.#onClosed(why);
  }
}
