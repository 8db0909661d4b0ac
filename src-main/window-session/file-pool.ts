// The hosts' files that one window looks at, and what it fetches and puts: bounded, in order, and gone with the window.
import { posix } from "node:path";
import type {
  FileAnswer,
  FileEntry,
  FileList,
  FileSink,
  FileSource,
  FilesResult,
  HostFiles,
} from "#shared/controller-api/host-files.ts";
import type {
  OpenedFiles,
  StartedDownload,
  StartedUpload,
  TransferEnd,
  WindowUpdate,
} from "#shared/controller-api/window-messages.ts";
import { archiveOf } from "./directory-archive.ts";
import type { Downloads } from "./downloads.ts";

const FILES_MAX = 32;
const TRANSFERS_MAX = 16;
/** Pieces of one upload that wait while its host is behind; the page waits for answers, so more is a page gone wild. */
const PIECES_WAITING_MAX = 8;
/** How often a window hears how far a download is. */
const PROGRESS_MS = 200;
const GONE = "it is closed already";

interface Upload {
  readonly files: number;
  readonly sink: FileSink;
  waiting: number;
  last: Promise<FileAnswer<null>>;
}

interface Fetching {
  readonly files: number;
  readonly withdraw: () => void;
}

export class FilePool {
  readonly #open: (host: string) => Promise<FilesResult>;
  readonly #downloads: Downloads;
  readonly #send: (update: WindowUpdate) => void;
  readonly #files = new Map<number, HostFiles>();
  readonly #uploads = new Map<number, Upload>();
  readonly #fetching = new Map<number, Fetching>();
  #count = 0;
  #opening = 0;
  #closed = false;

  constructor(
    open: (host: string) => Promise<FilesResult>,
    downloads: Downloads,
    send: (update: WindowUpdate) => void,
  ) {
    this.#open = open;
    this.#downloads = downloads;
    this.#send = send;
  }

