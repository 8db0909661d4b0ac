// Makes one connection: name, TCP (or a jump's channel), key exchange with the host key judged, login; each step named.
import type { Duplex } from "node:stream";
import { Client } from "ssh2";
import { startDeadline, type Deadline } from "./deadline.ts";
import type { HostKeys } from "./host-keys.ts";
import { openTcp } from "./open-tcp.ts";
import type { SshHop } from "./ssh-config.ts";
import {
  codeOf,
  interrupted,
  noGreeting,
  refused,
  TOO_LATE,
  unreachable,
  USE_SYSTEM_SSH,
  wordsOf,
} from "./ssh-failures.ts";
import { Login, type LoginParts } from "./ssh-login.ts";
import type { SshFailure, SshResult } from "./ssh.ts";

/** Where the configuration says nothing: dead links are noticed within one and a half minutes, and NAT keeps the way. */
const KEEPALIVE_MS = 30_000;
/** What sshd says before it has said who it is: "Exceeded MaxStartups", a tcp wrapper's word. */
const GREETING_BYTES_MAX = 512;
/** Characters of it that stand in a message. */
const GREETING_SHOWN_MAX = 120;
/** A peer that does not answer our goodbye is left alone after this time. */
const CLOSE_GRACE_MS = 1_000;

/** A login that stands. */
export interface HopConnection {
  readonly client: Client;
  readonly closed: Promise<string>;
  /** Why it is gone, once it is. */
  readonly lost: string | undefined;
  close(): void;
}

export interface HopParts extends LoginParts {
  readonly hostKeys: HostKeys;
  /** For what people should know although it goes on. */
  warn(text: string): void;
}

/** A stream to the host's sshd: through a jump's connection, or undefined = by TCP from here. */
export type OpenThrough = (hop: SshHop, signal: AbortSignal) => Promise<SshResult<Duplex>>;

/** A failure, and whether the same attempt may well succeed a moment later. */
export type HopResult =
  | { readonly kind: "ok"; readonly value: HopConnection }
  | { readonly kind: "failed"; readonly failure: SshFailure; readonly crowded: boolean };

type Phase = "greeting" | "key exchange" | "host key" | "login" | "up";

/** One attempt from the first byte to the login; ssh2 tells by events what happens, here it becomes one result. */
class Handshake {
  readonly #client = new Client();
  readonly #parts: HopParts;
  readonly #hop: SshHop;
  readonly #stream: Duplex;
  readonly #deadline: Deadline;
  readonly #login: Login;
  /** Whatever people are still asked for this login is taken back when it is over. */
  readonly #over = new AbortController();
  /** Answers of people that it waits for. */
  #held = 0;
  #phase: Phase = "greeting";
  #greeting = "";
  #acceptedKey: Buffer | undefined;
  #remember = false;
  #remembered: Promise<void> = Promise.resolve();
  #lastError: string | undefined;
  #closing = false;
  #lost: string | undefined;
  #settle: ((result: HopResult) => void) | undefined;
  readonly closed: Promise<string>;
  #onClosed: (why: string) => void = () => undefined;

