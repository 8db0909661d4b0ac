// The ways to a client on a host behind SSH that has not come by itself: its port, and a stream through SSH.
import { connect, type Socket } from "node:net";
import type { ClientWord } from "#shared/protocol/client-start.ts";
import type { LinkWay } from "#shared/base/link-way.ts";
import type { ClientWay, WayResult } from "./deployment.ts";
import type { RemotePlace } from "./remote-place.ts";

/** A TCP connection takes a round trip or two; a firewall that swallows packets is not waited for. */
const DIAL_MS = 2000;
/** For the client to say where it listens: Node's start on a busy host. */
const PORT_MS = 8000;
const PORT_MAX = 65_535;

/** What a client says by itself before there is a link, as it comes in. */
export class ClientWords {
  readonly port: Promise<number>;
  readonly unreached: Promise<string>;
  #onPort: (port: number) => void = () => undefined;
  #onUnreached: (reason: string) => void = () => undefined;

  constructor() {
    this.port = new Promise((resolve) => {
      this.#onPort = resolve;
    });
    this.unreached = new Promise((resolve) => {
      this.#onUnreached = resolve;
    });
  }

  hear(word: ClientWord, text: string): void {
    const port = Number(text);
    if (word === "unreached") this.#onUnreached(text);
    else if (Number.isInteger(port) && port > 0 && port <= PORT_MAX) this.#onPort(port);
  }
}

export interface WaysOfClient {
  readonly place: RemotePlace;
  /** Where the host may be dialled: as the directory calls it, and as it calls itself. */
  readonly addresses: readonly string[];
  /** Resolves when the client has said where it listens. */
  readonly port: Promise<number>;
}

export function createClientWays(client: WaysOfClient, wanted: readonly LinkWay[]): ClientWay[] {
  const all: readonly ClientWay[] = [
    { way: "controller", open: (signal) => dialHost(client, signal) },
    { way: "ssh", open: (signal) => relayOf(client.place, signal) },
  ];
  return all.filter(({ way }) => wanted.includes(way));
}

async function relayOf(place: RemotePlace, signal: AbortSignal): Promise<WayResult> {
  const relay = await place.relay(signal);
  return relay.kind === "ok"
    ? { kind: "stream", stream: relay.value }
    : { kind: "failed", failure: relay.failure };
}

async function dialHost({ addresses, port }: WaysOfClient, signal: AbortSignal): Promise<WayResult> {
  const known = await Promise.race([port, pause(PORT_MS, signal)]);
  if (known === undefined) return notDialled("the client has not said where it listens");
  const dials = addresses.map((address) => dial(address, known, signal));
  try {
    const stream = await Promise.any(dials);
    void Promise.allSettled(dials).then((results) => {
      for (const result of results)
        if (result.status === "fulfilled" && result.value !== stream) result.value.destroy();
    });
    return { kind: "stream", stream };
  } catch (error) {
    const reasons = error instanceof AggregateError ? error.errors.map(String) : [String(error)];
    return notDialled(`port ${String(known)}: ${reasons.join("; ").replaceAll("Error: ", "")}`);
  }
}

function dial(host: string, port: number, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true });
    const giveUp = (reason: Error): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      socket.destroy();
      reject(reason);
    };
    const onAbort = (): void => giveUp(new Error("given up"));
    const timer = setTimeout(() => giveUp(new Error(`no answer from ${host}`)), DIAL_MS);
    signal.addEventListener("abort", onAbort);
    socket.on("error", giveUp);
    socket.once("connect", () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      resolve(socket);
    });
    if (signal.aborted) onAbort();
  });
}

function notDialled(reason: string): WayResult {
  return { kind: "failed", failure: { step: "dial", reason, remedy: "", unreachable: true } };
}

function pause(ms: number, signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(undefined), ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve(undefined);
    });
  });
}
