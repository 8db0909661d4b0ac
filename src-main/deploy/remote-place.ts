// What there is on one host because of us, and the way to it: a connection that stands, or a new one when that is gone.
import type { Duplex } from "node:stream";
import type { SshConnection, SshFailure, SshResult } from "../ssh/ssh.ts";
import { openRelay } from "./relay-stream.ts";
import { REMOTE_SHELL_COMMAND } from "./remote-script.ts";
import { RemoteShell } from "./remote-shell.ts";
import { untilDone } from "./until-done.ts";

/** Start-up files of the slowest shells, a home directory that is mounted first. */
const USE_MS = 45_000;
/** Start-up files, Node, and a client that is itself still starting. */
const RELAY_MS = 25_000;
/** Over a connection that may have died unnoticed (a laptop slept): a new one is made soon. */
const OLD_RELAY_MS = 5000;
const FRESH_MS = 15_000;

export type Step<Value> =
  | { readonly kind: "ok"; readonly value: Value }
  | { readonly kind: "failed"; readonly failure: SshFailure };

/** Directory of everything of ours there, our part of it, and the Node that runs the client. */
export interface PlaceNames {
  readonly base: string;
  readonly name: string;
  readonly node: string;
}

interface Standing {
  readonly connection: SshConnection;
  shell: RemoteShell | undefined;
  isGone: boolean;
  readonly sinceMs: number;
}

export class RemotePlace {
  readonly names: PlaceNames;
  /** Resolves when the host has said that its client is no more there. */
  readonly gone: Promise<void>;
  readonly #connect: (signal: AbortSignal) => Promise<SshResult<SshConnection>>;
  #standing: Standing;
  #connecting: Promise<Step<Standing>> | undefined;
  #closed = false;
  #onGone: () => void = () => undefined;
  /** Number of the client's process. */
  pid = "";

  constructor(
    names: PlaceNames,
    at: { readonly connection: SshConnection; readonly shell: RemoteShell },
    connect: (signal: AbortSignal) => Promise<SshResult<SshConnection>>,
  ) {
    this.names = names;
    this.#connect = connect;
    this.#standing = this.#stand(at.connection, at.shell);
    this.gone = new Promise((resolve) => {
      this.#onGone = resolve;
    });
  }

  get directory(): string {
    return `${this.names.base}/hosts/${this.names.name}`;
  }

  /** A shell that knows our directories there. */
  shell(signal: AbortSignal): Promise<Step<RemoteShell>> {
    return untilDone(signal, (own) => this.#shell(own));
  }

  async #shell(signal: AbortSignal): Promise<Step<RemoteShell>> {
    const { shell } = this.#standing;
    if (shell?.isOpen === true && !this.#standing.isGone) return { kind: "ok", value: shell };
    const standing = await this.#stood(signal);
    if (standing.kind === "failed") return standing;
    const opened = await standing.value.connection.open(REMOTE_SHELL_COMMAND, signal);
    if (opened.kind === "failed") return opened;
    const another = new RemoteShell(opened.value);
    const { base, name } = this.names;
    const answer = await another.ask(["use", base, name], { deadlineMs: USE_MS, signal });
    if (answer.kind === "failed") {
      another.close();
      return failed("shell", answer.reason);
    }
    standing.value.shell = another;
    return { kind: "ok", value: another };
  }

  /** A stream to the client. A connection over which none can be had is not used again: it may be long dead. */
  relay(signal: AbortSignal): Promise<Step<Duplex>> {
    return untilDone(signal, (own) => this.#relay(own));
  }

  async #relay(signal: AbortSignal): Promise<Step<Duplex>> {
    const standing = await this.#stood(signal);
    if (standing.kind === "failed") return standing;
    const { connection, sinceMs } = standing.value;
    const isFresh = performance.now() - sinceMs < FRESH_MS;
    const deadlineMs = isFresh ? RELAY_MS : OLD_RELAY_MS;
    const client = { node: this.names.node, directory: this.directory };
    const relay = await openRelay(connection, client, { deadlineMs, signal });
    if (relay.kind === "stream") {
      if (standing.value.shell === undefined) void this.#follow();
      return { kind: "ok", value: relay.stream };
    }
    if (relay.kind === "gone") {
      this.#onGone();
      return failed("relay", "the client is no more there");
    }
    if (signal.aborted) return failed("relay", "given up", true);
    standing.value.isGone = true;
    return isFresh ? failed("relay", relay.reason, true) : this.#relay(signal);
  }

  close(): void {
    this.#closed = true;
    this.#standing.shell?.close();
    this.#standing.connection.close();
  }

  /** Nobody tells any more, over this connection, when the client ends. */
  async #follow(): Promise<void> {
    const signal = AbortSignal.timeout(USE_MS);
    const shell = await this.#shell(signal);
    if (shell.kind === "failed") return;
    void shell.value.ended.then(() => this.#onGone());
    await shell.value.ask(["follow", this.pid], { deadlineMs: USE_MS, signal });
  }

  /** The connection that stands, or a new one. */
  async #stood(signal: AbortSignal): Promise<Step<Standing>> {
    if (!this.#standing.isGone) return { kind: "ok", value: this.#standing };
    // Somebody else's may be given up, or have used up his patience.
    const others = await this.#connecting;
    if (others?.kind === "ok") return others;
    this.#connecting ??= this.#standAgain(signal).finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  async #standAgain(signal: AbortSignal): Promise<Step<Standing>> {
    const connected = await this.#connect(signal);
    if (connected.kind === "failed") return connected;
    if (this.#closed) {
      connected.value.close();
      return failed("connect", "given up");
    }
    // The script of the older one watches the client on, as long as its connection is not known to be dead over there.
    this.#standing.connection.close();
    this.#standing = this.#stand(connected.value, undefined);
    return { kind: "ok", value: this.#standing };
  }

  #stand(connection: SshConnection, shell: RemoteShell | undefined): Standing {
    const standing: Standing = { connection, shell, isGone: false, sinceMs: performance.now() };
    void connection.closed.then(() => {
      standing.isGone = true;
    });
    return standing;
  }
}

function failed(
  step: string,
  reason: string,
  unreachable = false,
): { readonly kind: "failed"; readonly failure: SshFailure } {
  return { kind: "failed", failure: { step, reason, remedy: "", unreachable } };
}
