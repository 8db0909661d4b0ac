// Bytes of files by SFTP: many requests under way, so that distance does not slow them, and never more than so many.
import type { FileAnswer, FileSource } from "#shared/controller-api/host-files.ts";
import { SFTP, STATUS, type SftpReply } from "./sftp-packets.ts";
import { statusFailure, unexpected, type SftpSession } from "./sftp-session.ts";

/** What every server takes and gives in one packet. */
const PIECE_BYTES = 32 * 1024;
/** Half a megabyte under way: at 50 ms of round trip, 10 MB/s. */
const PIECES_MAX = 16;

interface Piece {
  readonly at: number;
  readonly length: number;
  readonly answer: Promise<FileAnswer<SftpReply>>;
}

export class SftpSource implements FileSource {
  readonly size: number | undefined;
  readonly #session: SftpSession;
  readonly #handle: Uint8Array;
  readonly #pieces: Piece[] = [];
  #askedTo = 0;
  #isOver = false;

  /** `size` undefined: until the host says that it is the end. */
  constructor(session: SftpSession, handle: Uint8Array, size: number | undefined) {
    this.#session = session;
    this.#handle = handle;
    this.size = size;
  }

  async next(): Promise<FileAnswer<Uint8Array | undefined>> {
    this.#askAhead();
    const piece = this.#pieces.shift();
    if (piece === undefined) return { kind: "ok", value: undefined };
    const answer = await piece.answer;
    if (answer.kind === "failed") return answer;
    const { value } = answer;
    if (value.kind === "status") {
      this.#isOver = true;
      this.#pieces.length = 0;
      return value.code === STATUS.endOfFile ? { kind: "ok", value: undefined } : statusFailure(value);
    }
    if (value.kind !== "data" || value.bytes.byteLength > piece.length || value.bytes.byteLength === 0) {
      return unexpected();
    }
    const had = value.bytes.byteLength;
    // A server may give less than was asked for.
    if (had < piece.length) this.#pieces.unshift(this.#ask(piece.at + had, piece.length - had));
    return { kind: "ok", value: value.bytes };
  }

  async close(): Promise<void> {
    this.#isOver = true;
    this.#pieces.length = 0;
    await this.#session.do(SFTP.close, this.#handle);
  }

  #askAhead(): void {
    const end = this.size ?? Number.MAX_SAFE_INTEGER;
    while (!this.#isOver && this.#pieces.length < PIECES_MAX && this.#askedTo < end) {
      const length = Math.min(PIECE_BYTES, end - this.#askedTo);
      this.#pieces.push(this.#ask(this.#askedTo, length));
      this.#askedTo += length;
    }
  }

  #ask(at: number, length: number): Piece {
    return { at, length, answer: this.#session.ask(SFTP.read, this.#handle, BigInt(at), length) };
  }
}

/** Writes at the end of what it has written. */
export class SftpWriter {
  readonly #session: SftpSession;
  readonly #handle: Uint8Array;
  readonly #pieces: Promise<FileAnswer<null>>[] = [];
  #at = 0;

  constructor(session: SftpSession, handle: Uint8Array) {
    this.#session = session;
    this.#handle = handle;
  }

  async add(bytes: Uint8Array): Promise<FileAnswer<null>> {
    for (let from = 0; from < bytes.byteLength; from += PIECE_BYTES) {
      const piece = bytes.subarray(from, from + PIECE_BYTES);
      if (this.#pieces.length >= PIECES_MAX) {
        const failure = await this.#oldest();
        if (failure.kind === "failed") return failure;
      }
      this.#pieces.push(this.#session.do(SFTP.write, this.#handle, BigInt(this.#at), piece));
      this.#at += piece.byteLength;
    }
    return { kind: "ok", value: null };
  }

  async finish(): Promise<FileAnswer<null>> {
    while (this.#pieces.length > 0) {
      const answer = await this.#oldest();
      if (answer.kind === "failed") return answer;
    }
    return this.#session.do(SFTP.close, this.#handle);
  }

  async abandon(): Promise<void> {
    await Promise.all(this.#pieces.splice(0));
    await this.#session.do(SFTP.close, this.#handle);
  }

  async #oldest(): Promise<FileAnswer<null>> {
    return (await this.#pieces.shift()) ?? { kind: "ok", value: null };
  }
}
