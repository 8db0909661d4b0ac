// Files of hosts on their way to the person's computer: each at an address that works once, fetched at the reader's pace.
import { randomBytes } from "node:crypto";
import type { FileSource } from "#shared/controller-api/host-files.ts";
import { WINDOW_HEADERS } from "./window-files.ts";

const PREFIX = "/download/";
const TOKEN_BYTES = 32;
/** A page that asks for one fetches it at once, or never. */
const FETCH_MS = 60_000;

export interface DownloadListener {
  /** So many more have been taken. */
  taken(bytes: number): void;
  ended(reason: string | undefined): void;
  cancelled(): void;
}

export interface Download {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: ReadableStream<Uint8Array>;
}

interface Offer {
  readonly name: string;
  readonly source: FileSource;
  readonly listener: DownloadListener;
  readonly timer: NodeJS.Timeout;
}

/** Of all windows of a target: the addresses are its pages' own. */
export class Downloads {
  readonly #offers = new Map<string, Offer>();
  readonly #fetchMs: number;

  constructor(fetchMs = FETCH_MS) {
    this.#fetchMs = fetchMs;
  }

  /** Its address, for the page; and what takes it back, before or while it is fetched. */
  offer(
    name: string,
    source: FileSource,
    listener: DownloadListener,
  ): { readonly address: string; readonly withdraw: () => void } {
    const token = randomBytes(TOKEN_BYTES).toString("base64url");
    const timer = setTimeout(() => {
      if (!this.#offers.delete(token)) return;
      void source.close();
      listener.ended("nobody has fetched it");
    }, this.#fetchMs);
    timer.unref();
    this.#offers.set(token, { name, source, listener, timer });
    return {
      address: `${PREFIX}${token}`,
      withdraw: () => {
        clearTimeout(timer);
        if (this.#offers.delete(token)) void source.close();
      },
    };
  }

  /** `path` of an address. Undefined: there is none, or it has been fetched. */
  take(path: string): Download | undefined {
    if (!path.startsWith(PREFIX)) return undefined;
    const token = path.slice(PREFIX.length);
    const offer = this.#offers.get(token);
    if (offer === undefined) return undefined;
    this.#offers.delete(token);
    clearTimeout(offer.timer);
    const { name, source } = offer;
    return { headers: headersFor(name, source.size), body: bodyOf(offer) };
  }
}

export function isDownload(path: string): boolean {
  return path.startsWith(PREFIX);
}

/** Whatever is in it, it is saved and not shown. */
function headersFor(name: string, size: number | undefined): Readonly<Record<string, string>> {
  const { "content-security-policy": _page, ...headers } = WINDOW_HEADERS;
  return {
    ...headers,
    "content-security-policy": "default-src 'none'; sandbox",
    "content-type": "application/octet-stream",
    "content-disposition": `attachment; filename*=UTF-8''${encodeURIComponent(safeFileName(name))}`,
    ...(size === undefined ? {} : { "content-length": String(size) }),
  };
}

function bodyOf({ source, listener }: Offer): ReadableStream<Uint8Array> {
  let left = source.size;
  const end = (reason: string | undefined): void => {
    void source.close();
    listener.ended(reason);
  };
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const answer = await source.next();
        if (answer.kind === "failed") {
          end(answer.reason);
          controller.error(new Error(answer.reason));
        } else if (answer.value === undefined) {
          const isShort = left !== undefined && left > 0;
          end(isShort ? "it has become shorter while it was fetched" : undefined);
          if (isShort) controller.error(new Error("too short"));
          else controller.close();
        } else {
          if (left !== undefined) left -= answer.value.byteLength;
          controller.enqueue(Uint8Array.from(answer.value));
          listener.taken(answer.value.byteLength);
        }
      },
      cancel() {
        void source.close();
        listener.cancelled();
      },
    },
    // Nothing is read that nobody wants.
    { highWaterMark: 0 },
  );
}

const NAME_CHARACTERS_MAX = 150;
/** Separators, wildcards, what Windows keeps for itself, and what does not show or turns the writing round. */
const UNSAFE_IN_NAMES = /[\\/:*?"<>|\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
const RESERVED = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;

/** A host's name for a file as one that is safe on any computer: one step of a path, not hidden, and not too long. */
export function safeFileName(name: string): string {
  const plain = name
    .replace(UNSAFE_IN_NAMES, "_")
    .replace(/^[.\s]+/, "_")
    .replace(/[.\s]+$/, "_");
  const free = RESERVED.test(plain) ? `_${plain}` : plain;
  if (free.length <= NAME_CHARACTERS_MAX) return free === "" ? "file" : free;
  const ending = /\.[^.]{1,10}$/.exec(free)?.[0] ?? "";
  // Not between the halves of a pair.
  const cut = [...free].slice(0, NAME_CHARACTERS_MAX - ending.length).join("");
  return `${cut.slice(0, NAME_CHARACTERS_MAX - ending.length)}${ending}`.replace(/\p{Cs}/gu, "_");
}