  constructor(parts: HopParts, hop: SshHop, stream: Duplex, deadline: Deadline) {
    this.#parts = parts;
    this.#hop = hop;
    this.#stream = stream;
    this.#deadline = deadline;
    this.#login = new Login(parts, hop, {
      hold: (asked) => this.#hold(asked),
      signal: this.#over.signal,
    });
    this.closed = new Promise((resolve) => {
      this.#onClosed = resolve;
    });
  }

  run(algorithms: Awaited<ReturnType<HostKeys["algorithmsFor"]>>): Promise<HopResult> {
    const hop = this.#hop;
    const result = new Promise<HopResult>((resolve) => {
      this.#settle = resolve;
    });
    this.#listen();
    this.#client.connect({
      sock: this.#stream,
      username: hop.user,
      // Our own deadline counts, which knows when a person is being asked.
      readyTimeout: 0,
      keepaliveInterval: hop.serverAliveIntervalMs === 0 ? KEEPALIVE_MS : hop.serverAliveIntervalMs,
      keepaliveCountMax: hop.serverAliveCountMax,
      algorithms: { serverHostKey: algorithms },
      hostVerifier: (key: Buffer, verify: (valid: boolean) => void) => {
        void this.#judge(key).then(verify);
      },
      authHandler: (methodsLeft, partial, next) => {
        // The host has proved its key by now; written down first, so that the next program finds it.
        void this.#remembered.then(() => {
          this.#login.next(methodsLeft, partial, next);
        });
      },
    });
    // After ssh2's own pause(): so no byte is taken from it.
    this.#stream.on("data", this.#onFirstData);
    return result;
  }

  #listen(): void {
    const { signal } = this.#deadline;
    signal.addEventListener("abort", this.#onAbort, { once: true });
    this.#client.on("error", (error) => {
      this.#onError(error);
    });
    this.#client.on("handshake", () => {
      this.#onHandshake();
    });
    this.#client.on("ready", () => {
      this.#login.succeeded();
      this.#phase = "up";
      this.#finish({ kind: "ok", value: this.#connection() });
    });
    this.#client.on("close", () => {
      this.#onClose();
    });
    if (signal.aborted) this.#onAbort();
  }

  readonly #onFirstData = (data: Buffer): void => {
    this.#greeting += data.toString("latin1", 0, GREETING_BYTES_MAX - this.#greeting.length);
    const greeted = /^SSH-/m.test(this.#greeting);
    if (greeted && this.#phase === "greeting") this.#phase = "key exchange";
    if (greeted || this.#greeting.length >= GREETING_BYTES_MAX) this.#stream.off("data", this.#onFirstData);
  };

  readonly #onAbort = (): void => {
    if (this.#deadline.expired) this.#fail(this.#stalled());
    else {
      const { failure } = interrupted("connect");
      this.#fail(failure);
    }
  };

  async #judge(key: Buffer): Promise<boolean> {
    // Keys are exchanged again now and then: by the same host.
    if (this.#acceptedKey !== undefined) return this.#acceptedKey.equals(key);
    this.#phase = "host key";
    const verdict = await this.#hold(this.#parts.hostKeys.judge(this.#hop, key, this.#over.signal));
    if (verdict.kind === "refused") {
      this.#fail(verdict.failure);
      return false;
    }
    if (verdict.warning !== undefined) this.#parts.warn(verdict.warning);
    if (!verdict.passwordAllowed) this.#login.forbidPasswords();
    this.#acceptedKey = Buffer.from(key);
    this.#remember = verdict.remember;
    return true;
  }

  async #hold<Value>(asked: Promise<Value>): Promise<Value> {
    this.#held += 1;
    try {
      return await this.#deadline.pauseFor(asked);
    } finally {
      this.#held -= 1;
    }
  }

  #onHandshake(): void {
    if (this.#phase === "up" || this.#phase === "login") return;
    this.#phase = "login";
    const key = this.#acceptedKey;
    if (!this.#remember || key === undefined) return;
    this.#remembered = this.#parts.hostKeys.remember(this.#hop, key).then((trouble) => {
      if (trouble !== undefined) this.#parts.warn(`${this.#hop.name}: ${trouble}`);
    });
  }

  #onError(error: Error & { level?: string }): void {
    // A key that could not sign (a passphrase nobody knows): the next one's turn.
    if (error.level === "agent") {
      this.#login.note(error.message);
      return;
    }
    this.#lastError ??= wordsOf(error);
    switch (this.#phase) {
      case "greeting":
        this.#fail(this.#noGreeting(error), isCrowded(this.#greeting, error));
        return;
      case "key exchange":
      case "host key":
        this.#fail(exchangeFailure(error), codeOf(error) === "ECONNRESET" && this.#phase === "key exchange");
        return;
      case "login":
        this.#fail(this.#loginFailure(error));
        return;
      case "up":
        return;
    }
  }

  #onClose(): void {
    this.#lost = this.#closing
      ? "closed from here"
      : (this.#lastError ?? "the host has closed the connection");
    switch (this.#phase) {
      case "greeting":
        this.#fail(this.#noGreeting(undefined), true);
        break;
      case "key exchange":
      case "host key":
        this.#fail(exchangeFailure(undefined), this.#phase === "key exchange");
        break;
      case "login":
        this.#fail(this.#loginFailure(undefined));
        break;
      case "up":
        break;
    }
    this.#onClosed(this.#lost);
  }

  #stalled(): SshFailure {
    switch (this.#phase) {
      case "greeting":
        return unreachable(
          "connect",
          "accepts the connection and stays silent",
          "Check that it is sshd that listens on this port, and that the host is not overloaded.",
        );
      case "key exchange":
      case "host key":
        return unreachable(
          "connect",
          "stalls in the key exchange",
          "Check the way to the host (a tunnel whose packets are too large stalls like this) and the host's load.",
        );
      case "login":
      case "up":
        return unreachable(
          "login",
          "stalls during the login",
          "Look at the host's log: name servers, PAM or home directories that hang.",
        );
    }
  }

  #noGreeting(error: unknown): SshFailure {
    const said = this.#greeting.trim().split(/\r?\n/)[0] ?? "";
    return noGreeting(said.slice(0, GREETING_SHOWN_MAX), codeOf(error) === "ECONNRESET");
  }

  #loginFailure(error: unknown): SshFailure {
    const words = error === undefined ? "" : wordsOf(error);
    if (/All configured authentication methods failed/.test(words)) return this.#login.denied();
    if (/Too many authentication failures/i.test(words)) {
      const reason = `Too many authentication failures; ${this.#login.tried}`;
      const remedy = "Say in ~/.ssh/config which key is meant (IdentityFile with IdentitiesOnly yes).";
      return refused("login", reason, remedy);
    }
    if (this.#held > 0 && error === undefined) return TOO_LATE;
    const reason = words === "" || /ECONNRESET/.test(words) ? "the host closes the connection" : words;
    return refused("login", reason, "Look at the host's log (journalctl -u ssh), there stands why.");
  }

  #fail(failure: SshFailure, crowded = false): void {
    if (this.#settle === undefined) return;
    this.#finish({ kind: "failed", failure, crowded });
    this.#close();
  }

  #finish(result: HopResult): void {
    const settle = this.#settle;
    this.#settle = undefined;
    this.#over.abort();
    this.#deadline.signal.removeEventListener("abort", this.#onAbort);
    this.#stream.off("data", this.#onFirstData);
    settle?.(result);
  }

  #close(): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#client.end();
    if (this.#phase !== "up") {
      this.#stream.destroy();
      return;
    }
    const timer = setTimeout(() => this.#stream.destroy(), CLOSE_GRACE_MS);
    void this.closed.then(() => {
      clearTimeout(timer);
    });
  }

  #connection(): HopConnection {
    const lost = (): string | undefined => this.#lost;
    return {
      get lost() {
        return lost();
      },
      client: this.#client,
      closed: this.closed,
      close: () => {
        this.#close();
      },
    };
  }
}

