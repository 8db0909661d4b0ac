// Sheds connections before TLS when too many handshakes are under way: a flood must not starve the links that stand.
import type { Socket } from "node:net";

/** A handshake is 1.7 ms of work: so many together hold the loop for 300 ms, a third of a beacon interval. */
const PENDING_MAX = 176;
/** One address (many clients of one computer, or an attacker) leaves room for others. */
const PENDING_MAX_PER_ADDRESS = 128;

export interface HandshakeGate {
  readonly pending: number;
  /** False when shed: the socket is destroyed, which costs 50 µs; the client comes back after its back-off. */
  admit(socket: Socket): boolean;
  /** The handshake over this socket (or the TLS socket above it) has succeeded. */
  done(socket: Socket): void;
}

export function createHandshakeGate(): HandshakeGate {
  /** By the address and port of the other end, which the socket and the TLS socket above it share. */
  const pending = new Map<string, string>();
  const perAddress = new Map<string, number>();

  function release(key: string): void {
    const address = pending.get(key);
    if (address === undefined) return;
    pending.delete(key);
    const left = (perAddress.get(address) ?? 1) - 1;
    if (left > 0) perAddress.set(address, left);
    else perAddress.delete(address);
  }

  return {
    get pending() {
      return pending.size;
    },
    admit(socket) {
      const address = socket.remoteAddress ?? "";
      const count = perAddress.get(address) ?? 0;
      if (pending.size >= PENDING_MAX || count >= PENDING_MAX_PER_ADDRESS || address === "") {
        socket.destroy();
        return false;
      }
      const key = keyOf(socket);
      pending.set(key, address);
      perAddress.set(address, count + 1);
      socket.once("close", () => release(key));
      return true;
    },
    done: (socket) => release(keyOf(socket)),
  };
}

function keyOf(socket: Socket): string {
  return `${socket.remoteAddress ?? ""} ${socket.remotePort ?? ""}`;
}