  async open(host: string): Promise<OpenedFiles> {
    if (this.#files.size + this.#opening >= FILES_MAX) {
      const reason = `the files of ${String(FILES_MAX)} hosts are open already`;
      return { kind: "refused", reason, remedy: "Close some of them first.", mayRetry: false };
    }
    this.#opening += 1;
    const opened = await this.#open(host).finally(() => {
      this.#opening -= 1;
    });
    if (opened.kind === "failed") {
      const { step, reason, remedy, unreachable } = opened;
      return { kind: "refused", reason: `${step}: ${reason}`, remedy, mayRetry: unreachable };
    }
    const { files } = opened;
    if (this.#closed) {
      files.close();
      return { kind: "refused", reason: "the window is gone", remedy: "", mayRetry: false };
    }
    this.#count += 1;
    const id = this.#count;
    this.#files.set(id, files);
    void files.closed.then((reason) => {
      if (this.#files.delete(id)) this.#send({ kind: "filesClosed", files: id, reason });
    });
    return { kind: "opened", files: id, start: files.start };
  }

  list(id: number, path: string): Promise<FileAnswer<FileList>> {
    return this.#with(id, (files) => files.list(path));
  }

  makeDirectory(id: number, path: string): Promise<FileAnswer<null>> {
    return this.#with(id, (files) => files.makeDirectory(path));
  }

  rename(id: number, from: string, to: string): Promise<FileAnswer<null>> {
    return this.#with(id, (files) => files.rename(from, to));
  }

  remove(id: number, path: string, kind: FileEntry["kind"]): Promise<FileAnswer<null>> {
    return this.#with(id, (files) => files.remove(path, kind));
  }

  /** `whole`: it is a directory, which comes as an archive. */
  async startDownload(id: number, path: string, whole: boolean): Promise<StartedDownload> {
    if (this.#isBusy) return tooMany();
    const opened = await this.#with<FileSource>(id, async (files) =>
      whole ? { kind: "ok", value: archiveOf(files, path) } : files.read(path),
    );
    if (opened.kind === "failed") return opened;
    const source = opened.value;
    const name = posix.basename(path);
    this.#count += 1;
    const transfer = this.#count;
    let bytes = 0;
    let toldMs = 0;
    const tell = (end?: TransferEnd): void => {
      this.#send({ kind: "transfer", transfer, bytes, end });
    };
    const over = (end: TransferEnd): void => {
      if (this.#fetching.delete(transfer)) tell(end);
    };
    const { address, withdraw } = this.#downloads.offer(whole ? `${name || "root"}.tar` : name, source, {
      taken(more) {
        bytes += more;
        if (Date.now() - toldMs < PROGRESS_MS) return;
        toldMs = Date.now();
        tell();
      },
      ended: (reason) => over(reason === undefined ? { kind: "done" } : { kind: "failed", reason }),
      cancelled: () => over({ kind: "cancelled" }),
    });
    this.#fetching.set(transfer, {
      files: id,
      withdraw: () => {
        withdraw();
        void source.close();
      },
    });
    return { kind: "ok", value: { transfer, address, size: source.size } };
  }

  async startUpload(id: number, path: string, replace: boolean): Promise<StartedUpload> {
    if (this.#isBusy) return tooMany();
    const files = this.#files.get(id);
    if (files === undefined) return { kind: "failed", reason: GONE };
    const opened = await files.write(path, replace);
    if (opened.kind !== "ok") return opened;
    if (this.#closed) {
      await opened.value.abandon();
      return { kind: "failed", reason: GONE };
    }
    this.#count += 1;
    const last = Promise.resolve({ kind: "ok", value: null } as const);
    this.#uploads.set(this.#count, { files: id, sink: opened.value, waiting: 0, last });
    return { kind: "ok", value: { transfer: this.#count } };
  }

  /** Answered when the host has taken it, or so much that more may come. */
  async put(transfer: number, bytes: Uint8Array): Promise<FileAnswer<null>> {
    const upload = this.#uploads.get(transfer);
    if (upload === undefined) return { kind: "failed", reason: GONE };
    if (upload.waiting >= PIECES_WAITING_MAX) return { kind: "failed", reason: "it comes too fast" };
    upload.waiting += 1;
    upload.last = upload.last.then((before) => (before.kind === "ok" ? upload.sink.add(bytes) : before));
    const answer = await upload.last;
    upload.waiting -= 1;
    if (answer.kind === "failed") void this.#abandon(transfer);
    return answer;
  }

  async endUpload(transfer: number): Promise<FileAnswer<null>> {
    const upload = this.#uploads.get(transfer);
    if (upload === undefined) return { kind: "failed", reason: GONE };
    const before = await upload.last;
    if (!this.#uploads.delete(transfer)) return { kind: "failed", reason: GONE };
    if (before.kind === "ok") return upload.sink.finish();
    await upload.sink.abandon();
    return before;
  }

  cancel(transfer: number): null {
    void this.#abandon(transfer);
    const fetching = this.#fetching.get(transfer);
    if (fetching !== undefined) {
      this.#fetching.delete(transfer);
      fetching.withdraw();
      this.#send({ kind: "transfer", transfer, bytes: 0, end: { kind: "cancelled" } });
    }
    return null;
  }

  /** With what is being fetched and put there. */
  async closeOne(id: number): Promise<null> {
    const files = this.#files.get(id);
    if (files === undefined) return null;
    this.#files.delete(id);
    const puts = [...this.#uploads].filter(([, upload]) => upload.files === id);
    for (const [transfer, { files: of }] of [...this.#fetching]) if (of === id) this.cancel(transfer);
    // While the host is still reached: what is half there is taken away.
    await Promise.all(puts.map(([transfer]) => this.#abandon(transfer)));
    files.close();
    return null;
  }

  close(): void {
    this.#closed = true;
    for (const id of [...this.#files.keys()]) void this.closeOne(id);
  }

  get #isBusy(): boolean {
    return this.#uploads.size + this.#fetching.size >= TRANSFERS_MAX;
  }

  async #abandon(transfer: number): Promise<void> {
    const upload = this.#uploads.get(transfer);
    if (upload === undefined) return;
    this.#uploads.delete(transfer);
    await upload.last;
    await upload.sink.abandon();
  }

  #with<Value>(
    id: number,
    act: (files: HostFiles) => Promise<FileAnswer<Value>>,
  ): Promise<FileAnswer<Value>> {
    const files = this.#files.get(id);
    return files === undefined ? Promise.resolve({ kind: "failed", reason: GONE }) : act(files);
  }
}

function tooMany(): { readonly kind: "failed"; readonly reason: string } {
  return { kind: "failed", reason: `${String(TRANSFERS_MAX)} files are on their way already` };
}