/** sshd turns connections away while too many are logging in: by a word, or by a reset. */
function isCrowded(greeting: string, error: unknown): boolean {
  if (greeting !== "") return /MaxStartups/i.test(greeting);
  return codeOf(error) === "ECONNRESET" || /before handshake/.test(wordsOf(error));
}

function exchangeFailure(error: unknown): SshFailure {
  const words = error === undefined ? "" : wordsOf(error);
  if (/no matching/i.test(words)) {
    const reason = words.replace(/^.*?(no matching)/i, "$1");
    return refused("connect", reason, `The host speaks only what ssh2 does not know: ${USE_SYSTEM_SSH}.`);
  }
  if (words === "" || codeOf(error) !== undefined) {
    return unreachable(
      "connect",
      codeOf(error) === "ECONNRESET"
        ? "connection reset in the key exchange"
        : "closes the connection in the key exchange",
      "Look at the host's log (journalctl -u ssh), there stands why.",
    );
  }
  return refused("connect", words, "Look at the host's log (journalctl -u ssh), there stands why.");
}

/** One attempt to connect to a hop; everything of it is gone when it fails. */
export async function connectHop(
  parts: HopParts,
  hop: SshHop,
  through: OpenThrough | undefined,
  limitMs: number,
  signal: AbortSignal,
): Promise<HopResult> {
  const deadline = startDeadline(limitMs, signal);
  try {
    const algorithms = await parts.hostKeys.algorithmsFor(hop);
    const opened = await (through ?? openTcp)(hop, deadline.signal);
    if (opened.kind === "failed") {
      const aborted = deadline.signal.aborted && !deadline.expired;
      return { ...(aborted ? interrupted("connect") : opened), crowded: false };
    }
    return await new Handshake(parts, hop, opened.value, deadline).run(algorithms);
  } finally {
    deadline.stop();
  }
}
