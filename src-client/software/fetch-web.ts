// Downloads one package over HTTP into a file: again after a failure, from where it broke off when the server can.
import { createHash, type Hash } from "node:crypto";
import { open, type FileHandle } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import type { Random } from "#shared/base/random.ts";
import { naming, SoftwareFailure, wordsOf } from "./software-failure.ts";
import {
  askWeb,
  RANGE_NOT_SATISFIABLE,
  secondsOf,
  shownUrlOf,
  WebFailure,
  type WebAnswer,
  type WebSettings,
} from "./web-request.ts";

export interface FetchSettings extends WebSettings {
  /** Attempts in a row that brought no new byte. */
  readonly attemptsMax: number;
  readonly retryDelayMs: number;
  readonly retryDelayMsMax: number;
  readonly bytesMax: number;
}

export const FETCH_SETTINGS: Omit<FetchSettings, "environment"> = {
  /** Mirrors and link shorteners take two or three; more is a loop. */
  redirectsMax: 5,
  /** A busy server may think for seconds; longer silence means the connection is dead. */
  stallMs: 20_000,
  /** With the delays below: half a minute of trying before the host counts as failed. */
  attemptsMax: 6,
  retryDelayMs: 500,
  /** Longer waits would only eat up the software's own deadline. */
  retryDelayMsMax: 10_000,
  /** As much as an unpacked software may be. */
  bytesMax: 20 * 1024 ** 3,
  certificateAuthorities: undefined,
};

export interface FetchedFile {
  readonly sha256: string;
  readonly size: number;
}

export interface WebFetcher {
  /** Writes to `path`; throws a SoftwareFailure, or what `signal` was aborted with. */
  fetch(url: string, path: string, signal: AbortSignal): Promise<FetchedFile>;
}

interface Download {
  readonly url: string;
  readonly path: string;
  readonly file: FileHandle;
  hash: Hash;
  offset: number;
  total: number | undefined;
  /** What the server must still have for the rest to fit: an ETag or a date. */
  validator: string | undefined;
  /** How far any attempt came. */
  furthest: number;
}

export function createWebFetcher(parts: { readonly random: Random }, settings: FetchSettings): WebFetcher {
  const delayMs = (attempt: number, retryAfterMs: number): number => {
    const doubled = Math.min(settings.retryDelayMs * 2 ** attempt, settings.retryDelayMsMax);
    // Hosts that failed together must not come back together.
    const spread = doubled * (0.5 + parts.random() / 2);
    return Math.min(Math.max(spread, retryAfterMs), settings.retryDelayMsMax);
  };

  const retry = async (download: Download, signal: AbortSignal): Promise<void> => {
    let last: string | undefined;
    // Whoever gives the time says that it is over; what was going on is said here.
    const timeIsOver = (): SoftwareFailure =>
      new SoftwareFailure("fetch", last ?? `${shownUrlOf(download.url)}: ${progressOf(download)} so far`);
    for (let attempt = 0; ; attempt += 1) {
      const furthestBefore = download.furthest;
      try {
        await attemptDownload(download, settings, signal);
        return;
      } catch (error) {
        if (signal.aborted) throw timeIsOver();
        if (!(error instanceof WebFailure)) throw error;
        last = error.message;
        if (error.lasting) throw new SoftwareFailure("fetch", error.message);
        if (error.answer?.status === RANGE_NOT_SATISFIABLE) download.validator = undefined;
        if (download.furthest > furthestBefore) attempt = 0;
        if (attempt + 1 >= settings.attemptsMax) {
          throw new SoftwareFailure("fetch", `${error.message} (${String(settings.attemptsMax)} attempts)`);
        }
        await pause(delayMs(attempt, error.answer?.retryAfterMs ?? 0), undefined, { signal }).catch(() => {
          throw timeIsOver();
        });
      }
    }
  };

  return {
    async fetch(url, path, signal) {
      const file = await naming("fetch", path, open(path, "wx"));
      const download: Download = {
        ...{ url, path, file, hash: createHash("sha256") },
        ...{ offset: 0, total: undefined, validator: undefined, furthest: 0 },
      };
      try {
        await retry(download, signal);
        return { sha256: download.hash.digest("hex"), size: download.offset };
      } finally {
        await file.close();
      }
    },
  };
}

