// One conversation of SFTP over a stream: requests by number, each answered once; a host that breaks the rules ends it.
import type { Duplex } from "node:stream";
import type { FileAnswer } from "#shared/controller-api/host-files.ts";
import { plainWords } from "./plain-words.ts";
import {
  initPacket,
  PacketCutter,
  readReply,
  readVersion,
  requestPacket,
  STATUS,
  type SftpField,
  type SftpReply,
} from "./sftp-packets.ts";
import { wordsOf } from "./ssh-failures.ts";

/** A server answers its greeting at once; one that hangs in the login's start-up files never does. */
const START_MS = 20_000;

export class SftpSession {
  readonly closed: Promise<string>;
  readonly #stream: Duplex;
  readonly #cutter = new PacketCutter();
  readonly #waiting = new Map<number, (reply: SftpReply | string) => void>();
  #extensions: readonly string[] | undefined;
  #onVersion: () => void = () => undefined;
  #count = 0;
  #over: string | undefined;
  #onClosed: (why: string) => void = () => undefined;

  private constructor(stream: Duplex) {
    this.#stream = stream;
    this.closed = new Promise((resolve) => (this.#onClosed = resolve));
    stream.on("data", (bytes: Uint8Array) => {
      try {
        for (const body of this.#cutter.add(bytes)) this.#take(body);
      } catch (error) {
        this.close(`the host breaks the rules of SFTP: ${wordsOf(error)}`);
      }
    });
    stream.on("error", (error: Error) => this.close(error.message));
    stream.on("end", () => this.close("the host has closed it"));
    stream.on("close", () => this.close("the host has closed it"));
  }

  static async start(stream: Duplex): Promise<FileAnswer<SftpSession>> {
    const session = new SftpSession(stream);
    const greeted = new Promise<true>((resolve) => {
      session.#onVersion = () => resolve(true);
    });
    stream.write(initPacket());
    const timer = setTimeout(
      () => session.close(`the host's SFTP does not answer within ${String(START_MS / 1000)} s`),
      START_MS,
    );
    const first = await Promise.race([greeted, session.closed]);
    clearTimeout(timer);
    return first === true ? { kind: "ok", value: session } : { kind: "failed", reason: first };
  }

  has(extension: string): boolean {
    return this.#extensions?.includes(extension) === true;
  }

  /** What is not answered when it ends is answered with why. */
  ask(type: number, ...fields: readonly SftpField[]): Promise<FileAnswer<SftpReply>> {
    const over = this.#over;
    if (over !== undefined) return Promise.resolve({ kind: "failed", reason: over });
    this.#count = (this.#count + 1) >>> 0;
    const id = this.#count;
    return new Promise((resolve) => {
      this.#waiting.set(id, (reply) => {
        resolve(typeof reply === "string" ? { kind: "failed", reason: reply } : { kind: "ok", value: reply });
      });
      this.#stream.write(requestPacket(type, id, fields));
    });
  }

  /** Of a request that is answered by a status: null, or the host's words. */
  async do(type: number, ...fields: readonly SftpField[]): Promise<FileAnswer<null>> {
    const answer = await this.ask(type, ...fields);
    if (answer.kind === "failed") return answer;
    const { value } = answer;
    if (value.kind !== "status") return unexpected();
    return value.code === STATUS.ok ? { kind: "ok", value: null } : statusFailure(value);
  }

  close(why = "closed from here"): void {
    if (this.#over !== undefined) return;
    const reason = plainWords(why);
    this.#over = reason;
    for (const settle of this.#waiting.values()) settle(reason);
    this.#waiting.clear();
    this.#stream.on("error", () => undefined);
    this.#stream.destroy();
    this.#onClosed(reason);
  }

  #take(body: Uint8Array): void {
    if (this.#over !== undefined) return;
    if (this.#extensions === undefined) {
      this.#extensions = readVersion(body);
      this.#onVersion();
      return;
    }
    const { id, reply } = readReply(body);
    const settle = this.#waiting.get(id);
    if (settle === undefined) throw new Error("an answer to nothing that was asked");
    this.#waiting.delete(id);
    settle(reply);
  }
}

export function statusFailure(status: { readonly code: number; readonly words: string }): {
  readonly kind: "failed";
  readonly reason: string;
} {
  const words = plainWords(status.words);
  return { kind: "failed", reason: words === "" ? `status ${String(status.code)} of SFTP` : words };
}

export function unexpected(): { readonly kind: "failed"; readonly reason: string } {
  return { kind: "failed", reason: "the host has answered something else than was asked" };
}
