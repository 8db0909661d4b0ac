// The controller's end of the script on a host: sends its commands, and reads answers out of whatever else is printed.
import type { Duplex } from "node:stream";
import { CLIENT_MARK, type ClientWord } from "#shared/protocol/client-start.ts";
import { remoteScript } from "./remote-script.ts";
import { wordsOf } from "./words-of.ts";

/** The end of what start-up files and refusing shells print: a few lines tell why nothing works. */
const NOISE_CHARACTERS_MAX = 2000;
/** No answer has so many lines or so long ones; whoever prints without end is not listened to. */
const LINE_CHARACTERS_MAX = 16_384;
const ANSWER_LINES_MAX = 1000;
/** Of what is sent: the deadline counts from the last piece that was taken, so slow lines are no stalled ones. */
const PIECE_BYTES = 262_144;

/** One line of an answer: `node v20.19.0 /usr/bin/node` has the key "node". */
export interface AnswerLine {
  readonly key: string;
  readonly text: string;
}

export type Answer =
  | { readonly kind: "done"; readonly lines: readonly AnswerLine[] }
  | { readonly kind: "failed"; readonly reason: string };

export interface Ended {
  readonly status: number;
  readonly said: string;
}

export interface AskOptions {
  /** Follows the lines, byte by byte. */
  readonly body?: Uint8Array;
  /** Also ends the answer, besides `done`. */
  readonly until?: string;
  /** From the order, or from the last piece of a body that was taken. */
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}

interface Question {
  readonly lines: AnswerLine[];
  readonly until: string;
  readonly settle: (answer: Answer) => void;
}

/** One question at a time: the next one waits for the answer to the former. */
export class RemoteShell {
  /** The client has ended, as the host's shell saw it. */
  readonly ended: Promise<Ended>;
  readonly #stream: Duplex;
  readonly #onWord: (word: ClientWord, text: string) => void;
  #rest = "";
  #noise = "";
  #over = "";
  #question: Question | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #onEnded: (ended: Ended) => void = () => undefined;

  /** `onWord`: what the client says by itself. */
  constructor(stream: Duplex, onWord: (word: ClientWord, text: string) => void = () => undefined) {
    this.#stream = stream;
    this.#onWord = onWord;
    this.ended = new Promise((resolve) => {
      this.#onEnded = resolve;
    });
    stream.setEncoding("utf8");
    stream.on("data", (text: string) => {
      this.#arrived(text);
    });
    stream.on("error", (error) => {
      this.#close(wordsOf(error));
    });
    for (const event of ["end", "close"] as const) {
      stream.on(event, () => {
        this.#close("the connection was closed");
      });
    }
    stream.write(remoteScript());
  }

  /** False: the next command needs another connection. */
  get isOpen(): boolean {
    return this.#over === "";
  }

  ask(words: readonly string[], options: AskOptions): Promise<Answer> {
    const answer = this.#last.then(() => this.#ask(words, options));
    this.#last = answer;
    return answer;
  }

  #ask(words: readonly string[], options: AskOptions): Promise<Answer> {
    const { body, until = "done", deadlineMs, signal } = options;
    if (!this.isOpen) return Promise.resolve({ kind: "failed", reason: this.#withNoise(this.#over) });
    return new Promise((resolve) => {
      const settle = (answer: Answer): void => {
        clearTimeout(timer);
        signal.removeEventListener("abort", onAbort);
        this.#question = undefined;
        resolve(answer);
      };
      const giveUp = (reason: string): void => {
        settle({ kind: "failed", reason: this.#withNoise(reason) });
        this.close();
      };
      const onAbort = (): void => {
        giveUp("given up");
      };
      const isLate = (): void => {
        giveUp(`no answer within ${String(deadlineMs / 1000)} s`);
      };
      let timer = setTimeout(isLate, deadlineMs);
      signal.addEventListener("abort", onAbort);
      const question = { lines: [], until, settle };
      this.#question = question;
      this.#stream.write(words.map((word) => `${word}\n`).join(""));
      this.#send(body, () => {
        if (this.#question !== question) return false;
        clearTimeout(timer);
        timer = setTimeout(isLate, deadlineMs);
        return true;
      });
      if (signal.aborted) onAbort();
    });
  }

  /** The script sees the end of its input, and tidies up when nobody else will; whoever has the connection closes that. */
  close(): void {
    this.#close("closed");
    this.#stream.end();
  }

  /** `goesOn`: asked after each piece; no more is sent when nobody wants an answer any more. */
  #send(body: Uint8Array | undefined, goesOn: () => boolean): void {
    if (body === undefined) return;
    this.#stream.write(body.subarray(0, PIECE_BYTES), () => {
      if (body.length > PIECE_BYTES && goesOn()) this.#send(body.subarray(PIECE_BYTES), goesOn);
    });
  }

  #close(reason: string): void {
    if (!this.isOpen) return;
    this.#over = reason;
    this.#question?.settle({ kind: "failed", reason: this.#withNoise(reason) });
  }

  #withNoise(reason: string): string {
    const noise = this.#noise.replaceAll(/\s+/gu, " ").trim();
    return noise === "" ? reason : `${reason}; it had said: ${noise}`;
  }

  #arrived(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = (lines.pop() ?? "").slice(-LINE_CHARACTERS_MAX);
    for (const line of lines) this.#line(line);
  }

  #line(line: string): void {
    // A prompt or a progress bar may stand before it, on the same line.
    const at = line.indexOf(`${CLIENT_MARK} `);
    if (at < 0) {
      this.#noise = `${this.#noise}${line}\n`.slice(-NOISE_CHARACTERS_MAX);
      return;
    }
    const content = line.slice(at + CLIENT_MARK.length + 1).trimEnd();
    const blank = content.indexOf(" ");
    const key = blank < 0 ? content : content.slice(0, blank);
    this.#said(key, blank < 0 ? "" : content.slice(blank + 1).trim());
  }

  #said(key: string, text: string): void {
    const question = this.#question;
    if (key === "listening" || key === "unreached") {
      this.#onWord(key, text);
      return;
    }
    if (key === "ended") {
      const [status = "", ...said] = text.split(" ");
      this.#onEnded({ status: Number(status), said: said.join(" ") });
      if (question?.until === "started") question.settle({ kind: "failed", reason: said.join(" ") });
      return;
    }
    if (question === undefined) return;
    if (key === "failed") question.settle({ kind: "failed", reason: text });
    else if (question.lines.length < ANSWER_LINES_MAX) question.lines.push({ key, text });
    if (key === question.until) question.settle({ kind: "done", lines: question.lines });
  }
}