async function attemptDownload(
  download: Download,
  settings: FetchSettings,
  signal: AbortSignal,
): Promise<void> {
  const resume = download.offset > 0 && download.validator !== undefined;
  const range = resume ? { range: `bytes=${String(download.offset)}-`, "if-range": download.validator } : {};
  // identity: the digest is of the file as it lies on the server.
  const headers = { "accept-encoding": "identity", "user-agent": "nebula-client", ...range };
  const answer = await askWeb(download.url, headers, settings, signal);
  try {
    if (!resume || !continues(answer, download)) await restart(download, answer);
    if (download.total !== undefined && download.total > settings.bytesMax) throw tooLarge(answer, settings);
    await takeBody(download, answer, settings, signal);
  } finally {
    answer.body.stop();
  }
  if (download.total !== undefined && download.offset !== download.total) {
    throw new WebFailure(`${answer.shownUrl}: broke off after ${progressOf(download)}`, false);
  }
}

function continues(answer: WebAnswer, download: Download): boolean {
  const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(answer.headers["content-range"] ?? "");
  if (answer.status !== 206 || range === null || Number(range[1]) !== download.offset) return false;
  return range[2] === "*" || download.total === undefined || Number(range[2]) === download.total;
}

async function restart(download: Download, answer: WebAnswer): Promise<void> {
  await naming("fetch", download.path, download.file.truncate(0));
  download.offset = 0;
  download.hash = createHash("sha256");
  download.validator = undefined;
  download.total = undefined;
  // A part that was not asked for, or not the one: the next attempt asks for the whole.
  if (answer.status !== 200)
    throw new WebFailure(`${answer.shownUrl}: the server sent the wrong part`, false);
  const length = answer.headers["content-length"];
  download.total = length === undefined ? undefined : Number(length);
  download.validator = validatorOf(answer);
}

/** A weak ETag ("W/…") promises no equal bytes, so that If-Range may not use it (RFC 9110, 13.1.5). */
function validatorOf(answer: WebAnswer): string | undefined {
  const { etag } = answer.headers;
  if (etag !== undefined && !etag.startsWith("W/")) return etag;
  return answer.headers["last-modified"];
}

async function takeBody(
  download: Download,
  answer: WebAnswer,
  settings: FetchSettings,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const next = await nextChunk(download, answer, settings, signal);
    if (next === undefined) return;
    // The position is given because truncating does not move it back.
    await naming("fetch", download.path, writeAll(download.file, next, download.offset));
    download.hash.update(next);
    download.offset += next.length;
    download.furthest = Math.max(download.furthest, download.offset);
    if (download.offset > settings.bytesMax) throw tooLarge(answer, settings);
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    written += (await file.write(bytes, written, bytes.length - written, position + written)).bytesWritten;
  }
}

/** Only the waiting is timed: a slow disk is not a slow server. */
async function nextChunk(
  download: Download,
  answer: WebAnswer,
  settings: FetchSettings,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  let stalled = false;
  const timer = setTimeout(() => {
    stalled = true;
    answer.body.stop(new Error("stalled"));
  }, settings.stallMs);
  try {
    return await answer.body.next();
  } catch (error) {
    signal.throwIfAborted();
    const progress = progressOf(download);
    const words = stalled
      ? `stalled after ${progress} (no byte for ${secondsOf(settings.stallMs)})`
      : `broke off after ${progress} (${wordsOf(error)})`;
    throw new WebFailure(`${answer.shownUrl}: ${words}`, false);
  } finally {
    clearTimeout(timer);
  }
}

function progressOf(download: Download): string {
  const have = download.offset.toLocaleString("en-US");
  return download.total === undefined
    ? `${have} bytes`
    : `${have} of ${download.total.toLocaleString("en-US")} bytes`;
}

function tooLarge(answer: WebAnswer, settings: FetchSettings): WebFailure {
  return new WebFailure(
    `${answer.shownUrl}: larger than ${settings.bytesMax.toLocaleString("en-US")} bytes`,
    true,
  );
}
