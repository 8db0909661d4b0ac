// Puts one file on a host piece by piece: read from the person's disk as the host takes it, and never more than so much.
import type { FileAnswer } from "#shared/controller-api/host-files.ts";
import type { StartedUpload, TransferEnd } from "#shared/controller-api/window-messages.ts";

/** What a file of a browser has. */
export interface UploadedFile {
  readonly name: string;
  readonly size: number;
  slice(from: number, to: number): { arrayBuffer(): Promise<ArrayBuffer> };
}

export interface UploadParts {
  start(replace: boolean): Promise<StartedUpload>;
  put(transfer: number, bytes: Uint8Array): Promise<FileAnswer<null>>;
  finish(transfer: number): Promise<FileAnswer<null>>;
  isCancelled(transfer: number): boolean;
  /** There is one of that name. */
  mayReplace(): Promise<boolean>;
}

const PIECE_BYTES = 256 * 1024;
/** Pieces under way: the next is read while the host takes one. */
const PIECES_MAX = 3;

/** `onProgress` hears of it as soon as it has a number. */
export async function upload(
  file: UploadedFile,
  parts: UploadParts,
  onProgress: (transfer: number, bytes: number) => void,
): Promise<TransferEnd> {
  try {
    let started = await parts.start(false);
    if (started.kind === "exists") {
      if (!(await parts.mayReplace())) return { kind: "cancelled" };
      started = await parts.start(true);
    }
    if (started.kind === "exists") return { kind: "failed", reason: "there is one of that name again" };
    if (started.kind === "failed") return { kind: "failed", reason: started.reason };
    const { transfer } = started.value;
    onProgress(transfer, 0);
    const sent = await sendAll(file, transfer, parts, onProgress);
    if (parts.isCancelled(transfer)) return { kind: "cancelled" };
    const end = sent.kind === "failed" ? sent : await parts.finish(transfer);
    return end.kind === "failed" ? { kind: "failed", reason: end.reason } : { kind: "done" };
  } catch (error) {
    return { kind: "failed", reason: error instanceof Error ? error.message : String(error) };
  }
}

async function sendAll(
  file: UploadedFile,
  transfer: number,
  parts: UploadParts,
  onProgress: (transfer: number, bytes: number) => void,
): Promise<FileAnswer<null>> {
  const underWay: Promise<FileAnswer<null>>[] = [];
  let taken = 0;
  for (let from = 0; from < file.size && !parts.isCancelled(transfer); from += PIECE_BYTES) {
    const to = Math.min(from + PIECE_BYTES, file.size);
    const bytes = new Uint8Array(await file.slice(from, to).arrayBuffer());
    if (bytes.byteLength !== to - from) return { kind: "failed", reason: "it has changed while it was sent" };
    const answered = parts.put(transfer, bytes).then((answer) => {
      if (answer.kind === "ok") onProgress(transfer, (taken += bytes.byteLength));
      return answer;
    });
    // It is looked at below, which may be too late for one that fails now.
    answered.catch(() => "looked at below");
    underWay.push(answered);
    const oldest = underWay.length >= PIECES_MAX ? await underWay.shift() : undefined;
    if (oldest?.kind === "failed") return oldest;
  }
  for (const answered of underWay) {
    const answer = await answered;
    if (answer.kind === "failed") return answer;
  }
  return { kind: "ok", value: null };
}
